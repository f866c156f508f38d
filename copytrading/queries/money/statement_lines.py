"""The lines of a statement: what there was, what moved, what it brought and cost, and the lots. See `statements`."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from accounts.models import Journal
from copytrading.engine.rounding import cut_together
from copytrading.engine.track_record.tax_lots import Disposal, Lot, LotMethod


class Part(StrEnum):
    """What a part of a result is about."""

    PRICES = "PRICES"
    SPREAD = "SPREAD"
    FEES = "FEES"
    PROFIT_SHARE = "PROFIT_SHARE"
    EARNED_SHARE = "EARNED_SHARE"
    CORRECTION = "CORRECTION"


PART_WORDS = {
    Part.SPREAD: _("Spread: prices beside the mid"),
    Part.FEES: _("Fees"),
    Part.PROFIT_SHARE: _("Profit share paid"),
    Part.EARNED_SHARE: _("Profit share of those who copy you"),
    Part.CORRECTION: _("Corrections"),
}


class OtherKind(StrEnum):
    """What else moved, that is neither a flow nor a trade nor a profit share."""

    TAKEN_OVER = "TAKEN_OVER"
    CORRECTION = "CORRECTION"
    NEW_UNIT = "NEW_UNIT"


OTHER_WORDS = {
    OtherKind.TAKEN_OVER: _("A rest, taken over at the mark"),
    OtherKind.CORRECTION: _("A correction"),
    OtherKind.NEW_UNIT: _("Counted in another unit"),
}


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What there was of one asset at a moment; `price` is None where none was recorded, and it counts nothing then."""

    symbol: str
    decimals: int
    units: int
    price: Decimal | None
    priced_at: datetime | None
    value_units: int
    is_cash: bool


