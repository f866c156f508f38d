"""The whole way of a change at a real venue: decided here, sent over a socket, fees in coins, booked to the unit."""

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from accounts.models import User
from copytrading.exchange import registry
from copytrading.exchange.errors import KEY_TROUBLES, RejectionCode
from copytrading.exchange.live import client, wire
from copytrading.exchange.orders import Side
from copytrading.models import Alarm, Copy, Fill, Lead, LeadOrder, Market, Order
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import syncing
from copytrading.services.leads import orders as lead_orders
from copytrading.services.market import listings, quotes
from copytrading.services.refusals import Refusal
from copytrading.services.safety import reconciling
from copytrading.services.wallet import spot
from tests.cast import World, usdt
from tests.exchange.live.error_rows import ROWS
from tests.fake_venue.venue import FakeVenue, started_in_thread
from tests.fake_venue.world import SMALL_WORLD

SECONDS_MAX = 20


@pytest.fixture(params=["binance", "okx", "bybit", "bitget"])
def exchange(
    request: pytest.FixtureRequest, settings, monkeypatch, world: World, follower: User, lead: Lead
) -> Iterator[FakeVenue]:
    """Everybody's money moves from the paper venue to one with a socket; time is real from now on."""
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(wire, "BACK_OFF_SECONDS", 0.01)
    kept = {asset: str(quantity) for asset, quantity in registry.venue().balances().items()}
    with started_in_thread(dialect=request.param, world=SMALL_WORLD | {"accounts": {"platform": kept}}) as venue:
        settings.SMARTSYNC_VENUE = request.param
        settings.SMARTSYNC_VENUE_URL = venue.address
        settings.SMARTSYNC_VENUE_LIVE = True
        settings.SMARTSYNC_VENUE_KEY = "platform-key"
        settings.SMARTSYNC_VENUE_SECRET = "platform-secret"
        settings.SMARTSYNC_VENUE_PASSWORD = "platform-phrase"
        settings.SMARTSYNC_PRICES = "live"
        settings.SMARTSYNC_COINS = []
        quotes.list_markets()
        world.now = timezone.now()
        world.prices()
        yield venue


def work(world: World) -> None:
    """Look at every lead as the beat does, until nothing is left to do."""
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        world.now = timezone.now()
        world.prices()
        due = syncing.leads_to_sync(now=world.now)
        if not due:
            return
        for lead_id in due:
            syncing.sync_lead(lead_id=lead_id, now=world.now)
        time.sleep(0.1)
    raise AssertionError("there is always something left to do")


@pytest.fixture
def copy(exchange: FakeVenue, world: World, follower: User, lead: Lead) -> Copy:
    copy = world.start(follower, lead)
    work(world)
    return copy


class TestTrading:
    def test_is_booked_to_the_unit_with_its_fees(self, exchange, world, lead, copy):
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        work(world)
        world.lead_trades(lead, "BTC", "SELL", "0.04")
        work(world)

        placed = exchange.orders()
        report = reconciling.check_ledger()
        assert {order["side"] for order in placed} == {"BUY", "SELL"}
        assert Fill.objects.count() == len(exchange.state()["trades"])
        assert report.is_clean, report
        assert 0 < world.held(copy.ledger_account)["BTC"] < world.held(lead.ledger_account)["BTC"]

    @pytest.mark.parametrize("fault", ["cut", "hold", "truncated"])
    def test_finds_an_order_whose_answer_never_came(self, exchange, world, lead, copy, fault):
        exchange.disturb(fault=fault, endpoint="place")

        world.lead_trades(lead, "BTC", "BUY", "0.1")
        work(world)

        assert exchange.state()["faults"][0]["fired"] == 1
        assert len(exchange.orders()) == Order.objects.filter(filled_units__gt=0).count()
        assert reconciling.check_ledger().is_clean

    def test_decides_anew_when_the_filters_changed_on_the_way(self, exchange, world, lead, copy):
        exchange.change_market("BTC-USDT", lot_size="0.001", quantity_min="0.001")

        world.lead_trades(lead, "BTC", "BUY", "0.1043")
        quotes.list_markets()
        work(world)

        assert all(Decimal(order["quantity"]) % Decimal("0.001") == 0 for order in exchange.orders())
        assert reconciling.check_ledger().is_clean

    def test_pays_a_stopped_copy_out_from_a_real_sale(self, exchange, world, lead, copy):
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        work(world)

        copies.stop_copy(copy_id=copy.pk, now=timezone.now())
        work(world)

        copy.refresh_from_db()
        assert copy.status == Copy.Status.STOPPED
        assert world.held(copy.ledger_account) == {}
        assert exchange.orders()[-1]["side"] == Side.SELL
        assert reconciling.check_ledger().is_clean


