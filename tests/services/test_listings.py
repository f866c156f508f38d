"""Markets that come and go at the venue, and a name that comes back as another coin."""

import csv
import gzip
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from accounts.models import Asset, User
from copytrading.exchange.markets import MarketStatus, Quote
from copytrading.exchange.paper import world as paper
from copytrading.models import Alarm, Copy, Lead, Mark, Market, Notice, SourcePrice
from copytrading.queries import holdings
from copytrading.queries import market as market_queries
from copytrading.services import copies, listings, market, reconciling
from copytrading.services import spot as spot_orders
from tests.cast import COINS, World, usdt

TEN_MINUTES = timedelta(seconds=601)


def open_market(symbol: str, *, status: MarketStatus = MarketStatus.TRADING) -> None:
    coin = COINS.get(symbol, COINS["SOL"])
    paper.open_market(
        symbol=f"{symbol}-USDT",
        lot_size=Decimal(coin["lot_size"]),
        tick_size=Decimal(coin["tick_size"]),
        value_min=Decimal(5),
        level_value=Decimal(coin["level_value"]),
        status=status,
    )


def status_of(symbol: str) -> str:
    return Market.objects.get(symbol=f"{symbol}-USDT").status


def watch(world: World, *, after: timedelta = timedelta(0)) -> list[str]:
    """Look at the venue's list, and return what changed."""
    world.now += after
    return [change.sentence for change in listings.watch_listings(now=world.now)]


def delist(world: World, symbol: str) -> None:
    paper.close_market(f"{symbol}-USDT")
    watch(world)
    watch(world, after=TEN_MINUTES)
    world.last.pop(symbol, None)
    world.prices()


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    """Return a copy of a lead who holds BTC and SOL."""
    world.lead_trades(lead, "BTC", "BUY", "0.08")
    world.lead_trades(lead, "SOL", "BUY", "30")
    world.settle()
    copy = world.start(follower, lead, "1000", stop_loss_units=usdt(300))
    world.settle()
    return copy


class TestWatchListings:
    def test_changes_nothing_where_nothing_changed(self, world: World) -> None:
        assert watch(world) == []
        assert not Alarm.objects.exists()

    def test_takes_over_a_suspension_and_its_end(self, world: World) -> None:
        open_market("SOL", status=MarketStatus.SUSPENDED)
        suspended = watch(world)
        suspended_at, state = world.now, Market.objects.get(symbol="SOL-USDT")
        open_market("SOL")

        assert suspended == ["SOL-USDT is suspended by the venue."]
        assert (state.status, state.status_since) == (Market.Status.SUSPENDED, suspended_at)
        assert Alarm.objects.get().kind == Alarm.Kind.MARKET_CHANGED
        assert watch(world, after=timedelta(seconds=120)) == ["SOL-USDT trades again."]

    def test_suspends_what_is_missing_once_and_delists_what_stays_missing(self, world: World) -> None:
        paper.close_market("SOL-USDT")

        watch(world)
        first = status_of("SOL")
        watch(world, after=timedelta(seconds=300))
        second = status_of("SOL")
        watch(world, after=timedelta(seconds=301))

        assert (first, second, status_of("SOL")) == ("SUSPENDED", "SUSPENDED", "DELISTED")
        assert "delisted" in Alarm.objects.get().sentence

    def test_forgets_that_a_market_was_missing_for_a_moment(self, world: World) -> None:
        paper.close_market("SOL-USDT")
        watch(world)
        open_market("SOL")
        watch(world, after=timedelta(seconds=120))

        assert status_of("SOL") == Market.Status.TRADING
        assert Asset.objects.get(symbol="SOL").pk == Market.objects.get(symbol="SOL-USDT").base_id

    def test_takes_no_half_answer(self, world: World) -> None:
        for symbol in ("SOL-USDT", "ETH-USDT"):
            paper.close_market(symbol)

        watch(world)
        watch(world, after=TEN_MINUTES)

        assert (status_of("SOL"), status_of("ETH")) == ("TRADING", "TRADING")
        assert Alarm.objects.get().kind == Alarm.Kind.VENUE_SILENT

    def test_lists_what_is_new(self, world: World) -> None:
        open_market("DOT")

        watch(world)

        assert status_of("DOT") == Market.Status.TRADING


