"""What a phone shows of the tables: every column under its own name, and no word less in a cell than elsewhere."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page

from accounts.models import User
from copytrading.models import Copy
from copytrading.services.copies import verbs as copies
from tests.cast import World, build_world, usdt
from tests.pasts import give_past
from tests.services.wallet.limit_stage import place
from tests.views.scenes import settle_now

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]

# The columns that a phone leaves out: each can be read from the one beside it.
LEFT_OUT = {"Of your 1,000"}
TABLES = """
    () => [...document.querySelectorAll("table")].map((table) => {
      const heads = [...table.querySelectorAll("thead th")];
      const names = heads.map((head) => head.textContent.trim());
      const sheet = table.parentElement;
      const isSeen = (element) => getComputedStyle(element).display !== "none";
      const isStacked = getComputedStyle(table.rows[0].parentElement.nextElementSibling || table).display === "block";
      return {
        names,
        over: table.scrollWidth - sheet.clientWidth + 2 * parseFloat(getComputedStyle(sheet).paddingLeft),
        unseen: heads.filter((head) => !isSeen(head)).map((head) => head.textContent.trim()),
        rows: [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => ({
          text: cell.innerText.replace(/\\s+/g, " ").trim(),
          label: isStacked && row.cells[0] !== cell ? cell.dataset.label || "" : null,
          hidden: [...cell.querySelectorAll("small .roomy")].length,
        }))),
      };
    })
"""


@pytest.fixture
def world(transactional_db: None) -> World:
    settings.SMARTSYNC_BELL = False
    return build_world()


@pytest.fixture
def follower(world: World) -> User:
    follower = User.objects.create_user("follower@example.org")
    world.deposit(follower, "10000")
    return follower


@pytest.fixture
def copy(world: World, follower: User) -> Copy:
    """A copy that holds one coin, and has sold another again."""
    lead = world.make_lead(User.objects.create_user("lead@example.org"))
    for symbol, quantity in (("BTC", "0.08"), ("SOL", "12")):
        world.lead_trades(lead, symbol, "BUY", quantity)
    world.settle()
    copy = world.start(follower, lead)
    world.settle()
    world.wait(1, SOL="94")
    world.lead_trades(lead, "SOL", "SELL", "12")
    settle_now(world)
    copy.refresh_from_db()
    return copy


@pytest.fixture
def go(page: Page, context: BrowserContext, site_url: str) -> Callable[..., Page]:
    """Open a page as somebody, on a phone."""

    def go(address: str, user: User | None = None) -> Page:
        if user:
            client = Client()
            client.force_login(user)
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site_url}])
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(f"{site_url}{address}")
        return page

    return go


def check(page: Page) -> None:
    """Check that nothing is wider than the phone, and that every table says what it shows."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tables = page.evaluate(TABLES)
    assert tables
    for table in tables:
        assert table["over"] <= 1, f"{table['names']} is wider than its sheet"
        assert set(table["unseen"]) <= LEFT_OUT
        for row in table["rows"]:
            for name, cell in zip(table["names"], row, strict=False):
                assert cell["hidden"] == 0, f"words are missing in {cell['text']!r}"
                if cell["label"] is not None and cell["text"] and len(row) == len(table["names"]):
                    assert cell["label"].startswith(name[:3]) or (name, cell["label"]) == ("Cancel", "Take back")


class TestTablesOnAPhone:
    def test_name_what_a_closed_position_was_bought_and_sold_at(
        self, go: Callable[..., Page], copy: Copy, follower: User
    ) -> None:
        page = go(f"/copies/{copy.pk}/", follower)

        check(page)
        sold = page.locator("#copy-positions tr", has_text="SOL")
        assert "bought at 100.01, sold at 93.99" in " ".join(sold.inner_text().split())

    def test_say_the_same_of_an_ended_copy(
        self, go: Callable[..., Page], world: World, copy: Copy, follower: User
    ) -> None:
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        settle_now(world)

        page = go(f"/copies/{copy.pk}/", follower)

        check(page)
        assert page.get_by_text("sold at").count() >= 2

    def test_are_whole_in_the_wallet_and_at_a_lead(
        self, go: Callable[..., Page], world: World, copy: Copy, follower: User
    ) -> None:
        copies.increase_copy(copy_id=copy.pk, units=usdt(500), idempotency_key="more", now=world.now)
        place(world, follower, "BUY", "BTC", "40000", value="500", expires_at=timezone.now() + timedelta(days=7))
        check(go("/wallet/", follower))
        check(go("/wallet/orders/"))
        check(go(f"/wallet/statements/?copy={copy.pk}&period=all", follower))
        check(go(f"/leads/{copy.lead.slug}/"))
        check(go("/lead/", copy.lead.user))
        check(go("/lead/orders/"))

    def test_are_whole_beside_a_question_of_the_past(self, go: Callable[..., Page], world: World) -> None:
        settle_now(world)
        lead = world.make_lead(User.objects.create_user("lead@example.org"))
        give_past(world, lead)

        check(go(f"/leads/{lead.slug}/what-if/"))