class TestABrokersTag:
    def test_goes_with_each_order_and_stands_in_its_row(self, exchange, world, lead, copy, settings):
        untagged = len(exchange.orders())
        settings.SMARTSYNC_BROKER_TAGS = {exchange.dialect: "Ab12Cd34"}

        world.lead_trades(lead, "BTC", "BUY", "0.1")
        work(world)

        arrived = exchange.orders()[untagged:]
        placed = Order.objects.exclude(broker_tag="").filter(quantity_units__gt=0).order_by("pk")
        assert [order["tag"] for order in arrived] == ["Ab12Cd34"] * len(placed)
        assert [order["client_order_id"] for order in arrived] == [order.client_order_id for order in placed]
        assert {(order.exchange, order.broker_tag) for order in placed} == {(exchange.dialect, "Ab12Cd34")}
        assert reconciling.check_ledger().is_clean

    def test_stays_that_of_the_row_when_the_answer_never_came_and_the_setting_changed(
        self, exchange, world, lead, copy, settings
    ):
        settings.SMARTSYNC_BROKER_TAGS = {exchange.dialect: "Ab12Cd34"}
        exchange.disturb(fault="cut", endpoint="place")

        world.lead_trades(lead, "BTC", "BUY", "0.1")
        settings.SMARTSYNC_BROKER_TAGS = {exchange.dialect: "Ef56Gh78"}
        work(world)

        assert len(exchange.orders()) == Order.objects.filter(filled_units__gt=0).count()
        assert reconciling.check_ledger().is_clean

    @pytest.mark.parametrize("tag", ["with a blank", "x" * 40])
    def test_that_the_exchange_would_not_take_opens_nothing(self, exchange, settings, tag):
        settings.SMARTSYNC_BROKER_TAGS = {exchange.dialect: tag}

        with pytest.raises(ImproperlyConfigured, match=f"SMARTSYNC_BROKER_TAGS: {exchange.dialect} takes no tag like"):
            registry.venue()


class TestARefusal:
    """What an exchange refuses for a reason that no other order would mend."""

    def test_of_our_key_or_place_is_an_alarm_of_its_own_and_stops_nothing(self, exchange, world, follower):
        codes = {*KEY_TROUBLES, RejectionCode.PLACE_BARRED}
        rows = {row.of_order: row for row in ROWS if row.exchange == exchange.dialect and row.of_order in codes}
        assert len(rows) >= 6

        for code, row in rows.items():
            exchange.disturb(fault="answer", endpoint="place", status=row.status, body=row.body)
            buy(world, follower, "BTC")

            alarm = Alarm.objects.get(kind=code.value, cleared_at__isnull=True)
            assert alarm.key == f"{code}:orders"
            assert alarm.sentence.startswith("An order in BTC-USDT was not carried out: ")
        assert Alarm.objects.count() == len(rows)
        assert buy(world, follower, "BTC").filled_units > 0
        assert reconciling.check_ledger().is_clean

    def test_to_show_its_offers_is_a_sentence_for_whoever_waits(self, exchange, world, lead, follower):
        exchange.disturb(fault="answer", endpoint="book", status=503, body="", times=0)
        world.now = timezone.now()
        world.prices()

        with pytest.raises(listings.VenueNotAnswering, match="Nothing was ordered"):
            buy(world, follower, "BTC")
        with pytest.raises(listings.VenueNotAnswering):
            lead_orders.preview_lead_order(
                lead_id=lead.pk,
                market_id=Market.objects.get(symbol="BTC-USDT").pk,
                side=LeadOrder.Side.BUY,
                quantity_units=10**6,
                now=world.now,
            )
        assert not Order.objects.exists()

    def test_of_a_market_suspends_it_here_until_an_operator_opens_it(self, exchange, world, follower):
        row = next(
            row for row in ROWS if row.exchange == exchange.dialect and row.of_order is RejectionCode.MARKET_BARRED
        )
        barred = Market.objects.get(symbol="BTC-USDT")
        exchange.disturb(fault="answer", endpoint="place", status=row.status, body=row.body)

        buy(world, follower, "BTC")
        barred.refresh_from_db()
        assert (barred.status, barred.barred_since) == (Market.Status.SUSPENDED, world.now)
        assert "The key stays good" in Alarm.objects.get().sentence
        with pytest.raises(Refusal):
            buy(world, follower, "BTC")
        assert buy(world, follower, "ETH").filled_units > 0, "everything else goes on"

        listings.watch_listings(now=timezone.now())
        barred.refresh_from_db()
        assert barred.status == Market.Status.SUSPENDED, "the venue's list does not say it, so it does not end it"

        listings.unbar_market(market_id=barred.pk, now=timezone.now())
        quotes.list_markets()
        assert buy(world, follower, "BTC").filled_units > 0
        assert not Alarm.objects.filter(cleared_at__isnull=True).exists()
        with pytest.raises(listings.MarketNotBarred):
            listings.unbar_market(market_id=barred.pk, now=timezone.now())


def buy(world: World, user: User, symbol: str) -> Order:
    """Buy coins for 500 USDT by hand, and return what became of the order."""
    world.now = timezone.now()
    world.prices()
    traded = Market.objects.get(symbol=f"{symbol}-USDT")
    placed = spot.place_manual_order(
        user=user, market_id=traded.pk, side="BUY", units=usdt(500), idempotency_key=world.key(), now=world.now
    )
    return Order.objects.get(pk=placed.order_id)
