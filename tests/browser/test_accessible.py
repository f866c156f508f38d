"""What keeps out whoever does not see, or not well, or uses no pointer: nothing that axe knows of, anywhere."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.models import Copy, Lead
from tests.cast import World, build_world
from tests.pasts import give_past
from tests.services.own.stage import connect, start
from tests.services.own.stage import settle as settle_own
from tests.sign_in import confirm, sign_in
from tests.site.test_who_may import ABSENT, ADDRESSES, OPERATOR, PROBE, PUBLIC, STEP, things  # noqa: F401
from tests.views.scenes import settle_now

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]

SCREENS = (((390, 844), "light"), ((1440, 900), "dark"), ((390, 844), "dark"), ((1440, 900), "light"))
# No pages: streams, files of a brand, and what only programs read.
NO_PAGES = ("live/", "metrics", "health/", "brand/", ".well-known/")


@pytest.fixture
def world(transactional_db: None, settings: Settings) -> World:
    settings.SMARTSYNC_BELL = False
    return build_world()


@pytest.fixture
def visit(page: Page, context: BrowserContext, site_url: str, settings: Settings) -> Iterator["Visits"]:
    page.emulate_media(reduced_motion="reduce")
    yield Visits(page, context, site_url, settings.SESSION_COOKIE_NAME)
    context.set_offline(False)


class Visits:
    """A browser that looks at pages as somebody, and notes what is wrong with them."""

    def __init__(self, page: Page, context: BrowserContext, site_url: str, cookie: str) -> None:
        self.page, self._context, self._site_url, self._cookie = page, context, site_url, cookie
        self.found: dict[str, list[str]] = {}
        self.looked = 0

    def as_(self, client: Client) -> None:
        """Be whoever is signed in there, or nobody."""
        self._context.clear_cookies()
        if self._cookie in client.cookies:
            value = client.cookies[self._cookie].value
            self._context.add_cookies([{"name": self._cookie, "value": value, "url": self._site_url}])

    def open(self, path: str) -> None:
        self.page.goto(f"{self._site_url}{path}")

    def look(self, name: str, screens: Iterable[tuple[tuple[int, int], str]] = SCREENS[:2]) -> None:
        """Note what axe finds on the page as it stands: the rule, where, and why."""
        for (width, height), theme in screens:
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            # Colours that are on their way from one theme to the other are nobody's.
            self.page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
            answer: dict[str, Any] = Axe().run(self.page).response
            self.looked += 1
            for rule in answer["violations"]:
                self.found.setdefault(f"{name} at {width}, {theme}", []).extend(
                    f"{rule['id']}: {node['target']} {node['failureSummary']}" for node in rule["nodes"]
                )


@pytest.fixture
def seen(world: World) -> Lead:
    """A lead with a past."""
    return give_past(world, world.make_lead(User.objects.create_user("seen@example.org"), name="Granite"))


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    """A copy that holds two coins."""
    for symbol, quantity in (("BTC", "0.08"), ("SOL", "12")):
        world.lead_trades(lead, symbol, "BUY", quantity)
    world.settle()
    copy = world.start(follower, lead)
    settle_now(world)
    return copy


class TestEveryPage:
    def test_of_the_portal_has_no_fault(
        self,
        visit: Visits,
        seen: Lead,
        things: dict[str, dict[str, int]],  # noqa: F811
        other_follower: User,
        follower: User,
    ) -> None:
        stranger = Client(raise_request_exception=False)
        member, newcomer = sign_in(Client(), other_follower), sign_in(Client(), follower)
        pages: dict[Client, list[str]] = {stranger: [], member: [], newcomer: []}
        for address in ADDRESSES:
            if address.is_api or address.access in (ABSENT, OPERATOR) or address.route.startswith(NO_PAGES):
                continue
            client = stranger if address.access in (PUBLIC, STEP, PROBE) else member
            client = newcomer if address.route.startswith("leads/<slug:slug>/copy/") else client
            path = address.path(slug=seen.slug, code="lead_full", name="terms", **things.get(address.kind, {}))
            answer = client.get(path)
            # What only a page asks for, to put it in place, is no page.
            is_html = not answer.streaming and answer.get("Content-Type", "").startswith("text/html")
            if is_html and "<html" in answer.text:
                pages[client].append(path)

        for client, paths in pages.items():
            visit.as_(client)
            for path in (*paths, *(("/nowhere/",) if client is stranger else ())):
                visit.open(path)
                visit.look(path)

        assert visit.found == {}
        assert visit.looked > 110

    def test_of_the_api_has_no_fault(self, visit: Visits, world: World) -> None:
        visit.open("/api/v1/docs")
        visit.page.get_by_role("button", name="Expand operation").last.click()
        expect(visit.page.locator(".opblock-summary-control").nth(1)).to_be_visible()
        visit.page.locator(".opblock-tag", has_text="copies").click()
        expect(visit.page.get_by_text("/api/v1/copies/{copy_id}/stop-quote")).to_be_visible()
        visit.look("description", SCREENS[3:])
        visit.page.locator(".opblock-summary-control").first.click()
        expect(visit.page.locator(".responses-table").first).to_be_visible()
        visit.look("description of an operation", SCREENS[3:])

        assert visit.found == {}

    def test_of_the_panel_has_no_fault(self, visit: Visits, copy: Copy, operator: User) -> None:
        reports = ("reports/daily-close/?day=2026-01-05", "reports/suspicions/?days=90", "reports/rebates/")
        asks = ("copytrading/rulechange/request/?name=slippage_cap", "copytrading/halt/place/")
        tables = ("", "copytrading/lead/", "accounts/posting/", "copytrading/order/", "accounts/auditentry/")
        visit.as_(sign_in(Client(), operator))

        followed = f"copytrading/copy/{copy.pk}"
        told = (
            f"{followed}/change/",
            f"{followed}/story/",
            f"accounts/user/{copy.follower_id}/sheet/",
            "search/?q=BTC",
        )
        for path in (*tables, *reports, *asks, *told):
            visit.open(f"/admin/{path}")
            visit.look(path, SCREENS[1:2] + SCREENS[3:])

        assert visit.found == {}


class TestEveryState:
    def test_of_a_form_with_something_wrong_has_no_fault(self, visit: Visits, copy: Copy, seen: Lead) -> None:
        page = visit.page
        visit.open("/accounts/login/")
        page.fill("input[name=login]", "nobody@example.org")
        page.fill("input[type=password]", "not the password")
        page.locator("main form button.wide").first.click()
        page.wait_for_load_state()
        visit.look("sign-in refused", SCREENS)
        visit.as_(sign_in(Client(), copy.follower))
        visit.open(f"/leads/{seen.slug}/copy/")
        page.fill("input[name=investment]", "50")
        page.get_by_role("button", name="See what happens").click()
        expect(page.locator("main")).to_contain_text("at least 100 USDT")
        visit.look("amount refused", SCREENS)
        visit.open("/wallet/")
        page.locator("form[action*=deposit] input[name=value]").fill("nothing")
        page.locator("form[action*=deposit] button").last.click()
        page.wait_for_load_state()
        visit.look("deposit refused", SCREENS)

        assert visit.found == {}

    def test_between_a_press_and_its_effect_has_no_fault(self, visit: Visits, world: World, copy: Copy) -> None:
        page = visit.page
        visit.as_(sign_in(Client(), copy.follower))
        visit.open("/wallet/")
        page.locator("form[action*=deposit] input[name=value]").fill("500")
        page.locator("form[action*=deposit] button").last.click()
        expect(page.locator(".toast").first).to_be_visible()
        visit.look("toast", SCREENS)
        settle_now(world)
        visit.open(f"/copies/{copy.pk}/settings/")
        page.get_by_label("How much, USDT").fill("600")
        page.get_by_role("button", name="See what happens").click()
        expect(page.get_by_text("1,000.00 → 1,600.00")).to_be_visible()
        visit.look("a change in review", SCREENS)
        visit.open(f"/copies/{copy.pk}/stop/")
        visit.look("before a stop", SCREENS)
        for summary in page.locator("header summary").all():
            if summary.is_visible():
                summary.click()
        visit.look("open menus", SCREENS)

        assert visit.found == {}

    def test_of_an_own_account_has_no_fault(self, visit: Visits, world: World, lead: Lead, follower: User) -> None:
        Lead.objects.filter(pk=lead.pk).update(profit_share_rate=0)
        visit.as_(confirm(sign_in(Client(), follower), follower))
        visit.open("/wallet/own-account/")
        expect(visit.page.locator("input[name=secret]")).to_be_visible()
        visit.look("no own account", SCREENS)
        visit.page.locator("input[name=key]").fill("nobody-knows-this-key")
        visit.page.locator("input[name=secret]").fill("nor-this-secret")
        visit.page.get_by_role("button", name="Connect", exact=True).click()
        expect(visit.page.locator(".errors, .note.grave").first).to_be_visible()
        visit.look("an own account refused", SCREENS)
        account = connect(world, follower)
        visit.open("/wallet/own-account/")
        visit.look("an own account", SCREENS)
        visit.open(f"/leads/{lead.slug}/copy/")
        expect(visit.page.locator("input[name=on_own_account]")).to_be_visible()
        visit.look("a start on an own account", SCREENS)
        copy = start(world, account, lead)
        settle_own(world)
        for path in ("/wallet/", f"/copies/{copy.pk}/", f"/copies/{copy.pk}/stop/"):
            visit.open(path)
            visit.look(f"{path} of an own account", SCREENS)

        assert visit.found == {}

    def test_of_a_ticket_has_no_fault(self, visit: Visits, world: World, copy: Copy) -> None:
        page = visit.page
        visit.as_(sign_in(Client(), copy.lead.user))
        visit.open("/lead/")
        expect(page.locator("#book table.book")).to_be_visible()
        page.get_by_role("button", name="25 %").click()
        expect(page.locator("input[name=quantity]")).not_to_have_value("")
        visit.look("a part of the worth", SCREENS)
        settle_now(world)
        page.get_by_role("button", name="See what happens").click()
        expect(page.get_by_text("Followers’ part")).to_be_visible()
        visit.look("an order in review", SCREENS)

        assert visit.found == {}

    def test_of_a_stop_on_the_past_has_no_fault(self, visit: Visits, seen: Lead, follower: User) -> None:
        visit.as_(sign_in(Client(), follower))
        for path in (f"/leads/{seen.slug}/what-if/", f"/leads/{seen.slug}/copy/"):
            visit.open(f"{path}?investment=1000&stop_loss=3&stop_loss_in=percent&mode=SMART_SYNC&buy_existing=on")
            expect(visit.page.locator("line.level")).to_have_count(1)
            visit.look(path, SCREENS)

        assert visit.found == {}

    def test_without_a_network_has_no_fault(self, visit: Visits, copy: Copy, context: BrowserContext) -> None:
        visit.as_(sign_in(Client(), copy.follower))
        visit.open("/copies/")
        visit.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        visit.page.reload()
        context.set_offline(True)
        expect(visit.page.locator("#live-paused")).to_be_visible(timeout=20_000)
        visit.look("live paused", SCREENS)
        visit.open("/copies/")
        expect(visit.page.get_by_text("No connection.")).to_be_visible()
        visit.look("offline", SCREENS)

        assert visit.found == {}
