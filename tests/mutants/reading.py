"""Which lines have to run so that a change in a line of a source can be noticed."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

Function = ast.FunctionDef | ast.AsyncFunctionDef


def lines_run_by(sources: Mapping[str, Sequence[str]], path: str, line: int) -> dict[str, list[int]]:
    """
    Return the lines, by their source, of which one runs wherever a line has an effect.

    Within a function these are the lines of its statement, of which a condition or a loop is only the head; what
    stands in the head of a function itself runs with all of it. A value of a module or of a class is read wherever a
    line speaks of it.

    :param sources: the lines of each source by its path.
    :param line: counted from 1.
    """
    holders = list(_around(ast.parse("\n".join(sources[path])), line))
    statement = holders[-1] if holders else None
    if isinstance(statement, Function):
        return {path: list(range(statement.lineno, _end(statement) + 1))}
    if statement is not None and any(isinstance(holder, Function) for holder in holders):
        head = range(statement.lineno, _end_of_head(statement) + 1)
        return {path: list(head) if line in head else [line]}
    names = [node.id for node in ast.walk(statement) if _is_given(node)] if statement is not None else []
    speaks = re.compile(rf"\b(?:{'|'.join(names)})\b") if names else None
    return {
        of: [number for number, text in enumerate(lines, start=1) if speaks and speaks.search(text)]
        for of, lines in sources.items()
    }


def _around(module: ast.Module, line: int) -> Iterator[ast.stmt]:
    """Return the statements that a line is in, the outermost first."""
    for node in ast.walk(module):
        if isinstance(node, ast.stmt) and node.lineno <= line <= _end(node):
            yield node


def _end(statement: ast.stmt) -> int:
    assert statement.end_lineno is not None, "what was parsed has an end"
    return statement.end_lineno


def _end_of_head(statement: ast.stmt) -> int:
    """Return the last line of a statement without the statements that it holds."""
    body = getattr(statement, "body", None)
    return max(body[0].lineno - 1, statement.lineno) if body else _end(statement)


def _is_given(node: ast.AST) -> bool:
    """Return whether a node is a name that is given a value."""
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
