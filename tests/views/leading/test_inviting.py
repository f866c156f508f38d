"""Invitations in the portal: made and withdrawn by a lead, opened by whoever has the link, carried to the start."""

import re
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from copytrading.models import Copy, Invitation, Lead
from tests.cast import World
from tests.views.console import key_of, page, send

pytestmark = pytest.mark.usefixtures("old_prices_are_fine")

WANTED = {"label": "The chess club", "copies_max": "2", "days": "7", "profit_share_rate": "4"}
TERMS = {"investment": "500", "mode": "SMART_SYNC", "buy_existing": "on", "stop_loss_in": "cash", "order_by": "ratio"}


def invite(console: Client, **changes: str) -> Invitation:
    key = key_of(page(console, "lead_invitations"))
    send(console, "lead_invitations", idempotency_key=key, **{**WANTED, **changes})
    return Invitation.objects.latest("pk")


class TestMaking:
    def test_makes_one_link_however_often_it_is_pressed(self, console: Client, lead: Lead) -> None:
        content = page(console, "lead_invitations")
        key = key_of(content)
        for _ in range(3):
            content = send(console, "lead_invitations", idempotency_key=key, **WANTED)

        made = Invitation.objects.get()
        assert "Your invitation is ready." in content
        assert f"/leads/{lead.slug}/?invitation={made.token}" in content
        assert "The chess club" in content
        assert "0 of 2" in content

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"profit_share_rate": "11"}, "pays at most what everybody pays: 0 to 10 %"),
            ({"copies_max": "0"}, "An invitation can be for 1 to 10,000 people."),
            ({"copies_max": ""}, "How many may come?"),
            ({"days": "999"}, "An invitation can last 1 to 366 days."),
            ({"label": "x" * 61}, "At most 60 characters."),
        ],
    )
    def test_says_what_is_wrong(self, console: Client, wrong: dict[str, str], sentence: str) -> None:
        key = key_of(page(console, "lead_invitations"))

        assert sentence in send(console, "lead_invitations", idempotency_key=key, **{**WANTED, **wrong})
        assert not Invitation.objects.exists()

    def test_can_be_withdrawn_by_the_lead_alone(self, console: Client, client: Client, stranger: User) -> None:
        made = invite(console)
        address = reverse("invitation_withdraw", args=[made.pk])
        another = Client()
        another.force_login(stranger)
        assert another.post(address).status_code == 404

        content = console.post(address, follow=True).content.decode()

        assert "Withdrawn. Copies that came by it keep their rate." in content
        assert f"invitation={made.token}" not in content


class TestOpening:
    def test_says_the_terms_and_carries_the_link_along(self, console: Client, lead: Lead) -> None:
        made = invite(console)

        content = Client().get(reverse("lead_detail", args=[lead.slug]), {"invitation": made.token}).content.decode()

        assert re.search(r"Basalt invited you: your copy pays a profit share of 4\s?% instead of 10\s?%", content)
        assert f"/copy/?invitation={made.token}" in content
        for tab in ("portfolio", "trades", "followers"):
            assert f"/leads/basalt/{tab}/?invitation={made.token}" in content

    @pytest.mark.parametrize("token", ["of-nobody", "x" * 500, '"><script>'])
    def test_says_that_a_link_is_none_and_what_everybody_pays(self, client: Client, lead: Lead, token: str) -> None:
        content = client.get(reverse("lead_detail", args=[lead.slug]), {"invitation": token}).content.decode()

        assert "There is no such invitation of this lead." in content
        assert "at the profit share that everybody pays: 10" in content
        assert "/copy/?invitation" not in content
        assert "<script>" not in content.split("There is no such invitation")[1][:300]

    def test_goes_over_the_sign_in_to_the_terms(self, console: Client, lead: Lead) -> None:
        made = invite(console)
        address = f"{reverse('copy_terms', args=[lead.slug])}?invitation={made.token}"

        answer = Client().get(address)

        assert answer["Location"] == f"{reverse('account_login')}?{urlencode({'next': address}, safe='/')}"

    def test_starts_a_copy_at_its_rate(self, console: Client, world: World, lead: Lead, follower: User) -> None:
        made = invite(console)
        mine = Client()
        mine.force_login(follower)

        terms = mine.get(reverse("copy_terms", args=[lead.slug]), {"invitation": made.token}).content.decode()
        carried = key_of(terms, "invitation", within='<form class="form" id="terms"')
        review = mine.get(reverse("copy_review", args=[lead.slug]), {**TERMS, "invitation": carried}).content.decode()
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', review))
        fields["key"] = key_of(review, "key")
        mine.post(reverse("start_copy", args=[lead.slug]), {**TERMS, **fields})

        assert carried == made.token
        assert re.search(r"by your invitation</small></span><strong>4", review)
        copy = Copy.objects.get()
        assert (copy.invitation, str(copy.profit_share_rate)) == (made, "0.0400")
        assert "1 of 2" in page(console, "lead_invitations")

    def test_offers_the_way_without_it_where_it_is_over(self, console: Client, lead: Lead, follower: User) -> None:
        made = invite(console)
        console.post(reverse("invitation_withdraw", args=[made.pk]))
        mine = Client()
        mine.force_login(follower)

        content = mine.get(
            reverse("copy_review", args=[lead.slug]), {**TERMS, "invitation": made.token}
        ).content.decode()

        assert "This invitation was withdrawn. You can copy Basalt without it." in content
        assert f'<a href="{reverse("copy_terms", args=[lead.slug])}">Go on without it</a>' in content
        assert not Copy.objects.exists()
