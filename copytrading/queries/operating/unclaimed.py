"""Money that is nobody's yet: in the suspense account, and unassigned at the venue, each coin with its age."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

# It stands since the first posting after which the account was never empty again.
STANDING = """
    WITH standing AS (
        SELECT account.kind, balance.ledger_account_id, balance.asset_id, balance.posted
        FROM accounts_ledgeraccount AS account
        JOIN accounts_balance AS balance ON balance.ledger_account_id = account.id
        WHERE account.owner_id IS NULL AND account.kind IN ('SUSPENSE', 'UNASSIGNED') AND balance.posted <> 0
    ), moved AS (
        SELECT posting.id, posting.journal_id, standing.kind, standing.asset_id,
            sum(posting.units) OVER (PARTITION BY standing.kind, standing.asset_id ORDER BY posting.id) AS stands
        FROM standing JOIN accounts_posting AS posting
            ON posting.ledger_account_id = standing.ledger_account_id AND posting.asset_id = standing.asset_id
    ), emptied AS (
        SELECT kind, asset_id, max(id) AS id FROM moved WHERE stands = 0 GROUP BY 1, 2
    ), begun AS (
        SELECT DISTINCT ON (moved.kind, moved.asset_id) moved.kind, moved.asset_id, moved.journal_id
        FROM moved LEFT JOIN emptied ON emptied.kind = moved.kind AND emptied.asset_id = moved.asset_id
        WHERE moved.id > coalesce(emptied.id, 0) ORDER BY moved.kind, moved.asset_id, moved.id
    )
    SELECT standing.kind, asset.symbol, asset.decimals, standing.posted, journal.posted_at
    FROM standing
    JOIN accounts_asset AS asset ON asset.id = standing.asset_id
    LEFT JOIN begun ON begun.kind = standing.kind AND begun.asset_id = standing.asset_id
    LEFT JOIN accounts_journal AS journal ON journal.id = begun.journal_id
    ORDER BY standing.kind, asset.symbol
"""


@dataclass(frozen=True, kw_only=True)
class Unclaimed:
    """Units of one coin in one of the two accounts, SUSPENSE or UNASSIGNED, and since when something is there."""

    kind: str
    symbol: str
    decimals: int
    units: int
    since: datetime | None


def unclaimed() -> tuple[Unclaimed, ...]:
    """Return what is nobody's yet, by account and coin, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING)
        return tuple(
            Unclaimed(kind=kind, symbol=symbol, decimals=decimals, units=units, since=since)
            for kind, symbol, decimals, units, since in cursor.fetchall()
        )
