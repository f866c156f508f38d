"""One account's trouble is its own: a dead key, coins that are gone, a key that may do too much."""

from decimal import Decimal

import pytest

from accounts.models import Journal, User
from copytrading.exchange.paper import world as paper
from copytrading.exchange.paper.models import PaperBalance, PaperOrder
from copytrading.models import Adjustment, Alarm, Copy, Notice, Order, OwnAccount
from copytrading.services.books import stops
from copytrading.services.copies import own_verbs
from copytrading.services.copies import verbs as copies
from copytrading.services.copies.refusals import OwnAccountNotTaken
from copytrading.services.own import accounts, booking, ending, rounds
from copytrading.services.refusals import NotEnoughCash
from copytrading.services.safety import reconciling
from copytrading.services.safety.sealed_keys import ExchangeKey
from tests.cast import usdt
from tests.services.own.stage import connect, kept_by, key_of, mirror_of, open_paper, settle, start

pytestmark = pytest.mark.django_db(transaction=True)


def look(world, account):
    OwnAccount.objects.filter(pk=account.pk).update(tried_at=None, checked_at=None)
    accounts.look_at_account(account_id=account.pk, now=world.now)
    account.refresh_from_db()


def friend(world) -> User:
    user = User.objects.create_user("friend@example.org", "correct horse battery")
    world.deposit(user, "1000")
    return user


class TestAKey:
    def test_that_can_withdraw_is_refused_and_not_kept(self, world, follower):
        key = open_paper(follower, may_withdraw=True)

        with pytest.raises(accounts.OwnKeyNotTaken, match="can move money out"):
            accounts.connect_account(user=follower, exchange="paper", key=key, now=world.now)

        assert not OwnAccount.objects.exists()

    def test_that_cannot_trade_is_refused(self, world, follower):
        key = open_paper(follower, may_trade=False)

        with pytest.raises(accounts.OwnKeyNotTaken, match="can only read"):
            accounts.connect_account(user=follower, exchange="paper", key=key, now=world.now)

    def test_that_the_exchange_does_not_know_is_refused(self, world, follower):
        with pytest.raises(accounts.OwnKeyNotTaken, match="does not take this key"):
            accounts.connect_account(
                user=follower, exchange="paper", key=ExchangeKey(key="no", secret="no"), now=world.now
            )

    def test_is_kept_sealed(self, world, follower):
        account = connect(world, follower)

        assert key_of(follower).secret.encode() not in bytes(account.sealed_key)
        assert account.fingerprint == "0001"

    def test_of_another_exchange_is_refused(self, world, follower):
        with pytest.raises(accounts.OwnAccountNotPossible):
            accounts.connect_account(
                user=follower, exchange="kraken", key=ExchangeKey(key="k", secret="s"), now=world.now
            )

    def test_that_got_the_right_to_withdraw_later_pauses_its_copies(self, world, free_lead, follower):
        account = connect(world, follower)
        copy = start(world, account, free_lead)
        settle(world)
        key = key_of(follower)
        paper.put_key(key=key.key, secret=key.secret, account=f"person-{follower.pk}", may_withdraw=True)

        look(world, account)

        copy.refresh_from_db()
        assert account.status == OwnAccount.Status.REFUSED
        assert copy.status == Copy.Status.PAUSED