class TestAVenueWithoutTheMarket:
    def test_is_noted_at_the_first_order_and_sets_no_lead_aside(self, world: World, lead: Lead, copy: Copy) -> None:
        paper.close_market("SOL-USDT")

        stop(world, copy)

        assert status_of("SOL") == Market.Status.SUSPENDED
        assert set(world.held(copy.ledger_account)) == {"SOL", "USDT"}
        assert Lead.objects.get(pk=lead.pk).failures == 0


class TestADelistedCoin:
    def test_counts_at_its_last_mark_and_the_others_go_on(self, world: World, lead: Lead, copy: Copy) -> None:
        delist(world, "SOL")
        before = world.held(copy.ledger_account)

        world.lead_trades(lead, "BTC", "SELL", "0.04")
        world.settle()
        after = world.held(copy.ledger_account)

        assert after["SOL"] == before["SOL"]
        assert after["BTC"] == pytest.approx(before["BTC"] / 2, rel=0.01)

    def test_is_not_bought_by_whoever_comes_later(
        self, world: World, lead: Lead, copy: Copy, other_follower: User
    ) -> None:
        delist(world, "SOL")

        late = world.start(other_follower, lead, "1000")
        world.settle()

        held = world.held(late.ledger_account)
        assert "SOL" not in held
        assert held["BTC"] > 0
        assert late.adjustments.filter(reason="MARKET_UNAVAILABLE", asset__symbol="SOL").exists()
        assert Copy.objects.get(pk=late.pk).status == Copy.Status.ACTIVE
        assert copy.pk != late.pk

    def test_stays_the_followers_when_the_copy_stops(self, world: World, copy: Copy, follower: User) -> None:
        sol = world.held(copy.ledger_account)["SOL"]
        delist(world, "SOL")

        stop(world, copy)

        copy.refresh_from_db()
        assert copy.status == Copy.Status.STOPPED
        assert world.held(copy.ledger_account) == {}
        assert world.main(follower) == {"USDT": usdt(9_000) + copy.paid_out_units, "SOL": sol}
        notice = Notice.objects.get(copy=copy, kind=Notice.Kind.COINS_FROZEN)
        assert (notice.asset.symbol, notice.units) == ("SOL", sol)
        assert reconciling.check_ledger().is_clean


class TestASuspendedCoin:
    def test_is_waited_for_by_a_stop_and_sold_when_it_trades_again(
        self, world: World, copy: Copy, follower: User
    ) -> None:
        open_market("SOL", status=MarketStatus.SUSPENDED)
        watch(world)
        stop(world, copy)
        waiting = Copy.objects.get(pk=copy.pk).status
        open_market("SOL")
        watch(world, after=timedelta(seconds=120))
        world.settle()
        world.wait(60)
        world.settle()

        assert waiting == Copy.Status.STOPPING
        assert Copy.objects.get(pk=copy.pk).status == Copy.Status.STOPPED
        assert "SOL" not in world.main(follower)

    def test_goes_to_the_follower_after_a_quarter_of_an_hour_to_be_sold_by_hand_later(
        self, world: World, copy: Copy, follower: User
    ) -> None:
        open_market("SOL", status=MarketStatus.SUSPENDED)
        watch(world)
        stop(world, copy)
        world.wait(901)
        world.settle()
        frozen = world.main(follower)["SOL"]
        status = Copy.objects.get(pk=copy.pk).status
        open_market("SOL")
        watch(world)
        world.prices()
        spot_orders.place_manual_order(
            user=follower,
            market_id=Market.objects.get(symbol="SOL-USDT").pk,
            side="SELL",
            units=frozen // 100_000 * 100_000,
            idempotency_key="sell-sol",
            now=world.now,
        )

        assert (status, frozen > 0) == (Copy.Status.STOPPED, True)
        assert world.main(follower).get("SOL", 0) < 100_000
        assert reconciling.check_ledger().is_clean


