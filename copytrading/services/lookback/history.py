"""A lead's own past, made ready to be looked back on: the path over the hours of the record."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext

from copytrading.engine.arrays import FloatArray
from copytrading.engine.replay.lead_path import Bars, LeadTrade, bars_of
from copytrading.engine.replay.recorded_path import MONEY, RecordedPath, RecordIncomplete, path_of_moves
from copytrading.models import Lead
from copytrading.queries.leads import history
from copytrading.queries.leads.history import Account
from copytrading.services.refusals import Refusal

# As long as anybody looks back, and as short as there is anything to see.
LOOKS_BACK = timedelta(days=365)
RECORD_MIN = timedelta(days=2)


class HistoryTooShort(Refusal):
    code = "history_too_short"


class HistoryIncomplete(Refusal):
    code = "history_incomplete"


@dataclass(frozen=True, kw_only=True)
class History:
    """A lead's path over the hours of the record, a year of them at most, and the markets (A,) it is about."""

    market_ids: tuple[int, ...]
    recorded: RecordedPath

    @property
    def bars(self) -> Bars:
        return self.recorded.path.bars

    @property
    def begins_at(self) -> datetime:
        return moment_of(self.bars.times[0])

    @property
    def ends_at(self) -> datetime:
        return moment_of(self.bars.times[-1])

    def account_values(self) -> FloatArray:
        """Return what the lead's account was worth at each bar, (T,), in quote units."""
        return self.recorded.account_values()


def read_history(lead: Lead, *, until: datetime | None) -> History:
    """
    Return what a lead did, hour by hour, up to a time; all of it where that is None.

    :raises HistoryTooShort: if there are less than two days of it.
    :raises HistoryIncomplete: if it takes away what never came in.
    """
    account = history.account_of(lead, until=until)
    if all(move.asset == MONEY for move in account.moves):
        said = gettext("%(name)s has not traded yet, so there is nothing to look back on.")
        if until is not None:
            said = gettext("%(name)s has no trade that is shown yet, so there is nothing to look back on.")
        raise HistoryTooShort(said % {"name": lead.name})
    first = account.moves[0]
    if first.asset != MONEY or first.cash_units <= 0:
        raise HistoryIncomplete(_gap(lead))
    since = max(moment_of(first.time), moment_of(history.last_bar_time(until=until)) - LOOKS_BACK)
    closes = history.closes_of(account.market_ids, since=since, until=until)
    if len(closes.times) == 0 or closes.times[-1] - closes.times[0] < RECORD_MIN.total_seconds():
        said = gettext(
            "The record of %(name)s is less than two days long: too short to say anything by it. Come back later."
        )
        raise HistoryTooShort(said % {"name": lead.name})
    bars = bars_of(times=closes.times, closes=closes.closes, lead_trades=_trades(account))
    try:
        recorded = path_of_moves(
            bars=bars,
            moves=account.moves,
            price_units=account.price_units,
            in_one_order=lead.source == Lead.Source.PLATFORM,
        )
    except RecordIncomplete as error:
        raise HistoryIncomplete(_gap(lead)) from error
    return History(market_ids=account.market_ids, recorded=recorded)


def moment_of(seconds: int) -> datetime:
    """Return the moment that is so many seconds of UTC after 1970."""
    return datetime.fromtimestamp(int(seconds), tz=UTC)


def _gap(lead: Lead) -> str:
    said = gettext(
        "The record of %(name)s has a gap: something leaves it that never came in. It cannot be looked back on."
    )
    return said % {"name": lead.name}


def _trades(account: Account) -> list[LeadTrade]:
    """Return the trades as prices: they mark a coin until it has its first bar."""
    return [
        LeadTrade(
            time=move.time,
            asset=move.asset,
            side=1 if move.units > 0 else -1,
            quantity=Decimal(abs(move.units)),
            price=Decimal(move.value / abs(move.units) / float(account.price_units[move.asset])),
        )
        for move in account.moves
        if move.asset != MONEY and move.units and move.value
    ]
