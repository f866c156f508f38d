"""Word to the followers about a coin: it is in doubt, halted, counted anew, or as it was again."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from accounts.transactions import in_transaction
from copytrading.models import Notice
from copytrading.services import bell

# Everybody whose copy holds the coin, or follows a lead who does.
TELL = """
    INSERT INTO copytrading_notice (copy_id, kind, asset_id, noted_at)
    SELECT copy.id, %(kind)s, asset.id, %(now)s
    FROM copytrading_copy AS copy JOIN copytrading_lead AS lead ON lead.id = copy.lead_id
    CROSS JOIN unnest(%(asset_ids)s::bigint[]) AS asset(id)
    WHERE copy.status <> 'STOPPED' AND (
        EXISTS (
            SELECT FROM accounts_balance AS balance WHERE balance.asset_id = asset.id AND balance.posted <> 0
                AND balance.ledger_account_id IN (copy.ledger_account_id, lead.ledger_account_id))
        OR EXISTS (
            SELECT FROM copytrading_leadholding AS holding WHERE holding.lead_id = lead.id
                AND holding.asset_id = asset.id AND holding.units <> 0))
    RETURNING copy_id
"""
FOLLOWERS = "SELECT DISTINCT follower_id FROM copytrading_copy WHERE id = ANY(%s)"


@in_transaction
def tell_holders(*, kind: Notice.Kind, asset_ids: Sequence[int], now: datetime) -> int:
    """Write a notice for every live copy that a coin matters to, and return how many."""
    if not asset_ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(TELL, {"kind": kind, "asset_ids": list(asset_ids), "now": now})
        told = [copy_id for (copy_id,) in cursor.fetchall()]
        if told:
            cursor.execute(FOLLOWERS, [told])
            bell.publish_to_users([user_id for (user_id,) in cursor.fetchall()], "activity")
    return len(told)
