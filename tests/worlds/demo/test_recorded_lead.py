"""The market played back from files, and the lead whose real fills are followed in it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from copytrading.engine.holdings.terms import Terms
from copytrading.models import Lead, LeadHolding, Mark, Market
from copytrading.services.copies import verbs as copies
from copytrading.services.feed import source as price_feed
from copytrading.services.safety import reconciling
from copytrading.worlds.demo import people, recorded_lead, world
from copytrading.worlds.demo.feeding import MarketFeed
from tests.cast import NOON, usdt
from tests.worlds.demo.demo_stage import run_market, weights_of


@pytest.fixture
def recording(tmp_path: Path, settings: Any) -> Callable[..., None]:
    """Write a recording of two coins, a bar a minute, and a trader's fills, and use them as the market."""

    def write(*, fills: str = "", bars: int = 10) -> None:
        rows = ["ts,symbol,open,high,low,close,volume"]
        for bar in range(bars):
            minute = f"2021-03-01T00:{bar:02}:00Z"
            rows.append(f"{minute},BTC-USDT,1,1,1,{50_000 + 100 * bar},1")
            rows.append(f"{minute},NEWT-USDT,1,1,1,{2 + bar / 100:.2f},1")
        prices = tmp_path / "prices.csv"
        prices.write_text("\n".join(rows))
        settings.SMARTSYNC_PRICES = str(prices)
        settings.SMARTSYNC_SPEED = 60.0
        if fills:
            trades = tmp_path / "fills.csv"
            trades.write_text("ts,symbol,side,quantity,price\n" + fills)
            settings.SMARTSYNC_LEAD_TRADES = str(trades)

    return write


FILLS = """2021-03-01T00:02:10Z,NEWT-USDT,buy,500,2.02
2021-03-01T00:04:00Z,BTC-USDT,buy,0.01,50400
2021-03-01T00:05:30Z,NEWT-USDT,sell,250,2.05
"""


class TestSeveralFiles:
    def test_drive_a_lead_whose_coins_are_in_different_ones(
        self, db: None, recording: Callable[..., None], tmp_path: Path, settings: Any
    ) -> None:
        recording(fills=FILLS)
        header, *rows = (tmp_path / "prices.csv").read_text().splitlines()
        paths = [tmp_path / "btc.csv", tmp_path / "newt.csv"]
        for path in paths:
            path.write_text("\n".join([header, *(row for row in rows if path.stem.upper() in row)]))
        settings.SMARTSYNC_PRICES = ",".join(map(str, paths))
        key = price_feed.source_key()

        read = recorded_lead.read_recording()
        assert read is not None
        recorded_lead.refuse_uncovered(read, source=price_feed.open_source(now=NOON))

        settings.SMARTSYNC_PRICES = str(paths[0])
        assert price_feed.source_key() != key
        with pytest.raises(price_feed.RecordingUnusable, match="lack pairs that the lead traded: NEWT-USDT"):
            recorded_lead.refuse_uncovered(read, source=price_feed.open_source(now=NOON))


class TestFillsThatMeanSomethingElse:
    def test_are_refused_where_they_are_paid_in_another_quote(self, recording: Callable[..., None]) -> None:
        recording(fills="2021-03-01T00:02:10Z,NEWT-BTC,buy,500,0.00004")

        with pytest.raises(price_feed.RecordingUnusable, match="line 2: NEWT-BTC is not quoted in USDT"):
            recorded_lead.read_recording()

    def test_are_refused_where_their_name_returns_as_another_coin(
        self, db: None, recording: Callable[..., None], tmp_path: Path
    ) -> None:
        recording(fills=FILLS)
        days = [f"2021-03-{day:02}T00:00:00Z,BTC-USDT,1,1,1,50000,1" for day in range(2, 9)]
        back = "2021-03-08T00:00:00Z,NEWT-USDT,1,1,1,3,1"
        prices = tmp_path / "prices.csv"
        prices.write_text("\n".join([prices.read_text(), *days, back]))
        read = recorded_lead.read_recording()
        assert read is not None

        with pytest.raises(price_feed.RecordingUnusable, match="The name of NEWT-USDT means two coins in these prices"):
            recorded_lead.refuse_uncovered(read, source=price_feed.open_source(now=NOON))


