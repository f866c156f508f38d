"""
Writes notices. Each call is part of the transaction of what it tells: a notice is there if and only if that happened.

However many people are told, it is one statement; then each of them hears the bell, after the commit.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.transactions import in_transaction
from copytrading.models import Announcement, Lead, LeadNotice, Notice
from copytrading.queries.desk.announcements import IN_AUDIENCE
from copytrading.services import bell

# A fact that is told once and was told is no error: there is nothing more to say.
ONCE = "ON CONFLICT (user_id, once) DO NOTHING RETURNING user_id"

# What tells of a lead's book rings for those who see the book.
OF_THE_BOOK = (Notice.Kind.LEAD_REARRANGED, Notice.Kind.LEAD_UNPRICED)

PERSON = f"""
    INSERT INTO copytrading_notice
        (user_id, lead_id, kind, units, asset_id, value_units, number, words, once, noted_at)
    VALUES (%(user_id)s, %(lead_id)s, %(kind)s, %(units)s, %(asset_id)s, %(value_units)s, %(number)s, %(words)s,
        %(once)s, %(now)s)
    {ONCE}
"""

# The database gives a notice of a copy its reader.
FOLLOWERS = """
    INSERT INTO copytrading_notice (copy_id, kind, units, number, lead_notice_id, noted_at)
    SELECT id, %(kind)s, %(units)s, %(number)s, %(lead_notice_id)s, %(now)s FROM copytrading_copy
    WHERE lead_id = %(lead_id)s AND status <> 'STOPPED'
    RETURNING user_id
"""

COPIES = f"""
    INSERT INTO copytrading_notice (copy_id, kind, units, asset_id, value_units, number, once, noted_at)
    SELECT line.copy_id, %(kind)s, line.units, line.asset_id, line.value_units, line.number, line.once, %(now)s
    FROM unnest(%(copy_ids)s::bigint[], %(units)s::bigint[], %(asset_ids)s::bigint[], %(value_units)s::bigint[],
        %(numbers)s::integer[], %(once)s::varchar[]) AS line(copy_id, units, asset_id, value_units, number, once)
    {ONCE}
"""

# Everybody whose copy holds the coin, or follows a lead who does.
HOLDERS = """
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
    RETURNING user_id
"""

# Everybody who owns the coin, in the wallet, a copy or a lead account, once a person.
OWNERS = """
    INSERT INTO copytrading_notice (user_id, kind, asset_id, noted_at)
    SELECT DISTINCT account.owner_id, %(kind)s, balance.asset_id, %(now)s::timestamptz
    FROM accounts_balance AS balance JOIN accounts_ledgeraccount AS account ON account.id = balance.ledger_account_id
    WHERE balance.asset_id = ANY(%(asset_ids)s) AND balance.posted > 0 AND account.owner_id IS NOT NULL
        AND account.kind IN ('MAIN', 'COPY', 'LEAD')
    RETURNING user_id
"""

AUDIENCE = f"""
    INSERT INTO copytrading_notice (user_id, kind, announcement_id, noted_at)
    SELECT person.id, %(kind)s, announcement.id, %(now)s
    FROM accounts_user AS person JOIN copytrading_announcement AS announcement ON announcement.id = %(announcement_id)s
    WHERE person.is_active AND {IN_AUDIENCE}
    RETURNING user_id
"""


@in_transaction
def tell_person(
    user_id: int,
    kind: Notice.Kind,
    now: datetime,
    *,
    lead: Lead | None = None,
    units: int | None = None,
    asset_id: int | None = None,
    value_units: int | None = None,
    number: int | None = None,
    words: str = "",
    once: str | None = None,
) -> None:
    """
    Tell one person something that is not about a copy.

    :param units: quote units, or units of the asset where one is named.
    :param once: a name of the fact: what was told under it before is not told again.
    """
    _write(
        PERSON,
        {
            "user_id": user_id,
            "lead_id": lead.pk if lead else None,
            "kind": kind,
            "units": units,
            "asset_id": asset_id,
            "value_units": value_units,
            "number": number,
            "words": words[:200],
            "once": once,
            "now": now,
        },
    )


@in_transaction
def tell_followers(
    lead: Lead,
    kind: Notice.Kind,
    units: int | None,
    now: datetime,
    *,
    number: int | None = None,
    lead_notice: LeadNotice | None = None,
) -> None:
    """Tell the follower of every running copy of a lead, in one statement."""
    named = {
        "lead_id": lead.pk,
        "kind": kind,
        "units": units,
        "number": number,
        "lead_notice_id": None if lead_notice is None else lead_notice.pk,
        "now": now,
    }
    _write(FOLLOWERS, named)
    bell.publish(f"{'book' if kind in OF_THE_BOOK else 'lead'}:{lead.pk}", "lead")


@in_transaction
def tell_copies(
    copy_ids: Sequence[int],
    kind: Notice.Kind,
    now: datetime,
    *,
    units: Sequence[int | None] | None = None,
    asset_ids: Sequence[int] | None = None,
    value_units: Sequence[int | None] | None = None,
    numbers: Sequence[int] | None = None,
    once: Sequence[str] | None = None,
) -> int:
    """
    Tell the followers of some copies, each with the figures in its place (copies,), and return how many were told.

    :param units: quote units, or units of the asset where one is named.
    :param once: a name of each fact: what was told under it before is not told again.
    """
    if not len(copy_ids):
        return 0
    nothing = [None] * len(copy_ids)
    named = {
        "copy_ids": list(copy_ids),
        "kind": kind,
        "units": list(units or nothing),
        "asset_ids": list(asset_ids or nothing),
        "value_units": list(value_units or nothing),
        "numbers": list(numbers or nothing),
        "once": list(once or nothing),
        "now": now,
    }
    return _write(COPIES, named)


@in_transaction
def tell_holders(*, kind: Notice.Kind, asset_ids: Sequence[int], now: datetime) -> int:
    """Tell the follower of every live copy that some coins matter to, and return how many notices it took."""
    return _write(HOLDERS, {"kind": kind, "asset_ids": list(asset_ids), "now": now}, "activity") if asset_ids else 0


@in_transaction
def tell_owners(*, kind: Notice.Kind, asset_ids: Sequence[int], now: datetime) -> int:
    """Tell everybody who owns some of a coin, wherever here, and return how many notices it took."""
    return _write(OWNERS, {"kind": kind, "asset_ids": list(asset_ids), "now": now}) if asset_ids else 0


@in_transaction
def tell_audience(announcement: Announcement, *, now: datetime) -> int:
    """Tell everybody whom an announcement is for, in one statement, and return how many those are."""
    return _write(AUDIENCE, {"kind": Notice.Kind.ANNOUNCED, "announcement_id": announcement.pk, "now": now})


def _write(statement: str, named: Mapping[str, Any], *events: str) -> int:
    """Write notices, let their readers hear of them, and return their number."""
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        readers = [user_id for (user_id,) in cursor.fetchall()]
    for event in ("notices", *events):
        bell.publish_to_users(sorted(set(readers)), event)
    return len(readers)
