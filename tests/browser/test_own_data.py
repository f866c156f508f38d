"""The page of one's own data on a phone and on a desk: nothing is wider than the screen, and a file comes of it."""

import os
from zipfile import ZipFile

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import Archive, User
from copytrading.services.personal import archives
from tests.cast import build_world, usdt
from tests.services.wallet.later import withdraw_later
from tests.sign_in import confirm

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]

SCREENS = {"phone": (390, 844), "desk": (1440, 900)}
OVER = "() => document.documentElement.scrollWidth - window.innerWidth"


@pytest.fixture
def person(context: BrowserContext, site_url: str, transactional_db: None) -> User:
    settings.SMARTSYNC_BELL = False
    person = User.objects.create_user("ada@example.org", "correct horse battery")
    client = Client()
    client.force_login(person)
    confirm(client, person)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site_url}])
    return person


@pytest.mark.parametrize("screen", SCREENS)
def test_ones_own_data_is_packed_fetched_and_erased_and_kept_again(
    person: User, page: Page, site_url: str, screen: str
) -> None:
    width, height = SCREENS[screen]
    page.set_viewport_size({"width": width, "height": height})
    wide: list[str] = []

    def look(name: str) -> None:
        if page.evaluate(OVER) > 0:
            wide.append(name)
        if folder := os.environ.get("PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)

    world = build_world()
    page.goto(f"{site_url}/data/")
    page.get_by_role("button", name="Pack my archive").click()
    expect(page.get_by_text("Being packed since")).to_be_visible()
    archives.make_archive(archive_id=Archive.objects.get().pk, now=timezone.now())
    page.reload()
    look("ready")
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download the archive").click()
    assert "account/person.json" in ZipFile(coming.value.path()).namelist()

    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Erase my account").click()
    expect(page.get_by_text("Your account is to be erased:")).to_be_visible()
    look("waits")
    page.get_by_role("button", name="Keep my account").click()
    expect(page.get_by_text("Nothing is erased")).to_be_visible()

    world.deposit(person, "1000")
    withdraw_later(person, usdt(100), now=timezone.now())
    page.reload()
    expect(page.get_by_text("First this has to be settled")).to_be_visible()
    look("hindered")
    page.goto(f"{site_url}/wallet/")
    expect(page.get_by_role("button", name="Cancel this withdrawal")).to_be_visible()
    look("wallet")
    page.get_by_role("button", name="Cancel this withdrawal").click()
    expect(page.get_by_text("The withdrawal is canceled")).to_be_visible()
    assert wide == []
