"""Curves in a real browser: live with the figure above them, read out under a finger, and there without a script."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from accounts.models import User
from copytrading.models import Copy, CopyFlow, CopyRecord, Lead, LeadFlow, LeadRecord
from copytrading.services.copies import verbs as copies
from tests.cast import World, build_world, usdt
from tests.pasts import record_copy
from tests.views.scenes import settle_now

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]
# Where to put pictures of the pages, for somebody who wants to look at them.
SHOTS = os.environ.get("SHOTS", "")
SIZES = ((390, 844), (1440, 900))


@pytest.fixture
def world(transactional_db: None) -> World:
    settings.SMARTSYNC_BELL = True
    return build_world()


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
def lead(world: World) -> Lead:
    """A lead with three coins and a record of sixty days, worth money that was moved in half way."""
    lead = world.make_lead(User.objects.create_user("lead@example.org"))
    for symbol, quantity in (("BTC", "0.08"), ("ETH", "0.9"), ("SOL", "12")):
        world.lead_trades(lead, symbol, "BUY", quantity)
    world.settle()
    return lead


@pytest.fixture
def follower(world: World) -> User:
    follower = User.objects.create_user("follower@example.org", "correct horse battery")
    world.deposit(follower, "10000")
    return follower


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    """A copy that loses: forty days old, with money put in and taken out, and its last hours recorded by the minute."""
    copy = world.start(follower, lead, "1000")
    settle_now(world)
    world.wait(1, BTC="46000", ETH="2300", SOL="92")
    CopyRecord.objects.all().delete()
    started_at = world.now - timedelta(days=40)
    hours = [started_at + timedelta(hours=hour) for hour in range(1, 38 * 24)]
    minutes = [world.now - timedelta(minutes=minute) for minute in range(48 * 60, 0, -4)]
    rows, invested = [], Decimal(1000)
    for number, at in enumerate(hours + minutes):
        days = (at - started_at) / timedelta(days=1)
        moved = (500 if days > 14 else 0) - (400 if days > 31 else 0)
        invested = Decimal(1000 + (500 if days > 14 else 0)) * (Decimal("0.72") if days > 31 else 1)
        swing = Decimal(str(14 * ((number * 37) % 11 - 5) / 5 - days * 1.1 + 30 * (days / 8 % 2 - 1)))
        rows.append((at, Decimal(1000) + moved + swing, invested))
    for at, worth, put_in in rows:
        record_copy(copy, at, usdt(worth), usdt(put_in))
    copy.flows.update(moved_at=started_at)
    for kind, value, days in (("INCREASE", 500, 14), ("REDUCE", -400, 31)):
        CopyFlow.objects.create(
            copy=copy,
            kind=kind,
            units=usdt(value),
            idempotency_key=kind,
            moved_at=started_at + timedelta(days=days),
        )
    Copy.objects.filter(pk=copy.pk).update(
        started_at=started_at, invested_units=usdt(1080), paid_in_units=usdt(1500), paid_out_units=usdt(400)
    )
    copy.refresh_from_db()
    return copy


def sign_in(context: BrowserContext, user: User, site_url: str) -> None:
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site_url}])


def shoot(page: Page, name: str, *, full: bool = True) -> None:
    if not SHOTS:
        return
    for width, height in SIZES:
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.wait_for_timeout(150)
            page.screenshot(path=Path(SHOTS) / f"{name}-{width}-{scheme}.png", full_page=full, caret="initial")
    page.set_viewport_size({"width": 1280, "height": 800})


def last_worth(page: Page) -> float:
    """Return where the drawn worth ends."""
    told = json.loads(page.locator("#copy-curve [data-chart]").get_attribute("data-chart") or "")
    return float(told["lines"][0]["values"][-1])


class TestWorthCurve:
    def test_ends_at_the_worth_above_it_and_moves_with_it(
        self,
        page: Page,
        context: BrowserContext,
        site_url: str,
        world: World,
        copy: Copy,
        follower: User,
        page_errors: list[str],
    ) -> None:
        sign_in(context, follower, site_url)
        page.goto(f"{site_url}/copies/{copy.pk}/")
        worth = page.locator("#copy-figures .lead-figure dd")
        before = worth.inner_text()
        shoot(page, "curve-losing")

        for price in ("42000", "42001", "42002"):
            world.wait(1, BTC=price)
            page.wait_for_timeout(900)

        expect(worth).not_to_have_text(before)
        assert f"{last_worth(page):,.2f}" in worth.inner_text()

    def test_is_read_out_under_a_pointer_and_by_the_keys_while_it_moves(
        self,
        page: Page,
        context: BrowserContext,
        site_url: str,
        world: World,
        copy: Copy,
        follower: User,
        page_errors: list[str],
    ) -> None:
        sign_in(context, follower, site_url)
        page.goto(f"{site_url}/copies/{copy.pk}/")
        plot = page.locator("#copy-curve .plot")
        plot.hover(position={"x": 0, "y": 40})
        reading = page.locator("#copy-curve .reading")
        expect(reading).to_contain_text("Worth 1,000.00")
        page.locator("#copy-curve [data-chart]").focus()
        page.keyboard.press("End")
        expect(reading).to_contain_text("Invested 1,080.00")
        page.keyboard.press("ArrowLeft")
        shoot(page, "curve-read", full=False)
        read = reading.inner_text()

        for price in ("42000", "42001", "42002"):
            world.wait(1, BTC=price)
            page.wait_for_timeout(900)

        expect(reading).to_be_visible()
        expect(reading).to_have_text(read)
        page.keyboard.press("ArrowRight")
        expect(reading).not_to_have_text(read)

    def test_says_the_same_without_a_script(self, browser: Browser, site_url: str, copy: Copy, follower: User) -> None:
        context = browser.new_context(java_script_enabled=False)
        sign_in(context, follower, site_url)
        page = context.new_page()
        page.goto(f"{site_url}/copies/{copy.pk}/")

        plot = page.locator("#copy-curve .plot")

        expect(plot.locator(".move")).to_have_count(2)
        expect(plot.locator("text", has_text="+500")).to_be_visible()
        expect(page.locator("#copy-curve .times")).to_contain_text("now")
        shoot(page, "curve-no-script", full=False)
        context.close()

    def test_is_there_for_a_copy_of_this_very_moment(
        self,
        page: Page,
        context: BrowserContext,
        site_url: str,
        world: World,
        lead: Lead,
        follower: User,
        page_errors: list[str],
    ) -> None:
        settle_now(world)
        copy = world.start(follower, lead, "1000")
        settle_now(world)
        sign_in(context, follower, site_url)

        page.goto(f"{site_url}/copies/{copy.pk}/")

        expect(page.locator("#copy-curve .dot")).to_be_visible()
        shoot(page, "curve-young")
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        settle_now(world)
        page.goto(f"{site_url}/copies/{copy.pk}/")
        expect(page.locator("#copy-curve .times")).not_to_contain_text("now")
        shoot(page, "curve-ended")


class TestLeadCurves:
    def test_of_a_console_marks_what_moved_and_ends_at_the_worth_above(
        self,
        page: Page,
        context: BrowserContext,
        site_url: str,
        world: World,
        lead: Lead,
        page_errors: list[str],
    ) -> None:
        settle_now(world)
        LeadRecord.objects.all().delete()
        LeadFlow.objects.all().delete()
        for number in range(60 * 6, 0, -1):
            hours = number * 4
            price = 1 + 0.1 * ((number * 13) % 17) / 17 - 0.0006 * (360 - number)
            LeadRecord.objects.create(
                lead=lead,
                recorded_at=world.now - timedelta(hours=hours),
                equity_units=usdt(Decimal(str((6000 if number > 180 else 10000) * price))),
                unit_price=price,
            )
        LeadFlow.objects.create(
            lead=lead, units=usdt(4000), idempotency_key="in", moved_at=world.now - timedelta(hours=180 * 4 + 1)
        )
        Lead.objects.filter(pk=lead.pk).update(started_at=world.now - timedelta(days=60))
        sign_in(context, lead.user, site_url)

        page.goto(f"{site_url}/lead/")

        expect(page.locator("#lead-live .plot .move")).to_have_count(1)
        told = json.loads(page.locator("#lead-live [data-chart]").get_attribute("data-chart") or "")
        worth = page.locator("#lead-live .lead-figure dd").inner_text()
        assert f"{told['lines'][0]['values'][-1]:,.2f}" in worth
        shoot(page, "console")
        page.goto(f"{site_url}/leads/{lead.slug}/")
        expect(page.locator("#curve .plot .dot")).to_be_visible()
        shoot(page, "lead")


class TestListedCurves:
    def test_stand_on_one_scale_with_their_zero_line(
        self, page: Page, site_url: str, world: World, page_errors: list[str]
    ) -> None:
        settle_now(world)
        for number, (name, drift, days) in enumerate(
            (("Basalt", 0.004, 100), ("Ember", -0.003, 100), ("Northwind", 0.0004, 100), ("Tessera", -0.006, 20))
        ):
            lead = world.make_lead(User.objects.create_user(f"lead{number}@example.org"), name=name)
            Lead.objects.filter(pk=lead.pk).update(started_at=world.now - timedelta(days=days))
            LeadRecord.objects.filter(lead=lead).delete()
            LeadRecord.objects.bulk_create(
                LeadRecord(
                    lead=lead,
                    recorded_at=world.now - timedelta(days=day),
                    equity_units=usdt(10000),
                    unit_price=1 + drift * (days - day) + 0.06 * ((day * 7) % 9 - 4) / 4 * (day > 0),
                )
                for day in range(days, -1, -1)
            )

        page.goto(f"{site_url}/")

        expect(page.get_by_text("The curves share one scale")).to_be_visible()
        expect(page.locator(".leads .spark .zero")).to_have_count(4)
        shoot(page, "discover")
