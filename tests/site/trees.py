"""
What a source does that only some places may do, read from its syntax tree: writing the ledger's rows, reading rules.

A search for words would stop at the end of a line, believe comments, and lose a row at the first variable. Here names
are followed: what was made of a ledger model, looped over or annotated with it is a row of the ledger too. It is a net
for slips, no proof; what nobody can slip through is in the database (`accounts/database/database_role.py`).
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

LEDGER_ROWS = {"Journal", "Posting", "Balance", "Hold"}
# How the ledger's rows are reached from others.
LEDGER_RELATIONS = {"postings", "balances", "journal"}
READERS = {"platform_rules", "installed_rules"}
VERBS = {
    "create", "bulk_create", "update", "bulk_update", "delete", "save", "get_or_create", "update_or_create",
    "save_base",
}  # fmt: skip
VERBS |= {f"a{verb}" for verb in VERBS} | {"_raw_delete", "_insert", "_update"}
ROWS_IN_BULK = {"write_columns"}

SQL_WRITE = re.compile(
    r"\b(?:insert\s+into|update(?:\s+only)?|delete\s+from(?:\s+only)?|truncate(?:\s+table)?(?:\s+only)?|merge\s+into|copy)"
    r"\s+(?:\"?\w+\"?\.)?\"?accounts_(?:journal|posting|balance|hold)\b(?!\"?\s+to\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Found:
    """Where something was found, and what."""

    line: int
    what: str


def ledger_writes(source: str) -> list[Found]:
    """Return the writes of ledger rows in a source: by the ORM, in bulk, or by SQL in its strings."""
    tree = ast.parse(source)
    _forget_docstrings(tree)
    rows = _RowNames(tree)
    found = [*_orm_writes(tree, rows), *_sql_writes(tree, rows)]
    return sorted(set(found), key=lambda one: one.line)


def rule_reads(source: str, *, rules: set[str]) -> list[Found]:
    """Return where a source reads a rule (a field of Rules) from the settings, by attribute or by `getattr`."""
    named = {f"SMARTSYNC_{rule.upper()}" for rule in rules}
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in named:
            found.append(Found(node.lineno, node.attr))
        if isinstance(node, ast.Call) and _last_name(node.func) == "getattr" and len(node.args) > 1:
            asked = node.args[1]
            if isinstance(asked, ast.Constant):
                if asked.value in named:
                    found.append(Found(node.lineno, str(asked.value)))
            elif any(isinstance(part, ast.Constant) and part.value == "SMARTSYNC_" for part in ast.walk(asked)):
                found.append(Found(node.lineno, "SMARTSYNC_…"))
    return found


def rules_out_of_hand(source: str, *, below_the_doors: bool) -> list[Found]:
    """
    Return the functions of a source that do not take the platform's rules as they are handed down.

    A parameter `rules` may be left out in none of them, nobody who has one reads rules besides, and `below_the_doors`,
    in services and queries, nothing private reads them.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        optional = [*_with_default(node.args)]
        named = {arg.arg: arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
        reads = any(isinstance(call, ast.Call) and _last_name(call.func) in READERS for call in ast.walk(node))
        annotation = named["rules"].annotation if "rules" in named else None
        if "rules" in optional or (annotation is not None and "None" in ast.unparse(annotation)):
            found.append(Found(node.lineno, f"{node.name}() may go without rules"))
        if reads and "rules" in named:
            found.append(Found(node.lineno, f"{node.name}() has rules and reads them"))
        is_private = node.name.startswith("_") and not node.name.endswith("__")
        if reads and is_private and below_the_doors:
            found.append(Found(node.lineno, f"{node.name}() reads rules below the doors"))
    return found


def _with_default(arguments: ast.arguments) -> Iterator[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    yield from (one.arg for one in positional[len(positional) - len(arguments.defaults) :])
    for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            yield one.arg


class _RowNames:
    """Which names of a source stand for ledger models or rows of theirs, and which for a text."""

    def __init__(self, tree: ast.AST) -> None:
        self.names = set(LEDGER_ROWS)
        self.texts: dict[str, ast.expr] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.alias) and node.name in LEDGER_ROWS and node.asname:
                self.names.add(node.asname)
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.texts[node.targets[0].id] = node.value
        before = -1
        # A name may be made of a name that is only known from further down.
        while before != len(self.names):
            before = len(self.names)
            for node in ast.walk(tree):
                self.names |= set(self._made_by(node))

    def _made_by(self, node: ast.AST) -> Iterator[str]:
        """Yield the names that a node binds to ledger rows."""
        if isinstance(node, ast.arg) and node.annotation is not None and self._is_annotated(node.annotation):
            yield node.arg
        if isinstance(node, ast.AnnAssign) and self._is_annotated(node.annotation):
            yield from _bound_names(node.target)
        if isinstance(node, ast.Assign) and self.are_rows(node.value):
            for target in node.targets:
                yield from _bound_names(target)
        if isinstance(node, ast.NamedExpr) and self.are_rows(node.value):
            yield node.target.id
        if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)) and self.are_rows(node.iter):
            yield from _bound_names(node.target)
        if isinstance(node, ast.withitem) and node.optional_vars is not None and self.are_rows(node.context_expr):
            yield from _bound_names(node.optional_vars)

    def _is_annotated(self, annotation: ast.expr) -> bool:
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            annotation = ast.parse(annotation.value, mode="eval").body
        return any(_last_name(node) in LEDGER_ROWS for node in ast.walk(annotation))

    def are_rows(self, node: ast.expr) -> bool:
        """Tell whether an expression is a ledger model, or what comes of one by calls, attributes and items."""
        match node:
            case ast.Name(id=name):
                return name in self.names
            case ast.Attribute(attr=name) if name in LEDGER_ROWS or name in LEDGER_RELATIONS:
                return True
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Await(value=inner):
                return self.are_rows(inner)
            case ast.Call(func=called, args=given):
                if _last_name(called) == "get_model":
                    return any(isinstance(one, ast.Constant) and _is_row_label(one.value) for one in given)
                # list(rows), get_object_or_404(Balance, …), reversed(rows)
                return self.are_rows(called) or (isinstance(called, ast.Name) and any(map(self.are_rows, given[:1])))
            case ast.IfExp(body=one, orelse=other):
                return self.are_rows(one) or self.are_rows(other)
            case ast.BoolOp(values=several) | ast.List(elts=several) | ast.Tuple(elts=several):
                return any(map(self.are_rows, several))
            case ast.BinOp(left=one, right=other):
                return self.are_rows(one) or self.are_rows(other)
        return False

    def text_of(self, node: ast.expr, *, depth: int = 0) -> str:
        """Return the text that an expression comes to, as far as the source says so; `…` for what it does not."""
        if depth > 50:
            return "…"
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Attribute(attr="db_table") | ast.Attribute(attr="_meta"):
                model = next((_last_name(part) for part in ast.walk(node) if _last_name(part) in LEDGER_ROWS), None)
                return f"accounts_{model.lower()}" if model else "…"
            case ast.Name(id=name) if name in self.texts:
                return self.text_of(self.texts[name], depth=depth + 1)
            case ast.JoinedStr(values=parts):
                return "".join(self.text_of(part, depth=depth + 1) for part in parts)
            case ast.FormattedValue(value=inner):
                return self.text_of(inner, depth=depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self.text_of(left, depth=depth + 1) + self.text_of(right, depth=depth + 1)
            case ast.BinOp(left=left, op=ast.Mod(), right=right):
                given = right.elts if isinstance(right, ast.Tuple) else [right]
                return self._filled(self.text_of(left, depth=depth + 1), r"%s", given, depth)
            case ast.Call(func=ast.Attribute(value=pattern, attr="format"), args=given):
                return self._filled(self.text_of(pattern, depth=depth + 1), r"\{\d*\}", given, depth)
        return "…"

    def _filled(self, pattern: str, place: str, given: list[ast.expr], depth: int) -> str:
        for one in given:
            filling = self.text_of(one, depth=depth + 1)
            pattern = re.sub(place, lambda _, filling=filling: filling, pattern, count=1)
        return pattern


def _orm_writes(tree: ast.AST, rows: _RowNames) -> Iterator[Found]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr in VERBS and rows.are_rows(node.func.value):
            yield Found(node.lineno, f".{node.func.attr}()")
        # Rows in bulk name their table as a text.
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if _last_name(node.func) in ROWS_IN_BULK and any(
            rows.are_rows(one) or re.fullmatch("accounts_(journal|posting|balance|hold)", rows.text_of(one))
            for one in given
        ):
            yield Found(node.lineno, f"{_last_name(node.func)}()")


def _sql_writes(tree: ast.AST, rows: _RowNames) -> Iterator[Found]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Constant, ast.JoinedStr, ast.BinOp, ast.Call)) and (
            written := SQL_WRITE.search(rows.text_of(node))
        ):
            yield Found(node.lineno, " ".join(written.group().split()))


def _forget_docstrings(tree: ast.AST) -> None:
    """Take the docstrings out: they speak of statements and make none."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                first.value.value = ""


def _bound_names(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _last_name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _is_row_label(label: object) -> bool:
    return isinstance(label, str) and label.rpartition(".")[2].title() in LEDGER_ROWS
