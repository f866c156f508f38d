"""
A file as lines above, a header and rows, which a test can spoil before it is written.

The lead buys 0.05 BTC and 1 ETH and sells both within a day of hourly bars: BTC at 60,000 and 200 more every hour, ETH
at 3,000 and 10 more.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

FIRST = datetime(2024, 3, 1, tzinfo=UTC)
HOURS = 24


@dataclass(frozen=True)
class Trade:
    """One trade of the lead, `hour` hours into the recording."""

    hour: int
    coin: str
    side: str
    quantity: str
    price: str

    @property
    def at(self) -> datetime:
        return FIRST + timedelta(hours=self.hour)

    @property
    def value(self) -> Decimal:
        return Decimal(self.quantity) * Decimal(self.price)

    @property
    def fee(self) -> Decimal:
        return self.value / 1000


TRADES = (
    Trade(1, "BTC", "buy", "0.05", "60200"),
    Trade(3, "ETH", "buy", "1", "3030"),
    Trade(6, "BTC", "sell", "0.05", "61200"),
    Trade(20, "ETH", "sell", "1", "3200"),
)


def lead_return(*, cash: float = 10_000, fee_rate: float = 0.001) -> float:
    """Return what the four trades bring from the first bar they fall on to the last, reckoned here."""
    costs = [float(trade.value) * fee_rate for trade in TRADES]
    first = cash - costs[0]
    last = cash - sum(costs) + 0.05 * (61_200 - 60_200) + (3_200 - 3_030)
    return last / first - 1


def bars_of(coin: str, hour: int) -> tuple[int, int, int, int]:
    """Return open, high, low, close of an hour."""
    price, width = (60_000 + 200 * hour, 50) if coin == "BTC" else (3_000 + 10 * hour, 5)
    return price, price + width, price - width, price


@dataclass(frozen=True)
class Table:
    """
    A file before it is written. `roles` name the columns of time, pair, side, quantity and price; `rows[k]` are cells.

    `first_sale` is the place of a row that sells; None where no row alone does.
    """

    name: str
    header: list[str]
    rows: list[list[str]]
    roles: dict[str, str]
    above: list[str] = field(default_factory=list)
    first_sale: int | None = None
    is_export: bool = True

    def with_cell(self, role: str, text: str | Callable[[str], str], *, row: int = 0) -> Table:
        """Return the table with another text in one cell."""
        place = self.header.index(self.roles[role])
        rows = [list(cells) for cells in self.rows]
        rows[row][place] = text if isinstance(text, str) else text(rows[row][place])
        return replace(self, rows=rows)

    def without_column(self, role: str) -> Table:
        """Return the table without a column that it needs."""
        place = self.header.index(self.roles[role])
        header = [name for number, name in enumerate(self.header) if number != place]
        rows = [[cell for number, cell in enumerate(cells) if number != place] for cells in self.rows]
        return replace(self, header=header, rows=rows)

    def text(self, *, end: str = "\n") -> str:
        """Return the file's text."""
        written = io.StringIO()
        writer = csv.writer(written, lineterminator=end)
        if self.header:
            writer.writerow(self.header)
        writer.writerows(self.rows)
        return "".join(line + end for line in self.above) + written.getvalue()
