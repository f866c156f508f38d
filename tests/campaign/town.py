"""The people of the campaign: leads with stakes, followers with money and copies, and the money at the venue."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from accounts import ledger, program_keys
from accounts.ledger import Lines
from accounts.models import Journal, LedgerAccount, ProgramKey, User
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.units import units_of
from copytrading.models import Lead
from copytrading.queries.market import board as market_queries
from copytrading.services.copies import verbs as copies
from copytrading.services.leads import verbs as leads
from copytrading.services.market import quotes
from copytrading.services.wallet import transfers
from tests.fake_venue.venue import FakeVenue

STAKE, SAVINGS, INVESTMENT = Decimal(20_000), Decimal(5_000), Decimal(1_000)


@dataclass(frozen=True, kw_only=True)
class Follower:
    """Somebody who copies, trades by hand, and uses the API with this token."""

    user_id: int
    token: str


@dataclass(frozen=True, kw_only=True)
class Town:
    leads: list[Lead]
    followers: list[Follower]


def found_town(venue: FakeVenue, *, leads_count: int, followers_count: int, now: datetime) -> Town:
    """Open the markets, and bring people and their money in; at the venue lies what they brought, to the unit."""
    quotes.list_markets()
    transfers.fund_dust_account(now=now)
    brought = Decimal(settings.SMARTSYNC_DUST_FLOAT)
    town = Town(leads=[], followers=[])
    for number in range(leads_count):
        user = User.objects.create_user(f"lead{number}@example.org", None)
        lead = leads.apply_as_lead(
            user=user,
            name=f"Lead {number}",
            bio="",
            tags=[],
            profit_share_rate=Decimal("0.1"),
            followers_max=1000,
            now=now,
        )
        leads.approve_lead(lead_id=lead.pk, now=now)
        brought += _bring(user, STAKE, now)
        leads.deposit_to_lead(lead_id=lead.pk, units=units_of(STAKE, 8), idempotency_key="stake", now=now)
        Lead.objects.filter(pk=lead.pk).update(settling_until=None)
        town.leads.append(Lead.objects.get(pk=lead.pk))
    for number in range(followers_count):
        user = User.objects.create_user(f"follower{number}@example.org", None)
        brought += _bring(user, SAVINGS, now)
        copies.start_copy(
            follower=user,
            lead_id=town.leads[number % leads_count].pk,
            investment_units=units_of(INVESTMENT, 8),
            terms=Terms(),
            idempotency_key=f"start-{number}",
            now=now,
        )
        town.followers.append(Follower(user_id=user.pk, token=_key_of(user, now)))
    venue.deposit("platform", USDT=str(brought))
    return town


def _key_of(user: User, now: datetime) -> str:
    """Return a key for the follower's program, which lasts as long as the campaign; a device's tokens do not."""
    scopes = (ProgramKey.Scope.READ, ProgramKey.Scope.COPY, ProgramKey.Scope.COPY_MONEY, ProgramKey.Scope.TRADE)
    _, secret = program_keys.make_key(
        user=user, name="campaign", scopes=scopes, now=now, requests_per_minute=program_keys.REQUESTS_PER_MINUTE_MAX
    )
    return secret


def _bring(user: User, value: Decimal, now: datetime) -> Decimal:
    """Book money that has arrived at the venue for a person, as operators do where real money is traded."""
    cash, units = market_queries.cash_asset(), units_of(value, 8)
    accounts = [
        ledger.platform_account(LedgerAccount.Kind.EXTERNAL, now=now).pk,
        ledger.main_account(user=user, now=now).pk,
    ]
    ledger.post(
        kind=Journal.Kind.DEPOSIT,
        idempotency_key=f"bring-{user.pk}",
        lines=Lines.of(accounts, cash.pk, [-units, units]),
        now=now,
    )
    return value
