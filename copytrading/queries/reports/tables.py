"""
A report as tables: columns by name, cells as values. Pages, CSV, JSON and the command show the same.

A `Decimal` is a quantity or a value in whole coins, exact to the unit; an `int` counts. What a cell has nothing to say
of is None.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class LeadName:
    """A lead in a cell: its name, and the row that a page leads to."""

    id: int
    name: str

    def __str__(self) -> str:
        return self.name


Cell = str | int | Decimal | date | datetime | LeadName | None


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of a report. `name` is what it is asked for by, `note` what a reader has to know; rows once only."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: Iterable[tuple[Cell, ...]]
    note: str = ""


def plain(cell: Cell) -> str:
    """Return a cell as programs read it: no grouping, no exponent, times in ISO 8601."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return format(cell, "f")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def plain_rows(table: Table) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a table as texts."""
    for row in table.rows:
        yield tuple(plain(cell) for cell in row)


def json_lines(tables: Iterable[Table]) -> Iterator[str]:
    """Yield tables as one JSON document, a line a row; exact numbers are texts, as everywhere in the API."""
    yield "{"
    for number, table in enumerate(tables):
        head = f'{json.dumps(table.name)}: {{"columns": {json.dumps(table.columns)}, "rows": ['
        yield f"{',' if number else ''}\n{head}"
        for place, row in enumerate(table.rows):
            cells = [cell if isinstance(cell, int) or cell is None else plain(cell) for cell in row]
            yield f"{',' if place else ''}\n{json.dumps(cells, ensure_ascii=False)}"
        yield "]}"
    yield "}\n"
