"""When the venue is asked about an order, how far back, and what has to be so before it counts as never placed."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from copytrading.exchange.orders import Side, VenueOrder, VenueStatus, VenueTrade
from copytrading.exchange.paper.venue import PaperVenue
from copytrading.models import Lead, Market, Order, TradeCheckpoint
from copytrading.queries.rules import platform_rules
from copytrading.services.orders import resolving
from tests.cast import World
from tests.services.orders.order_stage import send

FIVE_MINUTES = timedelta(minutes=5)


@pytest.fixture
def sent(world: World, lead: Lead, follower: User) -> Order:
    return send(world, lead, follower)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the venue find nothing, and note what it is asked about."""
    them: list[str] = []

    def finds_nothing(_: PaperVenue, *, client_order_id: str, symbol: str) -> None:
        them.append(client_order_id)

    monkeypatch.setattr(PaperVenue, "find_order", finds_nothing)
    return them


def after(order: Order, seconds: float) -> datetime:
    assert order.claimed_at is not None
    return order.claimed_at + timedelta(seconds=seconds)


def unknown(order: Order, **columns: Any) -> Order:
    Order.objects.filter(pk=order.pk).update(status=Order.Status.UNKNOWN, **columns)
    order.refresh_from_db()
    return order


def a_trade(order: Order, **changes: Any) -> VenueTrade:
    trade = VenueTrade(
        trade_id="t", client_order_id="", venue_order_id="", symbol="BTC-USDT", side=Side.BUY, price=Decimal(50_000),
        quantity=Decimal("0.1"), value=Decimal(5_000), fee=Decimal(0), fee_asset="USDT", executed_at=order.planned_at,
    )  # fmt: skip
    return replace(trade, **changes)


def an_open_order(order: Order, client_order_id: str) -> VenueOrder:
    return VenueOrder(
        client_order_id=client_order_id, venue_order_id="v-7", symbol="BTC-USDT", side=Side.BUY, quantity=Decimal(1),
        filled_quantity=Decimal(0), price_limit=order.price_limit, status=VenueStatus.OPEN, trades=(),
    )  # fmt: skip


