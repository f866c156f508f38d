"""The total stop loss: on fresh marks, seen twice, for everybody at once."""

from datetime import timedelta

from accounts.models import User
from copytrading.models import Copy, Lead
from copytrading.services.books import stops
from copytrading.services.copies import verbs as copies
from copytrading.services.safety import reconciling
from tests.cast import World, usdt


def invested_copy(world: World, lead: Lead, follower: User, **wishes: object) -> Copy:
    world.lead_trades(lead, "BTC", "BUY", "0.19")
    world.settle()
    copy = world.start(follower, lead, "1000", **wishes)
    world.settle()
    return copy


def status(copy: Copy) -> str:
    return Copy.objects.get(pk=copy.pk).status


class TestCheckStopLosses:
    def test_a_confirmed_loss_stops_sells_and_pays_out(self, world: World, lead: Lead, follower: User) -> None:
        copy = invested_copy(world, lead, follower, stop_loss_units=usdt(150))
        world.wait(1, BTC="42000")

        first = stops.check_stop_losses(now=world.now)
        world.wait(6)
        second = stops.check_stop_losses(now=world.now)
        world.settle()

        assert (first, second) == (0, 1)
        copy.refresh_from_db()
        assert (copy.status, copy.stop_reason) == (Copy.Status.STOPPED, Copy.StopReason.STOP_LOSS)
        assert world.main(follower)["USDT"] == usdt(9_000) + copy.paid_out_units
        assert reconciling.check_ledger().is_clean

    def test_a_wick_stops_nobody(self, world: World, lead: Lead, follower: User) -> None:
        copy = invested_copy(world, lead, follower, stop_loss_units=usdt(150))

        for price in ("5000", "50000", "5000", "50000"):
            world.wait(4, BTC=price)
            stops.check_stop_losses(now=world.now)

        assert status(copy) == Copy.Status.ACTIVE

    def test_a_stale_price_stops_nobody(self, world: World, lead: Lead, follower: User) -> None:
        copy = invested_copy(world, lead, follower, stop_loss_units=usdt(150))
        world.wait(1, BTC="30000")

        stops.check_stop_losses(now=world.now + timedelta(seconds=60))
        stops.check_stop_losses(now=world.now + timedelta(seconds=70))

        assert status(copy) == Copy.Status.ACTIVE

    def test_a_smaller_loss_or_no_stop_loss_goes_on(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        guarded = invested_copy(world, lead, follower, stop_loss_units=usdt(400))
        free = world.start(other_follower, lead, "1000")
        world.settle()

        for _ in range(3):
            world.wait(6, BTC="35000")
            stops.check_stop_losses(now=world.now)

        assert (status(guarded), status(free)) == (Copy.Status.ACTIVE, Copy.Status.ACTIVE)

    def test_guards_a_paused_copy_too(self, world: World, lead: Lead, follower: User) -> None:
        copy = invested_copy(world, lead, follower, stop_loss_units=usdt(150))
        copies.pause_copy(copy_id=copy.pk, now=world.now)

        for _ in range(2):
            world.wait(6, BTC="40000")
            stops.check_stop_losses(now=world.now)

        assert status(copy) == Copy.Status.STOPPING
