"""
What the ledger owes of each asset, and which money is on its way between ledger and venue at this moment.

An order moves money at the venue when it is sent and in the ledger when it is booked; a transfer likewise. In between
the two differ by something that is known in sign and in size at most: a `Movement` says so, per asset.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from django.db import connection

from accounts.models import Asset, Transfer
from copytrading.models import CustodyDifference, Order
from copytrading.models.own_accounts import NAME_BEFORE

# A sale may fill above its mid, and a buy pays fees on top of its limit: well within a tenth.
VALUE_MARGIN = Decimal("1.1")

OWED = """
    SELECT asset.id,
        coalesce(sum(balance.posted) FILTER (WHERE account.kind NOT IN ('VENUE', 'EXTERNAL')), 0)::bigint,
        coalesce(-sum(balance.posted) FILTER (WHERE account.kind IN ('VENUE', 'EXTERNAL')), 0)::bigint
    FROM accounts_asset AS asset
    LEFT JOIN accounts_balance AS balance ON balance.asset_id = asset.id
    LEFT JOIN accounts_ledgeraccount AS account ON account.id = balance.ledger_account_id
    GROUP BY asset.id
"""

ENTRUSTED = """
    SELECT balance.asset_id, -sum(balance.posted)::bigint FROM accounts_balance AS balance
    JOIN accounts_ledgeraccount AS account ON account.id = balance.ledger_account_id
    WHERE account.kind IN ('VENUE', 'EXTERNAL') GROUP BY balance.asset_id
"""


@dataclass(frozen=True, kw_only=True)
class Owed:
    """
    Liabilities of one asset in units: what all accounts of people and platform have, and what was entrusted to the
    venue by the other side of the same journals. The two are equal in a ledger that adds up.
    """

    liabilities: int
    entrusted: int


@dataclass(frozen=True, kw_only=True)
class Movement:
    """Money on its way: by how many units custody may be below (`low` ≤ 0) or above (`high` ≥ 0) the ledger."""

    reference: str
    asset_id: int
    low: int
    high: int


def owed_by_asset() -> dict[int, Owed]:
    """Return what is owed of every asset, by asset id, as of one moment."""
    with connection.cursor() as cursor:
        cursor.execute(OWED)
        return {row[0]: Owed(liabilities=row[1], entrusted=row[2]) for row in cursor.fetchall()}


def entrusted_by_asset() -> dict[int, int]:
    """Return what was entrusted to the venue, by asset id: a few rows, whose change tells that money moved."""
    with connection.cursor() as cursor:
        cursor.execute(ENTRUSTED)
        return dict(cursor.fetchall())


def movements() -> set[Movement]:
    """Return the money on its way at this moment: orders that were claimed and not booked, transfers not booked."""
    orders = Order.objects.filter(claimed_at__isnull=False, booked_at__isnull=True, quantity_units__gt=0)
    # What is traded on people's own accounts moves nothing that we keep.
    orders = orders.exclude(venue_account__startswith=NAME_BEFORE)
    found = {
        movement
        for order in orders.select_related("market__base", "market__quote").defer("participant_ids", "wish_units")
        for movement in _movements_of(order)
    }
    # What is paid by bank or cash desk moves nothing at the venue.
    announced = Transfer.objects.filter(status=Transfer.Status.REQUESTED).exclude(channel=Transfer.Channel.MANUAL)
    for transfer in announced:
        is_deposit = transfer.direction == Transfer.Direction.DEPOSIT
        # The exchange may take its fee on top of what leaves.
        margin = VALUE_MARGIN if transfer.channel == Transfer.Channel.VENUE else Decimal(1)
        units = int((transfer.units * margin).to_integral_value(ROUND_CEILING))
        found.add(
            Movement(
                reference=f"transfer:{transfer.pk}",
                asset_id=transfer.asset_id,
                low=0 if is_deposit else -units,
                high=transfer.units if is_deposit else 0,
            )
        )
    return found


def standing_difference(*, asset: Asset) -> CustodyDifference | None:
    """Return the difference that the last look found at an asset, or None where ledger and custody agreed."""
    return CustodyDifference.objects.filter(asset=asset).exclude(units=0).first()


def _movements_of(order: Order) -> tuple[Movement, Movement]:
    market = order.market
    value = max(order.price_limit, order.price_mid) * VALUE_MARGIN * order.quantity_units
    value_units = int(value.scaleb(market.quote.decimals - market.base.decimals).to_integral_value(ROUND_CEILING))
    is_buy = order.side == Order.Side.BUY
    base = {"high": order.quantity_units, "low": 0} if is_buy else {"high": 0, "low": -order.quantity_units}
    quote = {"high": 0, "low": -value_units} if is_buy else {"high": value_units, "low": 0}
    reference = f"order:{order.pk}"
    return (
        Movement(reference=reference, asset_id=market.base_id, **base),
        Movement(reference=reference, asset_id=market.quote_id, **quote),
    )
