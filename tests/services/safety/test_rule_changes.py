"""Rules that change while the platform runs: two people, bounds, history, and from when they hold."""

from decimal import Decimal

import pytest
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.models import Lead, Order, RuleChange, SyncCycle
from copytrading.queries.operating import rule_table
from copytrading.queries.rules import installed_rules, platform_rules
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import syncing
from copytrading.services.orders import trading
from copytrading.services.refusals import Refusal
from copytrading.services.safety import rule_changes
from tests.cast import NOON, World


@pytest.fixture
def second_operator(db: None) -> User:
    return User.objects.create_superuser("second-operator@example.org", "correct horse battery")


def ask(operator: User, name: str, value: str, *, reason: str = "A test") -> RuleChange:
    return rule_changes.request_rule(name=name, value=value, reason=reason, by=operator, now=NOON)


def agree(operator: User, second_operator: User, name: str, value: str) -> RuleChange:
    change = ask(operator, name, value)
    return rule_changes.approve_rule(change_id=change.pk, by=second_operator, now=NOON)


class TestAChange:
    def test_holds_once_a_second_operator_approves(self, operator: User, second_operator: User) -> None:
        change = ask(operator, "slippage_cap", "0.02")
        assert platform_rules() == installed_rules()

        rule_changes.approve_rule(change_id=change.pk, by=second_operator, now=NOON)

        assert platform_rules().slippage_cap == 0.02
        assert installed_rules().slippage_cap == 0.005
        change.refresh_from_db()
        assert (change.approved_by, change.holds_from) == (second_operator, NOON)

    def test_has_the_type_of_its_rule(self, operator: User, second_operator: User) -> None:
        agree(operator, second_operator, "fee_rate", "0.0007")
        agree(operator, second_operator, "investment_min", "250")

        rules = platform_rules()

        assert (rules.fee_rate, rules.investment_min) == (Decimal("0.0007"), 250)
        assert isinstance(rules.fee_rate, Decimal)
        assert isinstance(rules.investment_min, int)

    def test_of_how_often_something_is_looked_at_takes_one(self, operator: User) -> None:
        change = ask(operator, "repair_seconds", "30")

        assert change.holds_from == NOON
        assert platform_rules().repair_seconds == 30

    def test_goes_back_to_what_is_installed(self, operator: User, second_operator: User) -> None:
        agree(operator, second_operator, "drift_band", "0.5")
        agree(operator, second_operator, "drift_band", "")

        assert platform_rules() == installed_rules()
        assert [row.value for row in RuleChange.objects.order_by("pk")] == ["0.5", ""]

    def test_outlives_what_the_environment_says(
        self, operator: User, second_operator: User, settings: Settings
    ) -> None:
        agree(operator, second_operator, "depth_share", "0.1")
        settings.SMARTSYNC_DEPTH_SHARE = 0.9

        assert platform_rules().depth_share == 0.1

    def test_ends_a_start_where_it_does_not_fit_what_the_environment_says(
        self, operator: User, second_operator: User, settings: Settings
    ) -> None:
        agree(operator, second_operator, "slippage_cap", "0.04")
        assert run_checks(tags=[Tags.database], databases=["default"]) == []
        settings.SMARTSYNC_PRICE_COLLAR = 0.03

        (error,) = run_checks(tags=[Tags.database], databases=["default"])

        assert "collar has to be wider" in error.msg
        assert "slippage_cap = 0.04" in error.hint
        with pytest.raises(SystemCheckError):
            call_command("migrate", verbosity=0, skip_checks=False)

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("slippage_cap", "0.6", "from 0 to 0.5"),
            ("slippage_cap", "-0.1", "from 0 to 0.5"),
            ("slippage_cap", "7 %", "is no number"),
            ("slippage_cap", "nan", "is no number"),
            ("slippage_cap", "1e999999", "from 0 to 0.5"),
            ("slippage_cap", "0.2", "collar has to be wider"),
            ("price_jump", "inf", "is no number"),
            ("price_jump", "1e400", "is no number"),
            ("investment_min", "100.5", "no whole number"),
            ("investment_min", "9" * 40, "from 1 to"),
            ("slippage_cap", "0.005", "already"),
            ("slippage_cap", "", "already"),
            ("cash_decimals", "6", "no such rule"),
            ("cash", "EUR", "no such rule"),
            ("anything", "1", "no such rule"),
        ],
    )
    def test_is_refused_outside_of_bounds_and_where_it_says_nothing(
        self, operator: User, name: str, value: str, sentence: str
    ) -> None:
        with pytest.raises(Refusal, match=sentence):
            ask(operator, name, value)
        assert not RuleChange.objects.exists()

    def test_says_why(self, operator: User) -> None:
        with pytest.raises(Refusal, match="Say why"):
            ask(operator, "slippage_cap", "0.02", reason="  ")

    def test_is_one_at_a_time(self, operator: User, second_operator: User) -> None:
        ask(operator, "slippage_cap", "0.02")

        with pytest.raises(Refusal, match="waits for approval already"):
            ask(second_operator, "slippage_cap", "0.03")

    def test_is_looked_at_again_beside_the_others_when_it_is_approved(
        self, operator: User, second_operator: User
    ) -> None:
        wider = ask(operator, "slippage_cap", "0.1")
        agree(operator, second_operator, "price_collar", "0.06")

        with pytest.raises(Refusal, match="collar has to be wider"):
            rule_changes.approve_rule(change_id=wider.pk, by=second_operator, now=NOON)
        assert platform_rules().slippage_cap == 0.005

    def test_is_decided_once(self, operator: User, second_operator: User) -> None:
        held, gone = agree(operator, second_operator, "depth_share", "0.1"), ask(operator, "drift_band", "0.5")
        rule_changes.withdraw_rule(change_id=gone.pk, now=NOON)

        for change in (held, gone):
            with pytest.raises(Refusal):
                rule_changes.approve_rule(change_id=change.pk, by=second_operator, now=NOON)
            with pytest.raises(Refusal):
                rule_changes.withdraw_rule(change_id=change.pk, now=NOON)
            with pytest.raises(DatabaseError), transaction.atomic():
                RuleChange.objects.filter(pk=change.pk).update(value="0.2")
            with pytest.raises(DatabaseError), transaction.atomic():
                RuleChange.objects.filter(pk=change.pk).delete()


