"""
A mutant put into a process that has the project loaded already.

Nothing is written and nothing imported anew: both sources are compiled, and every function that came out otherwise
gets its new code, whoever holds it, be it behind a decorator or imported by name, and what its parameters are where
nobody says. Of a module itself, and of its classes, the values that came out otherwise take the place of the old ones,
wherever they are known under that name.
"""

import contextlib
import gc
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

PLAIN = (bool, int, float, str, bytes, tuple, frozenset, list, dict, set, type(None))


class NotInReach(Exception):
    """The change is in something that was done once, when the project was loaded, or that no test loads."""


class Live:
    """The functions of a process by the code they were made of."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._functions: dict[tuple[str, str, int], list[FunctionType]] = {}
        gc.collect()
        for found in gc.get_objects():
            # By its type, and not by isinstance: that would ask what a weak reference stands for, which may be gone.
            if type(found) is FunctionType and found.__code__.co_filename.startswith(str(root)):
                self._functions.setdefault(_key(found.__code__), []).append(found)

    def change(self, path: str, source: str) -> list[str]:
        """
        Let this process run another source from now on, and return the names of the functions that changed.

        :raises NotInReach: if nothing that can be changed now came out otherwise.
        :raises Exception: whatever the source itself raises when it is loaded.
        """
        file = str(self._root / path)
        module = next((found for found in list(sys.modules.values()) if getattr(found, "__file__", None) == file), None)
        if module is None:
            raise NotInReach(path)
        old = list(codes_of(compile(Path(file).read_text(), file, "exec")))
        new = list(codes_of(compile(source, file, "exec")))
        if [code.co_name for code in old] != [code.co_name for code in new]:
            old, new = _shared(old, new)
        changed = []
        for before, after in zip(old, new, strict=True):
            if before != after:
                for function in self._functions.get(_key(before), []):
                    function.__code__ = after
                    changed.append(before.co_qualname)
        return changed + self._change_values(module, source, file) or _refuse(path)

    def _change_values(self, module: ModuleType, source: str, file: str) -> list[str]:
        loaded: dict[str, Any] = {"__name__": module.__name__, "__file__": file, "__package__": module.__package__}
        exec(compile(source, file, "exec"), loaded)
        changed = self._change_defaults(module, loaded)
        for name, value in loaded.items():
            before = vars(module).get(name)
            if isinstance(value, type) and isinstance(before, type):
                for attribute, inner in vars(value).items():
                    held = vars(before).get(attribute)
                    if isinstance(inner, PLAIN) and not attribute.startswith("__") and held != inner:
                        # What a class counts by, its fields and its members, was read when it was made.
                        with contextlib.suppress(AttributeError):
                            setattr(before, attribute, inner)
                            changed.append(f"{name}.{attribute}")
            elif not name.startswith("__") and not callable(value) and _differs(before, value):
                for holder in list(sys.modules.values()):
                    if vars(holder).get(name) is before and hasattr(holder, name):
                        setattr(holder, name, value)
                changed.append(name)
        return changed

    def _change_defaults(self, module: ModuleType, loaded: dict[str, Any]) -> list[str]:
        """Give functions, and what makes a dataclass, the values of what is not said; return whose were others."""
        changed = []
        for name, value in loaded.items():
            if isinstance(value, type) and value.__module__ == module.__name__:
                made = [(f"{name}.{attribute}", inner) for attribute, inner in vars(value).items()]
            else:
                made = [(name, value)]
            for called, new in [(called, _bare(new)) for called, new in made]:
                for old in self._held_as(module, called, new):
                    if _differs_in(old.__defaults__, new.__defaults__):
                        old.__defaults__ = new.__defaults__
                        changed.append(called)
                    if _differs_in(old.__kwdefaults__, new.__kwdefaults__):
                        old.__kwdefaults__ = new.__kwdefaults__
                        changed.append(called)
        return changed

    def _held_as(self, module: ModuleType, called: str, new: Any) -> list[FunctionType]:
        """Return the functions of this process that are the old ones of a new one."""
        if not isinstance(new, FunctionType):
            return []
        name, _, attribute = called.partition(".")
        if attribute and attribute.startswith("__"):
            # A dataclass writes its own, which stands in no file.
            held = vars(vars(module).get(name, object)).get(attribute)
            return [held] if isinstance(held, FunctionType) else []
        return self._functions.get(_key(new.__code__), [])


def codes_of(code: CodeType) -> Iterator[CodeType]:
    """Return the code of every function in a code, those within functions too."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from codes_of(constant)


def _key(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _shared(old: list[CodeType], new: list[CodeType]) -> tuple[list[CodeType], list[CodeType]]:
    """Return the codes of functions that both have, where a comprehension or a lambda is gone."""
    left = {(code.co_qualname, code.co_firstlineno): code for code in new}
    pairs = [(code, left.get((code.co_qualname, code.co_firstlineno))) for code in old]
    return [one for one, other in pairs if other], [other for _, other in pairs if other]


def _differs(before: Any, after: Any) -> bool:
    if not isinstance(after, PLAIN):
        return repr(before) != repr(after) and " at 0x" not in repr(after)
    return bool(before != after)


def _bare(made: Any) -> Any:
    """Return the function behind decorators, class methods and static ones."""
    made = getattr(made, "__func__", made)
    return inspect.unwrap(made) if callable(made) else made


def _differs_in(before: Any, after: Any) -> bool:
    """Return whether the values of what is not said differ; what has no plain value counts as the same."""
    if before is None or after is None:
        return before is not after
    pairs = zip(*((kept.values() if isinstance(kept, dict) else kept) for kept in (before, after)), strict=True)
    return any(isinstance(new, PLAIN) and type(new) is type(old) and old != new for old, new in pairs)


def _refuse(path: str) -> list[str]:
    raise NotInReach(path)
