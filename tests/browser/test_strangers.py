"""What somebody who does not copy sees of a lead who shows the book later, in a real browser; how a lead chooses."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from copytrading.models import Lead, LeadOrder, LeadWeights
from copytrading.services.leads import showing
from tests.browser.test_copies import lively_world, page_errors, shoot, signed_in  # noqa: F401
from tests.cast import World
from tests.views.scenes import record, settle_now

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]


@pytest.fixture
def discreet(lively_world: World) -> Lead:  # noqa: F811
    """A lead who bought BTC and ETH two days ago, and SOL just now."""
    world = lively_world
    lead = world.make_lead(User.objects.create_user("lead@example.org"), name="Discreet", shows_all=False)
    for symbol, quantity in (("BTC", "0.08"), ("ETH", "0.9")):
        world.lead_trades(lead, symbol, "BUY", quantity)
    settle_now(world)
    showing.keep_weights(now=world.now)
    ago = timezone.now() - timedelta(days=2)
    LeadWeights.objects.update(recorded_at=ago, hour=ago.replace(minute=0, second=0, microsecond=0))
    LeadOrder.objects.update(submitted_at=ago, finished_at=ago)
    world.lead_trades(lead, "SOL", "BUY", "12")
    world.settle()
    record(lead, 1.0, 1.02, 0.99, 1.04, 1.07)
    return lead


class TestStrangers:
    def test_read_what_is_late_and_why(
        self,
        page: Page,
        site_url: str,
        discreet: Lead,
        signed_in: User,  # noqa: F811
        page_errors: list[str],  # noqa: F811
    ) -> None:
        page.goto(f"{site_url}/leads/{discreet.slug}/")
        expect(page.get_by_text("Trades are shown after 24 hours")).to_be_visible()
        expect(page.get_by_text("Bought 0.9 ETH")).to_be_visible()
        expect(page.get_by_text("Bought 12 SOL")).to_have_count(0)
        shoot(page, "stranger-lead")
        for name in ("portfolio", "trades"):
            page.goto(f"{site_url}/leads/{discreet.slug}/{name}/")
            shoot(page, f"stranger-{name}")
        page.goto(f"{site_url}/")
        shoot(page, "stranger-discover")
        asked = "mode=SMART_SYNC&investment=1000&buy_existing=on&stop_loss_in=cash&order_by=ratio"
        page.goto(f"{site_url}/leads/{discreet.slug}/copy/review/?{asked}")
        expect(page.get_by_text("Would buy by the shares of")).to_be_visible()
        shoot(page, "stranger-review")


class TestChoosing:
    def test_is_two_questions(
        self,
        page: Page,
        site_url: str,
        lively_world: World,  # noqa: F811
        signed_in: User,  # noqa: F811
        page_errors: list[str],  # noqa: F811
    ) -> None:
        lead = lively_world.make_lead(signed_in, name="Mine", stake="5000")
        page.goto(f"{site_url}/lead/")
        page.get_by_role("link", name="What strangers see").click()
        shoot(page, "lead-visibility")
        page.get_by_label("Strangers see your trades").select_option("168")
        page.get_by_label("as of a daily close").check()
        page.get_by_role("button", name="Change").click()

        expect(page.get_by_text("Whoever copies you sees everything at once")).to_be_visible()
        lead.refresh_from_db()
        assert (lead.trades_delay_hours, lead.weights_shown) == (168, Lead.WeightsShown.DAILY)
