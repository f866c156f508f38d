"""The demo world: what it is made of, and that all of it adds up while the market runs."""

from datetime import timedelta

from django.test import TestCase

from accounts.models import Balance, Journal, LedgerAccount, User
from copytrading.engine.holdings.terms import Terms
from copytrading.models import Allocation, Copy, Lead, LeadOrder, LeadRecord, Mark, Market, Order, ScheduledRun
from copytrading.services.copies import verbs as copies
from copytrading.services.feed import source as price_feed
from copytrading.services.safety import reconciling
from copytrading.worlds.demo import acting, history, people, world
from copytrading.worlds.demo.characters import CHARACTERS
from copytrading.worlds.demo.feeding import MarketFeed
from tests.cast import NOON, usdt
from tests.worlds.demo.demo_stage import START_PRICES, SYMBOLS, character, furthest, run_market, weights_of

TABLES = (Allocation, Balance, Copy, Journal, Lead, LeadOrder, LeadRecord, LedgerAccount, Market, Order, User)


class TestSetUpWorld(TestCase):
    """Set up once for all of these."""

    demo: world.DemoWorld

    @classmethod
    def setUpTestData(cls) -> None:
        cls.demo = world.set_up_world(now=NOON, weeks_lived=False)

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
        running = Copy.objects.filter(is_reference=False).select_related("lead__ledger_account", "ledger_account")

        assert len(running) == sum(len(follower.copies) for follower in people.FOLLOWERS)
        assert {copy.status for copy in running} == {Copy.Status.ACTIVE}
        assert {copy.lead.name for copy in running} == {character.name for character in CHARACTERS}
        for copy in running:
            assert furthest(weights_of(copy.ledger_account), weights_of(copy.lead.ledger_account)) < 0.002

    def test_the_platform_holds_a_copy_of_every_lead(self) -> None:
        held = Copy.objects.filter(is_reference=True).select_related("lead__ledger_account", "ledger_account")

        assert sorted(copy.lead.name for copy in held) == sorted(character.name for character in CHARACTERS)
        for copy in held:
            assert copy.status == Copy.Status.ACTIVE
            assert furthest(weights_of(copy.ledger_account), weights_of(copy.lead.ledger_account)) < 0.02

    def test_adds_up_to_the_last_unit(self) -> None:
        assert reconciling.check_ledger().is_clean

    def test_a_second_run_changes_nothing(self) -> None:
        before = {table: table.objects.count() for table in TABLES}

        again = world.set_up_world(now=NOON + timedelta(hours=1), weeks_lived=False)

        assert self.demo.is_new
        assert not again.is_new
        assert again.logins == self.demo.logins
        assert {table: table.objects.count() for table in TABLES} == before

    def test_a_run_that_was_interrupted_is_taken_up_again(self) -> None:
        before = {table: table.objects.count() for table in TABLES if table is not LeadRecord}
        ScheduledRun.objects.filter(job__startswith="demo world").delete()

        again = world.set_up_world(now=NOON + timedelta(minutes=2), weeks_lived=False)

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
        world.set_up_world(now=NOON, weeks_lived=False)

    def test_leads_trade_copies_follow_and_the_ledger_adds_up(self) -> None:
        opening = set(LeadOrder.objects.values_list("pk", flat=True))
        follower = User.objects.get(email=people.FOLLOWER_EMAIL)
        copy = copies.start_copy(
            follower=follower,
            lead_id=Lead.objects.get(name="Northwind").pk,
            investment_units=usdt(100),
            terms=Terms(),
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
        quotes = price_feed.open_source(now=now).quotes(now)

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
