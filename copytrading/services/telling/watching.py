"""
Looks for what nobody did but people should know: a fall, a stop loss that is near, a milestone, the result of a week.

Each fact has a name that it is told under once, so the looks may come as often as they like, from wherever. Each look
is a few statements, whatever the number of copies and people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction

from accounts.identity.places import zone_of
from accounts.transactions import outside_transaction
from copytrading.engine.rules import Rules
from copytrading.models import Lead, LeadOutline, Notice, NoticeHabits
from copytrading.queries import holdings
from copytrading.queries.copies import guarded, loss_limits
from copytrading.queries.market import doubts
from copytrading.queries.market.board import load_board_and_cash
from copytrading.queries.rules import platform_rules
from copytrading.services import bell
from copytrading.services.telling import notices

NEAR = 0.8  # of the stop loss
FALL_STEP = 10  # percent of what a copy was worth when the day began
REARRANGED = 0.25  # of the portfolio, traded since followers were last told
MILESTONES = (1, 10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000, 100_000)

# The worth of each running copy now and at the first record of its follower's day, and what was put in since.
FALLS = """
    WITH zone AS (
        SELECT * FROM unnest(%(zones)s::varchar[], %(day_began_at)s::timestamptz[], %(days)s::varchar[])
            AS zone(name, began_at, day)
    ), day AS (
        SELECT copy.id, coalesce(zone.began_at, %(utc_began_at)s) AS began_at, coalesce(zone.day, %(utc_day)s) AS day
        FROM copytrading_copy AS copy
        LEFT JOIN copytrading_noticehabits AS habits ON habits.user_id = copy.follower_id
        LEFT JOIN zone ON zone.name = habits.time_zone
        WHERE copy.status IN ('STARTING', 'ACTIVE', 'PAUSED') AND NOT copy.is_reference
    ), worth AS (
        SELECT day.id, day.day, opening.equity_units AS opened, latest.equity_units AS now_units,
            coalesce(flows.moved, 0) AS moved, coalesce(flows.put_in, 0) AS put_in
        FROM day
        CROSS JOIN LATERAL (
            SELECT recorded_at, equity_units FROM copy_records(day.id)
            WHERE recorded_at >= day.began_at ORDER BY recorded_at LIMIT 1) AS opening
        CROSS JOIN LATERAL (
            SELECT recorded_at, equity_units FROM copy_records(day.id)
            WHERE recorded_at > opening.recorded_at ORDER BY recorded_at DESC LIMIT 1) AS latest
        LEFT JOIN LATERAL (
            SELECT sum(units) AS moved, sum(units) FILTER (WHERE units > 0) AS put_in FROM copytrading_copyflow
            WHERE copy_id = day.id AND status = 'DONE' AND moved_at > opening.recorded_at
                AND moved_at <= latest.recorded_at) AS flows ON TRUE
    ), fall AS (
        SELECT id, day, now_units,
            floor(100.0 * (opened + moved - now_units) / nullif(opened + put_in, 0) / %(step)s)::integer * %(step)s
                AS percent
        FROM worth
    )
    SELECT id, day, now_units, percent FROM fall WHERE percent >= %(step)s
        AND NOT EXISTS (
            SELECT FROM copytrading_notice AS told JOIN copytrading_copy AS copy ON copy.id = fall.id
            WHERE told.user_id = copy.follower_id
                AND told.once = 'fell:' || fall.id || ':' || fall.day || ':' || fall.percent)