class TestRecordedMarket:
    def test_the_recorded_closes_become_marks_a_bar_a_second(self, db: None, recording: Callable[..., None]) -> None:
        recording()
        feed = MarketFeed(now=NOON)

        feed.tick(now=NOON)
        feed.tick(now=NOON + timedelta(seconds=3))

        marks = dict(Mark.objects.values_list("market__symbol", "price"))
        assert marks == {"BTC-USDT": Decimal(50_300), "NEWT-USDT": Decimal("2.03")}
        assert set(Mark.objects.values_list("as_of", flat=True)) == {NOON + timedelta(seconds=3)}

    def test_goes_on_at_the_bar_where_it_was_left(self, db: None, recording: Callable[..., None]) -> None:
        recording()
        MarketFeed(now=NOON).tick(now=NOON)
        feed = MarketFeed(now=NOON)
        feed.tick(now=NOON + timedelta(seconds=4))

        tomorrow = NOON + timedelta(days=1)
        feed = MarketFeed(now=tomorrow)
        feed.tick(now=tomorrow)
        resumed_at = Mark.objects.get(market__symbol="BTC-USDT").price
        feed.tick(now=tomorrow + timedelta(seconds=2))

        assert resumed_at == Decimal(50_400)
        assert Mark.objects.get(market__symbol="BTC-USDT").price == Decimal(50_600)

    def test_grows_stale_when_it_is_over(self, db: None, recording: Callable[..., None]) -> None:
        recording()
        feed = MarketFeed(now=NOON)

        feed.tick(now=NOON + timedelta(seconds=30))

        assert feed.is_over(now=NOON + timedelta(seconds=30))
        mark = Mark.objects.get(market__symbol="BTC-USDT")
        assert mark.price == Decimal(50_900)
        assert mark.as_of == NOON + timedelta(seconds=10)

    def test_a_world_with_real_fills_has_their_lead(self, db: None, recording: Callable[..., None]) -> None:
        recording(fills=FILLS)

        world.set_up_world(now=NOON)

        lead = Lead.objects.get(name=recorded_lead.NAME)
        assert (lead.source, lead.status) == (Lead.Source.OBSERVED, Lead.Status.ACTIVE)
        assert lead.flows.get().units == usdt(2_000)
        assert Lead.objects.count() == 6
        assert reconciling.check_ledger().is_clean

    def test_real_fills_are_followed_at_their_time_each_once(self, db: None, recording: Callable[..., None]) -> None:
        recording(fills=FILLS)
        world.set_up_world(now=NOON)
        lead = Lead.objects.get(name=recorded_lead.NAME)
        copy = copies.start_copy(
            follower=User.objects.get(email=people.FOLLOWER_EMAIL),
            lead_id=lead.pk,
            investment_units=usdt(1_000),
            terms=Terms(),
            idempotency_key="newcomer",
            now=NOON,
        )

        # The first fill is 130 market seconds in, so the recording begins with the first bar.
        now = run_market(MarketFeed(now=NOON), start=NOON, seconds=3)
        after_first = dict(LeadHolding.objects.values_list("asset__symbol", "units"))
        now = run_market(MarketFeed(now=now), start=now, seconds=4)

        held = dict(LeadHolding.objects.values_list("asset__symbol", "units"))
        assert after_first == {"USDT": usdt("988.99"), "NEWT": 500 * 10**8}
        assert held["NEWT"] == 250 * 10**8
        assert held["BTC"] == 10**6
        assert held["USDT"] == usdt("988.99") - usdt("504.504") + usdt("511.9875")
        equity = held["USDT"] + held["NEWT"] * 2.07 + held["BTC"] * 50_700
        copied = weights_of(copy.ledger_account)
        assert abs(copied["BTC"] - held["BTC"] * 50_700 / equity) < 0.01
        assert abs(copied["NEWT"] - held["NEWT"] * 2.07 / equity) < 0.01
        assert reconciling.check_ledger().is_clean

    @pytest.mark.parametrize(
        ("fills", "sentence"),
        [
            ("2021-03-01T00:02:00Z,DUCK-USDT,buy,1,2\n", "lack pairs that the lead traded: DUCK-USDT"),
            ("2021-03-01T00:02:00Z,BTC-USDT,sell,1,2\n", r"fills.csv, line 2: The lead sells more BTC-USDT"),
            ("2021-03-01T00:02:00Z,BTC-USDT,buy,-1,2\n", "fills.csv, line 2"),
        ],
    )
    def test_fills_that_cannot_be_played_are_refused_and_nothing_is_done(
        self, db: None, recording: Callable[..., None], fills: str, sentence: str
    ) -> None:
        recording(fills=fills)

        with pytest.raises(price_feed.RecordingUnusable, match=sentence):
            world.set_up_world(now=NOON)

        assert not Lead.objects.exists()
        assert not Market.objects.exists()

    def test_real_fills_need_recorded_prices(self, db: None, recording: Callable[..., None], settings: Any) -> None:
        recording(fills=FILLS)
        settings.SMARTSYNC_PRICES = "simulated"

        with pytest.raises(price_feed.RecordingUnusable, match="need recorded prices"):
            world.set_up_world(now=NOON)
