"""
Who earned what with a lead so far: the lead's own money, all who followed together, and the lead from them.

    own         what the lead's money gained from each record to the next; money that moved in or out gains nothing
    followers   worth of all copies after the profit share that is due, plus what came back, less what was put in
    paid        the profit share that copies paid, less the platform's part

All of it since the lead began, in quote units. A lead who earns more from followers than with the own money has
another interest than they have.
"""

from dataclasses import dataclass

from django.db.models import F, Sum

from copytrading.models import Copy, Lead, ProfitShare
from copytrading.queries.leads.listing import LeadCard
from copytrading.queries.leads.records import Series


@dataclass(frozen=True, kw_only=True)
class Earned:
    """What was earned with a lead since the start, in quote units; `copies` counts all there ever were."""

    own_units: int
    followers_units: int
    paid_units: int
    copies: int

    @property
    def rows(self) -> tuple[tuple[str, str, int, float], ...]:
        """Return (whose, class, units, width in hundredths of the longest bar) of what is drawn."""
        most = max(abs(self.own_units), abs(self.followers_units), abs(self.paid_units), 1)
        return tuple(
            (whose, kind, units, abs(units) / most * 100)
            for whose, kind, units in (
                ("own", "lead", self.own_units),
                ("followers", "smart", self.followers_units),
                ("paid", "lead", self.paid_units),
            )
        )

    @property
    def times_own(self) -> float | None:
        """Return how many times more the own money earned than followers paid; None where that says nothing."""
        return self.own_units / self.paid_units if self.own_units > 0 and self.paid_units > 0 else None


def earned_with(card: LeadCard, *, series: Series) -> Earned:
    """Return who earned what with a lead so far, in three statements."""
    lead: Lead = card.lead
    gains = series.equity_units[:-1] * (series.unit_prices[1:] / series.unit_prices[:-1] - 1.0)
    copies = Copy.objects.filter(lead=lead, is_reference=False)
    flows = copies.aggregate(paid_in=Sum("paid_in_units"), paid_out=Sum("paid_out_units"))
    paid = ProfitShare.objects.filter(copy__lead=lead, copy__is_reference=False).aggregate(
        total=Sum(F("share_units") - F("platform_units"))
    )
    return Earned(
        own_units=round(float(gains.sum())),
        followers_units=card.following_units + (flows["paid_out"] or 0) - (flows["paid_in"] or 0),
        paid_units=paid["total"] or 0,
        copies=copies.count(),
    )
