"""Favourites and leads side by side, as a stranger and as somebody signed in."""

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from copytrading.models import Favourite, Lead
from copytrading.services.copies import favourites
from tests.cast import NOON, World
from tests.views.scenes import record

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def star(client: Client, lead: Lead, keep: str, **more: object):  # type: ignore[no-untyped-def]
    return client.post(reverse("favourite", args=[lead.slug]), {"keep": keep, **more})


class TestFavourites:
    def test_are_kept_once_and_let_go_of(self, signed_in: Client, lead: Lead, follower: User):
        for _ in range(2):
            star(signed_in, lead, "yes")
        assert [one.lead for one in Favourite.objects.filter(user=follower)] == [lead]
        for _ in range(2):
            star(signed_in, lead, "no")
        assert not Favourite.objects.exists()

    def test_are_one_persons(self, signed_in: Client, lead: Lead, world: World):
        other = User.objects.create_user("other@example.org", "correct horse battery")
        favourites.keep_eye_on(user=other, lead=lead, now=NOON)
        assert lead.name not in signed_in.get("/", {"favourites": "on"}).content.decode()
        star(signed_in, lead, "yes")
        page = signed_in.get("/", {"favourites": "on"}).content.decode()
        assert lead.name in page
        assert 'aria-pressed="true"' in page

    def test_swap_the_star_alone_or_lead_back(self, signed_in: Client, lead: Lead):
        swapped = signed_in.post(reverse("favourite", args=[lead.slug]), {"keep": "yes"}, headers=HTMX)
        assert swapped.content.decode().lstrip().startswith("<button")
        assert star(signed_in, lead, "no", next="/?sort=risk").url == "/?sort=risk"
        assert star(signed_in, lead, "no", next="https://elsewhere.example/").url == f"/leads/{lead.slug}/"

    def test_ask_a_stranger_to_sign_in_and_answer_a_link(self, client: Client, signed_in: Client, lead: Lead):
        assert signed_in.get(reverse("favourite", args=[lead.slug])).url == f"/leads/{lead.slug}/"
        client.logout()
        assert "/accounts/login/" in star(client, lead, "yes").url
        assert 'name="favourites"' not in client.get("/").content.decode()

    def test_have_a_bound(self, signed_in: Client, lead: Lead, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(favourites, "FAVOURITES_MAX", 0)
        answer = signed_in.post(reverse("favourite", args=[lead.slug]), {"keep": "yes"}, follow=True)
        assert "Take one away first" in answer.content.decode()
        assert not Favourite.objects.exists()


class TestCompare:
    def two(self, world: World) -> list[str]:
        walk = np.random.default_rng(5).normal(0, 0.02, 40)
        slugs = []
        for name, sign in (("Ebb", -1), ("Flow", 1)):
            user = User.objects.create_user(f"{name}@example.org", "correct horse battery")
            lead = world.make_lead(user, name=name)
            record(lead, *np.cumprod(1 + sign * walk).tolist())
            slugs.append(lead.slug)
        return slugs

    def test_lays_leads_beside_each_other(self, client: Client, world: World):
        page = client.get("/compare/", {"lead": self.two(world)}).content.decode()
        assert "Ebb and Flow" in page
        assert "0 in 100 are the same coins" in page
        assert "correlation −1.00" in page

    def test_asks_for_two(self, client: Client, lead: Lead):
        assert "Choose two to four leads" in client.get("/compare/", {"lead": lead.slug}).content.decode()

    def test_leaves_out_what_is_no_lead_and_says_so(self, client: Client, world: World):
        slugs = self.two(world)
        page = client.get("/compare/", {"lead": [*slugs, "nobody", "a b", "🦊"]})
        assert page.status_code == 200
        assert "3 more were left out" in page.content.decode()

    def test_takes_four_at_most(self, client: Client, world: World):
        slugs = self.two(world)
        for number in range(4):
            user = User.objects.create_user(f"more{number}@example.org", "correct horse battery")
            slugs.append(world.make_lead(user, name=f"More {number}").slug)
        page = client.get("/compare/", {"lead": slugs}).content.decode()
        assert "More 1" in page
        assert "More 2" not in page
