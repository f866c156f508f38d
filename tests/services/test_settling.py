"""The end of a look: what is left of a stopped copy, and who takes it over."""

from datetime import timedelta

from accounts.models import Journal, User
from copytrading.models import Copy, CopyFlow, Lead
from copytrading.services import copies, reconciling, settling
from tests.cast import World, usdt


class TestAnExit:
    def test_ends_where_no_order_can_carry_it(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.012")
        world.settle()
        copy = world.start(follower, lead, "100")
        world.settle()
        coins = world.held(copy.ledger_account)["BTC"]
        # At the mark it is worth more than the venue's minimum of 5 USDT, at the limit of an exit it is not.
        world.wait(1, BTC=f"{5.01 / coins * 10**8:.2f}")

        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle(looks=90)

        copy.refresh_from_db()
        assert copy.status == Copy.Status.STOPPED
        assert world.held(copy.ledger_account) == {}
        assert Journal.objects.filter(kind=Journal.Kind.DUST).count() == 1
        assert reconciling.check_ledger().is_clean

    def test_ends_after_its_start_whatever_the_clocks_say(self, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead)
        copies.stop_copy(copy_id=copy.pk, now=world.now)

        settling.settle_lead(lead_id=lead.pk, now=copy.started_at - timedelta(seconds=2), cycle=None, has_rest=False)

        copy.refresh_from_db()
        assert (copy.status, copy.stopped_at) == (Copy.Status.STOPPED, copy.started_at)


class TestReductions:
    def test_are_paid_once_whatever_the_clocks_say(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        first, second = world.start(follower, lead, "1000"), world.start(other_follower, lead, "1000")
        world.settle()
        ahead = world.now + timedelta(seconds=1)
        copies.reduce_copy(copy_id=first.pk, units=usdt(100), idempotency_key="first", now=world.now)
        copies.reduce_copy(copy_id=second.pk, units=usdt(200), idempotency_key="second", now=ahead)

        settling.settle_lead(lead_id=lead.pk, now=world.now, cycle=None, has_rest=False)
        settling.settle_lead(lead_id=lead.pk, now=ahead, cycle=None, has_rest=False)

        paid = list(Copy.objects.order_by("pk").values_list("paid_out_units", flat=True))
        assert paid == [usdt(100), usdt(200)]
        assert not CopyFlow.objects.filter(status=CopyFlow.Status.REQUESTED).exists()
