"""Who follows a lead, and with how much."""

import pytest

from accounts.models import User
from copytrading.models import Copy, Lead
from copytrading.queries.leads import records
from copytrading.services.copies import verbs as copies
from tests.cast import World, usdt


class TestFollowing:
    def test_counts_running_copies_at_the_marks(
        self, lead: Lead, world: World, follower: User, other_follower: User
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        world.start(follower, lead, "1000")
        world.start(other_follower, lead, "3000")
        world.settle()

        world.wait(1, BTC="60000")

        following = records.following_of([lead.pk])[lead.pk]
        assert following.followers == 2
        # Half of the lead is in a coin that rose by a fifth, less fees, spread and a tenth for the lead.
        assert following.following_units == pytest.approx(usdt(4360), rel=0.002)

    def test_leaves_stopped_copies_out(self, lead: Lead, world: World, follower: User) -> None:
        copy = world.start(follower, lead, "1000")
        world.settle()
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()

        assert records.following_of([lead.pk]) == {}

    def test_is_net_of_the_profit_share_that_is_owed(self, lead: Lead, world: World, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copy = world.start(follower, lead, "1000")
        world.settle()
        world.wait(1, BTC="60000")
        Copy.objects.filter(pk=copy.pk).update(profit_share_rate=0, mark_value_units=usdt(1000))
        before = records.following_of([lead.pk])[lead.pk].following_units

        Copy.objects.filter(pk=copy.pk).update(profit_share_rate="0.3")

        after = records.following_of([lead.pk])[lead.pk].following_units
        assert after - usdt(1000) == pytest.approx((before - usdt(1000)) * 0.7, rel=1e-6)