class TestWhenItIsAsked:
    @pytest.mark.parametrize(("seconds", "is_asked"), [(9.999, False), (10, True)])
    def test_is_after_ten_seconds_of_silence(
        self, sent: Order, asked: list[str], seconds: float, is_asked: bool
    ) -> None:  # fmt: skip
        order = resolving.resolve_order(order=sent, now=after(sent, seconds))

        assert asked == ([sent.client_order_id] if is_asked else [])
        assert (order.status, order.ask_count) == (("UNKNOWN", 1) if is_asked else ("SUBMITTING", 0))

    @pytest.mark.parametrize(("ask_count", "wait"), [(0, 1), (1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (9, 8)])
    def test_is_later_each_time(self, sent: Order, asked: list[str], ask_count: int, wait: float) -> None:
        order = unknown(sent, asked_at=after(sent, 100), ask_count=ask_count)

        resolving.resolve_order(order=order, now=after(sent, 100 + wait - 0.001))
        assert not asked
        resolving.resolve_order(order=order, now=after(sent, 100 + wait))

        assert asked
        assert Order.objects.get().ask_count == ask_count + 1

    def test_counts_from_the_claim_where_it_was_never_asked_about(self, sent: Order, asked: list[str]) -> None:
        order = unknown(sent, asked_at=None, ask_count=0)

        resolving.resolve_order(order=order, now=after(sent, 0.999))
        assert not asked
        resolving.resolve_order(order=order, now=after(sent, 1))
        assert asked


class TestAnOrderThatIsNotFound:
    WINDOW = PaperVenue.validity_seconds + 2

    @pytest.mark.parametrize(
        ("found_none_before", "late", "status"),
        [(2, 0.001, "NOT_PLACED"), (2, 0, "UNKNOWN"), (1, 100, "UNKNOWN"), (7, 100, "NOT_PLACED")],
    )
    def test_was_never_placed_after_three_times_and_past_the_window(
        self, sent: Order, asked: list[str], found_none_before: int, late: float, status: str
    ) -> None:
        order = unknown(sent, not_found_count=found_none_before)

        resolving.resolve_order(order=order, now=after(sent, self.WINDOW + late))

        order.refresh_from_db()
        assert (order.status, len(asked)) == (status, 1)
        assert status == "NOT_PLACED" or order.not_found_count == found_none_before + 1

    def test_begins_to_count_anew_where_it_was_found_once(
        self, sent: Order, asked: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            PaperVenue, "find_order", lambda *_, **__: an_open_order(sent, sent.client_order_id)
        )  # fmt: skip

        resolving.resolve_order(order=unknown(sent, not_found_count=2), now=after(sent, 100))

        sent.refresh_from_db()
        assert (sent.status, sent.not_found_count, sent.venue_order_id) == ("UNKNOWN", 0, "v-7")

    @pytest.mark.parametrize(
        ("told", "status"),
        [
            ({"client_order_id": "OURS"}, "UNKNOWN"),
            ({"client_order_id": "another", "venue_order_id": "v-1"}, "NOT_PLACED"),
            ({"venue_order_id": "v-1"}, "UNKNOWN"),
            ({"venue_order_id": "v-2"}, "NOT_PLACED"),
        ],
    )
    def test_left_a_trace_where_a_trade_since_then_is_its_own(
        self, sent: Order, asked: list[str], monkeypatch: pytest.MonkeyPatch, told: dict[str, str], status: str
    ) -> None:
        looked_back_to = []
        names = {key: sent.client_order_id if value == "OURS" else value for key, value in told.items()}

        def tells(_: PaperVenue, *, symbol: str, since: datetime) -> list[VenueTrade]:
            looked_back_to.append(since)
            return [a_trade(sent, **names)]

        monkeypatch.setattr(PaperVenue, "trades_since", tells)
        order = unknown(sent, not_found_count=5, venue_order_id="v-1")

        resolving.resolve_order(order=order, now=after(sent, 100))

        order.refresh_from_db()
        assert order.status == status
        # A venue may tell a trade some time after it was made.
        assert looked_back_to == [after(sent, 0) - FIVE_MINUTES]

    @pytest.mark.parametrize(("open_there", "status"), [("OURS", "UNKNOWN"), ("another", "NOT_PLACED")])
    def test_left_a_trace_where_it_is_open_there(
        self, sent: Order, asked: list[str], monkeypatch: pytest.MonkeyPatch, open_there: str, status: str
    ) -> None:
        name = sent.client_order_id if open_there == "OURS" else open_there
        monkeypatch.setattr(PaperVenue, "open_orders", lambda *_, **__: [an_open_order(sent, name)])
        order = unknown(sent, not_found_count=5)

        resolving.resolve_order(order=order, now=after(sent, 100))

        order.refresh_from_db()
        assert order.status == status

    def test_is_unknown_where_neither_coin_nor_cash_is_as_it_was(
        self, sent: Order, asked: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = PaperVenue("platform").balances()
        moved = {"BTC": Decimal("0.1"), "USDT": kept["USDT"] - 5_000}
        seen = []
        for balances in (kept | moved, kept | {"BTC": moved["BTC"]}, kept | {"USDT": moved["USDT"]}):
            monkeypatch.setattr(PaperVenue, "balances", lambda _, balances=balances: balances)
            order = unknown(sent, not_found_count=5, asked_at=None, ask_count=0)
            seen.append(resolving.resolve_order(order=order, now=after(sent, 100)).status)

        # An order moves both: one that is just as it was proves that none came.
        assert seen == ["UNKNOWN", "NOT_PLACED", "NOT_PLACED"]


class TestReconciling:
    @pytest.fixture
    def since(self, monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
        them: list[datetime] = []

        def tells(_: PaperVenue, *, symbol: str, since: datetime) -> list[VenueTrade]:
            them.append(since)
            return []

        monkeypatch.setattr(PaperVenue, "trades_since", tells)
        return them

    def test_begins_with_the_first_order_and_goes_on_from_the_last_time(
        self, world: World, sent: Order, since: list[datetime]
    ) -> None:
        TradeCheckpoint.objects.all().delete()
        for seconds in (10, 70):
            resolving.reconcile_market(market=sent.market, now=after(sent, seconds))

        assert since == [sent.planned_at - FIVE_MINUTES, after(sent, 10) - FIVE_MINUTES]
        assert TradeCheckpoint.objects.get().checked_until == after(sent, 70)

    def test_begins_now_where_nothing_was_ever_ordered(self, world: World, sent: Order, since: list[datetime]) -> None:
        resolving.reconcile_market(market=Market.objects.get(symbol="SOL-USDT"), now=world.now)

        assert since == [world.now - FIVE_MINUTES]

    def test_is_not_set_back_by_a_clock_that_is_behind(
        self, world: World, sent: Order, since: list[datetime]
    ) -> None:  # fmt: skip
        for seconds in (70, 10):
            resolving.reconcile_market(market=sent.market, now=after(sent, seconds))

        assert TradeCheckpoint.objects.get().checked_until == after(sent, 70)

    @pytest.mark.parametrize(("seconds", "is_fresh"), [(59.999, True), (60, False)])
    def test_is_good_for_a_minute(
        self, world: World, sent: Order, since: list[datetime], seconds: float, is_fresh: bool
    ) -> None:
        resolving.reconcile_market(market=sent.market, now=world.now)

        fresh = resolving.compared_lately(now=world.now + timedelta(seconds=seconds), rules=platform_rules())

        assert fresh.filter(market=sent.market).exists() is is_fresh

    @pytest.mark.parametrize(
        ("hours", "changes", "count"),
        [
            (23.99, {}, 1), (24, {}, 0), (1, {"venue_account": "another"}, 0),
            (1, {"market__status": Market.Status.DELISTED}, 0), (1, {"market__status": Market.Status.SUSPENDED}, 1),
        ],
    )  # fmt: skip
    def test_looks_at_every_market_that_was_traded_for_a_day(
        self, world: World, sent: Order, since: list[datetime], hours: float, changes: dict[str, str], count: int
    ) -> None:
        if "market__status" in changes:
            Market.objects.filter(pk=sent.market_id).update(status=changes["market__status"])
        else:
            Order.objects.update(**changes)
        TradeCheckpoint.objects.all().delete()

        found = resolving.reconcile_orders(now=after(sent, hours * 3_600))

        assert (found, len(since)) == (0, count)

    @pytest.mark.parametrize(("hours", "count"), [(24 * 7, 1), (24 + 1, 0)])
    def test_looks_once_a_day_where_nothing_was_sent_for_longer(
        self, world: World, sent: Order, since: list[datetime], hours: float, count: int
    ) -> None:
        # The platform may have been away when a trade of its last order came.
        compared = resolving.reconcile_orders(now=after(sent, 2 * 3_600)), len(since)

        resolving.reconcile_orders(now=after(sent, hours * 3_600))
        resolving.reconcile_orders(now=after(sent, hours * 3_600 + 120))

        assert (compared, len(since)) == ((0, 1), 1 + count)

    def test_looks_first_where_something_was_sent_within_a_day(
        self, world: World, sent: Order, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A market of long ago at which the venue is dumb keeps no other from being compared.
        others = list(Market.objects.exclude(pk=sent.market_id).order_by("pk"))
        TradeCheckpoint.objects.all().delete()
        TradeCheckpoint.objects.bulk_create(
            TradeCheckpoint(venue_account=sent.venue_account, market=market, checked_until=after(sent, -3 * 86_400))
            for market in others
        )
        asked: list[int] = []

        def ask(*, market: Market, now: datetime) -> int:
            asked.append(market.pk)
            return 0

        monkeypatch.setattr(resolving, "reconcile_market", ask)
        resolving.reconcile_orders(now=after(sent, 10))

        assert asked[0] == sent.market_id
        assert set(asked[1:]) == {market.pk for market in others}

    def test_leaves_a_market_that_was_compared_a_moment_ago(
        self, world: World, sent: Order, since: list[datetime]
    ) -> None:
        for _ in range(2):
            resolving.reconcile_orders(now=after(sent, 100))

        assert len(since) == 1