"""

MILESTONE = """
    INSERT INTO copytrading_notice (user_id, lead_id, kind, number, once, noted_at)
    SELECT lead.user_id, lead.id, 'FOLLOWERS_REACHED', reached.number, 'followers:' || lead.id || ':' || reached.number,
        %(now)s
    FROM copytrading_lead AS lead
    JOIN (
        SELECT lead_id, count(*) AS followers FROM copytrading_copy WHERE status <> 'STOPPED' AND NOT is_reference
        GROUP BY lead_id) AS live
        ON live.lead_id = lead.id
    CROSS JOIN LATERAL (
        SELECT max(number) AS number FROM unnest(%(milestones)s::integer[]) AS milestone(number)
        WHERE number <= live.followers) AS reached
    WHERE lead.status IN ('ACTIVE', 'PAUSED') AND reached.number IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM copytrading_notice AS told WHERE told.user_id = lead.user_id
                AND told.once = 'followers:' || lead.id || ':' || reached.number)
    ON CONFLICT (user_id, once) DO NOTHING RETURNING user_id
"""

# Each copy's result between its own records nearest to both ends, so that what was moved beside a record counts once.
RESULTS = """
    INSERT INTO copytrading_notice (user_id, kind, units, value_units, words, once, noted_at)
    SELECT copy.follower_id, %(kind)s,
        sum(coalesce(closing.equity_units, 0) - coalesce(opening.equity_units, 0) - coalesce(flows.moved, 0)),
        sum(coalesce(closing.equity_units, 0)), %(words)s, %(once)s, %(now)s
    FROM copytrading_copy AS copy
    LEFT JOIN LATERAL (
        SELECT recorded_at, equity_units FROM copy_records(copy.id)
        WHERE recorded_at <= %(from)s ORDER BY recorded_at DESC LIMIT 1) AS opening ON TRUE
    LEFT JOIN LATERAL (
        SELECT recorded_at, equity_units FROM copy_records(copy.id)
        WHERE recorded_at <= %(until)s
            AND (copy.stopped_at IS NULL OR copy.stopped_at > %(until)s)
        ORDER BY recorded_at DESC LIMIT 1) AS closing ON TRUE
    LEFT JOIN LATERAL (
        SELECT sum(units) AS moved FROM copytrading_copyflow
        WHERE copy_id = copy.id AND status = 'DONE' AND moved_at > coalesce(opening.recorded_at, '-infinity')
            AND moved_at <= CASE WHEN copy.stopped_at <= %(until)s THEN %(until)s ELSE closing.recorded_at END
        ) AS flows ON TRUE
    WHERE NOT copy.is_reference
        AND copy.started_at < %(until)s AND (copy.stopped_at IS NULL OR copy.stopped_at > %(from)s)
        AND (closing.recorded_at IS NOT NULL OR copy.stopped_at <= %(until)s)
    GROUP BY copy.follower_id
    ON CONFLICT (user_id, once) DO NOTHING RETURNING user_id
"""

EARNINGS = """
    INSERT INTO copytrading_notice (user_id, lead_id, kind, units, number, words, once, noted_at)
    SELECT lead.user_id, lead.id, 'EARNED', sum(share.share_units - share.platform_units),
        count(DISTINCT share.copy_id), %(words)s, %(once)s || ':' || lead.id, %(now)s
    FROM copytrading_profitshare AS share JOIN copytrading_copy AS copy ON copy.id = share.copy_id
    JOIN copytrading_lead AS lead ON lead.id = copy.lead_id
    WHERE share.settled_at >= %(from)s AND share.settled_at < %(until)s AND share.share_units > 0
    GROUP BY lead.id
    ON CONFLICT (user_id, once) DO NOTHING RETURNING user_id
"""


NEAR_LIMITS = """
    INSERT INTO copytrading_notice (user_id, kind, units, value_units, words, once, noted_at)
    SELECT line.user_id, 'LOSS_LIMIT_NEAR', line.units, line.value_units, '', %(once)s, %(now)s
    FROM unnest(%(user_ids)s::bigint[], %(units)s::bigint[], %(value_units)s::bigint[])
        AS line(user_id, units, value_units)
    ON CONFLICT (user_id, once) DO NOTHING RETURNING user_id
