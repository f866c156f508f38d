"""Leading in a real browser: from the application to an order that waits, and to the end."""

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from copytrading.models import Copy, Lead, LeadOrder
from copytrading.services.leads import verbs as leads
from tests.browser.test_copies import page_errors, shoot  # noqa: F401
from tests.cast import World, build_world
from tests.views.scenes import settle_now

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]


@pytest.fixture
def lively_world(transactional_db: None) -> World:
    settings.SMARTSYNC_BELL = True
    return build_world()


@pytest.fixture
def signed_in(lively_world: World, site_url: str, context: BrowserContext) -> User:
    user = User.objects.create_user("lead@example.org", "correct horse battery")
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site_url}])
    return user


@pytest.fixture
def lead(lively_world: World, signed_in: User) -> Lead:
    """A lead with three coins and a follower."""
    lead = lively_world.make_lead(signed_in)
    for symbol, quantity in (("BTC", "0.08"), ("ETH", "0.9"), ("SOL", "12")):
        lively_world.lead_trades(lead, symbol, "BUY", quantity)
    lively_world.settle()
    follower = User.objects.create_user("follower@example.org")
    lively_world.deposit(follower, "10000")
    lively_world.start(follower, lead, "3000")
    settle_now(lively_world)
    return lead


class TestLeading:
    def test_begins_with_an_application(
        self,
        page: Page,
        site_url: str,
        signed_in: User,
        page_errors: list[str],  # noqa: F811
    ) -> None:
        page.goto(f"{site_url}/")
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Lead").click()
        page.get_by_label("The name you lead under").fill("Gneiss")
        page.get_by_label("Profit share, %").fill("31")
        page.get_by_role("button", name="Apply").click()
        expect(page.get_by_text("The profit share can be 0 to 30%.")).to_be_visible()
        shoot(page, "lead-apply")

        page.get_by_label("Profit share, %").fill("15")
        page.get_by_role("button", name="Apply").click()

        expect(page.get_by_text("waits for approval")).to_be_visible()
        shoot(page, "lead-waits")

    def test_previews_gives_and_takes_back_a_limit_order(
        self,
        page: Page,
        site_url: str,
        lively_world: World,
        lead: Lead,
        page_errors: list[str],  # noqa: F811
    ) -> None:
        page.goto(f"{site_url}/lead/")
        lively_world.wait(0, BTC="50000")
        ticket = page.locator("#ticket")
        ticket.get_by_label("How much").fill("0.05")
        ticket.get_by_label("Limit", exact=True).check()
        ticket.get_by_label("Limit price, USDT").fill("45,000")
        ticket.get_by_role("button", name="See what happens").click()
        expect(page.get_by_text("Followers’ part")).to_be_visible()
        shoot(page, "lead-preview")
        page.get_by_role("button", name="Let it wait").click()
        expect(page.get_by_text("45,000.00 limit")).to_be_visible()
        shoot(page, "lead-console")

        page.get_by_role("button", name="Cancel the order in BTC").click()

        expect(page.get_by_text("Canceled. What was on its way")).to_be_visible()
        assert LeadOrder.objects.latest("pk").status == LeadOrder.Status.CANCELED
        for address in ("lead/terms/", "lead/visibility/", "lead/earnings/", "lead/orders/"):
            page.goto(f"{site_url}/{address}")
            shoot(page, address.replace("/", "-").strip("-"))

    def test_ends_for_good(
        self,
        page: Page,
        site_url: str,
        lively_world: World,
        lead: Lead,
        page_errors: list[str],  # noqa: F811
    ) -> None:
        leads.pause_lead(lead_id=lead.pk, now=lively_world.now)
        page.goto(f"{site_url}/lead/")
        page.get_by_role("link", name="End leading").click()
        shoot(page, "lead-end")

        page.get_by_role("button", name="End for good").click()

        expect(page.get_by_text("You have ended.")).to_be_visible()
        assert Copy.objects.get().status == Copy.Status.STOPPING
