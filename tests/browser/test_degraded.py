"""A platform that waits says so: on my copies, on the copy and on the lead's page, in both themes and both widths."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from copytrading.models import Copy, Market
from tests.cast import World, build_world
from tests.views.scenes import settle_now

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]


@pytest.fixture
def copy(transactional_db: None) -> Copy:
    """Return a running copy of two coins, one of which was suspended and one delisted since."""
    settings.SMARTSYNC_BELL = True
    world: World = build_world()
    world.now = timezone.now() - timedelta(seconds=60)
    world.prices()
    lead = world.make_lead(User.objects.create_user("lead@example.org"))
    for symbol, quantity in (("BTC", "0.08"), ("ETH", "1.2"), ("SOL", "20")):
        world.lead_trades(lead, symbol, "BUY", quantity)
    world.settle()
    follower = User.objects.create_user("follower@example.org")
    world.deposit(follower, "5000")
    copy = world.start(follower, lead, "1000")
    settle_now(world)
    Market.objects.filter(symbol="SOL-USDT").update(status=Market.Status.DELISTED, status_since=timezone.now())
    Market.objects.filter(symbol="ETH-USDT").update(status=Market.Status.SUSPENDED, status_since=timezone.now())
    return copy


class TestTheDegradedState:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("width", [390, 1440])
    def test_is_told_where_it_concerns_somebody(
        self, page: Page, site_url: str, client: Client, copy: Copy, theme: str, width: int
    ) -> None:
        client.force_login(copy.follower)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies(
            [
                {"name": name, "value": client.cookies[name].value, "url": site_url},
                {"name": "theme", "value": theme, "url": site_url},
            ]
        )
        page.set_viewport_size({"width": width, "height": 900})

        for name, path in (
            ("my-copies", "/copies/"),
            ("copy", f"/copies/{copy.pk}/"),
            ("lead", f"/leads/{copy.lead.slug}/"),
        ):
            page.goto(site_url + path)
            expect(page.locator("main")).to_contain_text("SOL: no longer traded here")
            expect(page.locator("main")).to_contain_text("ETH: not traded at the moment")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            if name != "my-copies":
                expect(page.locator("td .chip.warn", has_text="delisted")).to_be_visible()
            if folder := os.environ.get("SCREENSHOTS"):
                page.screenshot(path=Path(folder) / f"{name}-{theme}-{width}.png", full_page=True)
