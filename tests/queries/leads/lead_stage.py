"""Leads by number, and what their statistics say."""

from datetime import datetime

from accounts.models import User
from copytrading.models import Lead
from copytrading.queries.leads import listing as leads
from copytrading.queries.leads import statistics as lead_statistics
from copytrading.queries.leads.statistics import LeadStatistics
from copytrading.queries.shown.visibility import EVERYTHING
from tests.cast import NOON, World


def make_leads(world: World, number: int) -> list[Lead]:
    made = []
    for index in range(number):
        user = User.objects.create_user(f"lead{index}@example.org", "correct horse battery")
        made.append(world.make_lead(user, name=f"Lead {index}"))
    return made


def statistics_of(lead: Lead, *, now: datetime = NOON) -> LeadStatistics:
    return lead_statistics.statistics_of(leads.card_of(lead, now=now), visibility=EVERYTHING, now=now)
