"""Being told, in a real browser: bell, mailbox and push of a fired stop loss; the portal without a network."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from copytrading.management.commands.tell import Command
from copytrading.models import Copy
from copytrading.services.books import stops
from copytrading.services.telling import habits
from tests.cast import World, build_world, usdt
from tests.mail_sink import mail_sink
from tests.push_service import push_service

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]


@pytest.fixture
def world(transactional_db: None) -> World:
    settings.SMARTSYNC_BELL = True
    return build_world()


@pytest.fixture
def follower(world: World, site_url: str, context: BrowserContext) -> User:
    follower = User.objects.create_user("follower@example.org", "correct horse battery")
    world.deposit(follower, "10000")
    client = Client()
    client.force_login(follower)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site_url}])
    return follower


@pytest.fixture
def copy(world: World, follower: User) -> Copy:
    lead = world.make_lead(User.objects.create_user("lead@example.org"))
    return world.start(follower, lead, "1000", stop_loss_units=usdt(150))


@contextmanager
def telling() -> Iterator[None]:
    """Let what `manage.py tell` does go on beside the test."""
    command = Command()
    command.asked_to_stop = False

    def run() -> None:
        command.run()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        command.stop()
        thread.join(20)


def seconds_until(happened: Any, *, most: float) -> float:
    began_at = time.monotonic()
    while not happened() and time.monotonic() - began_at < most:
        time.sleep(0.02)
    return time.monotonic() - began_at


class TestAFiredStopLoss:
    def test_is_in_the_bell_within_a_second_and_in_mailbox_and_phone_within_ten(
        self, copy: Copy, world: World, page: Page, site_url: str, settings: Any
    ) -> None:
        with mail_sink() as mails, push_service() as pushes:
            settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
            settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mails.port
            settings.WEB_PUSH_LOCAL_HOSTS, settings.WEB_PUSH_SECRET = [pushes.host], "of the tests"
            phone = pushes.browser("phone")
            habits.subscribe(
                user=copy.follower, endpoint=phone.endpoint, key=phone.key, secret=phone.auth, device="", now=world.now
            )
            with telling():
                page.goto(f"{site_url}/notices/")
                count = page.locator("#bell .count")
                expect(count).to_have_text("2")
                # The page's stream is open once the bell has heard something of it.
                page.wait_for_timeout(1_500)
                with transaction.atomic():
                    stops.stop_copies(
                        lead_id=copy.lead_id, copy_ids=None, reason=Copy.StopReason.STOP_LOSS, now=world.now
                    )
                fired_at = time.monotonic()
                expect(count).to_have_text("3", timeout=10_000)
                in_bell = time.monotonic() - fired_at
                fired = "The stop loss of your copy of Basalt fired"
                seconds_until(lambda: any(fired in push["title"] for push in phone.pushes), most=15)
                in_phone = time.monotonic() - fired_at
                seconds_until(lambda: any(fired in str(mail["Subject"]) for mail in mails.mails), most=15)
                in_mailbox = time.monotonic() - fired_at
                expect(page.locator(".notice").first).to_contain_text(fired)

        print(f"in the bell after {in_bell:.2f} s, the phone {in_phone:.2f} s, the mailbox {in_mailbox:.2f} s")  # noqa: T201
        assert in_bell <= 1.0 and in_phone <= 10.0 and in_mailbox <= 10.0


class TestWithoutANetwork:
    def test_shows_the_last_known_worth_and_says_that_live_is_paused(
        self, copy: Copy, page: Page, context: BrowserContext, site_url: str
    ) -> None:
        page.goto(f"{site_url}/notices/")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.reload()
        kept = "caches.open('pocket').then((cache) => cache.match('/offline/')).then((answer) => answer.text())"
        seconds_until(lambda: "Your copies, as of" in page.evaluate(kept), most=10)

        context.set_offline(True)
        expect(page.locator("#live-paused")).to_be_visible(timeout=20_000)
        page.goto(f"{site_url}/copies/")
        expect(page.get_by_text("No connection.")).to_be_visible()
        expect(page.locator("main")).to_contain_text("1,000.00")
        context.set_offline(False)
        page.get_by_role("button", name="Try again").click()

        expect(page.get_by_role("heading", level=1)).not_to_contain_text("What was known last")

    def test_can_be_installed(self, copy: Copy, page: Page, context: BrowserContext, site_url: str) -> None:
        page.goto(f"{site_url}/copies/")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        session = context.new_cdp_session(page)

        manifest = session.send("Page.getAppManifest")
        found = session.send("Page.getInstallabilityErrors")["installabilityErrors"]

        assert manifest["errors"] == []
        # A test's browser keeps no profile, which is all that is left to complain of.
        assert {error["errorId"] for error in found} <= {"in-incognito"}
