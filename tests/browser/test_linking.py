"""Leading from elsewhere in a real browser: apply, connect an account at a fake exchange, see it, lose it."""

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from copytrading.models import Lead, LinkedAccount
from copytrading.services.leads import linking
from copytrading.services.leads import verbs as leads
from tests.browser.test_copies import page_errors, shoot  # noqa: F401
from tests.cast import World, build_world
from tests.elsewhere import KEY, Elsewhere

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]


@pytest.fixture
def lively_world(transactional_db: None) -> World:
    settings.SMARTSYNC_BELL = True
    world = build_world()
    world.now = timezone.now()
    world.prices()
    return world


@pytest.fixture
def signed_in(lively_world: World, site_url: str, context: BrowserContext) -> User:
    user = User.objects.create_user("far@example.org", "correct horse battery")
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site_url}])
    return user


class TestLinking:
    def test_applies_connects_and_is_seen(
        self,
        page: Page,
        site_url: str,
        lively_world: World,
        signed_in: User,
        elsewhere: Elsewhere,
        page_errors: list[str],  # noqa: F811
    ) -> None:
        elsewhere.holds(ETH="1.2", PEPE="1000000")
        page.goto(f"{site_url}/lead/")
        page.get_by_label("I trade elsewhere").check()
        page.get_by_label("The name you lead under").fill("Faraway")
        shoot(page, "link-apply")
        page.get_by_role("button", name="Apply").click()
        page.get_by_label("Password", exact=True).fill("correct horse battery")
        shoot(page, "link-confirm")
        page.get_by_role("button", name="Confirm").click()

        elsewhere.permits("read", "trade")
        self._fill(page)
        expect(page.get_by_text("Untick for it at Binance")).to_be_visible()
        expect(page.get_by_label("Secret")).to_have_value("")
        shoot(page, "link-refused")
        elsewhere.permits("read")
        self._fill(page)
        expect(page.get_by_text("ends in AB12")).to_be_visible()
        shoot(page, "link-waits")

        lead = Lead.objects.get()
        leads.approve_lead(lead_id=lead.pk, now=lively_world.now)
        page.goto(f"{site_url}/lead/")
        expect(page.get_by_text("every 10 seconds")).to_be_visible()
        shoot(page, "link-console")
        page.goto(f"{site_url}/leads/faraway/")
        expect(page.get_by_text("what you see is read from Binance")).to_be_visible()
        shoot(page, "link-lead-page")

        elsewhere.refuses_the_key()
        link = LinkedAccount.objects.get()
        for _ in range(linking.FAILURES_MAX):
            lively_world.wait(10)
            linking.look_at_link(link_id=link.pk, now=lively_world.now)
        page.goto(f"{site_url}/lead/")
        expect(page.locator("#link").get_by_text("Binance does not take this key")).to_be_visible()
        shoot(page, "link-broken")
        page.goto(f"{site_url}/leads/faraway/")
        expect(page.get_by_text("cannot be seen since")).to_be_visible()
        shoot(page, "link-lead-page-broken")

        page.goto(f"{site_url}/lead/")
        page.get_by_role("button", name="Disconnect").click()
        expect(page.get_by_text("The key is erased")).to_be_visible()
        assert bytes(LinkedAccount.objects.get().sealed_key) == b""

    def _fill(self, page: Page) -> None:
        page.get_by_label("API key").fill(KEY.key)
        page.get_by_label("Secret").fill(KEY.secret)
        page.get_by_role("button", name="Connect").click()
