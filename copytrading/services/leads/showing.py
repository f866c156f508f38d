"""What strangers see of a lead's book: the lead chooses it, and what was held is kept to be shown later."""

from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection
from django.utils.translation import gettext

from accounts.transactions import owns_transaction
from copytrading.models import Lead, LeadWeights
from copytrading.models.leads import TRADES_DELAY_HOURS_MAX
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.queries.shown.visibility import for_strangers
from copytrading.services import bell
from copytrading.services.leads.verbs import LeadNotActive
from copytrading.services.locks import lock_lead
from copytrading.services.refusals import Refusal

# What is booked while weights are read may be in them: they are stamped later than that.
READ_WITHIN = timedelta(minutes=1)
KEPT_FOR = timedelta(hours=TRADES_DELAY_HOURS_MAX, days=2)

# Of what is older than anybody's delay the last is shown for as long as nothing younger may be.
DROP = """
    DELETE FROM copytrading_leadweights AS kept
    WHERE kept.recorded_at < %(until)s AND EXISTS (
        SELECT FROM copytrading_leadweights AS later
        WHERE later.lead_id = kept.lead_id AND later.recorded_at > kept.recorded_at AND later.recorded_at < %(until)s
            AND (later.is_close OR NOT kept.is_close)
    )
"""


class DelayTooLong(Refusal, code="trades_delay_too_long", field="trades_delay_hours"):
    """Trades are shown to everybody within thirty days, or the record could never be checked."""


@owns_transaction
def choose_shown(*, lead_id: int, trades_delay_hours: int, weights_shown: Lead.WeightsShown, now: datetime) -> Lead:
    """
    Choose after how many hours strangers see trades, 0 for at once, and how fine the weights are that they see.

    What shows more holds at once, for all of the past. What shows less hides nothing that is public already.

    :raises Refusal: if the lead has ended, or the delay is longer than thirty days.
    """
    lead = lock_lead(lead_id)
    if lead.status == Lead.Status.ENDED:
        raise LeadNotActive(gettext("%(name)s has ended; what is shown stays as it is.") % {"name": lead.name})
    if not 0 <= trades_delay_hours <= TRADES_DELAY_HOURS_MAX:
        raise DelayTooLong(
            gettext("Trades are shown after %(days)s days at the latest.") % {"days": TRADES_DELAY_HOURS_MAX // 24}
        )
    if (lead.trades_delay_hours, lead.weights_shown) == (trades_delay_hours, weights_shown):
        return lead
    lead.public_until = for_strangers(lead, now=now).trades_until or now
    lead.trades_delay_hours, lead.weights_shown = trades_delay_hours, weights_shown
    lead.save(update_fields=["public_until", "trades_delay_hours", "weights_shown"])
    bell.publish(f"lead:{lead.pk}", "lead")
    return lead


def keep_weights(*, now: datetime) -> int:
    """
    Keep what each running lead holds, once an hour, and return of how many; the first of a day is its close.

    A portfolio with a coin that has no price waits for the next minute, as does one that cannot be seen.
    """
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    today = LeadWeights.objects.filter(hour__gte=hour.replace(hour=0))
    kept: dict[int, datetime] = {}
    for lead_id, kept_hour in today.order_by("hour").values_list("lead_id", "hour"):
        kept[lead_id] = kept_hour
    running = Lead.objects.filter(status__in=[Lead.Status.ACTIVE, Lead.Status.PAUSED]).order_by("pk")
    leads = [lead for lead in running if kept.get(lead.pk) != hour]
    if not leads:
        return 0
    board, cash = market_queries.load_board_and_cash(now=now, rules=platform_rules())
    portfolios = holdings.load_leads(leads, board=board, cash=cash)
    rows = []
    for lead in leads:
        portfolio = portfolios[lead.pk]
        equity = portfolio.equity(board)
        if not portfolio.is_seen or not np.isfinite(equity) or equity <= 0:
            continue
        held = np.flatnonzero(portfolio.units)
        rows.append(
            LeadWeights(
                lead=lead,
                hour=hour,
                recorded_at=now + READ_WITHIN,
                is_close=lead.pk not in kept,
                asset_ids=board.asset_ids[held].tolist(),
                weights=(portfolio.units[held] * board.unit_prices[held] / equity).tolist(),
            )
        )
    LeadWeights.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def drop_weights(*, now: datetime) -> int:
    """Drop the weights that are older than anybody is shown them, and return how many."""
    with connection.cursor() as cursor:
        cursor.execute(DROP, {"until": now - KEPT_FOR})
        return int(cursor.rowcount)