@dataclass(frozen=True, kw_only=True)
class Stand:
    """What there was at a moment, cash first, then the coins by name; the value in quote units."""

    at: datetime
    holdings: tuple[Holding, ...]
    value_units: int

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Return the coins that no price was recorded of."""
        return tuple(holding.symbol for holding in self.holdings if holding.price is None and not holding.is_cash)


@dataclass(frozen=True, kw_only=True)
class StatementFlow:
    """Money or coins that came (positive units) or went, and what that was worth in quote units."""

    at: datetime
    kind: Journal.Kind
    place: str
    sentence: str
    symbol: str
    decimals: int
    units: int
    value_units: int


@dataclass(frozen=True, kw_only=True)
class StatementTrade:
    """
    An own share of one order: signed units of the coin that came or went, prices in quote currency for one coin.

    `value_units` is without the fee and positive. `spread_units` and `cost_units` are quote units, negative where they
    cost; the fee is in the cash or in the coin, and `cost_units` is both at the mid.
    """

    at: datetime
    place: str
    market: str
    symbol: str
    decimals: int
    units: int
    price: Decimal
    price_mid: Decimal | None
    value_units: int
    fee_units: int
    fee_base_units: int
    spread_units: int
    cost_units: int
    order_id: int | None
    cycle_id: int | None

    @property
    def side(self) -> str:
        return "BUY" if self.units > 0 else "SELL"


@dataclass(frozen=True, kw_only=True)
class ShareMove:
    """A profit share that was paid (negative) or earned, in quote units."""

    at: datetime
    place: str
    symbol: str
    decimals: int
    units: int

    @property
    def sentence(self) -> str:
        return gettext(PART_WORDS[Part.PROFIT_SHARE if self.units < 0 else Part.EARNED_SHARE])


@dataclass(frozen=True, kw_only=True)
class OtherMove:
    """Something else that moved: units of an asset, and its value in quote units (what was paid for a rest)."""

    at: datetime
    kind: OtherKind
    place: str
    symbol: str
    decimals: int
    units: int
    value_units: int

    @property
    def sentence(self) -> str:
        return gettext(OTHER_WORDS[self.kind])


@dataclass(frozen=True, kw_only=True)
class ResultPart:
    """One part of the result in quote units; `symbol` where it is a coin's."""

    part: Part
    name: str
    symbol: str
    units: int


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What it cost, in quote units, positive; `base_units` is what was there at the beginning and put in since."""

    fee_units: int
    spread_units: int
    share_units: int
    turnover_units: int
    base_units: int

    @property
    def total_units(self) -> int:
        return self.fee_units + self.spread_units + self.share_units

    @property
    def total_fraction(self) -> float | None:
        """Return all costs as a share of what was at work; None where nothing was."""
        return self.total_units / self.base_units if self.base_units else None

    @property
    def fee_fraction(self) -> float | None:
        """Return the fees as a share of what was traded; None where nothing was."""
        return self.fee_units / self.turnover_units if self.turnover_units else None

    @property
    def spread_fraction(self) -> float | None:
        return self.spread_units / self.turnover_units if self.turnover_units else None


@dataclass(frozen=True, kw_only=True)
class YearOfGains:
    """What was sold in one calendar year (UTC), in quote units."""

    year: int
    proceeds_units: int
    cost_units: int

    @property
    def gain_units(self) -> int:
        return self.proceeds_units - self.cost_units


@dataclass(frozen=True, kw_only=True)
class InCents:
    """The heading of a statement as people read it: cut to cents, and still opening + flows + result = closing."""

    opening_units: int
    flow_units: int
    result_units: int
    closing_units: int
    # (part, its units in whole cents), which sum to the result.
    parts: tuple[tuple[ResultPart, int], ...]

    def cost_of(self, part: Part) -> int:
        """Return what a part cost, as it is shown among the parts."""
        return -sum(units for one, units in self.parts if one.part == part)

    @property
    def fee_units(self) -> int:
        return self.cost_of(Part.FEES)

    @property
    def spread_units(self) -> int:
        return self.cost_of(Part.SPREAD)

    @property
    def share_units(self) -> int:
        return self.cost_of(Part.PROFIT_SHARE)

    @property
    def all_costs_units(self) -> int:
        return self.fee_units + self.spread_units + self.share_units


@dataclass(frozen=True, kw_only=True)
class Statement:
    """
    A statement of one copy (`copy_id`), or of everything of a person, in quote units and whole units of each coin.

    `name` is what it is of. `benchmark_fraction` is what Bitcoin made while something was there, None without closes.
    """

    copy_id: int | None
    name: str
    begins_at: datetime
    ends_at: datetime
    method: LotMethod
    cash_symbol: str
    cash_decimals: int
    opening: Stand
    closing: Stand
    flows: tuple[StatementFlow, ...]
    trades: tuple[StatementTrade, ...]
    shares: tuple[ShareMove, ...]
    others: tuple[OtherMove, ...]
    results: tuple[ResultPart, ...]
    costs: Costs
    benchmark_fraction: float | None
    disposals: tuple[Disposal, ...]
    lots: tuple[Lot, ...]
    years: tuple[YearOfGains, ...]
    decimals_of: dict[str, int]

    @property
    def flow_units(self) -> int:
        """Return what came in less what went out, in quote units."""
        return sum(flow.value_units for flow in self.flows)

    @property
    def result_units(self) -> int:
        return self.closing.value_units - self.opening.value_units - self.flow_units

    @property
    def result_fraction(self) -> float | None:
        """Return the result as a share of what was at work; None where nothing was."""
        return self.result_units / self.costs.base_units if self.costs.base_units else None

    @property
    def has_movements(self) -> bool:
        return bool(self.flows or self.trades or self.shares or self.others)

    @property
    def in_cents(self) -> InCents:
        cent = 10 ** (self.cash_decimals - 2)
        opening, flow, closing = (
            units // cent * cent for units in (self.opening.value_units, self.flow_units, self.closing.value_units)
        )
        result = closing - opening - flow
        shown = cut_together([part.units for part in self.results], whole=result, step=cent)
        return InCents(
            opening_units=opening,
            flow_units=flow,
            result_units=result,
            closing_units=closing,
            parts=tuple(zip(self.results, shown, strict=True)),
        )
