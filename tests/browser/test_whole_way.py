"""A newcomer's whole way: sign up, deposit, copy a lead, watch it follow, change it, stop it, see the money back."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from copytrading.models import Copy, Lead
from copytrading.services.safety import reconciling
from tests.cast import World, build_world
from tests.views.scenes import settle_now

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]


@pytest.fixture
def market(transactional_db: None) -> tuple[World, Lead]:
    """A lead in two coins, and prices of this very moment: the pages look at the clock on the wall."""
    settings.SMARTSYNC_BELL = True
    world = build_world()
    world.now = timezone.now() - timedelta(seconds=30)
    world.prices()
    lead = world.make_lead(User.objects.create_user("lead@example.org"))
    for symbol, quantity in (("BTC", "0.08"), ("ETH", "1.2")):
        world.lead_trades(lead, symbol, "BUY", quantity)
    world.settle()
    settle_now(world)
    return world, lead


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


class TestWholeWay:
    def test_from_sign_up_to_the_money_back(self, page: Page, site_url: str, market: tuple[World, Lead]) -> None:
        world, lead = market
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.set_viewport_size({"width": 1440, "height": 850})

        page.goto(f"{site_url}/accounts/signup/")
        page.fill("input[name=email]", "newcomer@example.org")
        for field in page.locator("input[type=password]").all():
            field.fill("a phrase that is long enough")
        press(page, "Sign up")
        page.goto(f"{site_url}/wallet/")
        page.locator("form[action*=deposit] input[name=value]").fill("5,000")
        page.locator("form[action*=deposit] button").click()
        expect(page.locator("main")).to_contain_text("5,000.00")

        settle_now(world)
        page.goto(f"{site_url}/leads/{lead.slug}/copy/")
        page.fill("input[name=investment]", "50")
        press(page, "See what happens")
        expect(page.locator("main")).to_contain_text("at least 100 USDT")
        page.fill("input[name=investment]", "1,000")
        page.fill("input[name=stop_loss]", "150")
        settle_now(world)
        press(page, "See what happens")
        expect(page.locator("main")).to_contain_text("BTC")
        press(page, "Start copying")
        page.wait_for_url(re.compile(r"/copies/\d+/"))
        settle_now(world)
        copy = Copy.objects.get()
        assert (copy.status, copy.paid_in_units) == (Copy.Status.ACTIVE, 1_000 * 10**8)
        expect(page.locator("main")).to_contain_text("in sync", timeout=10_000)
        expect(page.locator("main")).to_contain_text("850")

        world.lead_trades(lead, "SOL", "BUY", "10")
        settle_now(world)
        expect(page.locator("main")).to_contain_text("SOL", timeout=10_000)

        page.goto(f"{site_url}/copies/{copy.pk}/stop/")
        settle_now(world)
        page.get_by_role("button", name=re.compile("Stop")).last.click()
        page.wait_for_load_state()
        settle_now(world)

        copy.refresh_from_db()
        assert copy.status == Copy.Status.STOPPED
        assert world.held(copy.ledger_account) == {}
        page.goto(f"{site_url}/wallet/")
        back = Decimal(4_000) + Decimal(copy.paid_out_units).scaleb(-8)
        expect(page.locator("main")).to_contain_text(f"{back:,.2f}")
        assert reconciling.check_ledger().is_clean
        page.close()
        assert [error for error in errors if "Content Security Policy" in error] == []
