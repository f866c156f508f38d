"""The operators' pages and the API's description in a real browser: nothing on them is against the policy."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from copytrading.models import Alarm, Copy, Halt, Lead
from copytrading.services.safety import alarms, halts
from tests.cast import World
from tests.sign_in import sign_in

pytestmark = pytest.mark.browser


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(color_scheme=request.param, viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """Return what the browser complains about, as it does."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.fixture
def copy(site_url: str, world: World, lead: Lead, follower: User) -> Copy:
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    copy = world.start(follower, lead)
    world.settle()
    return copy


@pytest.fixture
def panel(page: Page, site_url: str, operator: User) -> Page:
    client = Client()
    sign_in(client, operator)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site_url}])
    return page


class TestPanel:
    def test_stops_a_copy_and_breaks_no_policy(
        self, panel: Page, complaints: list[str], site_url: str, copy: Copy
    ) -> None:
        people = ("accounts/user/", "accounts/operatorrequest/request/", "accounts/auditentry/")
        orders = "reports/execution/?first_day=2026-01-05&last_day=2026-01-05"
        reports = ("reports/daily-close/?day=2026-01-05", orders, "reports/suspicions/?days=90")
        rules = ("copytrading/rulechange/", "copytrading/rulechange/request/?name=slippage_cap")
        for path in (
            "",
            "search/?q=btc",
            "copytrading/lead/",
            "accounts/posting/",
            "copytrading/order/",
            *people,
            *reports,
            *rules,
        ):
            panel.goto(f"{site_url}/admin/{path}")
            expect(panel.locator("#content h1")).to_be_visible()
        panel.goto(f"{site_url}/admin/copytrading/copy/{copy.pk}/change/")

        panel.get_by_label("Why").fill("A test")
        panel.get_by_role("button", name="Stop, sell and pay out").click()
        expect(panel.get_by_text("This cannot be undone.")).to_be_visible()
        panel.get_by_role("button", name="Yes, stop and pay out").click()

        expect(panel.locator(".messagelist .success")).to_contain_text("stopping")
        copy.refresh_from_db()
        assert copy.stop_reason == Copy.StopReason.OPERATOR
        assert complaints == []


class TestTrouble:
    def test_is_seen_first_halted_in_one_step_and_told_to_followers(
        self, panel: Page, complaints: list[str], site_url: str, copy: Copy
    ) -> None:
        now = timezone.now()
        alarms.raise_alarm(kind=Alarm.Kind.VENUE_SILENT, key="venue", sentence="The venue is silent.", now=now)
        panel.goto(f"{site_url}/admin/")
        expect(panel.locator(".needs")).to_contain_text("The venue is silent.")

        panel.get_by_role("link", name="Halt trading").click()
        panel.get_by_label("Why").fill("The venue is silent")
        panel.get_by_role("button", name="Yes, halt now").click()
        expect(panel.locator(".messagelist .success")).to_contain_text("halted")
        panel.goto(f"{site_url}/")

        expect(panel.get_by_role("alert")).to_contain_text("All trading is halted")
        for path in ("alarm/", "correction/request/", "correction/", "custodydifference/"):
            panel.goto(f"{site_url}/admin/copytrading/{path}")
            expect(panel.locator("#content h1")).to_be_visible()
        assert Halt.objects.get().reason == "The venue is silent"
        assert complaints == []

    def test_is_told_within_a_second_on_a_page_that_is_open_already_and_taken_back(
        self, panel: Page, complaints: list[str], site_url: str, copy: Copy, operator: User, settings: Any
    ) -> None:
        settings.SMARTSYNC_BELL = True
        # The page asks once as soon as it listens.
        with panel.expect_response(f"{site_url}{reverse('halt_notice')}"):
            panel.goto(f"{site_url}/copies/")

        halt = halts.place_halt(scope=Halt.Scope.PLATFORM, reason="A drill", now=timezone.now())
        placed_at = time.monotonic()
        expect(panel.get_by_role("alert")).to_contain_text("All trading is halted")
        assert time.monotonic() - placed_at <= 1
        halts.lift_halt(halt_id=halt.pk, by=operator, now=timezone.now())

        expect(panel.get_by_role("alert")).to_have_count(0)
        assert complaints == []


class TestApiDocs:
    def test_show_the_routes_and_break_no_policy(self, page: Page, complaints: list[str], site_url: str) -> None:
        page.goto(f"{site_url}/api/v1/docs")

        expect(page.locator(".opblock-tag")).to_have_count(14)
        page.locator(".opblock-tag", has_text="copies").click()
        expect(page.get_by_text("/api/v1/copies/{copy_id}/stop-quote")).to_be_visible()
        assert complaints == []
