"""
Mutants of a source: cosmic-ray's operators, two of our own, and what is left out because nothing runs by it.

A mutant is one operator at one place. Where an operator has many forms (a plus that becomes a minus, a times, ...),
they are one site, so that arithmetic does not drown everything else when some are drawn.
"""

import ast
import difflib
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import parso
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names

# Removed decorators are the checks of who owns a transaction, which hold at every call; the others need arguments.
LEFT_OUT = ("RemoveDecorator", "ExceptionReplacer", "VariableReplacer", "VariableInserter")
SWAPPED = {
    "min": "max", "minimum": "maximum", "floor": "ceil", "any": "all", "exclude": "filter", "first": "last",
    "max": "min", "maximum": "minimum", "ceil": "floor", "all": "any",
}  # fmt: skip
# Of these no test can tell a change, or a check of types does.
UNSEEN = ("annassign", "tfpdef", "assert_stmt", "import_from", "import_name", "decorator")
# Arguments that are assertions: what is zipped strictly is equally long, and what is durable is within nothing else.
# And how many rows go to the database at once, which changes nothing of what is there then.
ASSERTING = ("strict", "durable", "batch_size")


class SwapName(Operator):
    """A function by its opposite: the least by the most, rounded down by rounded up, anybody by everybody."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type == "name" and node.value in SWAPPED:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.value = SWAPPED[node.value]
        return node

    @classmethod
    def examples(cls) -> Sequence[Any]:
        return ()


class DropStatement(Operator):
    """
    A statement that is not there: a call, a change of something that was there before, a raise, a return on the way.

    Not the only assignment of a name: every test that comes by would notice that it is missing.
    """

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type == "simple_stmt" and _function_of(node) is not None and _can_be_missed(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        dropped = parso.parse("pass\n").children[0]
        dropped.children[0].prefix = node.children[0].get_first_leaf().prefix
        return dropped

    @classmethod
    def examples(cls) -> Sequence[Any]:
        return ()


OURS: dict[str, type[Operator]] = {"ours/SwapName": SwapName, "ours/DropStatement": DropStatement}


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One operator at one place of a source; `occurrence` is how cosmic-ray counts the places of an operator."""

    path: str
    line: int
    column: int
    operator: str
    occurrence: int

    @property
    def site(self) -> tuple[str, int, int, str]:
        return self.path, self.line, self.column, self.operator.partition("_")[0]

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column} {self.operator} {self.occurrence}"

    def source(self, root: Path) -> str:
        """Return the source with the one thing wrong."""
        mutated = mutate_code((root / self.path).read_text(), operator_of(self.operator), self.occurrence)
        assert mutated is not None, f"{self} is no mutant of this source"
        return str(mutated)

    def change(self, root: Path) -> tuple[str, str]:
        """Return the lines as they are and as they become."""
        before, after = (root / self.path).read_text().splitlines(), self.source(root).splitlines()
        blocks = [
            block
            for block in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
            if block[0] != "equal"
        ]
        first, last = blocks[0], blocks[-1]
        return _joined(before[first[1] : last[2]]), _joined(after[first[3] : last[4]])


def _joined(lines: Sequence[str]) -> str:
    return " ".join(line.strip() for line in lines)


def operator_of(name: str) -> Operator:
    found: Operator = OURS[name]() if name in OURS else get_operator(name)()
    return found


def mutants_of(path: str, *, root: Path) -> list[Mutant]:
    """Return every mutant of a source, in the order of its lines."""
    source = (root / path).read_text()
    nodes = list(ast_nodes(get_ast(source)))
    names = [name for name in operator_names() if not name.endswith(LEFT_OUT)]
    found = []
    for name in [*names, *OURS]:
        operator, occurrence = operator_of(name), 0
        for node in nodes:
            for begin, _ in operator.mutation_positions(node):
                if not _is_unseen(node, begin):
                    found.append(
                        Mutant(path=path, line=begin[0], column=begin[1], operator=name, occurrence=occurrence)
                    )
                occurrence += 1
    return sorted(found, key=lambda mutant: (mutant.line, mutant.column, mutant.operator, mutant.occurrence))


def is_a_program(source: str) -> bool:
    """Return whether a source can be read: a star before an argument is an operator to cosmic-ray."""
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def drawn(mutants: Iterable[Mutant], *, seed: int) -> list[Mutant]:
    """Return one mutant of each site, in an order that a seed decides: any beginning of it is a fair sample."""
    draw = random.Random(seed)
    sites: dict[tuple[str, int, int, str], list[Mutant]] = {}
    for mutant in mutants:
        sites.setdefault(mutant.site, []).append(mutant)
    chosen = [draw.choice(sites[site]) for site in sorted(sites)]
    draw.shuffle(chosen)
    return chosen


def _can_be_missed(node: Any) -> bool:
    """Return whether the function still runs without a statement, as far as its names go."""
    statement = node.children[0]
    if statement.type == "return_stmt":
        return bool(node is not node.parent.children[-1] or node.parent.parent.type != "funcdef")
    if statement.type == "expr_stmt":
        target, sign = statement.children[:2]
        return bool(getattr(sign, "value", "=") != "=" or target.type in ("atom_expr", "power"))
    return statement.type in ("atom_expr", "power", "raise_stmt", "await")


def _function_of(node: Any) -> Any:
    parent = node.parent
    while parent is not None and parent.type not in ("funcdef", "classdef"):
        parent = parent.parent
    return parent if parent is not None and parent.type == "funcdef" else None


def _is_unseen(node: Any, begin: tuple[int, int]) -> bool:
    """Return whether a place is in a type, an assertion or an import."""
    if node.type == "operator" and node.value == "*" and node.parent.type == "parameters":
        # A star among parameters is no sign: what is said by name before a slash is said by name after it.
        return True
    inner, outer = node, node.parent
    while outer is not None:
        if outer.type == "argument" and getattr(outer.children[0], "value", "") in ASSERTING:
            return True
        if outer.type == "funcdef" and inner in outer.children[outer.children.index(outer.children[-1]) - 2 : -1]:
            # What stands after the arrow of a function is a type.
            return bool(outer.annotation is inner)
        if outer.type in UNSEEN and not (outer.type == "annassign" and inner is outer.children[-1]):
            return True
        inner, outer = outer, outer.parent
    return node.type in UNSEEN
