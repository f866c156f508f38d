"""Deciding in a real browser: an amount to slide along and its stop on the past, and parts of a ticket to press."""

import re
from datetime import timedelta

import numpy as np
import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.models import Lead, LeadOrder
from copytrading.services.books import price_bars
from tests.browser.test_copies import page_errors, shoot  # noqa: F401
from tests.cast import World, build_world
from tests.sign_in import sign_in
from tests.views.scenes import settle_now

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("transactional_db", "quiet", "old_prices_are_fine"),
]
HOURS = 24 * 40


@pytest.fixture
def quiet(site_url: str, page_errors: list[str]) -> None:  # noqa: F811
    """Hear what the browser complains of, and no longer than the server stands."""


@pytest.fixture
def world(transactional_db: None, settings: Settings) -> World:
    settings.SMARTSYNC_BELL = True
    return build_world()


@pytest.fixture
def lead(world: World) -> Lead:
    """A lead with forty days of a record, mostly in a coin that rises, falls by a third, and comes back half way."""
    lead = world.make_lead(User.objects.create_user("lead@example.org"))
    world.lead_trades(lead, "BTC", "BUY", "0.14")
    world.lead_trades(lead, "SOL", "BUY", "12")
    world.settle()
    start = world.now
    turns = np.interp(np.arange(HOURS), [0, 300, 620, HOURS], [50_000, 56_000, 38_000, 47_000])
    waves = 1 + 0.012 * np.sin(np.arange(HOURS) / 9) + 0.008 * np.sin(np.arange(HOURS) / 31)
    closes = {"BTC-USDT": turns * waves, "SOL-USDT": np.full(HOURS, 100.0)}
    price_bars.write_bars(closes=closes, times=[start + timedelta(hours=hour) for hour in range(HOURS)])
    follower = User.objects.create_user("follower@example.org")
    world.deposit(follower, "4320.55")
    return lead


def be(context: BrowserContext, site_url: str, settings: Settings, user: User) -> None:
    client, name = sign_in(Client(), user), settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site_url}])


class TestTheAmount:
    def test_is_slid_along_and_the_answer_follows(self, page: Page, site_url: str, lead: Lead) -> None:
        page.goto(f"{site_url}/leads/{lead.slug}/what-if/")
        slider, amount = page.get_by_label("Slide to an amount"), page.get_by_label("Total investment, USDT")
        expect(slider).to_have_attribute("aria-valuetext", "1,000")
        expect(page.locator("#look-back")).to_contain_text("Without a stop loss its lowest was")

        slider.focus()
        page.keyboard.press("ArrowRight")

        expect(amount).to_have_value("1500")
        expect(slider).to_have_attribute("aria-valuetext", "1,500")
        expect(page.locator("#look-back")).to_contain_text("1,500 USDT in Smart Sync")
        expect(page).to_have_url(re.compile("investment=1500"))
        amount.fill("4,700")
        expect(slider).to_have_attribute("aria-valuetext", "4,000")
        expect(page.locator("#look-back")).to_contain_text("4,700 USDT in Smart Sync")

    def test_has_its_stop_on_the_past(self, page: Page, site_url: str, lead: Lead) -> None:
        page.goto(f"{site_url}/leads/{lead.slug}/what-if/")

        page.get_by_role("button", name="−15 %").click()

        expect(page.locator("#look-back .stop-seen strong")).to_contain_text("Would have stopped on")
        expect(page.locator("#look-back line.level")).to_have_count(1)
        expect(page.locator("#reasons")).to_contain_text("stop loss", timeout=15_000)
        shoot(page, "what-if-stopped")
        page.get_by_role("button", name="−40 %").click()
        expect(page.locator("#look-back .stop-seen strong")).to_contain_text("Would not have stopped")
        shoot(page, "what-if-not-stopped")

    def test_and_its_stop_are_seen_where_a_copy_begins(
        self, page: Page, context: BrowserContext, site_url: str, settings: Settings, lead: Lead
    ) -> None:
        be(context, site_url, settings, User.objects.get(email="follower@example.org"))
        page.goto(f"{site_url}/leads/{lead.slug}/copy/")
        page.get_by_label("Slide to an amount").press("End")
        expect(page.get_by_label("Total investment, USDT")).to_have_value("10000")
        page.get_by_label("Total investment, USDT").fill("1,000")

        page.get_by_role("button", name="−15 %").click()

        expect(page.locator("#level")).to_contain_text("Stops itself at 850 USDT")
        expect(page.locator("#stop-seen")).to_contain_text("Would have stopped on")
        shoot(page, "wizard-stop")
        page.goto(f"{site_url}/leads/{lead.slug}/")
        shoot(page, "lead-ask")


class TestATicket:
    def test_of_a_lead_writes_the_part_that_is_pressed(
        self, page: Page, context: BrowserContext, site_url: str, settings: Settings, world: World, lead: Lead
    ) -> None:
        world.start(User.objects.get(email="follower@example.org"), lead, "3000")
        settle_now(world)
        be(context, site_url, settings, lead.user)
        page.goto(f"{site_url}/lead/")
        expect(page.locator("#book tbody tr").first).to_be_visible()
        shoot(page, "ticket")

        page.get_by_role("button", name="10 %").click()

        figure = page.get_by_label("How much", exact=True)
        expect(figure).to_have_value(re.compile(r"^\d{3,4}(\.\d+)?$"))
        expect(page.locator("#part-10")).to_be_focused()
        expect(page.locator("#book tbody tr").first).to_be_visible()
        page.locator("#ticket").get_by_label("Sell").check()
        page.locator("#ticket").get_by_label("Coin", exact=True).select_option(label="SOL (SOL)")
        expect(page.locator("#book")).to_contain_text("12 SOL")
        page.get_by_role("button", name="50 %").click()
        expect(figure).to_have_value("6")
        shoot(page, "ticket-part")
        figure.press("Enter")
        expect(page.get_by_text("Followers’ part")).to_be_visible()
        shoot(page, "ticket-review")
        page.get_by_role("button", name="Sell now").click()
        expect(page.get_by_text("Your order is in.")).to_be_visible()
        assert LeadOrder.objects.latest("pk").quantity_units == 6 * 10**8

    def test_of_a_wallet_writes_the_part_that_is_pressed(
        self, page: Page, context: BrowserContext, site_url: str, settings: Settings, lead: Lead
    ) -> None:
        be(context, site_url, settings, User.objects.get(email="follower@example.org"))
        page.goto(f"{site_url}/wallet/")
        expect(page.locator("#book tbody tr").first).to_be_visible()

        page.locator("#ticket").get_by_role("button", name="100 %").click()

        expect(page.locator("#ticket input[name=value]")).to_have_value("4320.55")
        shoot(page, "wallet-ticket")