"""


@dataclass(frozen=True, kw_only=True)
class Period:
    """A week or month that is over, in UTC: from its first moment until the first one after it."""

    kind: Notice.Kind
    name: str
    words: str
    began_at: datetime
    ended_at: datetime


@outside_transaction
def watch(*, now: datetime) -> None:
    """Tell what has come about since the last look."""
    rules = platform_rules()
    tell_near_stop_losses(now=now, rules=rules)
    tell_near_loss_limits(now=now, rules=rules)
    tell_falls(now=now)
    tell_rearranged(now=now, rules=rules)
    with transaction.atomic():
        _tell(MILESTONE, {"milestones": list(MILESTONES), "now": now})
    for period in (week_before(now), month_before(now)):
        tell_results(period, now=now)


def tell_near_stop_losses(*, now: datetime, rules: Rules) -> int:
    """Tell of every copy that has lost 80 % of its stop loss, once a day, at prices that may be acted on."""
    table = guarded.load_guarded(now=now, rules=rules)
    if not len(table.ids):
        return 0
    lost = table.invested_units - table.equity
    known = table.fresh & np.isfinite(table.equity) & ~np.isin(table.ids, doubts.copy_ids_in_doubt())
    near = known & (lost >= NEAR * table.stop_loss_units) & (lost < table.stop_loss_units)
    ids = table.ids[near].tolist()
    with transaction.atomic():
        return notices.tell_copies(
            ids,
            Notice.Kind.STOP_LOSS_NEAR,
            now,
            units=lost[near].astype(np.int64).tolist(),
            value_units=table.stop_loss_units[near].astype(np.int64).tolist(),
            once=[f"near:{copy_id}:{now:%Y-%m-%d}" for copy_id in ids],
        )


def tell_near_loss_limits(*, now: datetime, rules: Rules) -> int:
    """Tell everybody whose copies have lost 80 % of the limit over all of them, once a day, at prices as above."""
    limited = loss_limits.limited_losses(now=now, rules=rules)
    if limited is None:
        return 0
    losses, limit_units = limited.losses, limited.limit_units
    near = losses.known & (losses.invested > 0) & (losses.lost >= NEAR * limit_units) & (losses.lost < limit_units)
    if not near.any():
        return 0
    named = {
        "user_ids": losses.user_ids[near].tolist(),
        "units": losses.lost[near].astype(np.int64).tolist(),
        "value_units": limit_units[near].astype(np.int64).tolist(),
        "once": f"near-limit:{now:%Y-%m-%d}",
        "now": now,
    }
    with transaction.atomic():
        return _tell(NEAR_LIMITS, named)


def tell_falls(*, now: datetime) -> int:
    """
    Tell of every copy that has fallen by 10 % or more since its follower's day began, and of each further 10 %.

    Money that was moved is no fall: it is the loss since the first record of the day by the worth then and what was
    put in since.
    """
    zones = {name: zone_of(name) for name in NoticeHabits.objects.values_list("time_zone", flat=True).distinct()}
    local = {name: now.astimezone(zone) for name, zone in zones.items() if zone}
    named: dict[str, Any] = {
        "zones": list(local),
        "day_began_at": [datetime.combine(at.date(), time(), tzinfo=at.tzinfo) for at in local.values()],
        "days": [f"{at:%Y-%m-%d}" for at in local.values()],
        "utc_began_at": datetime.combine(now.astimezone(UTC).date(), time(), tzinfo=UTC),
        "utc_day": f"{now.astimezone(UTC):%Y-%m-%d}",
        "step": FALL_STEP,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FALLS, named)
        fallen = cursor.fetchall()
        return notices.tell_copies(
            [copy_id for copy_id, _, _, _ in fallen],
            Notice.Kind.COPY_FELL,
            now,
            units=[units for _, _, units, _ in fallen],
            numbers=[percent * 100 for _, _, _, percent in fallen],
            once=[f"fell:{copy_id}:{day}:{percent}" for copy_id, day, _, percent in fallen],
        )


def tell_rearranged(*, now: datetime, rules: Rules) -> int:
    """
    Tell followers of every lead who has traded a quarter of the portfolio since they were last told.

    What was held then and what is held now are weighed at the same prices, so a market that moves changes nothing.
    """
    board, cash = load_board_and_cash(now=now, rules=rules)
    leads = list(Lead.objects.filter(status__in=[Lead.Status.ACTIVE, Lead.Status.PAUSED]))
    portfolios = holdings.load_leads(leads, board=board, cash=cash)
    before = LeadOutline.objects.in_bulk([lead.pk for lead in leads], field_name="lead_id")
    told = 0
    for lead in leads:
        held = portfolios[lead.pk]
        known = before.get(lead.pk)
        if not held.is_seen:
            continue
        units_before = np.zeros(len(board.asset_ids), dtype=np.int64)
        if known is not None:
            there = np.isin(known.asset_ids, board.asset_ids)
            places = board.places_of(np.array(known.asset_ids, dtype=np.int64)[there])
            units_before[places] = np.array(known.units, dtype=np.int64)[there]
            share = _share_traded(held.units, units_before, held.equity(board), board.unit_prices)
            if share < REARRANGED:
                continue
        with transaction.atomic():
            if known is not None:
                notices.tell_followers(lead, Notice.Kind.LEAD_REARRANGED, None, now, number=round(share * 100) * 100)
                told += 1
            some = held.units != 0
            LeadOutline.objects.update_or_create(
                lead=lead,
                defaults={
                    "asset_ids": board.asset_ids[some].tolist(),
                    "units": held.units[some].tolist(),
                    "noted_at": now,
                },
            )
    return told


def tell_results(period: Period, *, now: datetime) -> int:
    """Tell everybody who copied in a period what came of it, and leads what they earned in a week; once."""
    if Notice.objects.filter(once=period.name, kind=period.kind).exists():
        return 0
    named = {
        "kind": period.kind,
        "from": period.began_at,
        "until": period.ended_at,
        "words": period.words,
        "once": period.name,
        "now": now,
    }
    with transaction.atomic():
        told = _tell(RESULTS, named)
        if period.kind == Notice.Kind.WEEK_RESULT:
            _tell(EARNINGS, {**named, "once": f"earned:{period.name}"})
    return told


def week_before(now: datetime) -> Period:
    """Return the week that was over last: Monday to Sunday."""
    today = now.astimezone(UTC).date()
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(days=7)
    last = monday - timedelta(days=1)
    year, week, _ = first.isocalendar()
    words = f"{first.day} {first:%B} to {last.day} {last:%B}"
    return _period(Notice.Kind.WEEK_RESULT, f"week:{year}-{week:02}", words, first, monday)


def month_before(now: datetime) -> Period:
    """Return the month that was over last."""
    first_of_this = now.astimezone(UTC).date().replace(day=1)
    first = (first_of_this - timedelta(days=1)).replace(day=1)
    return _period(Notice.Kind.MONTH_RESULT, f"month:{first:%Y-%m}", f"{first:%B %Y}", first, first_of_this)


def _period(kind: Notice.Kind, name: str, words: str, first: date, after: date) -> Period:
    began_at, ended_at = (datetime.combine(day, time(), tzinfo=UTC) for day in (first, after))
    return Period(kind=kind, name=name, words=words, began_at=began_at, ended_at=ended_at)


def _share_traded(units: np.ndarray, units_before: np.ndarray, equity: float, prices: np.ndarray) -> float:
    """Return the share of a portfolio that was bought or sold, whichever is more, at prices of now; 0 if unknown."""
    values = np.where(np.isnan(prices), 0.0, (units - units_before) * prices)
    traded = max(values[values > 0].sum(), -values[values < 0].sum())
    return float(traded / equity) if equity > 0 else 0.0


def _tell(statement: str, named: dict[str, Any]) -> int:
    """Write notices by a statement that finds its readers itself, and let them hear of it."""
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        readers: Sequence[int] = [user_id for (user_id,) in cursor.fetchall()]
    bell.publish_to_users(sorted(set(readers)), "notices")
    return len(readers)
