"""The page of all copies as one portfolio, and what the API says of it."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from copytrading.models import Copy
from tests.cast import World
from tests.views.copy_pages import page
from tests.views.scenes import copies_of_new_leads, settle_now


class TestTogether:
    def test_invites_somebody_who_copies_nobody(self, signed_in: Client) -> None:
        assert "You copy nobody yet" in page(signed_in, "together")

    def test_draws_what_all_are_worth_and_says_what_they_are_spread_over(
        self, signed_in: Client, copy: Copy, follower: User, world: World
    ) -> None:
        copies_of_new_leads(world, follower, range(2))

        content = page(signed_in, "together")

        assert "Worth over time" in content
        assert "of your money follows Basalt" in content
        for name in ("Lead 0", "Lead 1", "BTC", "SOL"):
            assert name in content
        assert "No two of your leads hold mostly the same coins" in content, "a fifth of both is SOL"

    def test_says_which_two_leads_are_nearly_one_bet(
        self, signed_in: Client, copy: Copy, follower: User, world: World
    ) -> None:
        first, second = copies_of_new_leads(world, follower, range(2))
        for one in (first, second):
            world.lead_trades(one.lead, "SOL", "BUY", "5")
        settle_now(world)

        assert "Lead 0 and Lead 1:" in page(signed_in, "together")

    def test_answers_a_live_page_with_the_moving_part_only(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in, "together", headers={"HX-Request": "true"})

        assert "<html" not in content
        assert "money-weighted" in content

    def test_shows_nothing_of_somebody_else(self, client: Client, copy: Copy, stranger: User) -> None:
        client.force_login(stranger)

        assert "Basalt" not in page(client, "together")

    def test_sets_the_loss_at_which_all_copies_stop(self, signed_in: Client, copy: Copy) -> None:
        address = reverse("together")
        too_much = signed_in.post(address, {"kind": "percent", "loss": "100"}).content.decode()
        signed_in.post(address, {"kind": "percent", "loss": "12.5"})
        content = page(signed_in, "together")
        signed_in.post(address, {"kind": "none", "loss": ""})

        assert "Enter less than 100 %." in too_much
        assert "of loss all copies stop" in content
        assert 'value="12.5"' in content
        assert "of loss all copies stop" not in page(signed_in, "together")

    @pytest.mark.parametrize("has_ended", [False, True])
    def test_is_a_link_for_whoever_has_or_had_a_copy(self, signed_in: Client, copy: Copy, has_ended: bool) -> None:
        if has_ended:
            Copy.objects.filter(pk=copy.pk).update(status=Copy.Status.STOPPED, stopped_at=copy.started_at)

        assert reverse("together") in page(signed_in, "my_copies")


class TestReview:
    def test_warns_of_a_lead_who_is_nearly_one_that_is_copied(
        self, signed_in: Client, copy: Copy, follower: User, world: World
    ) -> None:
        (other,) = copies_of_new_leads(world, follower, range(1))
        lead = world.make_lead(User.objects.create_user("twin@example.org"), name="Twin", stake="1000")
        for one in (other.lead, lead):
            world.lead_trades(one, "SOL", "BUY", "6")
        settle_now(world)

        terms = {"mode": "SMART_SYNC", "investment": "100", "buy_existing": "on", "stop_loss": ""}
        content = signed_in.get(reverse("copy_review", args=[lead.slug]), terms).content.decode()

        assert "Twin and Lead 0:" in content
        assert "Basalt" not in content[content.index("Twin and Lead 0") :], "Basalt holds other coins"
