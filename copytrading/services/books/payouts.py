"""Cash that leaves copies for their followers' main accounts."""

from datetime import datetime

from django.db import connection

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Journal, LedgerAccount
from accounts.transactions import in_transaction
from copytrading.engine.arrays import IntArray
from copytrading.models import Copy
from copytrading.queries.market import board as market_queries
from copytrading.services import bell


@in_transaction
def pay_out(
    *, kind: Journal.Kind, key: str, copies: list[Copy], units: IntArray, now: datetime, mirrors: IntArray | None = None
) -> None:
    """
    Move cash (copies,) from copies to their followers' main accounts, in one journal.

    :param mirrors: ledger accounts (copies,) where it goes instead: those of the own accounts that it never left.
    """
    cash = market_queries.cash_asset()
    homes = mirrors.tolist() if mirrors is not None else _mains_of(copies)
    ledger.post(
        kind=kind,
        idempotency_key=key,
        lines=Lines.join(
            Lines.of([copy.ledger_account_id for copy in copies], cash.pk, -units),
            Lines.of(homes, cash.pk, units),
        ),
        now=now,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE copytrading_copy AS copy SET paid_out_units = copy.paid_out_units + line.units"
            " FROM (SELECT copy_id, sum(units)::bigint AS units"
            "  FROM unnest(%s::bigint[], %s::bigint[]) AS line(copy_id, units) GROUP BY 1) AS line"
            " WHERE copy.id = line.copy_id",
            [[copy.pk for copy in copies], units.tolist()],
        )
    bell.publish_to_users([copy.follower_id for copy in copies], "wallet")


def _mains_of(copies: list[Copy]) -> list[int]:
    mains = dict(
        LedgerAccount.objects.filter(
            kind=LedgerAccount.Kind.MAIN, owner_id__in=[copy.follower_id for copy in copies]
        ).values_list("owner_id", "pk")
    )
    return [mains[copy.follower_id] for copy in copies]
