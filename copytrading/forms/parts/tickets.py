"""What tickets have in common: the markets to choose among, a side, and parts that are pressed instead of typed."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, Self

from django import forms


class TradedAsset(Protocol):
    """A coin as the ticket names it."""

    @property
    def symbol(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def decimals(self) -> int: ...


class TradedMarket(Protocol):
    """A market as the ticket offers it."""

    @property
    def pk(self) -> int: ...
    @property
    def base(self) -> TradedAsset: ...


class TicketForm(forms.Form):
    """An order by hand; a form of it has the fields `side`, `market`, `counted_in`, and `figure_field` for how much."""

    BUY, SELL = "BUY", "SELL"
    MARKET, LIMIT = "MARKET", "LIMIT"
    COINS, VALUE = "COINS", "VALUE"
    figure_field: ClassVar[str]

    def __init__(self, *arguments: Any, markets: Sequence[TradedMarket], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._markets = {market.pk: market for market in markets}
        market_field = self.fields["market"]
        assert isinstance(market_field, forms.TypedChoiceField)
        market_field.choices = [
            (market.pk, f"{market.base.symbol} ({market.base.name})") for market in self._markets.values()
        ]

    @property
    def market_id(self) -> int | None:
        """The market that was chosen, else the first one; None where there is none."""
        chosen = str(self["market"].value() or "")
        known = {str(market_id): market_id for market_id in self._markets}
        return known.get(chosen, next(iter(self._markets), None))

    def part_of(self) -> tuple[str, int] | None:
        """Return side and market, which say what a part is a part of; None where one of them was not understood."""
        self.is_valid()
        side, market_id = self.cleaned_data.get("side"), self.cleaned_data.get("market")
        return None if not side or market_id is None else (side, market_id)

    def with_figure(self, written: str) -> Self:
        """
        Return the order as it was typed, with another figure; nothing is checked yet.

        A buy is then counted in cash, a sale in coins. Side and market have to be known.
        """
        typed = {name: self.data.get(name) for name in self.fields if name in self.data}
        counted_in = self.VALUE if self.cleaned_data["side"] == self.BUY else self.COINS
        changed = {self.figure_field: written, "counted_in": counted_in}
        return type(self)(initial=typed | changed, markets=list(self._markets.values()))
