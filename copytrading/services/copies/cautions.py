"""What a start is not refused for and yet should not be made without reading: each has a code and a sentence."""

from dataclasses import dataclass

from copytrading.engine.holdings.terms import Terms
from copytrading.models import Lead
from copytrading.queries.happened import sentences
from copytrading.queries.leads.proportions import proportion_of
from copytrading.queries.market import board as market_queries

RATIO_FAR_ABOVE_PROPORTION = "ratio_far_above_proportion"


@dataclass(frozen=True, kw_only=True)
class StartCaution:
    """What somebody should know of the terms they chose; `field` is the one it is about."""

    code: str
    field: str
    sentence: str


def cautions_of(*, lead: Lead, investment_units: int, terms: Terms | None) -> tuple[StartCaution, ...]:
    """Return what has to be said of a start on these terms; nothing for what is as one would expect."""
    proportion = proportion_of(lead, investment_units=investment_units)
    if terms is None or terms.order_ratio is None or proportion is None:
        return ()
    if not proportion.is_exceeded_by(terms.order_ratio):
        return ()
    cash = market_queries.cash_asset()
    sentence = sentences.ratio_caution(
        ratio=terms.order_ratio, proportion=proportion, cash_symbol=cash.symbol, cash_decimals=cash.decimals
    )
    return (StartCaution(code=RATIO_FAR_ABOVE_PROPORTION, field="order_ratio", sentence=sentence),)
