"""
An amount beside a lead's own money: the ratio at which a Custom copy answers each order in proportion.

    150 USDT beside 15,000 USDT      0.01 times each order
    0.0667 times each order          6.7 times as much: an order of a tenth takes 67 % of the amount
"""

from dataclasses import dataclass

from copytrading.models import Lead

# A ratio is typed, stored and shown with so many decimals, and proposed in three digits.
RATIO_DECIMALS = 6
# From so many times the proportion on, a follower is told what that means.
FAR_ABOVE = 2.0


@dataclass(frozen=True, kw_only=True)
class Proportion:
    """An amount and a lead's money in quote units, and the ratio of the two as it is proposed."""

    lead_name: str
    investment_units: int
    equity_units: int

    @property
    def ratio(self) -> float:
        return round(float(f"{self.investment_units / self.equity_units:.3g}"), RATIO_DECIMALS)

    def times(self, ratio: float) -> float:
        """Return how many times the proportion a ratio is."""
        return ratio * self.equity_units / self.investment_units

    def is_exceeded_by(self, ratio: float) -> bool:
        """Return whether a ratio is so far above the proportion that it has to be said."""
        return self.times(ratio) >= FAR_ABOVE


def proportion_of(lead: Lead, *, investment_units: int) -> Proportion | None:
    """Return an amount beside the money that a lead was last seen with; None where that is not known, or no ratio."""
    equity = lead.records.order_by("-recorded_at").values_list("equity_units", flat=True).first()
    if not equity or investment_units <= 0:
        return None
    proportion = Proportion(lead_name=lead.name, investment_units=investment_units, equity_units=equity)
    return proportion if proportion.ratio > 0 else None
