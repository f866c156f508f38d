"""How often somebody touches the screen between a lead's page and a running copy."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.models import Copy
from tests.browser.test_starting import sign_in
from tests.cast import World, build_world, usdt
from tests.views.scenes import settle_now

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]
NEWCOMER_MAX, MEMBER_MAX = 8, 4
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def world(transactional_db: None, settings: Settings) -> World:
    settings.SMARTSYNC_BELL = False
    world = build_world()
    world.now = timezone.now() - timedelta(seconds=60)
    world.prices()
    world.lead_trades(world.make_lead(User.objects.create_user("lead@example.org")), "BTC", "BUY", "0.1")
    settle_now(world)
    return world


class Finger:
    """Touches a phone's screen, and counts; what is typed into a field that was touched is no touch more."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.touches = 0

    def tap(self, role: str, name: str, within: str = "body") -> None:
        self.page.locator(within).get_by_role(role, name=name).first.tap()  # type: ignore[arg-type]
        self.touches += 1

    def write(self, field: str, text: str) -> None:
        self.page.locator(field).tap()
        self.page.keyboard.type(text)
        self.touches += 1


class TestTouches:
    def test_are_eight_at_most_for_a_newcomer(self, browser: Browser, site_url: str, world: World) -> None:
        context = browser.new_context(viewport=PHONE, has_touch=True)  # type: ignore[arg-type]
        finger = Finger(context.new_page())
        finger.page.goto(f"{site_url}/leads/basalt/")

        finger.tap("link", "Copy Basalt")
        finger.page.wait_for_url(re.compile("/accounts/login/"))
        finger.tap("link", "Sign up", within="main")
        finger.write("input[name=email]", "newcomer@example.org")
        finger.write("input[type=password]", "a phrase that is long enough")
        finger.tap("button", "Sign up", within="main")
        settle_now(world)
        finger.tap("button", "Add 1,000 paper USDT and go on")
        finger.tap("button", "Start copying")

        expect(finger.page).to_have_url(re.compile(r"/copies/\d+/"))
        assert Copy.objects.get().invested_units == usdt(1000)
        assert finger.touches <= NEWCOMER_MAX
        context.close()

    def test_are_four_at_most_for_who_has_money(self, browser: Browser, site_url: str, world: World) -> None:
        world.deposit(User.objects.create_user("follower@example.org"), "2000")
        context = browser.new_context(viewport=PHONE, has_touch=True)  # type: ignore[arg-type]
        sign_in(context, site_url, "follower@example.org")
        finger = Finger(context.new_page())
        finger.page.goto(f"{site_url}/leads/basalt/")

        finger.tap("link", "Copy Basalt")
        finger.page.wait_for_load_state()
        finger.tap("button", "500")
        settle_now(world)
        finger.tap("button", "See what happens")
        finger.tap("button", "Start copying")

        expect(finger.page).to_have_url(re.compile(r"/copies/\d+/"))
        assert Copy.objects.get().invested_units == usdt(500)
        assert finger.touches <= MEMBER_MAX
        context.close()
