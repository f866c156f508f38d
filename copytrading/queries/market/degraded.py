"""
Which coins cannot be acted on now, why, and since when; and what that means for whoever holds them, in words.

A platform that waits has to say so, or waiting looks like being broken.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from copytrading.engine.rules import Rules
from copytrading.models import Halt, Lead, Mark, Market
from copytrading.queries.names import listed
from copytrading.queries.rules import platform_rules

# A doubt that the next quote or two will end is not worth a word.
DOUBT_TOLD_AFTER = timedelta(seconds=3)


class Code(StrEnum):
    """In the order of gravity: of several, the first one is told."""

    COIN_IN_DOUBT = "COIN_IN_DOUBT"
    DELISTED = "DELISTED"
    SUSPENDED = "SUSPENDED"
    HALTED = "HALTED"
    SOURCES_DISAGREE = "SOURCES_DISAGREE"
    PRICE_JUMPED = "PRICE_JUMPED"
    PRICE_STALE = "PRICE_STALE"


LABELS = {
    Code.COIN_IN_DOUBT: _("coin in doubt"),
    Code.DELISTED: _("delisted"),
    Code.SUSPENDED: _("suspended"),
    Code.HALTED: _("halted"),
    Code.SOURCES_DISAGREE: _("price in doubt"),
    Code.PRICE_JUMPED: _("price in doubt"),
    Code.PRICE_STALE: _("no fresh price"),
}

SENTENCES = {
    Code.COIN_IN_DOUBT: _(
        "The price of {coins} is in doubt: it may be counted in another unit, or be another coin. Until"
        " the operators have said so nothing is started, changed, paid out or shared by it, and no stop loss acts on"
        " it. What you ask for is kept, and carried out then."
    ),
    Code.DELISTED: _(
        "{coins}: no longer traded here, and counted at the last price. Nothing of it is bought or sold;"
        " when a copy stops, the coins go to the wallet as they are."
    ),
    Code.SUSPENDED: _(
        "{coins}: not traded at the moment. What is held stays, what is not held waits as cash, and a stop"
        " waits up to {minutes} before it hands the coins over as they are."
    ),
    Code.HALTED: _(
        "Trading in {coins} is halted by the operators. Until it goes on nothing is started, changed, paid out"
        " or shared by its price, and no stop loss acts on it. Nothing is lost: everything goes on where it stopped."
    ),
    Code.SOURCES_DISAGREE: _(
        "The sources disagree about the price of {coins}. Until they agree nothing is traded by it,"
        " and no stop loss acts on it."
    ),
    Code.PRICE_JUMPED: _(
        "The price of {coins} jumped and is not confirmed yet. Until it is, nothing is traded by it, and"
        " no stop loss acts on it."
    ),
    Code.PRICE_STALE: _(
        "There is no fresh price for {coins}. Until there is one, nothing is traded by it, and no stop loss acts on it."
    ),
}
PLATFORM_HALTED = _("All trading is halted by the operators. Nothing is lost: it goes on where it stopped.")
LEAD_HALTED = _("Trading with {lead} is halted by the operators. Nothing is lost: it goes on where it stopped.")
NAMED_MAX = 4

DOUBTS = {
    Mark.Doubt.DISAGREEMENT: Code.SOURCES_DISAGREE,
    Mark.Doubt.JUMP: Code.PRICE_JUMPED,
    Mark.Doubt.REDENOMINATION: Code.COIN_IN_DOUBT,
    Mark.Doubt.SUSPENSION: Code.COIN_IN_DOUBT,
}


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """
    Why one coin cannot be acted on; `since` is None where it always was so.

    `frozen_after_seconds` is how long a stop waits for a market that is suspended.
    """

    symbol: str
    code: Code
    since: datetime | None
    frozen_after_seconds: float

    @property
    def label(self) -> str:
        """Return it in two or three words, to stand beside the coin."""
        return gettext(LABELS[self.code])

    @property
    def sentence(self) -> str:
        """Return it with what it means."""
        return _sentence(self.code, [self.symbol], self.frozen_after_seconds)


@dataclass(frozen=True, kw_only=True)
class Caution:
    """What is wrong, for all coins together that it is wrong for, and what follows from it."""

    code: Code
    sentence: str


def troubles(*, now: datetime) -> dict[str, Trouble]:
    """Return the coins that cannot be acted on, by symbol."""
    rules = platform_rules()
    halts = {
        (scope, target_id): placed_at
        for scope, target_id, placed_at in _standing_halts().values_list("scope", "target_id", "placed_at")
    }
    found = {}
    for market in Market.objects.select_related("base", "mark").order_by("base__symbol"):
        covering = [
            (Halt.Scope.MARKET, market.pk),
            *((Halt.Scope.ASSET, pk) for pk in (market.base_id, market.quote_id)),
        ]
        halted_since = next((halts[key] for key in covering if key in halts), None)
        trouble = _trouble_of(market, halted_since=halted_since, now=now, rules=rules)
        if trouble:
            found[trouble.symbol] = trouble
    return found


def cautions_for(
    symbols: Iterable[str], *, troubles: dict[str, Trouble], leads: Iterable[Lead] = ()
) -> tuple[Caution, ...]:
    """Return what somebody has to know who holds or follows some coins of some leads, gravest first."""
    by_code: dict[Code, list[Trouble]] = {}
    for symbol in sorted(set(symbols)):
        if symbol in troubles:
            by_code.setdefault(troubles[symbol].code, []).append(troubles[symbol])
    told = (
        Caution(
            code=code,
            sentence=_sentence(code, [trouble.symbol for trouble in found], found[0].frozen_after_seconds),
        )
        for code in Code
        if (found := by_code.get(code))
    )
    return (*_halted(leads), *told)


def _standing_halts() -> QuerySet[Halt]:
    return Halt.objects.filter(lifted_at=None)


def _halted(leads: Iterable[Lead]) -> Iterator[Caution]:
    """Yield the halts of everything, or of one of some leads."""
    names = {lead.pk: lead.name for lead in leads}
    halts = _standing_halts().filter(Q(scope=Halt.Scope.PLATFORM) | Q(scope=Halt.Scope.LEAD, target_id__in=names))
    standing = {(halt.scope, halt.target_id) for halt in halts}
    if (Halt.Scope.PLATFORM, 0) in standing:
        yield Caution(code=Code.HALTED, sentence=gettext(PLATFORM_HALTED))
    for lead_id, name in names.items():
        if (Halt.Scope.LEAD, lead_id) in standing:
            yield Caution(code=Code.HALTED, sentence=gettext(LEAD_HALTED).format(lead=name))


def _trouble_of(market: Market, *, halted_since: datetime | None, now: datetime, rules: Rules) -> Trouble | None:
    found = _code_of(market, halted_since=halted_since, now=now, rules=rules)
    if found is None:
        return None
    code, since = found
    return Trouble(symbol=market.base.symbol, code=code, since=since, frozen_after_seconds=rules.frozen_after_seconds)


def _code_of(
    market: Market, *, halted_since: datetime | None, now: datetime, rules: Rules
) -> tuple[Code, datetime | None] | None:
    mark: Mark | None = getattr(market, "mark", None)
    if mark is not None and mark.doubt in Mark.FOR_PEOPLE:
        return Code.COIN_IN_DOUBT, mark.doubted_at
    if market.status != Market.Status.TRADING:
        return Code(market.status), market.status_since
    if halted_since:
        return Code.HALTED, halted_since
    if mark is None:
        return None  # Nobody ever named a price: pages say so in their own words.
    age_max = timedelta(seconds=rules.price_age_max_seconds)
    if mark.doubt and mark.doubted_at and now - mark.doubted_at >= DOUBT_TOLD_AFTER:
        return DOUBTS[Mark.Doubt(mark.doubt)], mark.doubted_at
    if abs(now - mark.as_of) > age_max:
        return Code.PRICE_STALE, mark.as_of
    return None


def _sentence(code: Code, symbols: list[str], frozen_after_seconds: float) -> str:
    named = symbols
    if len(symbols) > NAMED_MAX:
        more = gettext("%(number)s more") % {"number": len(symbols) - NAMED_MAX + 1}
        named = [*symbols[: NAMED_MAX - 1], more]
    minutes = gettext("{minutes} minutes").format(minutes=round(frozen_after_seconds / 60))
    return gettext(SENTENCES[code]).format(coins=listed(named), minutes=minutes)
