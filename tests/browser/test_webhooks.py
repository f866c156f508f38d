"""The pages of webhooks on a phone and on a desk: nothing is wider than the screen, and a test says what came of it."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from copytrading.api.telling.events import describe
from copytrading.models import Webhook
from copytrading.services.hooks import webhooks
from copytrading.services.hooks.calling import call_all
from tests.hook_receiver import Receiver
from tests.sign_in import confirm

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]

SCREENS = {"phone": (390, 844), "desk": (1440, 900)}
OVER = "() => document.documentElement.scrollWidth - window.innerWidth"
SECRET = "#secret"


@pytest.fixture
def person(context: BrowserContext, site_url: str, transactional_db: None) -> User:
    settings.SMARTSYNC_BELL = False
    person = User.objects.create_user("ada@example.org", "correct horse battery")
    client = Client()
    client.force_login(person)
    confirm(client, person)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site_url}])
    return person


class TestWebhooks:
    @pytest.mark.parametrize("screen", SCREENS)
    def test_are_added_tried_and_read_about(
        self, person: User, page: Page, site_url: str, receiver: Receiver, screen: str
    ) -> None:
        width, height = SCREENS[screen]
        page.set_viewport_size({"width": width, "height": height})
        receiver.answers = lambda path, number: [503, 200][number % 2]
        wide: list[str] = []

        def look() -> None:
            if page.evaluate(OVER) > 0:
                wide.append(page.url)

        page.goto(f"{site_url}/programs/")
        page.get_by_role("link", name="Add a webhook").click()
        look()
        page.get_by_label("Address", exact=True).fill(f"{receiver.address}/{'a-long-name-of-a-page' * 5}")
        page.get_by_label("What it is for").fill("My own books")
        page.get_by_label("A copy bought or sold").check()
        page.get_by_role("button", name="Add the webhook").click()
        expect(page.locator(SECRET)).to_have_value(re.compile("^whsec_"))
        look()
        page.get_by_role("link", name="I have it").click()
        page.get_by_role("button", name="Send a test").click()
        call_all(describe=describe, clock=timezone.now)
        page.reload()
        expect(page.get_by_role("cell", name="503")).to_be_visible()
        look()
        page.get_by_role("button", name="Send test_").click()
        call_all(describe=describe, clock=timezone.now)
        page.reload()
        expect(page.get_by_role("cell", name="taken")).to_be_visible()
        webhooks.change_webhook(webhook=Webhook.objects.get(), is_active=False, now=timezone.now())
        page.goto(f"{site_url}/programs/")
        expect(page.get_by_text("You paused it.")).to_be_visible()
        look()
        page.get_by_role("link", name="Look at My own books").click()
        page.get_by_role("link", name="New secret").click()
        look()

        assert wide == []
