"""
A coin that is counted in another unit: of everything that anybody holds of it `old_count` become `new_count`.

    ledger        one journal: each account is cut to whole units, and what that leaves over is the platform's dust, so
                  that the accounts still sum to what custody keeps
    holdings      of leads who trade elsewhere, and what copies noted of them when they joined
    prices        mark, sources, bars and snapshots, the other way round
    orders        of leads, and those that wait in people's wallets, are ended, as exchanges do: their quantities and
                  limits were meant in the old unit

Orders, fills and shares stay as they were made: history is not rewritten. `order_id_last` says up to which of them the
old unit counts, see queries/market/recounts.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Max

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Balance, Hold, Journal, LedgerAccount, Transfer
from accounts.transactions import in_transaction
from copytrading.engine.rules import Rules
from copytrading.models import CoinVerdict, Copy, Correction, Lead, LeadOrder, LimitOrder, Order
from copytrading.services.books import gaps, limit_orders, positions
from copytrading.services.refusals import Refusal

UNITS_MAX = 2**63 - 1

# Whole units, cut toward nothing; what is owed to the coin's holders elsewhere is no money of ours.
TURN_UNITS = (
    "UPDATE copytrading_leadholding SET units = div(units * %(new)s::numeric, %(old)s) WHERE asset_id = %(asset)s",
    "UPDATE copytrading_copybaseline SET units = div(units * %(new)s::numeric, %(old)s) WHERE asset_id = %(asset)s",
    "UPDATE copytrading_leadposition SET pending_units = div(pending_units * %(new)s::numeric, %(old)s)"
    " WHERE asset_id = %(asset)s AND pending_units <> 0",
    "UPDATE copytrading_observedtrade SET units = div(units * %(new)s::numeric, %(old)s) WHERE market_id = %(market)s",
)
TURN_PRICES = (
    "UPDATE copytrading_mark SET price = price * %(old)s / %(new)s WHERE market_id = %(market)s",
    "UPDATE copytrading_pricebar SET close = close * %(old)s / %(new)s WHERE market_id = %(market)s",
    "UPDATE copytrading_markrange SET low = low * %(old)s / %(new)s, high = high * %(old)s / %(new)s"
    " WHERE market_id = %(market)s",
    "UPDATE copytrading_leadsnapshot SET unit_prices[array_position(asset_ids, %(asset)s::bigint)] ="
    " unit_prices[array_position(asset_ids, %(asset)s::bigint)] * %(old)s / %(new)s WHERE %(asset)s = ANY(asset_ids)",
    # A source that speaks of the new unit already is left as it is.
    "UPDATE copytrading_sourceprice SET price = price * %(old)s / %(new)s WHERE market_id = %(market)s"
    " AND abs(ln(price / %(price)s)) > abs(ln(price * %(old)s / %(new)s / %(price)s))",
)
LARGEST = """
    SELECT greatest(
        (SELECT max(abs(posted)) FROM accounts_balance WHERE asset_id = %(asset)s),
        (SELECT max(units) FROM copytrading_leadholding WHERE asset_id = %(asset)s),
        (SELECT max(units) FROM copytrading_copybaseline WHERE asset_id = %(asset)s),
        (SELECT max(abs(units)) FROM copytrading_observedtrade WHERE market_id = %(market)s), 0)
