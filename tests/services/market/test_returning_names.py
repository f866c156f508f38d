"""A name that comes back is another coin: it is never priced as the old one."""

import csv
import gzip
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from accounts.models import Asset, User
from copytrading.exchange.markets import Quote
from copytrading.models import Alarm, Copy, Lead, Mark, Market, SourcePrice
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.services.market import quotes
from copytrading.services.safety import reconciling
from tests.cast import World, come, usdt
from tests.services.market.listing_stage import copy_of_two_coins, delist, open_market, watch


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    return come("copy of two coins", world, lambda: copy_of_two_coins(world, lead, follower))


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
        quotes.list_markets()
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


def equity(world: World, lead: Lead) -> float:
    board = market_queries.load_board(now=world.now, rules=platform_rules())
    return holdings.load_lead(lead, board=board, cash=market_queries.cash_asset()).equity(board)


def quote_luna(world: World, close: Decimal) -> None:
    quote = Quote(symbol="LUNA-USDT", price=close, as_of=world.now, source="recorded")
    quotes.record_quotes(quotes=[quote], now=world.now)


def luna_closes(recorded_data: Path) -> list[tuple[datetime, Decimal]]:
    path = recorded_data / "prices" / "prices_1h_2021-01_2021-06_MIT.csv.gz"
    with gzip.open(path, "rt") as lines:
        rows = [row for row in csv.DictReader(lines) if row["symbol"] == "LUNA-USDT"]
    return [(datetime.fromisoformat(row["ts"]).replace(tzinfo=UTC), Decimal(row["close"])) for row in rows]
