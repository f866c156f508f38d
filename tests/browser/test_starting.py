"""From the list of leads to a running copy, in a real browser: with scripts, without, on a phone, in both lights."""

import re
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.models import Copy, Lead, LeadRecord
from copytrading.services import bell
from copytrading.services.books import price_bars
from tests.cast import NOON, World, build_world, usdt

pytestmark = pytest.mark.browser


@pytest.fixture
def stage(site_url: str, old_prices_are_fine: None) -> World:
    """A lead with a record of forty days who holds bitcoin, and a follower with money."""
    world = build_world()
    lead = world.make_lead(User.objects.create_user("lead@example.org", "correct horse battery"))
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    now = timezone.now()
    Lead.objects.filter(pk=lead.pk).update(started_at=now - timedelta(days=40))
    LeadRecord.objects.bulk_create(
        LeadRecord(
            lead=lead,
            recorded_at=now - timedelta(days=40 - number),
            equity_units=usdt(10000),
            unit_price=1 + number / 100 - (number % 7) / 50,
        )
        for number in range(40)
    )
    follower = User.objects.create_user("follower@example.org", "correct horse battery")
    world.deposit(follower, "10000")
    return world


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """Return what the browser's console complains of; a page that breaks its own policy complains."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    yield heard
    assert heard == []


def sign_in(context: BrowserContext, site_url: str, email: str) -> None:
    """Sign somebody in as a session does, without the form."""
    user = User.objects.get(email=email)
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = django_settings.AUTHENTICATION_BACKENDS[0]
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.create()
    context.add_cookies(
        [{"name": django_settings.SESSION_COOKIE_NAME, "value": session.session_key or "", "url": site_url}]
    )


class TestDiscover:
    def test_filters_as_one_types(self, page: Page, site_url: str, stage: World, complaints: list[str]):
        page.goto(site_url)

        page.get_by_label("Search by name").press_sequentially("zzz")

        expect(page.get_by_role("heading", name="Nobody leads like that")).to_be_visible()
        expect(page).to_have_url(re.compile("search=zzz"))
        page.go_back()
        expect(page.get_by_role("link", name="Basalt", exact=True)).to_be_visible()

    @pytest.mark.parametrize("width", [390, 1440])
    @pytest.mark.parametrize("path", ["/", "/leads/basalt/", "/leads/basalt/what-if/"])
    def test_fits_the_screen(self, page: Page, site_url: str, stage: World, path: str, width: int):
        hours = [NOON + timedelta(hours=hour) for hour in range(24 * 5)]
        price_bars.write_bars(closes={"BTC-USDT": np.linspace(50_000, 61_234, len(hours))}, times=hours)
        page.set_viewport_size({"width": width, "height": 900})

        page.goto(site_url + path)

        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if "what-if" in path:
            expect(page.get_by_role("heading", name="Why not exactly Basalt’s")).to_be_visible()

    def test_remembers_the_light(self, page: Page, site_url: str, stage: World, complaints: list[str]):
        page.goto(site_url)
        before = page.evaluate("getComputedStyle(document.body).backgroundColor")

        page.get_by_role("button", name="Dark").click()

        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


class TestLeadPage:
    def test_draws_the_curve_and_changes_its_period(
        self, page: Page, site_url: str, stage: World, complaints: list[str]
    ):
        page.goto(f"{site_url}/leads/basalt/")
        expect(page.locator("#curve svg.plot").first).to_be_visible()

        page.locator("#curve").get_by_role("link", name="7 d").click()

        expect(page.locator("#curve")).to_contain_text("Return, 7 days")
        expect(page.locator("#curve svg.plot").first).to_be_visible()

    def test_follows_the_prices(
        self, page: Page, site_url: str, stage: World, complaints: list[str], settings: Settings
    ):
        page.goto(f"{site_url}/leads/basalt/")
        expect(page.locator("#portfolio")).to_contain_text("50,000.00")
        settings.SMARTSYNC_BELL = True

        stage.wait(1, BTC="60000")
        # The stream may have joined after the first ring; a later one tells the same.
        for _ in range(20):
            bell.publish("prices", "marks")
            page.wait_for_timeout(250)
            if "60,000.00" in page.locator("#portfolio").inner_text():
                break

        expect(page.locator("#portfolio")).to_contain_text("60,000.00")


class TestStartingACopy:
    def test_shows_the_orders_first_and_then_starts(
        self, page: Page, context: BrowserContext, site_url: str, stage: World, complaints: list[str]
    ):
        sign_in(context, site_url, "follower@example.org")
        page.goto(site_url)
        page.get_by_role("link", name="Basalt", exact=True).click()
        page.get_by_role("link", name="Copy Basalt").click()

        page.get_by_label("Total investment, USDT").fill("1,000")
        page.get_by_label("Stop by itself at a loss of").fill("15")
        page.get_by_label("Stop loss in").select_option("percent")
        expect(page.locator("#level")).to_have_text("Stops itself at 850 USDT.")
        page.get_by_role("button", name="See what happens").click()
        expect(page.get_by_text("Buy BTC")).to_be_visible()
        page.get_by_role("button", name="Start copying").click()

        expect(page).to_have_url(re.compile(r"/copies/\d+/"))
        assert Copy.objects.get().stop_loss_units == usdt(150)

    def test_lets_the_ratio_follow_the_amount_as_it_is_typed(
        self, page: Page, context: BrowserContext, site_url: str, stage: World, complaints: list[str]
    ):
        sign_in(context, site_url, "follower@example.org")
        page.goto(f"{site_url}/leads/basalt/copy/")
        page.get_by_label("Custom copy").check()
        expect(page.locator("#ratio-hint")).to_contain_text("Left empty: 0.1, which is 1,000 USDT")

        page.get_by_label("Total investment, USDT").press_sequentially("150", delay=20)

        expect(page.locator("#ratio-hint")).to_contain_text("Left empty: 0.015, which is 150 USDT")
        page.get_by_label("Times the lead’s order").fill("0.1")
        expect(page.locator("#ratio-hint")).to_contain_text("6.7 times what is in proportion")
        page.get_by_label("Times the lead’s order").fill("")
        page.get_by_role("button", name="See what happens").click()
        expect(page.get_by_text("with 0.015 times its value")).to_be_visible()

    def test_proposes_the_ratio_of_the_amount_without_a_script(self, browser: Browser, site_url: str, stage: World):
        context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
        sign_in(context, site_url, "follower@example.org")
        page = context.new_page()
        page.goto(f"{site_url}/leads/basalt/copy/")

        page.get_by_label("Custom copy").check()
        page.get_by_label("Total investment, USDT").fill("150")
        page.get_by_role("button", name="See what happens").click()
        expect(page.get_by_text("with 0.015 times its value")).to_be_visible()
        page.get_by_role("button", name="Start copying").click()

        expect(page).to_have_url(re.compile(r"/copies/\d+/"))
        assert Copy.objects.get().order_ratio == 0.015
        context.close()

    def test_needs_no_script(self, browser: Browser, site_url: str, stage: World):
        context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
        sign_in(context, site_url, "follower@example.org")
        page = context.new_page()
        page.goto(f"{site_url}/leads/basalt/")
        expect(page.locator("#curve svg.plot").first).to_be_visible()

        page.get_by_role("link", name="Copy Basalt").click()
        page.get_by_label("Total investment, USDT").fill("99")
        page.get_by_role("button", name="See what happens").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("Total investment, USDT").fill("100")
        page.get_by_role("button", name="See what happens").click()
        page.get_by_role("button", name="Start copying").click()

        expect(page).to_have_url(re.compile(r"/copies/\d+/"))
        assert Copy.objects.get().invested_units == usdt(100)
        context.close()
