"""Who waits for a market that is closed for a while: nothing that was asked for is forgotten meanwhile."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings

from accounts.models import User
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.sizing.custom import custom_terms
from copytrading.engine.units import units_of
from copytrading.models import Copy, CopyFlow, Halt, Lead, LeadPosition, Market
from copytrading.queries.rules import platform_rules
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import settling, syncing
from copytrading.services.leads import observing
from copytrading.services.safety import halts
from tests.cast import World, come, usdt


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    """A copy of 1,000 USDT with three quarters in BTC; drift repair is held, so only what was asked for is traded."""

    def start() -> Copy:
        world.lead_trades(lead, "BTC", "BUY", "0.15")
        world.settle()
        copy = world.start(follower, lead, "1000")
        world.settle()
        Lead.objects.filter(pk=lead.pk).update(settling_until=world.now + timedelta(minutes=15))
        return copy

    return come("copy with three quarters in BTC", world, start)


def close_bitcoin(world: World) -> Halt:
    market_id = Market.objects.get(symbol="BTC-USDT").pk
    return halts.place_halt(scope=Halt.Scope.MARKET, target_id=market_id, reason="A look first.", now=world.now)


def listed_as(status: Market.Status, world: World) -> None:
    Market.objects.filter(symbol="BTC-USDT").update(status=status, status_since=world.now)


def test_a_copy_that_goes_on_sells_what_the_lead_sold_meanwhile(
    world: World, lead: Lead, copy: Copy, operator: User
) -> None:
    copies.pause_copy(copy_id=copy.pk, now=world.now)
    world.lead_trades(lead, "BTC", "SELL", "0.15")
    world.settle()
    assert "BTC" in world.held(copy.ledger_account)
    halt = close_bitcoin(world)

    copies.resume_copy(copy_id=copy.pk, now=world.now)
    world.settle()
    halts.lift_halt(halt_id=halt.pk, by=operator, now=world.now)
    world.settle()

    assert set(world.held(copy.ledger_account)) == {"USDT"}


def test_a_paused_copy_is_not_paid_short(world: World, copy: Copy, operator: User) -> None:
    copies.pause_copy(copy_id=copy.pk, now=world.now)
    halt = close_bitcoin(world)

    copies.reduce_copy(copy_id=copy.pk, units=usdt(600), idempotency_key="much", now=world.now)
    world.settle()
    flow = CopyFlow.objects.get(idempotency_key="much")
    assert flow.status == CopyFlow.Status.REQUESTED
    halts.lift_halt(halt_id=halt.pk, by=operator, now=world.now)
    world.settle()

    flow.refresh_from_db()
    assert (flow.status, flow.units) == (CopyFlow.Status.DONE, -usdt(600))


def test_a_paused_copy_is_paid_from_its_cash_at_once(world: World, copy: Copy) -> None:
    copies.pause_copy(copy_id=copy.pk, now=world.now)
    close_bitcoin(world)

    copies.reduce_copy(copy_id=copy.pk, units=usdt(100), idempotency_key="little", now=world.now)
    world.settle()

    assert CopyFlow.objects.get(idempotency_key="little").status == CopyFlow.Status.DONE


class TestAReductionWhileAMarketIsSuspended:
    @pytest.fixture(params=["ACTIVE", "PAUSED"])
    def flow(self, request: pytest.FixtureRequest, world: World, copy: Copy) -> CopyFlow:
        if request.param == Copy.Status.PAUSED:
            copies.pause_copy(copy_id=copy.pk, now=world.now)
        listed_as(Market.Status.SUSPENDED, world)
        copies.reduce_copy(copy_id=copy.pk, units=usdt(600), idempotency_key="much", now=world.now)
        world.settle()
        flow = CopyFlow.objects.get(idempotency_key="much")
        assert flow.status == CopyFlow.Status.REQUESTED
        return flow

    def test_is_paid_whole_once_it_trades_again(self, world: World, flow: CopyFlow) -> None:
        listed_as(Market.Status.TRADING, world)
        world.wait(60)
        world.settle()

        flow.refresh_from_db()
        assert (flow.status, flow.units) == (CopyFlow.Status.DONE, -usdt(600))

    def test_is_paid_as_far_as_it_goes_once_the_coins_are_frozen(self, world: World, flow: CopyFlow) -> None:
        cash = world.held(flow.copy.ledger_account)["USDT"]
        world.wait(settings.SMARTSYNC_FROZEN_AFTER_SECONDS)
        world.settle()

        flow.refresh_from_db()
        assert (flow.status, flow.units) == (CopyFlow.Status.DONE, -cash)


@pytest.mark.parametrize("seconds", [1, 0, -1])
def test_a_trade_seen_after_the_look_is_followed_by_the_next(world: World, faraway: Lead, seconds: int) -> None:
    bitcoin = Market.objects.get(symbol="BTC-USDT").base_id
    observing.observe_flow(lead_id=faraway.pk, units=usdt(10_000), idempotency_key="own", now=world.now)
    faraway.refresh_from_db()
    looked_at, known = world.now, faraway.request_count

    observing.observe_trade(
        lead_id=faraway.pk,
        asset_id=bitcoin,
        signed_units=10**7,
        cash_units=-usdt(5_000),
        now=looked_at + timedelta(seconds=seconds),
    )
    settling.settle_lead(
        lead_id=faraway.pk, now=looked_at, cycle=None, followed=known, has_rest=False, rules=platform_rules()
    )

    assert LeadPosition.objects.get(lead=faraway, asset=bitcoin).touch_request is not None
    assert faraway.pk in syncing.leads_to_sync(now=looked_at)


class TestATradeWhileItsMarketIsSuspended:
    """The lead trades elsewhere, so little that drift repair would never look at it."""

    @pytest.fixture(params=["SMART_SYNC", "CUSTOM_FIXED"])
    def waiting(self, request: pytest.FixtureRequest, world: World, faraway: Lead, follower: User) -> Copy:
        observing.observe_flow(lead_id=faraway.pk, units=usdt(10_000), idempotency_key="own", now=world.now)
        terms = Terms() if request.param == "SMART_SYNC" else custom_terms(order_value_units=usdt(5))
        copy = world.start(follower, faraway, terms=terms)
        world.settle()
        listed_as(Market.Status.SUSPENDED, world)
        self.buy(world, faraway, "0.001")
        world.settle()
        return copy

    @staticmethod
    def buy(world: World, lead: Lead, quantity: str) -> None:
        units = units_of(Decimal(quantity), 8)
        cost = usdt(str(Decimal(quantity) * 50_000))
        bitcoin = Market.objects.get(symbol="BTC-USDT").base_id
        observing.observe_trade(lead_id=lead.pk, asset_id=bitcoin, signed_units=units, cash_units=-cost, now=world.now)

    def test_is_followed_once_it_opens(self, world: World, faraway: Lead, waiting: Copy) -> None:
        world.wait(3 * 60)
        world.settle()
        assert set(world.held(waiting.ledger_account)) == {"USDT"}

        listed_as(Market.Status.TRADING, world)
        world.settle()

        assert world.held(waiting.ledger_account)["BTC"] == pytest.approx(10_000, rel=0.01)
        position = LeadPosition.objects.get(lead=faraway)
        assert (position.touch_request, position.pending_units, position.pending_orders) == (None, 0, 0)

    def test_costs_no_cycle_and_no_sentence_at_each_look(self, world: World, faraway: Lead, waiting: Copy) -> None:
        cycles, told = faraway.cycles.count(), waiting.adjustments.count()
        assert waiting.mode != "SMART_SYNC" or told == 1

        for _ in range(3):
            world.wait(61)
            world.settle()

        assert (faraway.cycles.count(), waiting.adjustments.count()) == (cycles, told)
        assert syncing.leads_to_sync(now=world.now) == []

    def test_is_answered_with_what_came_meanwhile(self, world: World, faraway: Lead, waiting: Copy) -> None:
        self.buy(world, faraway, "0.001")
        world.settle()

        listed_as(Market.Status.TRADING, world)
        world.settle()

        assert world.held(waiting.ledger_account)["BTC"] == pytest.approx(20_000, rel=0.01)

    def test_is_forgotten_where_the_market_is_gone_for_good(self, world: World, faraway: Lead, waiting: Copy) -> None:
        listed_as(Market.Status.DELISTED, world)
        world.wait(61)
        world.settle()
        self.buy(world, faraway, "0.001")
        world.settle()

        assert LeadPosition.objects.get(lead=faraway).touch_request is None