class TestADeadKey:
    def test_pauses_its_copy_and_the_others_go_on(self, world, free_lead, follower, other_follower):
        one, other = connect(world, follower), connect(world, other_follower)
        copy, other_copy = start(world, one, free_lead), start(world, other, free_lead)
        pooled = world.start(friend(world), free_lead, "500")
        settle(world)
        key = key_of(follower)
        paper.put_key(key=key.key, secret=key.secret, account=f"person-{follower.pk}", is_revoked=True)

        world.lead_trades(free_lead, "BTC", "BUY", "0.1")
        settle(world)

        for row in (copy, other_copy, pooled, one):
            row.refresh_from_db()
        assert one.status == OwnAccount.Status.REFUSED
        assert copy.status == Copy.Status.PAUSED
        assert "BTC" not in world.held(copy.ledger_account)
        assert other_copy.status == Copy.Status.ACTIVE
        assert world.held(other_copy.ledger_account)["BTC"] > 0
        assert world.held(pooled.ledger_account)["BTC"] > 0
        told = Notice.objects.filter(kind=Notice.Kind.OWN_KEY_REFUSED)
        assert [notice.user_id for notice in told] == [follower.pk]
        assert not Order.objects.filter(booked_at__isnull=True).exists()
        assert reconciling.check_ledger().is_clean

    def test_is_replaced_and_the_copy_goes_on(self, world, free_lead, follower):
        account = connect(world, follower)
        copy = start(world, account, free_lead)
        settle(world)
        accounts.refuse_account(account_id=account.pk, reason="It was deleted.", now=world.now)
        world.lead_trades(free_lead, "BTC", "BUY", "0.1")
        settle(world)
        with pytest.raises(OwnAccountNotTaken):
            copies.resume_copy(copy_id=copy.pk, now=world.now)

        accounts.connect_account(user=follower, exchange="paper", key=key_of(follower), now=world.now)
        copies.resume_copy(copy_id=copy.pk, now=world.now)
        settle(world)

        assert 0.009 < world.held(copy.ledger_account)["BTC"] / 1e8 < 0.011
        assert reconciling.check_ledger().is_clean

    def test_does_not_keep_a_copy_from_ending(self, world, free_lead, follower):
        world.lead_trades(free_lead, "BTC", "BUY", "0.1")
        world.settle()
        account = connect(world, follower)
        copy = start(world, account, free_lead)
        settle(world)
        kept = kept_by(follower)
        key = key_of(follower)
        paper.put_key(key=key.key, secret=key.secret, account=f"person-{follower.pk}", is_revoked=True)

        copies.stop_copy(copy_id=copy.pk, now=world.now)
        settle(world)

        copy.refresh_from_db()
        assert copy.status == Copy.Status.STOPPED
        assert mirror_of(account) == {} == world.held(copy.ledger_account)
        assert kept_by(follower) == kept
        assert reconciling.check_ledger().is_clean


class TestCoinsThatAreGone:
    def test_pause_that_account_at_the_second_look_and_no_other(self, world, free_lead, follower, other_follower):
        world.lead_trades(free_lead, "BTC", "BUY", "0.1")
        world.settle()
        one, other = connect(world, follower), connect(world, other_follower)
        copy, other_copy = start(world, one, free_lead), start(world, other, free_lead)
        settle(world)
        PaperBalance.objects.filter(account=f"person-{follower.pk}", asset="BTC").update(quantity="0.001")

        look(world, one)
        first = one.status
        world.wait(31)
        look(world, one)
        look(world, other)

        copy.refresh_from_db(), other_copy.refresh_from_db()
        assert (first, one.status) == (OwnAccount.Status.CONNECTED, OwnAccount.Status.SHORT)
        assert copy.status == Copy.Status.PAUSED
        assert other_copy.status == Copy.Status.ACTIVE
        assert other.status == OwnAccount.Status.CONNECTED
        assert Notice.objects.filter(kind=Notice.Kind.OWN_COINS_MISSING).count() == 1

    def test_that_are_more_than_the_copies_have_are_the_persons_own_affair(self, world, free_lead, follower):
        account = connect(world, follower)
        start(world, account, free_lead)
        settle(world)
        paper.credit(f"person-{follower.pk}", "BTC", Decimal(2), "a gift")

        world.lead_trades(free_lead, "BTC", "BUY", "0.1")
        settle(world)
        world.lead_trades(free_lead, "BTC", "SELL", "0.1")
        settle(world)
        look(world, account)

        assert account.status == OwnAccount.Status.CONNECTED
        assert kept_by(follower)["BTC"] == 2
        assert reconciling.check_ledger().is_clean


