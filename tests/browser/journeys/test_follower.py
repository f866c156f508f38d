"""A newcomer's whole way: signs up, deposits, copies a lead, changes the copy, trades by hand, reads it all, stops."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.models import Copy, Lead
from copytrading.services.safety import reconciling
from tests.browser.journeys.reader import Reader
from tests.cast import World, build_world
from tests.pasts import give_past, record
from tests.views.scenes import catch_up, settle_now

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]

BIO = "Two coins, and now and then a third; what a lead writes is in the lead's own language."


@pytest.fixture
def market(transactional_db: None, settings: Settings) -> tuple[World, Lead]:
    """A lead in two coins who has a past, another one, and prices of this very moment."""
    settings.SMARTSYNC_BELL = False
    world = build_world()
    world.now = timezone.now() - timedelta(seconds=60)
    world.prices()
    lead = world.make_lead(User.objects.create_user("basalt@example.org"))
    for symbol, quantity in (("BTC", "0.08"), ("ETH", "1.2")):
        world.lead_trades(lead, symbol, "BUY", quantity)
    prices = [1 + day / 300 - (day % 7) / 90 for day in range(95)]
    record(lead, prices, until=world.now - timedelta(hours=1))
    Lead.objects.filter(pk=lead.pk).update(bio=BIO)
    give_past(world, world.make_lead(User.objects.create_user("granite@example.org"), name="Granite"))
    world.make_lead(User.objects.create_user("slate@example.org"), name="Slate", shows_all=False)
    settle_now(world)
    return world, lead


@pytest.mark.walked("de-phone-dark")
def test_a_newcomer_goes_the_whole_way(market: tuple[World, Lead], reader: Reader) -> None:
    world, lead = market
    reader.names += [BIO, "Basalt", "Granite", "Slate", "BTC", "ETH", "SOL", "Europe/Nowhere"]
    page = reader.page

    # Discover, as a stranger.
    reader.looks("discover", "/")
    reader.fill("Search by name", "zzz")
    reader.reads("Nobody leads like that")
    reader.look("discover-nobody")
    reader.looks("compare", "/compare/?lead=basalt&lead=granite&lead=slate")
    for lead_page in ("", "portfolio/", "trades/", "followers/", "what-if/", "copy/"):
        reader.looks(f"stranger-{lead_page.strip('/') or 'lead'}", f"/leads/granite/{lead_page}")

    # Sign-up, once refused.
    reader.open("/accounts/signup/")
    page.fill("input[name=email]", "newcomer@example.org")
    for field in page.locator("input[type=password]").all():
        field.fill("short")
    reader.press("Sign up", page.locator("main"))
    expect(page.locator(".errors").first).to_be_visible()
    reader.look("sign-up-refused")
    for field in page.locator("input[type=password]").all():
        field.fill("a phrase that is long enough")
    reader.press("Sign up", page.locator("main"))
    page.wait_for_url(re.compile(r"^(?!.*signup)"))
    reader.names += ["newcomer@example.org"]
    for name, path in (("my-copies", "/copies/"), ("together", "/copies/together/"), ("notices", "/notices/")):
        reader.looks(f"empty-{name}", path)
    for name, path in (("wallet", "/wallet/"), ("activity", "/activity/"), ("statements", "/wallet/statements/")):
        reader.looks(f"empty-{name}", path)

    # Money.
    reader.open("/wallet/")
    deposit = page.locator("form[action*=deposit]")
    deposit.locator("input[name=value]").fill("nothing")
    deposit.locator("button").last.click()
    expect(page.locator(".errors").first).to_be_visible()
    reader.look("deposit-refused")
    deposit = page.locator("form[action*=deposit]")
    deposit.locator("input[name=value]").fill(reader.figure("5,000"))
    deposit.locator("button").last.click()
    expect(page.locator(".toast").first).to_be_visible()
    reader.reads_figure("5,000.00")
    reader.look("deposit")

    # The wizard.
    settle_now(world)
    reader.open(f"/leads/{lead.slug}/copy/")
    reader.fill_in("input[name=investment]", "50")
    reader.press("See what happens")
    expect(page.locator(".errors").first).to_be_visible()
    reader.look("wizard-refused")
    reader.fill_in("input[name=investment]", "1,000")
    reader.fill_in("input[name=stop_loss]", "150")
    expect(page.locator("#level")).to_contain_text("850")
    reader.look("wizard")
    settle_now(world)
    reader.press("See what happens")
    expect(page.locator("main")).to_contain_text("BTC")
    reader.look("review")
    reader.press("Start copying")
    page.wait_for_url(re.compile(r"/copies/\d+/"))
    reader.look("copy-starting")
    settle_now(world)
    copy = Copy.objects.get()
    assert (copy.status, copy.paid_in_units) == (Copy.Status.ACTIVE, 1_000 * 10**8)
    reader.reads("in sync")

    # The copy follows, and can be changed.
    world.lead_trades(lead, "SOL", "BUY", "10")
    settle_now(world)
    expect(page.locator("main")).to_contain_text("SOL", timeout=10_000)
    reader.look("copy")
    settings_path = f"/copies/{copy.pk}/settings/"
    reader.looks("settings", settings_path)
    reader.fill("How much, {cash}", reader.figure("99,999"))
    reader.press("See what happens")
    expect(page.get_by_role("alert").first).to_be_visible()
    reader.look("increase-refused")
    reader.fill("How much, {cash}", "500")
    reader.press("See what happens")
    reader.reads_figure("1,500.00")
    reader.look("increase-review")
    reader.press("Put it in")
    page.wait_for_url(re.compile(rf"/copies/{copy.pk}/$"))
    reader.look("increased")
    settle_now(world)
    reader.open(settings_path)
    page.locator("input[name=stop_loss]").fill("20")
    reader.press("See what changes")
    reader.reads("Stops itself at")
    reader.look("stop-loss-review")
    reader.open(settings_path)
    reader.press("Pause")
    reader.look("paused")
    reader.open(settings_path)
    reader.look("before-resuming")
    reader.press("Resume")
    settle_now(world)
    for name, path in (("my-copies", "/copies/"), ("together", "/copies/together/"), ("lead-mine", "/leads/basalt/")):
        reader.looks(name, path)

    # By hand, at once and with a limit.
    reader.open("/wallet/")
    catch_up(world)
    ticket = page.locator("#ticket")
    page.locator("#ticket select[name=market]").select_option(label="SOL (SOL)")
    page.locator("#ticket input[name=value]").fill("250")
    reader.press("See what happens", ticket)
    expect(page.get_by_role("button", name=reader.says("Buy now"))).to_be_visible()
    reader.look("spot-review")
    reader.press("Buy now")
    expect(page.locator(".toast").first).to_be_visible()
    reader.look("spot-bought")
    page.locator("#ticket select[name=market]").select_option(label="BTC (BTC)")
    page.locator("#ticket input[name=value]").fill("100")
    page.locator("#ticket input[name=order_type][value=LIMIT]").check()
    reader.fill_in("#ticket input[name=price_limit]", "40000")
    reader.press("See what happens", ticket)
    expect(page.get_by_role("button", name=reader.says("Let it wait"))).to_be_visible()
    reader.look("limit-review")
    reader.press("Let it wait")
    expect(page.locator("#waiting table")).to_be_visible()
    reader.look("wallet")
    reader.looks("limit-orders", "/wallet/orders/")

    # What is told, and what can be read.
    page.goto(f"{reader.site_url}/wallet/statements/?period=all")
    reader.look("statements")
    reader.looks("statement-of-a-copy", f"/wallet/statements/?copy={copy.pk}&period=all")
    reader.looks("notices", "/notices/")
    reader.looks("activity", "/activity/")
    reader.looks("switches", "/notices/switches/")
    reader.fill_in("input[name=time_zone]", "Europe/Nowhere")
    reader.press("Save")
    expect(page.locator(".errors").first).to_be_visible()
    reader.look("switches-refused")
    reader.fill_in("input[name=time_zone]", "Europe/Berlin")
    reader.press("Save")
    expect(page.locator(".toast").first).to_be_visible()
    reader.look("switches-saved")

    # Out again.
    reader.looks("stop", f"/copies/{copy.pk}/stop/")
    reader.press("Stop and return the money")
    page.wait_for_url(re.compile(rf"/copies/{copy.pk}/$"))
    reader.look("stopping")
    settle_now(world)
    reader.reads("Came back to your wallet")
    reader.look("stopped")
    reader.looks("ended", "/copies/?show=ended")
    reader.open("/wallet/")
    page.locator("form[action*=withdraw] input[name=value]").fill(reader.figure("1,000"))
    page.locator("form[action$='withdraw/'] button").last.click()
    page.wait_for_load_state()
    reader.look("withdrawal")
    assert Copy.objects.get().status == Copy.Status.STOPPED
    assert reconciling.check_ledger().is_clean
    assert reader.looked > 45
