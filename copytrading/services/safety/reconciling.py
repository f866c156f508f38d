"""
Does everything add up?

`check_ledger` recomputes from the first journal on and compares with what the venue says it keeps for us.
`reconcile` compares all day long. Money on its way makes ledger and custody differ for a moment, so a difference is
believed when two looks some time apart find the same one and nothing on its way explains it. A surplus becomes
unassigned money and stops nothing; a shortage is met from there, and what is left of it halts the asset, until a
correcting journal of two operators makes it go.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Min

from accounts.journals import ledger_audit
from accounts.models import Asset
from accounts.transactions import outside_transaction
from copytrading.engine.units import coins
from copytrading.exchange.errors import VenueUnreachable
from copytrading.exchange.registry import venue
from copytrading.models import Alarm, CoinVerdict, Correction, CustodyDifference, Halt
from copytrading.queries.market import doubts
from copytrading.services.refusals import Refusal
from copytrading.services.safety import alarms, custody, halts, restores, unassigned, venue_watch
from copytrading.services.safety.custody import CustodyLook

# The beat rings four times as often: what differs is looked at again at the next ring, and confirmed by then.
LOOK_SECONDS = 60
LOOK_SECONDS_EARLY = 5
CONFIRM_SECONDS = 30
PAUSE_SECONDS = 0.5


class CustodyNotCompared(Refusal):
    code = "custody_not_compared"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that does not add up, as a sentence."""

    sentence: str


@dataclass(frozen=True, kw_only=True)
class LedgerReport:
    """
    The state of the ledger: what does not add up, and custody less liabilities for each asset, in coins.

    `differences` holds every asset; zero everywhere is as it should be.
    """

    findings: tuple[Finding, ...]
    differences: dict[str, Decimal]
    journals: int
    postings: int

    @property
    def is_clean(self) -> bool:
        return not self.findings and not any(self.differences.values())


@outside_transaction
def check_ledger(*, patience_seconds: float = 0) -> LedgerReport:
    """
    Recompute every balance and hold from genesis and compare liabilities with custody.

    The venue is asked at another moment than the ledger, so while money moves the two may differ.

    :param patience_seconds: how long to look again at what differs, until nothing moves there: for a platform that
        runs. 0 takes the one look as it is, which is exact where nothing runs.
    :raises CustodyNotCompared: if the venue does not answer.
    """
    try:
        kept = venue().balances()
    except VenueUnreachable as trouble:
        raise CustodyNotCompared(f"The venue does not answer, so custody cannot be compared: {trouble}") from trouble
    audit = ledger_audit.audit()
    decimals = dict(Asset.objects.values_list("symbol", "decimals"))
    differences = {
        symbol: kept.get(symbol, Decimal(0)) - coins(audit.liabilities.get(symbol, 0), decimals[symbol])
        for symbol in sorted(decimals)
    }
    if patience_seconds and any(differences.values()):
        differences |= _settled(differences, patience_seconds)
    return LedgerReport(
        findings=tuple(Finding(sentence=sentence) for sentence in audit.sentences),
        differences=differences,
        journals=audit.journals,
        postings=audit.postings,
    )


def reconcile_if_due(*, now: datetime) -> None:
    """
    Look once a minute, and at every ring where something differs or was on its way at the last look.

    A venue that does not answer is noted for the operators; the next ring asks again.
    """
    unsettled = CustodyDifference.objects.exclude(units=0).exists()
    looked_at = CustodyDifference.objects.aggregate(first=Min("looked_at"))["first"]
    wait = timedelta(seconds=LOOK_SECONDS - LOOK_SECONDS_EARLY)
    if not unsettled and looked_at is not None and now < looked_at + wait:
        return
    try:
        reconcile(now=now)
    except VenueUnreachable as trouble:
        venue_watch.note_trouble(trouble=trouble, now=now)