class TestAStart:
    def test_takes_no_more_than_the_account_has_free(self, world, free_lead, follower, other_follower):
        account = connect(world, follower, cash="1500")
        start(world, account, free_lead, "1000")
        other_lead = world.make_lead(other_follower, name="Copper")
        type(other_lead).objects.filter(pk=other_lead.pk).update(profit_share_rate=0)

        with pytest.raises(NotEnoughCash, match=r"500\.00"):
            start(world, account, other_lead, "600")

    def test_needs_a_lead_who_takes_no_profit_share_or_agrees(self, world, lead, follower):
        account = connect(world, follower)
        with pytest.raises(OwnAccountNotTaken, match="profit share"):
            start(world, account, lead)
        type(lead).objects.filter(pk=lead.pk).update(takes_own_accounts=True)

        copy = start(world, account, lead)

        assert copy.profit_share_rate == 0

    def test_is_the_same_one_under_the_same_key(self, world, free_lead, follower):
        account = connect(world, follower, cash="1500")
        first, second = (
            own_verbs.start_copy(
                follower=follower, lead_id=free_lead.pk, own_account_id=account.pk, investment_units=usdt("1000"),
                terms=copies.Terms(), idempotency_key="once", now=world.now,
            )
            for _ in range(2)
        )  # fmt: skip

        assert first.pk == second.pk
        assert Journal.objects.filter(kind=Journal.Kind.COPY_START).count() == 1


class TestAMinimum:
    def test_is_said_and_stays_a_gap(self, world, free_lead, follower):
        world.lead_trades(free_lead, "BTC", "BUY", "0.1")
        world.lead_trades(free_lead, "ETH", "BUY", "0.1")
        world.settle()
        account = connect(world, follower)

        copy = start(world, account, free_lead, "100")
        settle(world)

        copy.refresh_from_db()
        held = world.held(copy.ledger_account)
        told = Adjustment.objects.get(copy=copy, asset__symbol="ETH")
        assert copy.status == Copy.Status.ACTIVE
        assert set(held) == {"USDT", "BTC"}
        assert told.reason == "BELOW_VENUE_MINIMUM"
        assert told.wanted_value_units == pytest.approx(usdt("2.5"), rel=0.02)
        assert told.planned_value_units == 0


class TestAStop:
    def test_sells_by_the_copys_own_stop_loss(self, world, free_lead, follower):
        world.lead_trades(free_lead, "BTC", "BUY", "0.15")
        world.settle()
        account = connect(world, follower)
        copy = start(world, account, free_lead, "1000", terms=copies.Terms(stop_loss_units=usdt("100")))
        settle(world)

        world.wait(1, BTC="40000")
        stops.check_stop_losses(now=world.now)
        world.wait(6, BTC="40000")
        stops.check_stop_losses(now=world.now)
        settle(world)

        copy.refresh_from_db()
        assert (copy.status, copy.stop_reason) == (Copy.Status.STOPPED, Copy.StopReason.STOP_LOSS)
        assert kept_by(follower).keys() == {"USDT"}
        assert PaperOrder.objects.filter(account=f"person-{follower.pk}", side="SELL").count() == 1
        assert reconciling.check_ledger().is_clean


class TestAnOrderThatCannotBeBooked:
    def test_waits_with_its_copy_and_the_others_go_on(self, world, free_lead, follower, other_follower, monkeypatch):
        one, other = connect(world, follower), connect(world, other_follower)
        copy, other_copy = start(world, one, free_lead), start(world, other, free_lead)
        settle(world)
        world.lead_trades(free_lead, "BTC", "BUY", "0.1")
        world.settle()
        post = booking._post

        def post_but_one(orders, filled, now):
            if any(order.venue_account == one.venue_account for order in orders):
                raise booking.ledger.NotEnoughMoney
            post(orders, filled, now)

        monkeypatch.setattr(booking, "_post", post_but_one)
        settle(world, looks=3)

        assert world.held(other_copy.ledger_account)["BTC"] > 0
        assert "BTC" not in world.held(copy.ledger_account)
        assert Alarm.objects.filter(key__startswith="unbooked:").count() == 1
        monkeypatch.undo()
        settle(world)
        assert world.held(copy.ledger_account)["BTC"] > 0
        assert reconciling.check_ledger().is_clean


class TestAStopThatCannotEnd:
    def test_is_not_tried_again_at_once(self, world, free_lead, follower, monkeypatch):
        account = connect(world, follower)
        copy = start(world, account, free_lead)
        settle(world)
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        monkeypatch.setattr(ending, "_end", lambda *_: None)

        assert rounds.sync_own(lead_id=free_lead.pk, clock=lambda: world.now) == 1

        monkeypatch.undo()
        world.wait(11)
        settle(world)
        copy.refresh_from_db()
        assert copy.status == Copy.Status.STOPPED
