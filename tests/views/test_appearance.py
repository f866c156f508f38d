"""The light a page is read in, and the cash in its corner."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from copytrading.models import Halt, Lead
from copytrading.services.safety import halts
from tests.cast import NOON

pytestmark = pytest.mark.django_db


class TestChooseTheme:
    def test_is_remembered_on_every_page(self, client: Client, lead: Lead):
        answer = client.post(reverse("theme"), {"theme": "dark", "next": "/?sort=fall"})

        assert answer.url == "/?sort=fall"
        assert 'data-theme="dark"' in client.get("/").text

    def test_goes_as_the_system_does_until_chosen(self, client: Client, lead: Lead):
        assert 'data-theme="system"' in client.get("/").text

    def test_never_sends_anybody_to_another_site(self, client: Client):
        answer = client.post(reverse("theme"), {"theme": "dark", "next": "https://example.com/"})

        assert answer.url == "/"

    def test_knows_no_other_light(self, client: Client, lead: Lead):
        assert client.post(reverse("theme"), {"theme": "<b>"}).status_code == 400

        client.cookies["theme"] = '"><b>'
        assert 'data-theme="system"' in client.get("/").text


class TestBalance:
    def test_shows_what_is_available(self, client: Client, follower: User):
        client.force_login(follower)

        assert "10,000.00" in client.get(reverse("balance")).text

    def test_is_not_for_strangers(self, client: Client):
        assert client.get(reverse("balance")).status_code == 302


class TestHaltNotice:
    def test_is_on_every_page_while_all_trading_is_halted(self, client: Client, lead: Lead):
        before = client.get("/").text
        halts.place_halt(scope=Halt.Scope.PLATFORM, reason="For operators only", now=NOON)

        assert "All trading is halted" not in before
        assert "All trading is halted" in client.get("/").text
        assert "All trading is halted" in client.get(reverse("halt_notice")).text
        assert "For operators only" not in client.get("/").text

    def test_of_a_lead_is_on_its_pages_alone(self, client: Client, lead: Lead):
        halts.place_halt(scope=Halt.Scope.LEAD, target_id=lead.pk, reason="A test", now=NOON)

        assert "is halted" not in client.get(reverse("halt_notice")).text
        assert "Trading for this lead is halted" in client.get(reverse("lead_detail", args=[lead.slug])).text
        assert "Trading for this lead is halted" in client.get(reverse("halt_notice"), {"lead": lead.pk}).text
        for other in (lead.pk + 1, "9" * 40, "x", ""):
            assert "is halted" not in client.get(reverse("halt_notice"), {"lead": other}).text

    def test_is_only_read(self, client: Client, lead: Lead):
        assert client.post(reverse("halt_notice")).status_code == 405
