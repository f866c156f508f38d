"""
What people say of a coin in doubt: the price is right, it is counted in another unit, or it is another coin.

One operator asks, another one approves: by a wrong word a copy pays a share of a thousand times its worth. Then it is
carried out, in steps that may each be taken again:

    REQUESTED → approved           checked once more, in a transaction; from here on nothing is traded by the coin
    approved → told to the venue   where money is paper; a real one has counted anew by itself
    told → done                    one transaction: units, marks and records turned, or the mark believed

Whoever finds a verdict that was approved and is not done may finish it.
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from accounts import approvals
from accounts.models import User
from accounts.transactions import in_transaction, outside_transaction, owns_transaction
from copytrading.engine.rules import Rules
from copytrading.exchange import registry
from copytrading.exchange.errors import VenueUnreachable
from copytrading.models import Alarm, CoinVerdict, Copy, Mark, Market, Notice, SourcePrice
from copytrading.queries.market import doubts as doubt_queries
from copytrading.queries.rules import platform_rules
from copytrading.services import bell, queueing
from copytrading.services.locks import lock_all_leads
from copytrading.services.market import doubts, listings, recounting
from copytrading.services.refusals import Refusal
from copytrading.services.safety import alarms
from copytrading.services.telling import notices

REASON_LENGTH_MAX = 200
COUNT_MAX = 10**12
# A price that is named may have moved by so much until it is approved, up or down.
PRICE_MOVES_MAX = Decimal("0.1")
# So much may a market move while its coin is counted anew; what is further off is another ratio.
RATIO_FITS_MAX = Decimal(3)


class VerdictRefused(Refusal, code="verdict_refused"):
    """It does not fit what is quoted, or cannot be carried out."""


class OwnVerdict(Refusal, code="own_verdict"):
    """It takes a second person."""


class VerdictClosed(Refusal, code="verdict_closed"):
    """It was approved or withdrawn before."""


@owns_transaction
def request_verdict(
    *,
    market_id: int,
    kind: CoinVerdict.Kind,
    reason: str,
    by: User,
    now: datetime,
    price: Decimal | None = None,
    old_count: int = 1,
    new_count: int = 1,
) -> CoinVerdict:
    """
    Say which coin it is; another operator has to approve it. Nothing changes yet.

    :param price: what one coin is worth now, as seen elsewhere; not where it is another coin.
    :param old_count: with `new_count`, how many coins became how many: 1000 and 1 where a thousand became one.
    :raises VerdictRefused: if the coin is not in doubt, or what is said does not fit what is quoted.
    """
    if not reason.strip():
        raise VerdictRefused("Say why: another operator has to approve it.", field="reason")
    market = _lock_market(market_id)
    verdict = CoinVerdict(
        market=market,
        kind=kind,
        price=None if kind == CoinVerdict.Kind.OTHER_COIN else price,
        old_count=old_count if kind == CoinVerdict.Kind.NEW_UNIT else 1,
        new_count=new_count if kind == CoinVerdict.Kind.NEW_UNIT else 1,
        reason=reason.strip()[:REASON_LENGTH_MAX],
        requested_by=by,
        requested_at=now,
    )
    _check(verdict)
    if CoinVerdict.objects.filter(market=market, done_at=None, withdrawn_at=None).exists():
        raise VerdictRefused(f"Somebody has said already what {market.base.symbol} is: approve or withdraw that.")
    verdict.save()
    return verdict


@outside_transaction
def approve_verdict(*, verdict_id: int, by: User, now: datetime) -> CoinVerdict:
    """
    Approve what another operator said of a coin, and carry it out, once.

    :raises OwnVerdict: if it was said by the same person.
    :raises NotIndependent: if one of the two depends on the other, see `accounts.approvals`.
    :raises VerdictClosed: if it was approved or withdrawn before.
    :raises VerdictRefused: if it no longer fits what is quoted, or something is on its way in that coin.
    """
    with transaction.atomic(durable=True):
        verdict = _lock_open(verdict_id)
        if verdict.requested_by_id == by.pk:
            raise OwnVerdict("You said this yourself; it takes a second operator to approve it.")
        approvals.require_independent(requester=verdict.requested_by, approver=by, now=now)
        _lock_market(verdict.market_id)
        _check(verdict)
        if verdict.kind == CoinVerdict.Kind.NEW_UNIT:
            recounting.refuse_moving(verdict)
        verdict.approved_by, verdict.approved_at = by, now
        verdict.save(update_fields=["approved_by", "approved_at"])
    return carry_out(verdict_id=verdict.pk, now=now)


@owns_transaction
def withdraw_verdict(*, verdict_id: int, now: datetime) -> CoinVerdict:
    """
    Take back what was said of a coin; every operator may.

    :raises VerdictClosed: if it was approved or withdrawn before.
    """
    verdict = _lock_open(verdict_id)
    verdict.withdrawn_at = now
    verdict.save(update_fields=["withdrawn_at"])
    return verdict


@outside_transaction
def carry_out(*, verdict_id: int, now: datetime) -> CoinVerdict:
    """
    Do what an approved verdict says; each step is done once however often this is called.

    1. Tell the paper venue, with no transaction open.
    2. In one transaction, all leads locked: turn what is counted in the coin, and believe the price.
    3. Read the venue's lots and ticks anew.
    """
    verdict = CoinVerdict.objects.select_related("market__base").get(pk=verdict_id)
    if verdict.kind == CoinVerdict.Kind.NEW_UNIT and verdict.done_at is None:
        assert verdict.price is not None, "a new unit has its price"
        registry.recount_paper_money(
            asset=verdict.market.base.symbol,
            old_count=verdict.old_count,
            new_count=verdict.new_count,
            decimals=verdict.market.base.decimals,
            price=verdict.price,
            reference=f"verdict:{verdict.pk}",
            now=now,
        )
    verdict = _finish(verdict_id, now, platform_rules())
    if verdict.kind == CoinVerdict.Kind.NEW_UNIT:
        _read_rules(now)
    return verdict


@outside_transaction
def finish_verdicts(*, now: datetime) -> int:
    """Carry out verdicts whose worker died on the way, and return how many there were."""
    stuck = CoinVerdict.objects.filter(approved_at__isnull=False, done_at__isnull=True).order_by("pk")
    ids = list(stuck.values_list("pk", flat=True))
    for verdict_id in ids:
        carry_out(verdict_id=verdict_id, now=now)
    return len(ids)


@owns_transaction
def _finish(verdict_id: int, now: datetime, rules: Rules) -> CoinVerdict:
    # All leads, in the order in which everybody locks them: nobody values anything while units turn.
    leads = lock_all_leads()
    verdict = CoinVerdict.objects.select_for_update(of=("self",)).select_related("approved_by").get(pk=verdict_id)
    if verdict.done_at is not None:
        return verdict
    market = _lock_market(verdict.market_id)
    verdict.market = market
    told, change = Notice.Kind.COIN_CLEARED, None
    if verdict.kind == CoinVerdict.Kind.NEW_UNIT:
        recounting.recount(verdict=verdict, leads=leads, now=now, rules=rules)
        told = Notice.Kind.COIN_RECOUNTED
    elif verdict.kind == CoinVerdict.Kind.OTHER_COIN:
        change = listings.retire(market, now=now)
    _believe(market, verdict, now)
    notices.tell_holders(kind=told, asset_ids=[market.base_id], now=now)
    verdict.done_at = now
    verdict.save(update_fields=["done_at", "journal", "order_id_last"])
    # What was asked for meanwhile is carried out now.
    for lead_id in Copy.objects.exclude(status=Copy.Status.STOPPED).values_list("lead_id", flat=True).distinct():
        queueing.request_sync(lead_id=lead_id, now=now)
    if change is not None:
        alarms.raise_alarm(kind=Alarm.Kind.MARKET_CHANGED, key=f"market:{market.pk}", sentence=change.sentence, now=now)
    alarms.clear_alarm(key=doubts.alarm_key(market), now=now, by=verdict.approved_by)
    bell.publish("prices", "marks")
    return verdict


def _believe(market: Market, verdict: CoinVerdict, now: datetime) -> None:
    """End the doubt of a mark: at the price that was said, or, for a coin whose name is another's, at the last one."""
    mark = Mark.objects.select_for_update().filter(market=market).first()
    if mark is None:
        return
    if verdict.price is not None:
        quoted = mark.doubted_price
        # What was quoted in the very last moment may be a wick.
        fits = quoted is not None and _apart(quoted, verdict.price) <= 1 + PRICE_MOVES_MAX
        mark.price = quoted if fits else verdict.price  # type: ignore[assignment]
        said = SourcePrice.objects.filter(market=market).order_by("-as_of").first()
        mark.as_of = min(said.as_of, now) if said else now
        mark.source = "operators"
    mark.doubt, mark.doubted_price, mark.doubted_at = Mark.Doubt.NONE, None, None
    mark.save()


