"""Who may do what, and who holds what: accounts with balances, and the keys that open them."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

SCOPES = frozenset({"read", "trade", "elsewhere", "withdraw"})


@dataclass(kw_only=True)
class ApiKey:
    """A key of an account. `scopes` out of read, trade, elsewhere, withdraw; OKX and Bitget ask for the passphrase."""

    key: str
    secret: str
    account: str
    passphrase: str = ""
    scopes: frozenset[str] = frozenset({"read", "trade"})
    revoked: bool = False


@dataclass(kw_only=True)
class FakeAccount:
    """
    Coins by asset: `free` can be spent, `locked` is promised to open orders. Neither is ever negative.

    `funding`, `earn` and `staked` are kept in other places of the account; `open_profit` is what derivatives would
    bring now, which some exchanges count as equity.
    """

    name: str
    free: dict[str, Decimal] = field(default_factory=dict)
    locked: dict[str, Decimal] = field(default_factory=dict)
    funding: dict[str, Decimal] = field(default_factory=dict)
    earn: dict[str, Decimal] = field(default_factory=dict)
    staked: dict[str, Decimal] = field(default_factory=dict)
    open_profit: dict[str, Decimal] = field(default_factory=dict)
    # Deposits and withdrawals as they are told, oldest first; see binance_payloads.
    deposits: list[dict[str, Any]] = field(default_factory=list)
    withdrawals: list[dict[str, Any]] = field(default_factory=list)

    def add(self, asset: str, quantity: Decimal) -> None:
        self.free[asset] = self.free.get(asset, Decimal(0)) + quantity
        assert self.free[asset] >= 0, f"{self.name} holds {self.free[asset]} {asset}"

    def put(self, place: str, asset: str, quantity: Decimal) -> None:
        """Let coins come into one place of the account; a negative quantity takes them out."""
        if place == "free":
            self.add(asset, quantity)
            return
        kept: dict[str, Decimal] = getattr(self, place)
        kept[asset] = kept.get(asset, Decimal(0)) + quantity
        assert kept[asset] >= 0 or place == "open_profit", f"{self.name} has {kept[asset]} {asset} in {place}"

    def lock(self, asset: str, quantity: Decimal) -> None:
        """Promise coins to an order; a negative quantity gives them back."""
        self.add(asset, -quantity)
        self.locked[asset] = self.locked.get(asset, Decimal(0)) + quantity
        assert self.locked[asset] >= 0, f"{self.name} has {self.locked[asset]} {asset} locked"

    def everything(self) -> dict[str, Decimal]:
        """Return what there is in all places together."""
        sums: dict[str, Decimal] = {}
        for place in (self.totals(), self.funding, self.earn, self.staked):
            for asset, quantity in place.items():
                sums[asset] = sums.get(asset, Decimal(0)) + quantity
        return sums

    def totals(self) -> dict[str, Decimal]:
        assets = sorted(self.free.keys() | self.locked.keys())
        return {asset: self.free.get(asset, Decimal(0)) + self.locked.get(asset, Decimal(0)) for asset in assets}
