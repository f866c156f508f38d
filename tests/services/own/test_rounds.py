"""Copies on their followers' own accounts: they follow, the money stays at the exchange, and the ledger mirrors it."""

import pytest

from accounts.models import LedgerAccount
from copytrading.engine.units import units_of
from copytrading.exchange.paper.models import PaperOrder
from copytrading.models import Copy, Order
from copytrading.services.copies import verbs as copies
from copytrading.services.safety import reconciling
from tests.cast import usdt
from tests.services.own.stage import connect, kept_by, mirror_of, settle, start

pytestmark = pytest.mark.django_db(transaction=True)


class TestACopyOnAnOwnAccount:
    def test_buys_what_the_lead_holds_with_the_followers_own_money(self, world, free_lead, follower):
        world.lead_trades(free_lead, "BTC", "BUY", "0.1")
        world.settle()
        account = connect(world, follower)
        wallet_before = world.main(follower)

        copy = start(world, account, free_lead, "1000")
        settle(world)

        copy.refresh_from_db()
        held = world.held(copy.ledger_account)
        assert copy.status == Copy.Status.ACTIVE
        assert 0.009 < held["BTC"] / 1e8 < 0.011
        assert mirror_of(account) == held
        assert units_of(kept_by(follower)["BTC"], 8) == held["BTC"]
        assert units_of(kept_by(follower)["USDT"], 8) == held["USDT"] + usdt("4000")
        assert world.main(follower) == wallet_before
        assert reconciling.check_ledger().is_clean

    def test_follows_each_trade_of_the_lead_with_one_order(self, world, free_lead, follower):
        account = connect(world, follower)
        copy = start(world, account, free_lead, "1000")
        settle(world)

        world.lead_trades(free_lead, "BTC", "BUY", "0.1")
        settle(world)
        world.lead_trades(free_lead, "BTC", "SELL", "0.04")
        settle(world)

        orders = Order.objects.filter(venue_account=account.venue_account).order_by("pk")
        assert [order.side for order in orders] == ["BUY", "SELL"]
        held, leads = world.held(copy.ledger_account), world.held(free_lead.ledger_account)
        assert abs(held["BTC"] / leads["BTC"] - 0.1) < 0.002
        assert PaperOrder.objects.filter(account=f"person-{follower.pk}").count() == 2
        assert reconciling.check_ledger().is_clean

    def test_stops_to_nothing_and_leaves_the_money_at_the_exchange(self, world, free_lead, follower):
        world.lead_trades(free_lead, "BTC", "BUY", "0.1")
        world.settle()
        account = connect(world, follower)
        wallet_before = world.main(follower)
        copy = start(world, account, free_lead, "1000")
        settle(world)

        copies.stop_copy(copy_id=copy.pk, now=world.now)
        settle(world)

        copy.refresh_from_db()
        assert copy.status == Copy.Status.STOPPED
        assert world.held(copy.ledger_account) == {}
        assert mirror_of(account) == {}
        assert world.main(follower) == wallet_before
        assert copy.paid_out_units == units_of(kept_by(follower)["USDT"], 8) - usdt("4000")
        assert reconciling.check_ledger().is_clean

    def test_keeps_what_is_below_the_minimum_as_the_persons_own_when_it_stops(self, world, free_lead, follower):
        world.lead_trades(free_lead, "BTC", "BUY", "0.1")
        world.settle()
        account = connect(world, follower)
        copy = start(world, account, free_lead, "100")
        settle(world)
        world.wait(1, BTC="5000")

        copies.stop_copy(copy_id=copy.pk, now=world.now)
        settle(world)

        copy.refresh_from_db()
        held = kept_by(follower)
        assert copy.status == Copy.Status.STOPPED
        assert held["BTC"] > 0
        assert mirror_of(account) == {}
        value = held["USDT"] + held["BTC"] * 5000
        assert copy.paid_out_units == pytest.approx(units_of(value, 8) - usdt("4900"), abs=2)
        assert reconciling.check_ledger().is_clean

    def test_takes_money_out_by_selling_and_keeps_it_at_the_exchange(self, world, free_lead, follower):
        world.lead_trades(free_lead, "BTC", "BUY", "0.1")
        world.settle()
        account = connect(world, follower)
        copy = start(world, account, free_lead, "1000")
        settle(world)

        copies.reduce_copy(copy_id=copy.pk, units=usdt("600"), idempotency_key="less", now=world.now)
        settle(world)
        copies.increase_copy(copy_id=copy.pk, units=usdt("200"), idempotency_key="more", now=world.now)
        settle(world)

        copy.refresh_from_db()
        held = world.held(copy.ledger_account)
        assert copy.paid_out_units == usdt("600")
        assert copy.paid_in_units == usdt("1200")
        assert mirror_of(account) == held
        assert units_of(kept_by(follower)["USDT"], 8) == held["USDT"] + usdt("4400")
        assert reconciling.check_ledger().is_clean

    def test_is_no_liability_of_the_platform(self, world, free_lead, follower):
        account = connect(world, follower)
        start(world, account, free_lead, "1000")

        mirror = LedgerAccount.objects.get(pk=account.ledger_account_id)

        assert mirror.kind == LedgerAccount.Kind.OWN
        assert mirror_of(account) == {"USDT": usdt("1000")}
        assert reconciling.check_ledger().is_clean