"""


class CoinMoving(Refusal, code="coin_moving"):
    """Something is on its way in the coin: it would arrive in the old unit."""


class TooManyUnits(Refusal, code="too_many_units", field="new_count"):
    """More whole units than the ledger can count."""


def refuse_overflow(verdict: CoinVerdict) -> None:
    """:raises TooManyUnits: if somebody would hold more units than the ledger can count."""
    with connection.cursor() as cursor:
        cursor.execute(LARGEST, _terms(verdict))
        (largest,) = cursor.fetchone()
    if turned(int(largest), verdict) > UNITS_MAX:
        raise TooManyUnits(
            f"Somebody would hold more of {verdict.market.base.symbol} than can be counted in its smallest unit."
        )


def refuse_moving(verdict: CoinVerdict) -> None:
    """:raises CoinMoving: while an order, a transfer or a correction of the coin is on its way."""
    market, symbol = verdict.market, verdict.market.base.symbol
    if Order.objects.filter(market__base_id=market.base_id, booked_at__isnull=True).exists():
        raise CoinMoving(f"An order in {symbol} is open: halt the coin, and try again when the venue has answered.")
    is_moving = (
        Hold.objects.filter(asset_id=market.base_id, released_at__isnull=True)
        # What waits for its price is ended by the recount, and holds nothing then.
        .exclude(key__in=LimitOrder.objects.filter(finished_at__isnull=True).values("hold_key"))
        .exists()
        or Transfer.objects.filter(asset_id=market.base_id, status__in=Transfer.OPEN).exists()
    )
    if is_moving:
        raise CoinMoving(f"{symbol} is on its way in or out: try again when it has arrived.")
    if Correction.objects.filter(asset_id=market.base_id, approved_at=None, withdrawn_at=None).exists():
        raise CoinMoving(f"A correction of {symbol} waits in the old unit: approve or withdraw it first.")


@in_transaction
def recount(*, verdict: CoinVerdict, leads: Sequence[Lead], now: datetime, rules: Rules) -> None:
    """
    Turn everything that is counted in a coin. All leads are locked.

    :raises CoinMoving: if something is on its way after all.
    """
    refuse_moving(verdict)
    limit_orders.end_of_coin(verdict.market.base_id, because=LimitOrder.Why.RECOUNTED, now=now)
    copied = set(Copy.objects.exclude(status=Copy.Status.STOPPED).values_list("lead_id", flat=True))
    for lead in leads:
        if lead.pk in copied:
            # The last look in the old unit: what was booked since then is in no look to come.
            gaps.measure_lead(lead=lead, now=now, rules=rules)
    positions.end_lead_orders(LeadOrder.objects.filter(market__base_id=verdict.market.base_id), now=now)
    verdict.journal = _turn_balances(verdict, now)
    verdict.order_id_last = Order.objects.aggregate(last=Max("pk"))["last"] or 0
    with connection.cursor() as cursor:
        for statement in (*TURN_UNITS, *TURN_PRICES):
            cursor.execute(statement, _terms(verdict))


def turned(units: int, verdict: CoinVerdict) -> int:
    """Return how many whole new units some old ones are, cut downwards; of a debt that is the larger one."""
    return units * verdict.new_count // verdict.old_count


def _turn_balances(verdict: CoinVerdict, now: datetime) -> Journal | None:
    """
    Book what turns what people and the platform hold, in one journal; None where nobody holds anything.

    Each account loses less than one new unit. Together that is what the dust account gets.
    """
    asset_id = verdict.market.base_id
    held = Balance.objects.filter(asset_id=asset_id).exclude(posted=0)
    held = held.exclude(ledger_account__kind__in=(*LedgerAccount.COUNTERPARTIES, *LedgerAccount.MIRRORS))
    rows = list(held.order_by("ledger_account_id").values_list("ledger_account_id", "posted"))
    changes = [turned(units, verdict) - units for _, units in rows]
    # What is on own accounts is mirrored to the unit, and the person's own is whatever the exchange makes of the rest.
    mirrored = _turned_mirrors(dict(zip((account for account, _ in rows), changes, strict=True)))
    pooled = [units for account, units in rows if account not in mirrored.copies]
    total = sum(pooled)
    owed = turned(total, verdict) - total
    # A mirror changes by just what its copies do, the other way.
    left_over = owed - sum(changes) - sum(mirrored.changes.values())
    if not any(changes) and not left_over:
        return None
    venue = ledger.platform_account(LedgerAccount.Kind.VENUE, now=now).pk
    dust = ledger.platform_account(LedgerAccount.Kind.DUST, now=now).pk
    return ledger.post(
        kind=Journal.Kind.REDENOMINATION,
        idempotency_key=f"verdict:{verdict.pk}",
        lines=Lines.of(
            [*(account for account, _ in rows), dust, venue, *mirrored.changes],
            asset_id,
            [*changes, left_over, -owed, *mirrored.changes.values()],
        ),
        now=now,
    )


@dataclass(frozen=True, kw_only=True)
class _Mirrored:
    """The ledger accounts of copies on own accounts, and what the mirrors of these change by."""

    copies: frozenset[int]
    changes: dict[int, int]


def _turned_mirrors(changes: dict[int, int]) -> _Mirrored:
    """Return what the mirrors of own accounts change by, when their copies' accounts change by so many units."""
    rows = Copy.objects.filter(ledger_account__in=list(changes), own_account__isnull=False)
    mirrors = dict(rows.values_list("ledger_account_id", "own_account__ledger_account_id"))
    turned_by: dict[int, int] = {}
    for account, mirror in mirrors.items():
        turned_by[mirror] = turned_by.get(mirror, 0) - changes[account]
    return _Mirrored(copies=frozenset(mirrors), changes=turned_by)


def _terms(verdict: CoinVerdict) -> dict[str, int | Decimal | None]:
    return {
        "old": verdict.old_count,
        "new": verdict.new_count,
        "asset": verdict.market.base_id,
        "market": verdict.market_id,
        "price": verdict.price,
    }