def _check(verdict: CoinVerdict) -> None:
    """:raises VerdictRefused: unless what is said of a coin fits what is quoted."""
    market, mark = verdict.market, Mark.objects.filter(market=verdict.market_id).first()
    symbol = market.base.symbol
    if mark is None or market.base_id not in doubt_queries.coins_in_doubt():
        raise VerdictRefused(f"{symbol} is neither in doubt nor halted: halt it first.", field="market")
    if verdict.kind == CoinVerdict.Kind.OTHER_COIN:
        return
    if verdict.price is None or verdict.price <= 0:
        raise VerdictRefused("Say what one coin is worth now, as you have seen it elsewhere.", field="price")
    quoted = mark.doubted_price
    if quoted is not None and _apart(quoted, verdict.price) > 1 + PRICE_MOVES_MAX:
        raise VerdictRefused(
            f"{symbol} is quoted at {quoted.normalize():f}, not at {verdict.price.normalize():f}: look again.",
            field="price",
        )
    if verdict.kind == CoinVerdict.Kind.PRICE_RIGHT:
        if quoted is None:
            raise VerdictRefused(f"No price of {symbol} waits to be believed.", field="kind")
        return
    if not (0 < verdict.old_count <= COUNT_MAX and 0 < verdict.new_count <= COUNT_MAX):
        raise VerdictRefused(f"Say how many coins became how many, 1 to {COUNT_MAX:,}.", field="old_count")
    if verdict.old_count == verdict.new_count:
        raise VerdictRefused("The same number of coins is the same unit.", field="new_count")
    expected = mark.price * verdict.old_count / verdict.new_count
    if _apart(expected, verdict.price) > RATIO_FITS_MAX:
        raise VerdictRefused(
            f"By {verdict.old_count:,}:{verdict.new_count:,} the mark of {mark.price.normalize():f} would be"
            f" {expected.normalize():f}, and you say {verdict.price.normalize():f}: check the ratio.",
            field="old_count",
        )
    recounting.refuse_overflow(verdict)


def _apart(one: Decimal, other: Decimal) -> Decimal:
    return max(one / other, other / one)


def _read_rules(now: datetime) -> None:
    try:
        rules = registry.venue().market_rules()
    except VenueUnreachable:
        # The look at the listings asks again.
        return
    with transaction.atomic():
        listings.take_rules(rules=rules, now=now)


@in_transaction
def _lock_market(market_id: int) -> Market:
    market = Market.objects.select_for_update(of=("self",)).select_related("base", "quote").filter(pk=market_id).first()
    if market is None:
        raise VerdictRefused("There is no such market.", field="market")
    return market


@in_transaction
def _lock_open(verdict_id: int) -> CoinVerdict:
    verdicts = CoinVerdict.objects.select_for_update(of=("self",)).select_related("market__base", "requested_by")
    verdict = verdicts.get(pk=verdict_id)
    if verdict.approved_at is not None:
        raise VerdictClosed("This was approved already.")
    if verdict.withdrawn_at is not None:
        raise VerdictClosed("This was withdrawn.")
    return verdict