@outside_transaction
def reconcile(*, now: datetime) -> list[CustodyDifference]:
    """
    Compare ledger and custody, and return the differences that are confirmed.

    1. Look. What may be money on its way says nothing this time.
    2. Note what each asset differs by, and since when it has been just that.
    3. What has differed by the same for CONFIRM_SECONDS is confirmed: unassigned money takes a surplus, and meets a
       shortage as far as it goes.
    4. Halt what is still short, and raise an alarm.
    5. After a restore, let trading go on if everything agrees.
    6. Clear the alarm of what was corrected and agrees now. Its halt is an operator's to lift.

    :raises VenueUnreachable: if the venue did not answer.
    """
    looks = custody.look()
    venue_watch.note_answer(now=now)
    confirmed = []
    with transaction.atomic(durable=True):
        rows = {row.asset_id: row for row in CustodyDifference.objects.select_for_update().order_by("asset_id")}
        for look in looks:
            if look.is_explained and not look.is_still:
                continue
            row = _note(rows.get(look.asset.pk), look, now)
            if row.units and row.looked_at - row.since >= timedelta(seconds=CONFIRM_SECONDS):
                confirmed.append(row)
                _settle(row, look, now)
    for row in confirmed:
        if row.units < 0:
            _halt(row, now)
    for look in looks:
        if look.is_still and not look.units:
            _clear_corrected(look.asset, now)
    if all(look.is_settled for look in looks):
        restores.note_agreement(now=now)
    return confirmed


def _note(row: CustodyDifference | None, look: CustodyLook, now: datetime) -> CustodyDifference:
    """Write down what a look found; one that is older than what is written changes nothing."""
    if row is None:
        row, _ = CustodyDifference.objects.get_or_create(
            asset=look.asset, defaults={"units": look.units, "since": now, "looked_at": now}
        )
        return row
    if now <= row.looked_at:
        return row
    if row.units != look.units:
        row.units, row.since = look.units, now
    row.looked_at = now
    row.save(update_fields=["units", "since", "looked_at"])
    return row


def _settle(row: CustodyDifference, look: CustodyLook, now: datetime) -> None:
    """
    Let unassigned money take or meet what is confirmed, as far as nothing on its way can be the reason.

    Not while nobody has said in which unit the coin is counted: then its number says nothing.
    """
    doubted = doubts.coins_in_doubt().get(row.asset_id)
    if not look.beyond_units or (doubted is not None and doubted.why == doubts.Why.UNJUDGED):
        return
    moved = unassigned.settle_difference(
        asset=look.asset, units=look.beyond_units, key=f"{row.since.isoformat()}:{row.units}", now=now
    )
    if moved:
        row.units, row.since = row.units - moved, now
        row.save(update_fields=["units", "since"])


def _halt(row: CustodyDifference, now: datetime) -> None:
    asset = row.asset
    sentence = f"The venue keeps {coins(-row.units, asset.decimals):f} {asset.symbol} less than people own."
    halts.place_halt(scope=Halt.Scope.ASSET, target_id=asset.pk, reason=sentence, now=now)
    alarms.raise_alarm(
        kind=Alarm.Kind.CUSTODY_DIFFERS,
        key=alarms.custody_key(asset),
        sentence=f"{sentence} The same since {row.since:%H:%M:%S} UTC: {asset.symbol} is halted.",
        now=now,
    )


def _clear_corrected(asset: Asset, now: datetime) -> None:
    """
    Clear the alarm of an asset in the name of whoever approved what made it agree: a correction, or that the coin is
    counted anew. Without either it stays to be seen.
    """
    alarm = Alarm.objects.filter(key=alarms.custody_key(asset), cleared_at__isnull=True).first()
    if alarm is None:
        return
    corrections = Correction.objects.filter(asset=asset, journal__isnull=False, approved_at__gte=alarm.raised_at)
    verdicts = CoinVerdict.objects.filter(market__base=asset, journal__isnull=False, done_at__gte=alarm.raised_at)
    correction = corrections.select_related("approved_by").order_by("approved_at").last()
    reason = correction or verdicts.select_related("approved_by").order_by("done_at").last()
    if reason is not None:
        alarms.clear_alarm(key=alarm.key, now=now, by=reason.approved_by)


def _settled(differences: dict[str, Decimal], patience_seconds: float) -> dict[str, Decimal]:
    """Look again at what differs until nothing moves there, and return what differs then, by symbol, in coins."""
    ends_at = time.monotonic() + patience_seconds
    moving = {symbol for symbol, difference in differences.items() if difference}
    found: dict[str, Decimal] = {}
    while moving:
        for look in custody.look():
            if look.asset.symbol in moving:
                found[look.asset.symbol] = look.difference
                if look.is_still or not look.difference:
                    moving.discard(look.asset.symbol)
        if time.monotonic() >= ends_at:
            break
        if moving:
            time.sleep(PAUSE_SECONDS)
    return found
