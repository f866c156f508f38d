"""Who sees what of a lead's book."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from copytrading.models import Copy, Lead, LeadWeights
from copytrading.queries.shown import weights
from copytrading.queries.shown.visibility import EVERYTHING, Visibility, delay_words, visibilities_of, visibility_of
from copytrading.services.copies import verbs as copies
from tests.cast import NOON, World

DAILY, WITH_TRADES = Lead.WeightsShown.DAILY, Lead.WeightsShown.WITH_TRADES


@pytest.fixture
def discreet(world: World) -> Lead:
    """A lead as every new one is: trades after a day, weights of daily closes."""
    return world.make_lead(User.objects.create_user("discreet@example.org"), name="Discreet", shows_all=False)


def seen(lead: Lead, viewer: User | None, world: World) -> Visibility:
    return visibility_of(lead, viewer, now=world.now)


class TestVisibility:
    def test_of_strangers_ends_a_day_ago(self, discreet: Lead, world: World, stranger: User) -> None:
        for viewer in (None, stranger):
            visibility = seen(discreet, viewer, world)

            assert visibility.trades_until == visibility.weights_until == world.now - timedelta(days=1)
            assert visibility.is_daily

    def test_of_followers_the_lead_and_operators_is_whole(
        self, discreet: Lead, world: World, follower: User, operator: User
    ) -> None:
        world.start(follower, discreet)
        supporter = User.objects.create_user("support@example.org", is_staff=True)
        supporter.groups.add(Group.objects.get(name="support"))

        for viewer in (follower, discreet.user, operator, supporter):
            assert seen(discreet, viewer, world) == EVERYTHING

    def test_is_no_right_of_somebody_who_only_may_sign_in_at_the_admin(self, discreet: Lead, world: World) -> None:
        clerk = User.objects.create_user("clerk@example.org", is_staff=True)
        left = User.objects.create_user("left@example.org")
        left.groups.add(Group.objects.get(name="support"))

        assert not seen(discreet, clerk, world).is_whole
        assert not seen(discreet, left, world).is_whole

    @pytest.mark.parametrize("status", [Copy.Status.STARTING, Copy.Status.PAUSED, Copy.Status.STOPPING])
    def test_is_whole_while_money_is_in_a_copy(
        self, discreet: Lead, world: World, follower: User, status: Copy.Status
    ) -> None:
        copy = world.start(follower, discreet)
        Copy.objects.filter(pk=copy.pk).update(status=status)

        assert seen(discreet, follower, world).is_whole

    def test_ends_with_the_copy(self, discreet: Lead, world: World, follower: User) -> None:
        copy = world.start(follower, discreet)
        world.settle()
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()

        assert Copy.objects.get(pk=copy.pk).status == Copy.Status.STOPPED
        assert not seen(discreet, follower, world).is_whole

    def test_of_one_lead_is_none_of_another(self, discreet: Lead, world: World, follower: User) -> None:
        other = world.make_lead(User.objects.create_user("other-lead@example.org"), name="Other", shows_all=False)
        world.start(follower, other)

        found = visibilities_of([discreet, other], follower, now=world.now)

        assert (found[discreet.pk].is_whole, found[other.pk].is_whole) == (False, True)

    def test_asks_once_for_any_number_of_leads(
        self, world: World, follower: User, django_assert_num_queries: object
    ) -> None:
        people = [User.objects.create_user(f"lead{number}@example.org") for number in range(5)]
        leads = [world.make_lead(user, name=f"Lead {number}", shows_all=False) for number, user in enumerate(people)]

        with django_assert_num_queries(1):  # type: ignore[operator]
            visibilities_of(leads, follower, now=world.now)
        with django_assert_num_queries(0):  # type: ignore[operator]
            visibilities_of(leads, None, now=world.now)

    @pytest.mark.parametrize(
        ("hours", "shown", "sentence"),
        [
            (0, WITH_TRADES, ""),
            (0, DAILY, "Shares are shown as of the last daily close; whoever copies sees them move."),
            (1, WITH_TRADES, "Trades are shown after an hour, and so are shares"),
            (24, DAILY, "Trades are shown after 24 hours, and shares as of a daily close that old"),
        ],
    )
    def test_says_in_a_sentence_what_is_late(
        self, discreet: Lead, world: World, hours: int, shown: str, sentence: str
    ) -> None:
        discreet.trades_delay_hours, discreet.weights_shown = hours, shown

        said = seen(discreet, None, world).sentence

        assert said.startswith(sentence)
        assert bool(said) == bool(sentence)

    def test_says_delays_as_people_do(self) -> None:
        assert [delay_words(hours) for hours in (1, 4, 24, 36, 48, 720)] == [
            "an hour", "4 hours", "24 hours", "36 hours", "2 days", "30 days",
        ]  # fmt: skip


class TestKeptWeights:
    def keep(self, lead: Lead, hours_ago: int, *, is_close: bool, asset_id: int = 1, weight: float = 0.5) -> None:
        when = NOON - timedelta(hours=hours_ago)
        LeadWeights.objects.create(
            lead=lead, hour=when, recorded_at=when, is_close=is_close, asset_ids=[asset_id], weights=[weight]
        )

    def found(self, lead: Lead) -> int | None:
        kept = weights.kept_weights({lead.pk: visibility_of(lead, None, now=NOON)}).get(lead.pk)
        return None if kept is None else int((NOON - kept.recorded_at).total_seconds() / 3600)

    def test_are_those_of_the_last_close_that_is_old_enough(self, discreet: Lead) -> None:
        for hours_ago, is_close in ((60, True), (36, True), (30, False), (23, False), (12, True)):
            self.keep(discreet, hours_ago, is_close=is_close)

        assert self.found(discreet) == 36
        discreet.weights_shown = WITH_TRADES
        assert self.found(discreet) == 30
        discreet.trades_delay_hours = 23
        assert self.found(discreet) == 23

    def test_are_those_of_the_last_close_where_trades_are_shown_at_once(self, discreet: Lead) -> None:
        for hours_ago, is_close in ((36, True), (12, True), (1, False)):
            self.keep(discreet, hours_ago, is_close=is_close)
        discreet.trades_delay_hours = 0

        assert self.found(discreet) == 12

    def test_that_were_public_before_the_lead_chose_stay_so(self, discreet: Lead) -> None:
        for hours_ago, is_close in ((60, True), (5, False), (1, False)):
            self.keep(discreet, hours_ago, is_close=is_close)

        assert self.found(discreet) == 60
        discreet.public_until = NOON - timedelta(hours=5)
        assert self.found(discreet) == 5

    def test_are_none_where_nothing_is_old_enough(self, discreet: Lead) -> None:
        self.keep(discreet, 23, is_close=True)

        assert self.found(discreet) is None

    def test_leave_the_rest_to_cash(self, discreet: Lead) -> None:
        self.keep(discreet, 30, is_close=True, weight=0.75)

        (kept,) = weights.kept_weights({discreet.pk: visibility_of(discreet, None, now=NOON)}).values()

        assert (dict(kept.weights), kept.cash_weight) == ({1: 0.75}, 0.25)