class TestWhatReadsThem:
    def test_is_one_statement(self, operator: User, second_operator: User) -> None:
        for name, value in (("depth_share", "0.1"), ("drift_band", "0.5"), ("depth_share", "0.2")):
            agree(operator, second_operator, name, value)

        with CaptureQueriesContext(connection) as seen:
            rules = platform_rules()

        assert len(seen) == 1
        assert (rules.depth_share, rules.drift_band) == (0.2, 0.5)

    def test_takes_the_new_one_with_the_next_verb(
        self, world: World, lead: Lead, follower: User, operator: User, second_operator: User
    ) -> None:
        agree(operator, second_operator, "investment_min", "2000")

        with pytest.raises(Refusal, match="at least 2000 USDT"):
            world.start(follower, lead, "1000")

    def test_goes_by_the_new_one_with_the_next_decision(
        self, world: World, lead: Lead, operator: User, second_operator: User
    ) -> None:
        def limit_of(symbol: str) -> float:
            order = world.lead_trades(lead, symbol, "BUY", "0.01")
            world.settle()
            placed = Order.objects.filter(market_id=order.market_id).latest("pk")
            mark = world.last[symbol]
            return float(placed.price_limit / mark - 1)

        before = limit_of("BTC")
        agree(operator, second_operator, "limit_cushion", "0.004")

        assert limit_of("BTC") > before + 0.003

    def test_ends_a_cycle_by_the_rules_it_began_with(
        self, world: World, lead: Lead, operator: User, second_operator: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The limit of an order is lowered after the decision: that cycle's order still goes, no other one does."""
        world.lead_trades(lead, "BTC", "BUY", "0.01")
        world.wait(1)
        claim = trading.submit_order

        def lowered_meanwhile(**asked: object) -> Order:
            monkeypatch.setattr(trading, "submit_order", claim)
            agree(operator, second_operator, "order_value_max", "1")
            return claim(**asked)  # type: ignore[arg-type]

        monkeypatch.setattr(trading, "submit_order", lowered_meanwhile)
        cycle = syncing.sync_lead(lead_id=lead.pk, now=world.now)
        assert cycle is not None
        first = Order.objects.get(cycle=cycle)
        world.lead_trades(lead, "BTC", "BUY", "0.01")
        world.wait(1)
        following = syncing.sync_lead(lead_id=lead.pk, now=world.now)

        assert first.status == Order.Status.FILLED
        assert platform_rules().order_value_max == 1
        # The next decision plans no order that it could not send.
        assert Order.objects.get(cycle=following).quantity_units == 0

    def test_costs_a_cycle_one_statement(self, world: World, lead: Lead, follower: User) -> None:
        world.start(follower, lead)
        world.settle()
        world.lead_trades(lead, "BTC", "BUY", "0.01")
        world.wait(1)

        with CaptureQueriesContext(connection) as seen:
            cycle = syncing.sync_lead(lead_id=lead.pk, now=world.now)

        assert cycle is not None
        assert cycle.status == SyncCycle.Status.DONE
        assert len([one for one in seen if "copytrading_rulechange" in one["sql"]]) == 1

    def test_leaves_who_was_there_before_with_the_old_one(
        self, world: World, lead: Lead, follower: User, operator: User, second_operator: User
    ) -> None:
        copy = world.start(follower, lead, "150")
        world.settle()
        agree(operator, second_operator, "investment_min", "2000")

        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()

        copy.refresh_from_db()
        assert copy.status == copy.Status.STOPPED


class TestTheTable:
    def test_says_of_each_what_it_is_and_who_said_so(self, operator: User, second_operator: User) -> None:
        agree(operator, second_operator, "order_value_max", "1000000")

        lines = {line.name: line for line in rule_table.rule_lines()}

        changed, usual = lines["order_value_max"], lines["slippage_cap"]
        assert (changed.value, changed.installed, changed.unit) == ("1,000,000", "5,000,000", "USDT")
        assert (changed.asked_by, changed.approved_by, changed.since) == (operator, second_operator, NOON)
        assert (usual.value, usual.unit, usual.least, usual.most) == ("0.005", "share of 1", "0", "0.5")
        assert not usual.is_changed
        assert len(lines) == 36
