"""A follower's pages in a real browser: they move by themselves, and nothing is refused by the content policy."""

import os
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from copytrading.models import Adjustment, Copy, SyncCycle
from copytrading.services.leads import verbs as leads
from tests.cast import World, build_world, usdt
from tests.pasts import record_copy
from tests.views.scenes import settle_now

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]
# Where to put pictures of the pages, for somebody who wants to look at them.
SHOTS = os.environ.get("SHOTS", "")


@pytest.fixture
def page_errors(page: Page) -> Iterator[list[str]]:
    """Fail the test for anything that the browser complained about."""
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield errors
    # Before the server stops: a stream that breaks off is no fault of the page.
    page.close()
    assert errors == []


@pytest.fixture
def lively_world(transactional_db: None) -> World:
    settings.SMARTSYNC_BELL = True
    return build_world()


@pytest.fixture
def signed_in(lively_world: World, site_url: str, context: BrowserContext) -> User:
    follower = User.objects.create_user("follower@example.org", "correct horse battery")
    lively_world.deposit(follower, "10000")
    client = Client()
    client.force_login(follower)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site_url}])
    return follower


@pytest.fixture
def copy(lively_world: World, signed_in: User) -> Copy:
    """A copy of a lead with three coins, a week old, with a curve and an adjustment to show."""
    world = lively_world
    lead = world.make_lead(User.objects.create_user("lead@example.org"))
    for symbol, quantity in (("BTC", "0.08"), ("ETH", "0.9"), ("SOL", "12")):
        world.lead_trades(lead, symbol, "BUY", quantity)
    world.settle()
    copy = world.start(signed_in, lead, "1000", stop_loss_units=usdt(150))
    settle_now(world)
    Copy.objects.filter(pk=copy.pk).update(started_at=world.now - timedelta(days=7))
    for hour in range(168):
        record_copy(
            copy, world.now - timedelta(hours=170 - hour), usdt(Decimal(1000 + (hour % 11) * 2 + hour // 2)), usdt(1000)
        )
    Adjustment.objects.create(
        cycle=SyncCycle.objects.latest("pk"),
        copy=copy,
        asset_id=lead.positions.latest("pk").asset_id,
        reason="DEPTH_CAPPED",
        wanted_value_units=usdt("14.05"),
        planned_value_units=usdt("11.20"),
        noted_at=world.now,
    )
    world.wait(1, BTC="54000", SOL="97")
    copy.refresh_from_db()
    return copy


def rise(world: World, page: Page) -> None:
    """Quote a higher price a few times, as the feed does, a little apart."""
    for price in ("70000", "70001", "70002"):
        world.wait(1, BTC=price)
        page.wait_for_timeout(900)


def shoot(page: Page, name: str) -> None:
    if not SHOTS:
        return
    for width in (390, 1440):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.wait_for_timeout(150)
            page.screenshot(path=Path(SHOTS) / f"{name}-{width}-{scheme}.png", full_page=True, caret="initial")
    page.set_viewport_size({"width": 1280, "height": 800})


class TestCopyPages:
    def test_move_with_the_price_by_themselves(
        self, page: Page, site_url: str, lively_world: World, copy: Copy, page_errors: list[str]
    ) -> None:
        page.goto(f"{site_url}/copies/{copy.pk}/")
        worth = page.locator("#copy-figures .lead-figure dd")
        before = worth.inner_text()
        shoot(page, "copy")

        rise(lively_world, page)

        expect(worth).not_to_have_text(before)
        expect(page.locator("#copy-figures")).to_contain_text("+")

    def test_show_all_copies_moving(
        self, page: Page, site_url: str, lively_world: World, copy: Copy, page_errors: list[str]
    ) -> None:
        page.goto(f"{site_url}/copies/")
        worth = page.get_by_role("heading", level=1)
        before = worth.inner_text()
        shoot(page, "my-copies")

        rise(lively_world, page)

        expect(worth).not_to_have_text(before)

    def test_lead_from_settings_over_a_preview_to_a_changed_copy(
        self, page: Page, site_url: str, copy: Copy, page_errors: list[str]
    ) -> None:
        page.goto(f"{site_url}/copies/{copy.pk}/settings/")
        shoot(page, "settings")
        page.get_by_label("How much, USDT").fill("99,999")
        page.get_by_role("button", name="See what happens").click()
        expect(page.get_by_role("alert")).to_contain_text("Your wallet has")
        expect(page.get_by_label("How much, USDT")).to_have_value("99,999")
        page.get_by_label("How much, USDT").fill("500")
        page.get_by_role("button", name="See what happens").click()
        expect(page.get_by_text("1,000.00 → 1,500.00")).to_be_visible()
        shoot(page, "change")

        page.get_by_role("button", name="Put it in").click()

        expect(page.get_by_text("Done.")).to_be_visible()
        copy.refresh_from_db()
        assert copy.invested_units == usdt(1500)

    def test_show_stopping_become_stopped_and_what_came_back(
        self, page: Page, site_url: str, lively_world: World, copy: Copy, page_errors: list[str]
    ) -> None:
        page.goto(f"{site_url}/copies/{copy.pk}/stop/")
        shoot(page, "stop")
        page.get_by_role("button", name="Stop and return the money").click()
        expect(page.get_by_text("nothing more is bought").first).to_be_visible()

        settle_now(lively_world)

        expect(page.get_by_text("Came back to your wallet", exact=True)).to_be_visible()
        shoot(page, "stopped")
        page.goto(f"{site_url}/copies/?show=ended")
        shoot(page, "ended")

    def test_tell_what_happened(self, page: Page, site_url: str, copy: Copy, page_errors: list[str]) -> None:
        leads.pause_lead(lead_id=copy.lead_id, now=copy.started_at)
        page.goto(f"{site_url}/activity/")
        shoot(page, "activity")

        page.get_by_role("link", name="Adjustments").click()

        expect(page.get_by_text("11.20 instead of 14.05 USDT")).to_be_visible()


class TestWalletPage:
    def test_trades_by_hand_after_a_preview(
        self, page: Page, site_url: str, lively_world: World, copy: Copy, signed_in: User, page_errors: list[str]
    ) -> None:
        page.goto(f"{site_url}/wallet/")
        shoot(page, "wallet")
        page.locator("#ticket").get_by_label("Coin", exact=True).select_option(label="SOL (SOL)")
        page.locator("#ticket").get_by_label("How much").fill("250")
        page.get_by_role("button", name="See what happens").click()
        expect(page.get_by_role("button", name="Buy now")).to_be_visible()
        shoot(page, "ticket")

        page.get_by_role("button", name="Buy now").click()

        expect(page.get_by_text("You bought SOL by hand")).to_be_visible()
        assert "SOL" in lively_world.main(signed_in)

    def test_takes_a_deposit(self, page: Page, site_url: str, signed_in: User, page_errors: list[str]) -> None:
        page.goto(f"{site_url}/wallet/")
        page.get_by_label("How much, USDT").first.fill("1,000")

        page.get_by_role("button", name="Deposit").click()

        expect(page.get_by_text("1,000.00 USDT came in.")).to_be_visible()
        expect(page.locator("#balances")).to_contain_text("11,000.00")


class TestSpotTicket:
    def test_stands_at_what_is_wrong_and_stays_one_ticket(
        self, page: Page, site_url: str, signed_in: User, lively_world: World, page_errors: list[str]
    ) -> None:
        settle_now(lively_world)
        page.goto(f"{site_url}/wallet/")
        ticket = page.locator("#ticket")
        for wrong in ("0", "none"):
            ticket.get_by_label("How much").fill(wrong)
            ticket.get_by_role("button", name="See what happens").click()
            expect(ticket.get_by_role("alert")).to_be_visible()
            expect(ticket.get_by_label("How much")).to_be_focused()

        ticket.get_by_label("How much").fill("50")
        ticket.get_by_role("button", name="See what happens").click()

        expect(ticket).to_have_count(1)
        expect(ticket.get_by_role("button", name="Buy now")).to_be_visible()
