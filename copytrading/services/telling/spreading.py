"""
From notices to deliveries, as people want them: by which channels, and when.

    1. The oldest notices that wait are taken, and marked as spread.
    2. For each a delivery is written by e-mail and for each live device, where its topic is on there.

Both are one statement, so a notice is spread once however many workers try and whenever one dies.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from copytrading.models import NoticeHabits
from copytrading.queries.notices.habits import habits_in
from copytrading.queries.notices.kinds import KINDS, topic_of

NOTICES_A_TIME = 5_000

HABITS = """
    SELECT DISTINCT ON (time_zone, mail_rhythm, quiet_from, quiet_until) * FROM copytrading_noticehabits
    WHERE (mail_rhythm <> 'AT_ONCE' OR quiet_from IS NOT NULL)
        AND user_id IN (SELECT user_id FROM copytrading_notice WHERE spread_at IS NULL)
"""

# A hundred people in one zone with the same hours are one line of `hours`.
SPREAD = """
    WITH fresh AS (
        UPDATE copytrading_notice SET spread_at = %(now)s
        WHERE id IN (
            SELECT id FROM copytrading_notice WHERE spread_at IS NULL
            ORDER BY id LIMIT %(count)s FOR UPDATE SKIP LOCKED)
        RETURNING id, user_id, kind
    ), topic AS (
        SELECT * FROM unnest(%(kinds)s::varchar[], %(topics)s::varchar[], %(urgent)s::boolean[], %(fixed)s::boolean[],
            %(mail)s::boolean[], %(push)s::boolean[]) AS topic(kind, name, is_urgent, is_fixed, mail, push)
    ), hours AS (
        SELECT * FROM unnest(%(zones)s::varchar[], %(rhythms)s::varchar[], %(quiet_from)s::time[],
            %(quiet_until)s::time[], %(quiet_ends_at)s::timestamptz[], %(digest_at)s::timestamptz[])
            AS hours(time_zone, mail_rhythm, quiet_from, quiet_until, quiet_ends_at, digest_at)
    ), told AS (
        SELECT fresh.id, fresh.user_id, topic.*, hours.quiet_ends_at, hours.digest_at
        FROM fresh JOIN topic ON topic.kind = fresh.kind
        JOIN accounts_user AS person ON person.id = fresh.user_id AND person.is_active
        LEFT JOIN copytrading_noticehabits AS habits ON habits.user_id = fresh.user_id
        LEFT JOIN hours ON hours.time_zone = habits.time_zone AND hours.mail_rhythm = habits.mail_rhythm
            AND hours.quiet_from IS NOT DISTINCT FROM habits.quiet_from
            AND hours.quiet_until IS NOT DISTINCT FROM habits.quiet_until
    ), written AS (
        INSERT INTO copytrading_delivery
            (notice_id, channel, subscription_id, status, is_digest, due_at, message_id, attempts, answer)
        SELECT told.id, 'EMAIL', NULL, 'PENDING', told.digest_at IS NOT NULL AND NOT told.is_urgent,
            CASE WHEN told.is_urgent THEN %(now)s ELSE coalesce(told.digest_at, told.quiet_ends_at, %(now)s) END,
            '', 0, ''
        FROM told LEFT JOIN copytrading_noticeswitch AS switch
            ON switch.user_id = told.user_id AND switch.topic = told.name AND switch.channel = 'EMAIL'
        WHERE told.is_fixed OR coalesce(switch.is_on, told.mail)
        UNION ALL
        SELECT told.id, 'PUSH', device.id, 'PENDING', FALSE,
            CASE WHEN told.is_urgent THEN %(now)s ELSE coalesce(told.quiet_ends_at, %(now)s) END, '', 0, ''
        FROM told JOIN copytrading_pushsubscription AS device
            ON device.user_id = told.user_id AND device.retired_at IS NULL
        LEFT JOIN copytrading_noticeswitch AS switch
            ON switch.user_id = told.user_id AND switch.topic = told.name AND switch.channel = 'PUSH'
        WHERE told.is_fixed OR coalesce(switch.is_on, told.push)
        ON CONFLICT DO NOTHING
    )
    SELECT count(*) FROM fresh
"""


def spread_notices(*, now: datetime) -> int:
    """Write the deliveries of up to 5,000 notices that wait for it, and return how many notices that were."""
    habits = [habits_in(row) for row in NoticeHabits.objects.raw(HABITS)]
    topics = {kind: topic_of(kind) for kind in map(str, KINDS)}
    named: dict[str, Any] = {
        "now": now,
        "count": NOTICES_A_TIME,
        "kinds": list(topics),
        "topics": [topic.name for topic in topics.values()],
        "urgent": [topic.is_urgent for topic in topics.values()],
        "fixed": [topic.is_fixed for topic in topics.values()],
        "mail": [topic.mail for topic in topics.values()],
        "push": [topic.push for topic in topics.values()],
        "zones": [one.time_zone for one in habits],
        "rhythms": [str(one.mail_rhythm) for one in habits],
        "quiet_from": [one.quiet_from for one in habits],
        "quiet_until": [one.quiet_until for one in habits],
        "quiet_ends_at": [one.quiet_until_when(now) for one in habits],
        "digest_at": [one.digest_when(now) for one in habits],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SPREAD, named)
        return int(cursor.fetchone()[0])
