"""The demo world: what it is made of, how its leads decide, and that all of it adds up while the market runs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import TestCase, override_settings

from accounts.models import Balance, Journal, LedgerAccount, User
from copytrading.engine.arrays import FloatArray
from copytrading.exchange.prices.simulated import COINS
from copytrading.models import (
    Allocation,
    Copy,
    Lead,
    LeadHolding,
    LeadOrder,
    LeadRecord,
    Mark,
    Market,
    Order,
    ScheduledRun,
)
from copytrading.services import copies, reconciling, syncing
from copytrading.services.demo import acting, history, people, recorded_lead, world
from copytrading.services.demo import market as demo_market
from copytrading.services.demo.characters import CHARACTERS, Character
from copytrading.services.demo.feeding import MarketFeed
from copytrading.services.demo.history import Past
from tests.cast import NOON, usdt

SYMBOLS = demo_market.by_size(coin.rules.symbol for coin in COINS)
START_PRICES = {coin.rules.symbol: coin.start_price for coin in COINS}
TABLES = (Allocation, Balance, Copy, Journal, Lead, LeadOrder, LeadRecord, LedgerAccount, Market, Order, User)


def weights_of(account: LedgerAccount) -> dict[str, float]:
    """Return the share of each pair in a ledger account, cash as the pair of its own name."""
    prices = {mark.market.base.symbol: mark.price for mark in Mark.objects.select_related("market__base")}
    values = {
        balance.asset.symbol: balance.posted * float(prices.get(balance.asset.symbol, 1))
        for balance in Balance.objects.filter(ledger_account=account, posted__gt=0).select_related("asset")
    }
    equity = sum(values.values())
    return {symbol: value / equity for symbol, value in values.items()}


def furthest(some: dict[str, float], others: dict[str, float]) -> float:
    """Return the largest difference between two portfolios in any coin."""
    return max(abs(some.get(symbol, 0) - others.get(symbol, 0)) for symbol in some.keys() | others.keys())


def run_market(feed: MarketFeed, *, start: datetime, seconds: int) -> datetime:
    """Let the market run second by second, with a worker that looks at every lead that is due."""
    for second in range(1, seconds + 1):
        now = start + timedelta(seconds=second)
        feed.tick(now=now)
        for lead_id in syncing.leads_to_sync(now=now):
            syncing.sync_lead(lead_id=lead_id, now=now)
    return now


def character(name: str) -> Character:
    return next(character for character in CHARACTERS if character.name == name)


class TestSetUpWorld(TestCase):
    """Set up once for all of these."""

    demo: world.DemoWorld

    @classmethod
    def setUpTestData(cls) -> None:
        cls.demo = world.set_up_world(now=NOON)

    def test_has_six_active_leads_with_money_of_their_own(self) -> None:
        leads = Lead.objects.filter(status=Lead.Status.ACTIVE)

        assert sorted(lead.name for lead in leads) == sorted(character.name for character in CHARACTERS)
        stakes = {lead.name: lead.flows.get().units for lead in leads}
        assert all(usdt(10_000) <= stake <= usdt(200_000) for stake in stakes.values())
        assert len({lead.profit_share_rate for lead in leads}) > 3
        assert all("demo lead" in lead.bio for lead in leads)

    def test_each_lead_holds_what_its_rule_said_last(self) -> None:
        past = history.past_of(prices=START_PRICES, symbols=SYMBOLS)

        for lead in Lead.objects.all():
            rule = character(lead.name)
            hour = (len(past.closes) - 1) // rule.pause_hours * rule.pause_hours
            wanted = history.weights_at(rule, past=past, hour=hour)
            coins = [symbol.removesuffix("-USDT") for symbol in SYMBOLS]
            expected = {coin: weight for coin, weight in zip(coins, wanted.tolist(), strict=True) if weight}
            held = weights_of(lead.ledger_account)
            assert furthest(expected | {"USDT": 1 - sum(expected.values())}, held) < 0.005, lead.name
            assert not LeadOrder.objects.filter(lead=lead).exclude(status=LeadOrder.Status.FILLED).exists()

    def test_every_copy_runs_at_the_ratios_of_its_lead(self) -> None:
        running = Copy.objects.select_related("lead__ledger_account", "ledger_account")

        assert len(running) == sum(len(follower.copies) for follower in people.FOLLOWERS)
        assert {copy.status for copy in running} == {Copy.Status.ACTIVE}
        assert {copy.lead.name for copy in running} == {character.name for character in CHARACTERS}
        for copy in running:
            assert furthest(weights_of(copy.ledger_account), weights_of(copy.lead.ledger_account)) < 0.002

    def test_adds_up_to_the_last_unit(self) -> None:
        assert reconciling.check_ledger().is_clean

    def test_a_second_run_changes_nothing(self) -> None:
        before = {table: table.objects.count() for table in TABLES}

        again = world.set_up_world(now=NOON + timedelta(hours=1))

        assert self.demo.is_new
        assert not again.is_new
        assert again.logins == self.demo.logins
        assert {table: table.objects.count() for table in TABLES} == before

    def test_a_run_that_was_interrupted_is_taken_up_again(self) -> None:
        before = {table: table.objects.count() for table in TABLES if table is not LeadRecord}
        ScheduledRun.objects.filter(job__startswith="demo world").delete()

        again = world.set_up_world(now=NOON + timedelta(minutes=2))

        assert again.is_new
        assert {table: table.objects.count() for table in before} == before
        assert reconciling.check_ledger().is_clean

    def test_a_newcomer_can_sign_in_as_follower_lead_and_operator(self) -> None:
        found = {login.role: User.objects.get(email=login.email) for login in self.demo.logins}

        assert all(found[login.role].check_password(login.password) for login in self.demo.logins)
        assert found["operator"].is_staff and found["operator"].is_superuser
        assert not (found["follower"].is_staff or found["lead"].is_staff)
        assert found["lead"].leads.get().name == "Basalt"
        main = LedgerAccount.objects.get(owner=found["follower"])
        assert main.balances.get().posted == usdt(10_000)

    def test_the_others_cannot_be_signed_in_as(self) -> None:
        emails = {login.email for login in self.demo.logins}

        assert not any(user.has_usable_password() for user in User.objects.exclude(email__in=emails))

    def test_the_record_of_a_lead_goes_on_from_its_past_without_a_step(self) -> None:
        for lead in Lead.objects.all():
            *_, before, last = lead.records.all()
            assert lead.started_at is not None
            assert (NOON - lead.started_at).days == history.PAST_DAYS
            assert lead.records.first().recorded_at == lead.started_at
            assert last.recorded_at == NOON
            # Four hours of the market and the cost of the opening trades lie between the two.
            assert abs(last.unit_price / before.unit_price - 1) < 0.05
            assert abs(last.equity_units / (last.unit_price * lead.units_issued * 10**8) - 1) < 1e-6


class TestMarketFeed(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        world.set_up_world(now=NOON)

    def test_leads_trade_copies_follow_and_the_ledger_adds_up(self) -> None:
        opening = set(LeadOrder.objects.values_list("pk", flat=True))
        follower = User.objects.get(email=people.FOLLOWER_EMAIL)
        copy = copies.start_copy(
            follower=follower,
            lead_id=Lead.objects.get(name="Northwind").pk,
            investment_units=usdt(100),
            buy_existing=True,
            stop_loss_units=None,
            idempotency_key="newcomer",
            now=NOON,
        )

        now = run_market(MarketFeed(now=NOON), start=NOON, seconds=20)
        joined_with = Allocation.objects.filter(ledger_account=copy.ledger_account).count()
        run_market(MarketFeed(now=now), start=now, seconds=60)

        given = LeadOrder.objects.exclude(pk__in=opening)
        assert len(set(given.values_list("lead__name", flat=True))) >= 5
        assert not given.exclude(status__in=[LeadOrder.Status.FILLED, LeadOrder.Status.SUBMITTED]).exists()
        copy.refresh_from_db()
        assert copy.status == Copy.Status.ACTIVE
        # What somebody sees who has just started: the lead's trades arrive within a minute.
        assert Allocation.objects.filter(ledger_account=copy.ledger_account).count() > joined_with
        for running in Copy.objects.select_related("lead__ledger_account", "ledger_account"):
            # A lead that was at work in the last second is followed in the next.
            if not running.lead.orders.filter(status=LeadOrder.Status.SUBMITTED).exists():
                assert furthest(weights_of(running.ledger_account), weights_of(running.lead.ledger_account)) < 0.02
        assert reconciling.check_ledger().is_clean

    def test_prices_go_on_where_they_were_left(self) -> None:
        feed = MarketFeed(now=NOON)
        for second in range(1, 6):
            feed.tick(now=NOON + timedelta(seconds=second))
        left = dict(Mark.objects.values_list("market__symbol", "price"))

        started_again = NOON + timedelta(hours=9)
        feed = MarketFeed(now=started_again)
        feed.tick(now=started_again)

        marks = Mark.objects.values_list("market__symbol", "price", "as_of")
        assert {symbol: price for symbol, price, _ in marks} == left
        assert left != START_PRICES
        assert {as_of for _, _, as_of in marks} == {started_again}

    def test_a_feed_started_again_in_a_turn_orders_nothing_twice(self) -> None:
        now = run_market(MarketFeed(now=NOON), start=NOON, seconds=acting.LOOKS_MIN + 20)
        ordered = set(LeadOrder.objects.values_list("lead_id", "idempotency_key"))
        again = acting.DemoLeads()
        quotes = demo_market.open_source(now=now).quotes(now)

        for _ in range(acting.LOOKS_MIN):
            again.look(quotes=quotes)
        again.act(now=now)
        again.act(now=now)

        keys = LeadOrder.objects.values_list("lead_id", "idempotency_key")
        turns = [(lead_id, *key.split()[:3]) for lead_id, key in keys if (lead_id, key) not in ordered]
        earlier = {(lead_id, *key.split()[:3]) for lead_id, key in ordered}
        assert not earlier & set(turns)
        assert len(set(turns)) == len(turns)

    def test_a_lead_set_aside_by_an_operator_gives_no_orders(self) -> None:
        Lead.objects.update(status=Lead.Status.PAUSED)
        before = LeadOrder.objects.count()

        run_market(MarketFeed(now=NOON), start=NOON, seconds=acting.LOOKS_MIN + 5)

        assert LeadOrder.objects.count() == before


class TestCharacters:
    @pytest.mark.parametrize("rule", CHARACTERS, ids=lambda rule: rule.name)
    @pytest.mark.parametrize("coins", [1, 2, 4, 5, 12, 30])
    def test_any_market_gives_weights_that_spot_can_hold(self, rule: Character, coins: int) -> None:
        random = np.random.default_rng(coins)
        closes = 100 * np.exp(random.normal(0, 0.01, (50, coins)).cumsum(axis=0))

        for turn in range(20):
            weights = rule.weights(closes=closes[turn : turn + 30], turn=turn)
            assert weights.shape == (coins,)
            assert 0.3 < weights.sum() <= 1

    def test_basalt_leans_on_the_large_coin_that_gained_most(self) -> None:
        closes = np.array([[100.0] * 6, [100.0, 104.0, 101.0, 99.0, 150.0, 90.0]])

        weights = character("Basalt").weights(closes=closes, turn=0)

        assert weights.argmax() == 1
        assert (weights[4:] == 0).all()

    def test_quiet_harbor_has_less_after_a_rise_than_after_a_fall(self) -> None:
        rise = 100 * np.exp(np.linspace(0, 0.05, 30))[:, None] * np.ones((1, 3))

        after_rise = character("Quiet Harbor").weights(closes=rise + np.arange(30)[:, None] % 2, turn=0)
        after_fall = character("Quiet Harbor").weights(closes=rise[::-1] + np.arange(30)[:, None] % 2, turn=0)

        assert after_rise.sum() < 0.5 < after_fall.sum()

    def test_tessera_swaps_one_of_eight_equal_coins_a_turn(self) -> None:
        closes = np.ones((2, 12))

        baskets = [set(np.flatnonzero(character("Tessera").weights(closes=closes, turn=turn))) for turn in range(13)]

        assert all(len(basket) == 8 for basket in baskets)
        assert all(len(some & other) == 7 for some, other in pairwise(baskets))
        assert baskets[12] == baskets[0]

    def test_ember_holds_the_two_fastest_of_the_smaller_coins_and_lumen_the_slowest_three(self) -> None:
        closes = np.array([[1.0] * 8, [9.0, 9.0, 9.0, 9.0, 1.1, 0.8, 1.3, 0.9]])

        ember = character("Ember").weights(closes=closes, turn=0)
        lumen = character("Lumen").weights(closes=closes, turn=0)

        assert np.flatnonzero(ember).tolist() == [4, 6]
        assert ember.argmax() == 6
        assert np.flatnonzero(lumen).tolist() == [4, 5, 7]


class TestHistory:
    def test_the_past_ends_at_the_prices_of_today(self) -> None:
        past = history.past_of(prices=START_PRICES, symbols=SYMBOLS)

        assert past.closes.shape == (history.PAST_DAYS * 24 + 1, 12)
        assert np.allclose(past.closes[-1], [float(START_PRICES[symbol]) for symbol in SYMBOLS], rtol=1e-12)

    @override_settings(SMARTSYNC_FEE_RATE=Decimal(0))
    def test_a_lead_gained_what_a_plain_loop_over_its_weights_gains(self) -> None:
        past = history.past_of(prices=START_PRICES, symbols=SYMBOLS)

        for rule in CHARACTERS:
            expected = plain_equity(rule, past=past)
            assert np.allclose(history.unit_prices_of(rule, past=past), expected, rtol=1e-9)

    def test_fees_are_paid_in_the_past_too(self) -> None:
        past = history.past_of(prices=START_PRICES, symbols=SYMBOLS)

        with_fees = history.unit_prices_of(character("Ember"), past=past)

        assert with_fees[-1] < plain_equity(character("Ember"), past=past)[-1] * 0.98


def plain_equity(rule: Character, *, past: Past) -> FloatArray:
    """Return the equity of a portfolio that takes on a rule's weights at its turns, without fees: a witness."""
    equity, cash, held = [], 1.0, np.zeros(len(past.symbols))
    for hour, prices in enumerate(past.closes):
        worth = cash + float(held @ prices)
        if hour % rule.pause_hours == 0:
            weights = history.weights_at(rule, past=past, hour=hour)
            held, cash = worth * weights / prices, worth * (1 - weights.sum())
        equity.append(cash + float(held @ prices))
    return np.array(equity)


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
            buy_existing=True,
            stop_loss_units=None,
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

        with pytest.raises(demo_market.RecordingUnusable, match=sentence):
            world.set_up_world(now=NOON)

        assert not Lead.objects.exists()
        assert not Market.objects.exists()

    def test_real_fills_need_recorded_prices(self, db: None, recording: Callable[..., None], settings: Any) -> None:
        recording(fills=FILLS)
        settings.SMARTSYNC_PRICES = "simulated"

        with pytest.raises(demo_market.RecordingUnusable, match="need recorded prices"):
            world.set_up_world(now=NOON)
