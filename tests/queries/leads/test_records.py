"""What followers of a lead got, from their own money."""

import pytest

from accounts.models import User
from copytrading.models import Copy, Lead
from copytrading.queries.leads import records
from copytrading.services.copies import verbs as copies
from tests.cast import World, usdt


class TestOutcomes:
    def test_counts_what_followers_got_from_their_own_money(
        self, lead: Lead, world: World, follower: User, other_follower: User
    ):
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        world.start(follower, lead, "1000")
        world.start(other_follower, lead, "3000")
        world.settle()

        world.wait(1, BTC="60000")

        outcome = records.outcomes_of([lead.pk])[lead.pk]
        assert outcome.followers == 2
        # Half of the lead is in a coin that rose by a fifth, less fees, spread and a tenth for the lead.
        assert outcome.median_fraction == pytest.approx(0.09, abs=0.002)
        assert outcome.following_units == pytest.approx(usdt(4360), rel=0.002)

    def test_counts_stopped_copies_by_what_was_paid_out(self, lead: Lead, world: World, follower: User):
        copy = world.start(follower, lead, "1000")
        world.settle()
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()
        Copy.objects.filter(pk=copy.pk).update(paid_out_units=usdt(900))

        outcome = records.outcomes_of([lead.pk])[lead.pk]

        assert outcome.followers == 0
        assert outcome.following_units == 0
        assert outcome.median_fraction == pytest.approx(-0.1)

    def test_tell_the_worst_tenth_from_the_median(self, lead: Lead, world: World, follower: User):
        users = [User.objects.create_user(f"f{number}@example.org", "x") for number in range(11)]
        for number, user in enumerate(users):
            world.deposit(user, "1000")
            copy = world.start(user, lead, "1000")
            Copy.objects.filter(pk=copy.pk).update(paid_out_units=usdt(number * 10))

        outcome = records.outcomes_of([lead.pk])[lead.pk]

        assert outcome.median_fraction == pytest.approx(0.05)
        assert outcome.worst_tenth_fraction == pytest.approx(0.01)

    def test_are_net_of_the_profit_share_that_is_owed(self, lead: Lead, world: World, follower: User):
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copy = world.start(follower, lead, "1000")
        world.settle()
        world.wait(1, BTC="60000")
        Copy.objects.filter(pk=copy.pk).update(profit_share_rate=0, mark_value_units=usdt(1000))
        before = records.outcomes_of([lead.pk])[lead.pk].median_fraction

        Copy.objects.filter(pk=copy.pk).update(profit_share_rate="0.3")

        after = records.outcomes_of([lead.pk])[lead.pk].median_fraction
        assert before is not None
        assert after == pytest.approx(before * 0.7, rel=1e-6)