class TestANameThatComesBack:
    def test_is_another_coin(self, world: World, copy: Copy) -> None:
        old = Market.objects.select_related("base").get(symbol="SOL-USDT")
        held = world.held(copy.ledger_account)["SOL"]
        delist(world, "SOL")
        gone_at = world.now
        last = Mark.objects.get(market=old).price
        world.now += timedelta(days=14)

        open_market("SOL")
        changes = watch(world)
        world.prices(SOL="6000", BTC="50000", ETH="2500")

        new = Market.objects.select_related("base").get(symbol="SOL-USDT")
        old.refresh_from_db()
        assert new.pk != old.pk and new.base_id != old.base_id
        assert old.base.symbol == f"SOL ({gone_at:%Y-%m-%d})"
        assert old.status == Market.Status.DELISTED
        assert Mark.objects.get(market=old).price == last
        assert Mark.objects.get(market=new).price == Decimal(6000)
        assert world.held(copy.ledger_account) == world.held(copy.ledger_account) | {old.base.symbol: held}
        assert "another coin" in changes[0]
        assert Alarm.objects.filter(key=f"market:{old.pk}", sentence__contains="custody").exists()

    def test_leaves_custody_to_be_compared(self, world: World, copy: Copy) -> None:
        """The venue still says SOL for what may be either coin: both are named as differing, neither is guessed."""
        held = world.held(copy.ledger_account)["SOL"]
        delist(world, "SOL")
        open_market("SOL")
        watch(world, after=timedelta(days=14))

        report = reconciling.check_ledger()

        assert held > 0
        assert {symbol for symbol, difference in report.differences.items() if difference} == {
            "SOL",
            Asset.objects.get(symbol__startswith="SOL (").symbol,
        }

    def test_is_never_priced_as_the_old_one_on_the_recorded_bars_of_luna(
        self, recorded_data: Path, world: World, lead: Lead, follower: User
    ) -> None:
        """LUNA's real bars of the crash of May 2021, its end, and real bars of another level under the same name."""
        bars = luna_closes(recorded_data)
        crash = [close for moment, close in bars if datetime(2021, 5, 19, 8, tzinfo=UTC) <= moment][:8]
        other_level = [close for _, close in bars[:3]]
        open_market("LUNA")
        market.list_markets()
        quote_luna(world, crash[0])
        world.lead_trades(lead, "LUNA", "BUY", "100")
        world.settle()
        copy = world.start(follower, lead, "1000", stop_loss_units=usdt(900))
        world.settle()
        for close in crash:
            world.wait(60)
            quote_luna(world, close)
        old = Market.objects.get(symbol="LUNA-USDT")
        worth_before = equity(world, lead)

        delist(world, "LUNA")
        world.wait(60)
        for close in other_level:  # quoted again, before anybody has looked at the list
            quote_luna(world, close)
        open_market("LUNA")
        watch(world, after=timedelta(days=13))
        world.prices()
        for close in other_level:
            world.wait(1)
            quote_luna(world, close)

        new = Market.objects.get(symbol="LUNA-USDT")
        assert max(other_level) < min(crash) / 5
        assert Mark.objects.get(market=old).price == crash[-1]
        assert Mark.objects.get(market=new).price == other_level[-1]
        assert not SourcePrice.objects.filter(market=old, price__in=other_level).exists()
        assert equity(world, lead) == worth_before
        assert Copy.objects.get(pk=copy.pk).status == Copy.Status.ACTIVE


def stop(world: World, copy: Copy) -> None:
    copies.stop_copy(copy_id=copy.pk, now=world.now)
    world.settle()


def equity(world: World, lead: Lead) -> float:
    board = market_queries.load_board(now=world.now)
    return holdings.load_lead(lead, board=board, cash=market_queries.cash_asset()).equity(board)


def quote_luna(world: World, close: Decimal) -> None:
    quote = Quote(symbol="LUNA-USDT", price=close, as_of=world.now, source="recorded")
    market.record_quotes(quotes=[quote], now=world.now)


def luna_closes(recorded_data: Path) -> list[tuple[datetime, Decimal]]:
    path = recorded_data / "prices" / "prices_1h_2021-01_2021-06_MIT.csv.gz"
    with gzip.open(path, "rt") as lines:
        rows = [row for row in csv.DictReader(lines) if row["symbol"] == "LUNA-USDT"]
    return [(datetime.fromisoformat(row["ts"]).replace(tzinfo=UTC), Decimal(row["close"])) for row in rows]
