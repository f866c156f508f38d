"""A lead who trades fifty times a second: few cycles, no call too many, and the right holdings in the end."""

import os
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from django.test.utils import override_settings

from accounts.models import Balance, User
from copytrading.engine.holdings.terms import Terms
from copytrading.exchange import registry
from copytrading.models import Copy, Lead, LeadHolding, Market, ObservedTrade, Order, SyncCycle
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import conducting
from copytrading.services.leads import observing
from copytrading.services.leads import verbs as leads
from copytrading.services.wallet import transfers
from copytrading.worlds.simulating.swarm import Swarm
from copytrading.worlds.simulating.workers import Crew
from copytrading.worlds.simulating.world import UNIT, World
from tests.cast import NOON

TRADES_PER_LOOK = 25
LOOKS_PER_SECOND = 2
# The whole minute (BURST_SECONDS=60) takes more than one; the rates are the same in a tenth of it.
SECONDS = int(os.environ.get("BURST_SECONDS", "6"))
CYCLES_PER_MINUTE_MAX = 120
# What a strict venue allows in a minute, questions and orders together.
CALLS_PER_MINUTE_MAX = 1_200
FEE_RATE = Decimal("0.001")


@pytest.fixture
def world(transactional_db: None) -> World:
    random = Random(7)
    world = World(random=random, swarm=Swarm(random=random, rates={}), crew=Crew(count=1), now=NOON)
    world.venue.calls_per_minute_max = CALLS_PER_MINUTE_MAX
    return world


def fast_lead(world: World) -> Lead:
    """Return a lead who trades elsewhere, with 100,000."""
    lead = leads.apply_as_lead(
        user=User.objects.create_user("lead@example.org"),
        name="Fast",
        bio="",
        tags=[],
        profit_share_rate=Decimal(0),
        followers_max=10,
        now=world.now,
        source=Lead.Source.OBSERVED,
    )
    leads.approve_lead(lead_id=lead.pk, now=world.now)
    observing.observe_flow(lead_id=lead.pk, units=100_000 * UNIT, idempotency_key="stake", now=world.now)
    Lead.objects.filter(pk=lead.pk).update(settling_until=None)
    return lead


def copy_of(world: World, lead: Lead) -> Copy:
    """Return a copy of a lead, with 50,000."""
    follower = User.objects.create_user("follower@example.org")
    transfers.deposit(user=follower, units=60_000 * UNIT, idempotency_key="deposit", now=world.now)
    return copies.start_copy(
        follower=follower,
        lead_id=lead.pk,
        investment_units=50_000 * UNIT,
        terms=Terms(),
        idempotency_key="start",
        now=world.now,
    )


def look(world: World, lead: Lead) -> None:
    """Let half a second pass, with the same price and a fresh book, and look at the lead."""
    world.now += timedelta(seconds=1 / LOOKS_PER_SECOND)
    for symbol in world.venue.markets:
        world.venue.markets[symbol].set_price(world.price(symbol), now=world.now, level_value=Decimal(200_000))
    world.feed()
    conducting.sync_one_lead(lead_id=lead.pk, clock=world.clock)


def trade_fast(world: World, lead: Lead, market: Market) -> None:
    """Let the lead be seen to trade, many times within one look: two thirds of it buys."""
    price = world.price(market.symbol)
    for _ in range(TRADES_PER_LOOK):
        held = LeadHolding.objects.filter(lead=lead, asset=market.base).values_list("units", flat=True).first() or 0
        units = world.random.randrange(1_000, 100_000) * market.lot_units // 1_000
        sells = held > units and world.random.random() < 0.35
        signed = -units if sells else units
        fee = int(units * price * FEE_RATE) + 1
        observing.observe_trade(
            lead_id=lead.pk,
            asset_id=market.base_id,
            signed_units=signed,
            cash_units=-int(signed * price) - fee,
            now=world.now,
        )


def off_target_units(world: World, lead: Lead, copy: Copy, market: Market) -> float:
    """Return how many units a copy is away from the lead's ratio."""
    price = float(world.price(market.symbol))
    of_lead = dict(LeadHolding.objects.filter(lead=lead).values_list("asset_id", "units"))
    own = dict(Balance.objects.filter(ledger_account=copy.ledger_account_id).values_list("asset_id", "posted"))
    coin = market.base_id
    equity, lead_equity = (
        sum(units * (price if asset == coin else 1) for asset, units in held.items()) for held in (own, of_lead)
    )
    return abs(own[coin] - equity / lead_equity * of_lead[coin])


class TestFiftyTradesASecond:
    def test_are_few_cycles_within_the_budget_and_end_on_the_ratio(self, world: World) -> None:
        with override_settings(SMARTSYNC_BELL=False), registry.use_venue(world.venue):
            world.open_markets(["BTC"])
            transfers.fund_dust_account(now=world.now)
            lead = fast_lead(world)
            copy = copy_of(world, lead)
            look(world, lead)
            market = Market.objects.select_related("base").get(symbol="BTC-USDT")
            cycles_before = SyncCycle.objects.count()

            for _ in range(SECONDS * LOOKS_PER_SECOND):
                trade_fast(world, lead, market)
                look(world, lead)

            cycles = SyncCycle.objects.count() - cycles_before
            for _ in range(4):
                look(world, lead)
            assert ObservedTrade.objects.filter(lead=lead).count() == SECONDS * LOOKS_PER_SECOND * TRADES_PER_LOOK
            assert 0 < cycles <= CYCLES_PER_MINUTE_MAX * SECONDS // 60
            assert world.venue.refused_calls == 0
            assert not Order.objects.filter(booked_at__isnull=True).exists()
            assert off_target_units(world, lead, copy, market) <= market.lot_units
