"""What can be traded: a market with its filters."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any


class MarketState(StrEnum):
    """A VANISHED market is listed nowhere and answers as if it had never been."""

    TRADING = "TRADING"
    SUSPENDED = "SUSPENDED"
    VANISHED = "VANISHED"


@dataclass(kw_only=True)
class FakeMarket:
    """A spot pair such as BTC-USDT. Everything may change at run time, as it does at a real venue."""

    symbol: str
    lot_size: Decimal = Decimal("0.00001")
    tick_size: Decimal = Decimal("0.01")
    quantity_min: Decimal = Decimal("0.00001")
    quantity_max: Decimal = Decimal("9000000")
    value_min: Decimal = Decimal(5)
    state: MarketState = MarketState.TRADING

    @property
    def base(self) -> str:
        return self.symbol.split("-")[0]

    @property
    def quote(self) -> str:
        return self.symbol.split("-")[1]

    def change(self, changes: dict[str, Any]) -> None:
        """Take new filters or another state, as written in JSON."""
        for name in ("lot_size", "tick_size", "quantity_min", "quantity_max", "value_min"):
            if name in changes:
                setattr(self, name, Decimal(str(changes[name])))
        if "state" in changes:
            self.state = MarketState(changes["state"])
