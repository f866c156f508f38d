"""A coin in doubt stops money: marks of 100, 100,000 and 100,000, and a coin that is halted."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Asset, User
from copytrading.engine.holdings.terms import Terms
from copytrading.exchange.markets import MarketStatus, Quote
from copytrading.models import Alarm, Copy, CopyFlow, Halt, Lead, LeadOrder, Mark, Market, Notice, Order, ProfitShare
from copytrading.queries.market import board as market_queries
from copytrading.queries.market import degraded
from copytrading.queries.rules import platform_rules
from copytrading.services.books import profit_shares, stops
from copytrading.services.copies import previews
from copytrading.services.copies import verbs as copies
from copytrading.services.leads import verbs as leads
from copytrading.services.market import quotes
from copytrading.services.market.doubts import CoinInDoubt
from copytrading.services.safety import halts, order_limits, reconciling
from copytrading.services.wallet import spot
from tests.cast import World, come, usdt
from tests.services.market.doubt_stage import copy_of_sol, leap, mark_of_sol, sol
from tests.services.market.listing_stage import open_market, watch

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _doubt_jumps(settings: object, world: World) -> None:
    settings.SMARTSYNC_PRICE_JUMP = 0.1  # type: ignore[attr-defined]


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    return come("copy of SOL", world, lambda: copy_of_sol(world, lead, follower))


@pytest.fixture(params=["leap", "after an hour of suspension", "halt of the coin", "halt of everything"])
def doubted(request: pytest.FixtureRequest, world: World, copy: Copy) -> Copy:
    """Return a copy of a coin in doubt, for each reason that there is."""
    if request.param == "leap":
        leap(world)
    elif request.param == "after an hour of suspension":
        suspend_for_an_hour(world)
        leap(world)
    else:
        scope = Halt.Scope.ASSET if "coin" in request.param else Halt.Scope.PLATFORM
        target_id = sol().base_id if scope == Halt.Scope.ASSET else 0
        halts.place_halt(scope=scope, target_id=target_id, reason="A look first.", now=world.now)
    return copy


def suspend_for_an_hour(world: World) -> None:
    open_market("SOL", status=MarketStatus.SUSPENDED)
    watch(world)
    last = world.last.pop("SOL")
    world.now += HOUR
    world.prices()
    open_market("SOL")
    watch(world)
    world.last["SOL"] = last


def end_the_week(world: World) -> int:
    """Let Monday come, a second after the last quote, and return how many copies were settled."""
    world.now = profit_shares.last_monday(world.now) + timedelta(days=7, seconds=5)
    world.prices()
    return profit_shares.settle_profit_shares(now=world.now)


def sol_is_fresh(world: World) -> bool:
    board = market_queries.load_board(now=world.now, rules=platform_rules())
    return bool(board.fresh[board.market_ids == sol().pk][0])


class TestALeap:
    @pytest.mark.parametrize("price", ["100000", "1000", "500", "20", "0.1"])
    def test_is_believed_by_nobody_alone_however_often_it_is_said(self, world: World, copy: Copy, price: str) -> None:
        leap(world, price, quotes=5)

        mark = mark_of_sol()
        assert (mark.price, mark.doubt, mark.doubted_price) == (100, Mark.Doubt.REDENOMINATION, Decimal(price))
        assert not sol_is_fresh(world)

    def test_is_doubted_however_old_the_mark_is(self, world: World, copy: Copy) -> None:
        world.now += HOUR
        leap(world)

        assert (mark_of_sol().price, mark_of_sol().doubt) == (100, Mark.Doubt.REDENOMINATION)

    def test_is_doubted_when_several_sources_agree_on_it(self, world: World, copy: Copy) -> None:
        world.now += timedelta(seconds=1)
        said = [
            Quote(symbol="SOL-USDT", price=Decimal(100_000), as_of=world.now, source=source)
            for source in ("test", "second", "third")
        ]
        quotes.record_quotes(quotes=said, now=world.now)

        assert (mark_of_sol().price, mark_of_sol().doubt) == (100, Mark.Doubt.REDENOMINATION)

    def test_that_comes_back_within_a_minute_was_a_wick(self, world: World, copy: Copy) -> None:
        leap(world)
        world.wait(5, SOL="101")

        assert (mark_of_sol().price, mark_of_sol().doubt) == (101, "")
        assert not Alarm.objects.filter(kind=Alarm.Kind.COIN_IN_DOUBT, cleared_at=None).exists()
        assert copy.notices.filter(kind=Notice.Kind.COIN_CLEARED).exists()

    def test_is_ended_by_no_price_after_that(self, world: World, copy: Copy) -> None:
        leap(world)
        world.wait(61)
        world.wait(1, SOL="101")

        mark = mark_of_sol()
        assert (mark.price, mark.doubt, mark.doubted_price) == (100, Mark.Doubt.REDENOMINATION, 101)

    def test_is_told_to_followers_and_operators_and_shown(self, world: World, copy: Copy) -> None:
        leap(world)

        alarm = Alarm.objects.get(kind=Alarm.Kind.COIN_IN_DOUBT)
        assert "1,000:1 would explain it" in alarm.sentence
        assert copy.notices.get(kind=Notice.Kind.COIN_IN_DOUBT).asset == sol().base
        trouble = degraded.troubles(now=world.now)["SOL"]
        assert (trouble.code, trouble.since) == (degraded.Code.COIN_IN_DOUBT, world.now)

    def test_sends_no_order_that_was_decided_before(self, world: World, lead: Lead, copy: Copy) -> None:
        order = Order.objects.filter(market=sol()).latest("pk")
        order.planned_at = world.now
        seen = order_limits.Seen(mark=order.price_mid, is_any_halted=False, sent_in_minute=0, sent_in_day=0)
        before = order_limits.reason_not_to_send(order, seen=seen, now=world.now, rules=platform_rules())
        leap(world)

        found = order_limits.reason_not_to_send(order, seen=seen, now=world.now, rules=platform_rules())

        assert before is None or "doubt" not in before.sentence
        assert found is not None and "in doubt" in found.sentence


class TestAPriceAcrossASuspension:
    def test_waits_for_people_where_it_is_a_jump(self, world: World, copy: Copy) -> None:
        suspend_for_an_hour(world)
        leap(world, "120")

        assert (mark_of_sol().price, mark_of_sol().doubt) == (100, Mark.Doubt.SUSPENSION)

    def test_is_believed_where_it_is_none(self, world: World, copy: Copy) -> None:
        suspend_for_an_hour(world)
        leap(world, "109", quotes=1)

        assert (mark_of_sol().price, mark_of_sol().doubt) == (109, "")

    def test_is_the_coins_own_affair_once_it_trades_again(self, world: World, copy: Copy) -> None:
        suspend_for_an_hour(world)
        leap(world, "101")
        leap(world, "130")

        assert (mark_of_sol().price, mark_of_sol().doubt) == (130, "")

    def test_counts_at_no_mark_while_it_is_frozen_and_in_doubt(self, world: World, copy: Copy) -> None:
        open_market("SOL", status=MarketStatus.SUSPENDED)
        watch(world)
        world.wait(1_000)
        frozen = sol_is_fresh(world)
        leap(world)

        assert (frozen, sol_is_fresh(world)) == (True, False)


class TestACoinInDoubt:
    def test_starts_nothing(self, world: World, lead: Lead, doubted: Copy, other_follower: User) -> None:
        with pytest.raises(CoinInDoubt, match="Basalt holds it"):
            world.start(other_follower, lead)
        with pytest.raises(CoinInDoubt):
            previews.preview_copy(
                follower=other_follower, lead_id=lead.pk, investment_units=usdt(500), terms=Terms(),
                now=world.now,
            )  # fmt: skip

        assert Copy.objects.count() == 1

    @pytest.mark.parametrize("verb", [copies.increase_copy, copies.reduce_copy])
    def test_changes_no_investment(self, world: World, doubted: Copy, verb: object) -> None:
        with pytest.raises(CoinInDoubt, match="Nothing was changed") as refusal:
            verb(copy_id=doubted.pk, units=usdt(200), idempotency_key="change", now=world.now)  # type: ignore[operator]

        assert refusal.value.code == "coin_in_doubt"
        assert not CopyFlow.objects.filter(idempotency_key="change").exists()

    @pytest.mark.parametrize("units", [usdt(200), -usdt(200)])
    def test_previews_no_change(self, world: World, doubted: Copy, units: int) -> None:
        with pytest.raises(CoinInDoubt):
            previews.preview_change(copy_id=doubted.pk, change_units=units, now=world.now)

    def test_moves_no_money_of_the_lead(self, world: World, lead: Lead, doubted: Copy) -> None:
        with pytest.raises(CoinInDoubt):
            leads.withdraw_from_lead(lead_id=lead.pk, units=usdt(100), idempotency_key="out", now=world.now)

    def test_shares_no_profit(self, world: World, doubted: Copy) -> None:
        Copy.objects.update(mark_value_units=1, issued_units=usdt(1000))

        assert end_the_week(world) == 0
        assert not ProfitShare.objects.exists()

    def test_stops_no_loss(self, world: World, doubted: Copy) -> None:
        Copy.objects.update(invested_units=usdt(5000), stop_loss_units=usdt(1))
        for _ in range(3):
            world.wait(6)
            stops.check_stop_losses(now=world.now)

        assert Copy.objects.get(pk=doubted.pk).status == Copy.Status.ACTIVE

    def test_pays_no_reduction_that_was_asked_for_before(self, world: World, copy: Copy) -> None:
        copies.reduce_copy(copy_id=copy.pk, units=usdt(200), idempotency_key="before", now=world.now)
        leap(world)
        world.settle()

        assert CopyFlow.objects.get(idempotency_key="before").status == CopyFlow.Status.REQUESTED


class TestALeapingCoin:
    def test_is_ordered_by_nobody(self, world: World, lead: Lead, copy: Copy, follower: User) -> None:
        leap(world)

        with pytest.raises(CoinInDoubt):
            world.lead_trades(lead, "SOL", "BUY", "1")
        with pytest.raises(CoinInDoubt):
            spot.place_manual_order(
                user=follower, market_id=sol().pk, side="BUY", units=usdt(50), idempotency_key="x", now=world.now
            )

        assert not LeadOrder.objects.filter(market=sol(), status="SUBMITTED").exists()

    def test_does_not_hold_up_a_stop_in_other_coins(self, world: World, copy: Copy, follower: User) -> None:
        leap(world)
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        main = world.main(follower)
        world.settle()

        copy.refresh_from_db()
        assert copy.status == Copy.Status.STOPPING
        assert set(world.held(copy.ledger_account)) == {"SOL", "USDT"}
        assert world.main(follower) == main
        assert reconciling.check_ledger().is_clean


class TestAHaltedCoin:
    def test_lets_everything_go_on_once_it_is_lifted(
        self, world: World, lead: Lead, copy: Copy, operator: User
    ) -> None:
        halt = halts.place_halt(scope=Halt.Scope.ASSET, target_id=sol().base_id, reason="A look first.", now=world.now)
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()
        held = Copy.objects.get(pk=copy.pk).status
        halts.lift_halt(halt_id=halt.pk, by=operator, now=world.now)
        world.wait(60)
        world.settle()

        assert (held, Copy.objects.get(pk=copy.pk).status) == (Copy.Status.STOPPING, Copy.Status.STOPPED)

    def test_takes_over_no_dust_by_its_price(self, world: World, copy: Copy) -> None:
        Market.objects.filter(pk=sol().pk).update(lot_units=10**13)
        halts.place_halt(scope=Halt.Scope.ASSET, target_id=sol().base_id, reason="Odd.", now=world.now)

        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()

        assert Copy.objects.get(pk=copy.pk).status == Copy.Status.STOPPING
        assert set(world.held(copy.ledger_account)) == {"SOL", "USDT"}

    def test_pays_no_reduction_even_from_cash(self, world: World, copy: Copy, operator: User) -> None:
        copies.reduce_copy(copy_id=copy.pk, units=usdt(50), idempotency_key="little", now=world.now)
        halt = halts.place_halt(scope=Halt.Scope.ASSET, target_id=sol().base_id, reason="Odd.", now=world.now)
        world.settle()
        flow = CopyFlow.objects.get(idempotency_key="little")
        assert flow.status == CopyFlow.Status.REQUESTED
        halts.lift_halt(halt_id=halt.pk, by=operator, now=world.now)
        world.wait(60)
        world.settle()

        flow.refresh_from_db()
        assert (flow.status, flow.units) == (CopyFlow.Status.DONE, -usdt(50))

    def test_is_told_to_those_who_hold_it(self, world: World, copy: Copy, operator: User) -> None:
        halt = halts.place_halt(scope=Halt.Scope.ASSET, target_id=sol().base_id, reason="Odd.", now=world.now)
        halts.lift_halt(halt_id=halt.pk, by=operator, now=world.now)

        kinds = copy.notices.filter(asset=sol().base).order_by("pk").values_list("kind", flat=True)
        assert list(kinds) == [Notice.Kind.COIN_HALTED, Notice.Kind.COIN_RESUMED]

    def test_of_another_coin_stops_nothing(self, world: World, lead: Lead, copy: Copy, other_follower: User) -> None:
        ethereum = Asset.objects.get(symbol="ETH").pk
        halts.place_halt(scope=Halt.Scope.ASSET, target_id=ethereum, reason="Odd.", now=world.now)

        world.start(other_follower, lead)
        copies.reduce_copy(copy_id=copy.pk, units=usdt(100), idempotency_key="some", now=world.now)
        world.settle()

        assert CopyFlow.objects.get(idempotency_key="some").status == CopyFlow.Status.DONE
