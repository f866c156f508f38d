"""Leads with a record that is easy to count by hand."""

from datetime import datetime, timedelta

from accounts.models import User
from copytrading.models import Lead, LeadRecord
from copytrading.queries import lead_statistics, leads
from copytrading.queries.lead_statistics import LeadStatistics
from tests.cast import NOON, World, usdt


def record(lead: Lead, prices: list[float], *, equity: str = "10000", days: int | None = None) -> None:
    """Give a lead one record a day, the last one now."""
    last = len(prices) - 1
    LeadRecord.objects.bulk_create(
        LeadRecord(
            lead=lead,
            recorded_at=NOON - timedelta(days=last - number),
            equity_units=usdt(equity),
            unit_price=price,
        )
        for number, price in enumerate(prices)
    )
    Lead.objects.filter(pk=lead.pk).update(started_at=NOON - timedelta(days=last if days is None else days))
    lead.refresh_from_db()


def make_leads(world: World, number: int) -> list[Lead]:
    made = []
    for index in range(number):
        user = User.objects.create_user(f"lead{index}@example.org", "correct horse battery")
        made.append(world.make_lead(user, name=f"Lead {index}"))
    return made


def statistics_of(lead: Lead, *, now: datetime = NOON) -> LeadStatistics:
    return lead_statistics.statistics_of(leads.card_of(lead, now=now), now=now)
