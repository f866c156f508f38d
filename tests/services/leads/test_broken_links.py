"""What a broken link means for those who follow."""

from datetime import timedelta

import pytest

from accounts.models import User
from copytrading.models import Alarm, Copy, Lead, LinkedAccount, Notice
from copytrading.queries.leads.links import links_to_look_at
from copytrading.services.copies import refusals as copy_refusals
from copytrading.services.copies import verbs as copies
from copytrading.services.leads.observing import Sight
from tests.cast import World, usdt
from tests.elsewhere import KEY, Elsewhere, look


class TestBrokenLink:
    def test_alarms_operators_and_tells_followers_once_after_three_looks(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = world.start(follower, faraway, "1000")
        elsewhere.refuses_the_key()

        for _ in range(2):
            look(world, link)
        link.refresh_from_db()
        assert (link.status, link.failures) == ("CONNECTED", 2)
        for _ in range(3):
            look(world, link)

        link.refresh_from_db()
        alarm = Alarm.objects.get(kind=Alarm.Kind.LINK_BROKEN)
        assert link.status == LinkedAccount.Status.BROKEN
        assert "does not take this key" in link.reason
        assert "Faraway" in alarm.sentence
        assert alarm.times_seen == 3
        assert copy.notices.filter(kind=Notice.Kind.LEAD_UNSEEN).count() == 1
        for text in (alarm.sentence, link.reason):
            assert KEY.key not in text

    def test_trades_nothing_on_old_numbers_but_lets_money_out(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User,
        other_follower: User,
    ) -> None:  # fmt: skip
        copy, leaving = world.start(follower, faraway, "1000"), world.start(other_follower, faraway, "1000")
        world.settle()
        before = world.held(copy.ledger_account)["BTC"]
        elsewhere.is_silent()
        for _ in range(3):
            look(world, link)

        world.wait(1, BTC="80000")
        world.wait(120)
        world.settle()
        assert world.held(copy.ledger_account)["BTC"] == before
        copies.reduce_copy(copy_id=copy.pk, units=usdt(600), idempotency_key="out", now=world.now)
        copies.stop_copy(copy_id=leaving.pk, now=world.now)
        world.settle()

        leaving.refresh_from_db()
        assert leaving.status == Copy.Status.STOPPED
        assert abs(world.main(follower)["USDT"] - usdt(9_600)) < usdt(1)

    def test_takes_no_new_money(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User,
        other_follower: User,
    ) -> None:  # fmt: skip
        copy = world.start(follower, faraway, "500")
        elsewhere.is_silent()
        for _ in range(3):
            look(world, link)

        with pytest.raises(copy_refusals.LeadNotOpen, match="cannot be seen"):
            world.start(other_follower, faraway, "500")
        with pytest.raises(copy_refusals.LeadNotOpen, match="cannot be seen"):
            copies.increase_copy(copy_id=copy.pk, units=usdt(100), idempotency_key="more", now=world.now)

    def test_heals_by_itself_and_says_so(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = world.start(follower, faraway, "1000")
        elsewhere.talks_nonsense()
        for _ in range(3):
            look(world, link)
        elsewhere.is_well()

        assert look(world, link, seconds=60) == Sight.UNCHANGED

        link.refresh_from_db()
        assert (link.status, link.failures, link.reason) == ("CONNECTED", 0, "")
        assert Alarm.objects.get().cleared_at == world.now
        assert copy.notices.filter(kind=Notice.Kind.LEAD_SEEN).count() == 1

    def test_comes_at_once_where_the_key_is_found_to_do_more_than_read(
        self, world: World, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.permits("read", "trade")
        look(world, link)
        link.refresh_from_db()
        assert link.status == LinkedAccount.Status.CONNECTED

        look(world, link, seconds=3_600)

        link.refresh_from_db()
        assert link.status == LinkedAccount.Status.BROKEN
        assert "Untick" in link.reason

    def test_does_not_come_of_being_asked_to_wait(
        self, world: World, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.is_busy(seconds=60)
        look(world, link)

        link.refresh_from_db()
        assert (link.status, link.failures) == ("CONNECTED", 0)
        assert links_to_look_at(now=world.now + timedelta(seconds=59)) == []
        assert links_to_look_at(now=world.now + timedelta(seconds=60)) == [link.pk]
