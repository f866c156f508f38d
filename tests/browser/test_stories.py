"""'My copy lost 3 % yesterday, why?': from the search field of the panel to the answer, in a real browser."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import AuditEntry, User
from copytrading.models import Copy, Lead
from tests.cast import World
from tests.queries.operating.made_days import lose
from tests.sign_in import sign_in

pytestmark = pytest.mark.browser

CLICKS_MAX = 3
COUNTED = "window.addEventListener('click', () => window.clicked(), true)"


@pytest.fixture
def copy(site_url: str, world: World, lead: Lead, follower: User) -> Copy:
    """A copy that began the day before yesterday and lost yesterday, by the clock on the wall."""
    midnight = datetime.combine(timezone.now().date(), time.min, tzinfo=UTC)
    world.now = midnight - timedelta(hours=30)
    world.prices()
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.lead_trades(lead, "ETH", "BUY", "1")
    world.settle()
    copy = world.start(follower, lead)
    world.settle()
    lose(world, lead, copy)
    world.now = max(world.now, timezone.now())
    world.prices()
    return copy


@pytest.fixture(params=[1440, 390])
def panel(request: pytest.FixtureRequest, browser: Browser, site_url: str, operator: User) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    client = Client()
    sign_in(client, operator)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site_url}])
    yield context.new_page()
    context.close()


@pytest.fixture
def complaints(panel: Page) -> list[str]:
    """Return what the browser complains about, as it does."""
    found: list[str] = []
    panel.on("console", lambda message: found.append(message.text) if message.type in {"error", "warning"} else None)
    panel.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.fixture
def clicks(panel: Page) -> list[int]:
    """Return a one for every click, as they are made."""
    made: list[int] = []
    panel.expose_function("clicked", lambda: made.append(1))
    panel.add_init_script(COUNTED)
    return made


def fits(page: Page) -> bool:
    """Return whether nothing of a page is wider than the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


class TestTheQuestion:
    def test_is_answered_within_three_clicks_of_the_search_field(
        self, panel: Page, clicks: list[int], complaints: list[str], site_url: str, copy: Copy
    ) -> None:
        panel.goto(f"{site_url}/admin/copytrading/copy/")
        panel.locator("#searchbar").fill(copy.follower.email)
        panel.get_by_role("button", name="Search").click()

        panel.get_by_role("link", name="Day by day").click()

        answer = panel.locator(".story-day .why").first
        expect(answer).to_contain_text("USDT): BTC −")
        expect(answer).to_contain_text("It lost 3.")
        expect(answer).to_contain_text("Its lead lost 3.")
        expect(panel.get_by_role("heading", name="Yesterday,")).to_be_visible()
        assert 2 <= len(clicks) <= CLICKS_MAX
        assert fits(panel)
        assert complaints == []

    def test_leads_on_to_the_person_and_to_what_they_see(
        self, panel: Page, complaints: list[str], site_url: str, copy: Copy
    ) -> None:
        panel.goto(f"{site_url}{reverse('admin:copytrading_copy_story', args=[copy.pk])}")
        panel.get_by_role("link", name=copy.follower.email).click()
        expect(panel.get_by_role("heading", name="Told lately")).to_be_visible()
        assert fits(panel)

        panel.get_by_role("link", name="My copies").click()
        expect(panel.get_by_role("complementary", name="Looking as somebody else")).to_contain_text("You look as")
        assert fits(panel)
        panel.get_by_role("main").get_by_role("link", name="Basalt").first.click()

        expect(panel).to_have_url(f"{site_url}/admin/accounts/user/{copy.follower_id}/seen/copies/{copy.pk}/")
        assert fits(panel)
        assert panel.locator("button:enabled, form:not([inert])").count() == 0
        looks = AuditEntry.objects.filter(act="looked at accounts_user_seen", object_id=str(copy.follower_id))
        assert looks.count() == 2
        assert complaints == []
