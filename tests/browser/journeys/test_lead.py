"""A lead's way: applies, is approved, moves money in, trades after a look, changes terms, writes, pauses, ends."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.models import Copy, Lead, LeadOrder
from copytrading.services.leads import verbs as leads
from tests.browser.journeys.conftest import Becoming
from tests.browser.journeys.reader import Reader
from tests.cast import World, build_world, usdt
from tests.views.scenes import settle_now

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]


@pytest.fixture
def world(transactional_db: None, settings: Settings) -> World:
    settings.SMARTSYNC_BELL = False
    world = build_world()
    world.now = timezone.now() - timedelta(seconds=60)
    world.prices()
    return world


@pytest.mark.walked("de-phone-light")
def test_a_lead_goes_the_whole_way(world: World, reader: Reader, be: Becoming) -> None:
    reader.names += ["Gneiss", "Swing trades of three coins.", "BTC", "ETH", "SOL", "Swings"]
    page = reader.page
    person = User.objects.create_user("gneiss@example.org")
    world.deposit(person, "20000")
    be(person)

    # Apply, once refused.
    reader.looks("lead-apply", "/lead/")
    reader.fill("The name you lead under", "Gneiss")
    reader.fill("How you trade, in a few sentences", "Swing trades of three coins.")
    reader.fill("Profit share, %", "31")
    reader.press("Apply")
    expect(page.locator(".errors").first).to_be_visible()
    reader.look("lead-apply-refused")
    reader.fill("Profit share, %", reader.figure("12.5"))
    reader.press("Apply")
    reader.reads("waits for approval")
    reader.look("lead-waits")
    lead = Lead.objects.get()
    leads.approve_lead(lead_id=lead.pk, now=world.now)

    # Money in, and a first follower.
    reader.looks("console-empty", "/lead/")
    reader.fill_in("form[action$='money/in/'] input[name=value]", "10,000")
    reader.press("From the wallet, in")
    reader.reads_figure("10,000.00")
    reader.look("console-with-money")
    Lead.objects.filter(pk=lead.pk).update(settling_until=None)
    follower = User.objects.create_user("follower@example.org")
    world.deposit(follower, "10000")
    settle_now(world)
    world.start(follower, lead, "3000", stop_loss_units=usdt(300))
    settle_now(world)

    # An order at the market, and one with a limit, each looked at first.
    reader.open("/lead/")
    reader.fill_in("#ticket input[name=quantity]", "0.05")
    reader.press("See what happens", page.locator("#ticket"))
    expect(page.get_by_role("button", name=reader.says("Buy now"))).to_be_visible()
    reader.look("lead-order-review")
    reader.press("Buy now")
    page.wait_for_load_state()
    settle_now(world)
    reader.looks("console", "/lead/")
    reader.fill_in("#ticket input[name=quantity]", "0.01")
    page.locator("#ticket input[name=order_type][value=LIMIT]").check()
    reader.press("See what happens", page.locator("#ticket"))
    expect(page.locator("#ticket .errors").first).to_be_visible()
    reader.look("lead-order-refused")
    reader.fill_in("#ticket input[name=price_limit]", "45000")
    reader.press("See what happens", page.locator("#ticket"))
    expect(page.get_by_role("button", name=reader.says("Let it wait"))).to_be_visible()
    reader.look("lead-limit-review")
    reader.press("Let it wait")
    page.wait_for_load_state()
    reader.look("console-with-limit")
    reader.press("Cancel the order in %(coin)s", coin="BTC")
    page.wait_for_load_state()
    reader.look("console-canceled")
    assert LeadOrder.objects.latest("pk").status == LeadOrder.Status.CANCELED

    # What can be set, and what was earned.
    for name in ("terms", "visibility", "earnings", "orders"):
        reader.looks(f"lead-{name}", f"/lead/{name}/")
    reader.open("/lead/visibility/")
    reader.press("Change")
    expect(page.locator(".toast").first).to_be_visible()
    reader.look("lead-visibility-changed")
    reader.open("/lead/")
    page.locator("form[action$='notice/'] [name=text]").fill("")
    reader.press("Send")
    page.wait_for_load_state()
    reader.look("notice-refused")
    page.locator("form[action$='notice/'] [name=text]").fill("Swing trades of three coins.")
    reader.press("Send")
    page.wait_for_load_state()
    reader.look("notice-sent")
    reader.looks("lead-page", f"/leads/{lead.slug}/")
    for tab in ("portfolio", "trades", "followers"):
        reader.looks(f"lead-{tab}-own", f"/leads/{lead.slug}/{tab}/")

    # A break, and the end.
    reader.open("/lead/")
    reader.press("Pause")
    page.wait_for_load_state()
    reader.look("console-paused")
    reader.looks("lead-end", "/lead/end/")
    reader.press("End for good")
    page.wait_for_load_state()
    reader.look("lead-ended")
    settle_now(world)
    assert Copy.objects.get().status == Copy.Status.STOPPED
    reader.looks("lead-page-ended", f"/leads/{lead.slug}/")
    reader.looks("lead-again", "/lead/")
    be(follower)
    reader.looks("follower-notices", "/notices/")
    reader.looks("follower-activity", "/activity/")
    reader.looks("follower-ended-copy", f"/copies/{Copy.objects.get().pk}/")
    assert reader.looked > 28
