"""On a phone, in the longer words of other languages: nothing is wider than the screen, cut, or written over."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.models import Copy, Lead
from tests.cast import build_world
from tests.languages.catalogue import write_pseudo_locale
from tests.pasts import give_past
from tests.services.wallet.limit_stage import place
from tests.views.scenes import settle_now

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]

WIDTH = 390
# Every text with the lines it takes: what leaves the screen or its own box, and what lies over another text.
FAULTS = """
    () => {
      const faults = [];
      const width = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth > width) {
        const boxes = [...document.querySelectorAll("main *")];
        const wide = boxes.find((box) => box.getBoundingClientRect().right > width + 1);
        faults.push(`the page is wider than the screen: ${wide?.className || wide?.tagName}`);
      }
      const boxes = function* (element) {
        for (let box = element; box && box !== document.body; box = box.parentElement) yield box;
      };
      const isSeen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
        && !element.closest("svg, select")
        && ![...boxes(element)].map((box) => getComputedStyle(box)).some((style) =>
          style.clipPath !== "none" || ["sticky", "fixed"].includes(style.position));
      const scrolls = (element) => [...boxes(element)].some((box) =>
        ["auto", "scroll"].includes(getComputedStyle(box).overflowX) && box.scrollWidth > box.clientWidth);
      const lines = [];
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.parentElement;
        if (!node.data.trim() || !isSeen(element) || scrolls(element)) continue;
        const text = node.data.trim().slice(0, 60);
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const line of range.getClientRects()) {
          if (line.width < 1 || line.height < 1) continue;
          const sheet = element.closest(".sheet")?.getBoundingClientRect();
          if (sheet && (line.left < sheet.left || line.right > sheet.right)) faults.push(`leaves its sheet: ${text}`);
          if (line.left < -1 || line.right > width + 1) faults.push(`leaves the screen: ${text}`);
          lines.push({ element, text, line });
        }
        for (const box of boxes(element)) {
          const style = getComputedStyle(box);
          if (style.display === "inline" || box.clientWidth === 0) continue;
          if (style.overflowX !== "visible" && box.scrollWidth > box.clientWidth + 1) faults.push(`is cut: ${text}`);
          break;
        }
      }
      for (const button of document.querySelectorAll("button, .button, .tabs a, select, input")) {
        if (isSeen(button) && button.scrollWidth > button.clientWidth + 1 && button.clientWidth) {
          faults.push(`has no room: ${(button.innerText || button.value || button.name).trim().slice(0, 60)}`);
        }
      }
      for (const [at, one] of lines.entries()) {
        for (const other of lines.slice(at + 1)) {
          if (one.element === other.element) continue;
          const across = Math.min(one.line.right, other.line.right) - Math.max(one.line.left, other.line.left);
          const down = Math.min(one.line.bottom, other.line.bottom) - Math.max(one.line.top, other.line.top);
          if (across > 2 && down > 5) faults.push(`lies over ${other.text}: ${one.text}`);
        }
      }
      return [...new Set(faults)];
    }
"""


@pytest.fixture
def pages(transactional_db: None, settings: Settings) -> list[str]:
    """The addresses of a person who copies and leads, with something on each page."""
    settings.SMARTSYNC_BELL = False
    world = build_world()
    person = User.objects.create_user("person@example.org", language="de")
    world.deposit(person, "25000")
    lead = world.make_lead(User.objects.create_user("lead@example.org"))
    for symbol, quantity in (("BTC", "0.08"), ("SOL", "12")):
        world.lead_trades(lead, symbol, "BUY", quantity)
    own = world.make_lead(person, name="Slate", stake="5000")
    world.settle()
    copy = world.start(person, lead)
    world.settle()
    world.wait(1, SOL="94")
    world.lead_trades(lead, "SOL", "SELL", "6")
    world.lead_trades(own, "BTC", "BUY", "0.02")
    settle_now(world)
    place(world, person, "BUY", "BTC", "40000", value="500", expires_at=timezone.now() + timedelta(days=7))
    seen = give_past(world, world.make_lead(User.objects.create_user("seen@example.org"), name="Granite"))
    return list(addresses(lead, seen, copy))


def addresses(lead: Lead, seen: Lead, copy: Copy) -> tuple[str, ...]:
    at_lead, at_copy = f"/leads/{seen.slug}/", f"/copies/{copy.pk}/"
    return (
        *("/", f"/compare/?lead={lead.slug}&lead={seen.slug}", "/copies/", "/copies/together/", "/activity/"),
        *(at_lead, f"{at_lead}trades/", f"{at_lead}followers/", f"{at_lead}copy/", f"{at_lead}what-if/"),
        *(at_copy, f"{at_copy}settings/", f"{at_copy}stop/", "/wallet/", "/wallet/orders/", "/wallet/statements/"),
        *("/lead/", "/lead/orders/", "/lead/earnings/", "/lead/terms/", "/lead/visibility/", "/lead/end/"),
        *("/notices/", "/notices/switches/", "/programs/", "/accounts/email/", "/accounts/2fa/"),
    )


@pytest.fixture
def go(page: Page, context: BrowserContext, site_url: str, settings: Settings) -> Callable[[str], Page]:
    def go(address: str) -> Page:
        if not context.cookies():
            client = Client()
            client.force_login(User.objects.get(email="person@example.org"))
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site_url}])
            page.set_viewport_size({"width": WIDTH, "height": 844})
        answer = page.goto(f"{site_url}{address}")
        assert answer is not None and answer.status == 200, address
        return page

    return go


class TestPhone:
    def test_has_room_for_german_and_for_words_longer_still(
        self, go: Callable[[str], Page], pages: list[str], settings: Settings, tmp_path: Path
    ) -> None:
        german = {address: go(address).evaluate(FAULTS) for address in pages}
        settings.LOCALE_PATHS = [write_pseudo_locale(tmp_path, "de")]
        longer = {address: go(address).evaluate(FAULTS) for address in pages}

        assert {address: faults for address, faults in german.items() if faults} == {}
        assert {address: faults for address, faults in longer.items() if faults} == {}
