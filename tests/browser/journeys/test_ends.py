"""Where a way ends: refused, not there, without a network, and in a mailbox; and a person's own pages."""

from datetime import timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from accounts.models import Asset, User
from copytrading.models import Copy, Market, Notice
from copytrading.queries.rules import platform_rules
from copytrading.services.leads import verbs as leads
from copytrading.services.telling.letters import letter_of
from tests.browser.journeys.conftest import Becoming
from tests.browser.journeys.reader import Reader
from tests.cast import World, build_world, usdt
from tests.languages.texts import read
from tests.sign_in import sign_in
from tests.views.scenes import settle_now

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]
LETTERS_LOOKED_AT = 3
PASSWORD = "correct horse battery"


@pytest.fixture
def world(transactional_db: None, settings: Settings) -> World:
    settings.SMARTSYNC_BELL = False
    world = build_world()
    world.now = timezone.now() - timedelta(seconds=60)
    world.prices()
    return world


@pytest.fixture
def copy(world: World) -> Copy:
    """A copy of three coins, one of which was suspended and one delisted since."""
    lead = world.make_lead(User.objects.create_user("lead@example.org"))
    for symbol, quantity in (("BTC", "0.08"), ("ETH", "1.2"), ("SOL", "20")):
        world.lead_trades(lead, symbol, "BUY", quantity)
    world.settle()
    follower = User.objects.create_user("follower@example.org", PASSWORD)
    world.deposit(follower, "5000")
    copy = world.start(follower, lead, "1000", stop_loss_units=usdt(150))
    settle_now(world)
    return copy


@pytest.mark.walked("de-phone-light")
def test_where_nothing_goes_on_it_is_said(reader: Reader, world: World, copy: Copy, be: Becoming) -> None:
    reader.names += ["Basalt", "BTC", "ETH", "SOL", "nowhere"]
    page = reader.page
    reader.looks("not-found", "/nowhere/")
    reader.looks("not-yours", f"/copies/{copy.pk}/")
    reader.looks("sign-in", "/accounts/login/")
    page.fill("input[name=login]", "nobody@example.org")
    page.fill("input[type=password]", "not the password")
    reader.press("Sign in", page.locator("main"))
    expect(page.locator("main").get_by_role("alert").first).to_be_visible()
    reader.look("sign-in-refused")
    reader.looks("password-reset", "/accounts/password/reset/")
    page.fill("main input[name=email]", "follower@example.org")
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    reader.look("password-reset-sent")

    be(copy.follower)
    Market.objects.filter(symbol="SOL-USDT").update(status=Market.Status.DELISTED, status_since=timezone.now())
    Market.objects.filter(symbol="ETH-USDT").update(status=Market.Status.SUSPENDED, status_since=timezone.now())
    for name, path in (("my-copies", "/copies/"), ("copy", f"/copies/{copy.pk}/"), ("lead", "/leads/basalt/")):
        reader.looks(f"{name}-with-closed-markets", path)
    leads.pause_lead(lead_id=copy.lead_id, now=world.now)
    reader.looks("copy-of-a-paused-lead", f"/copies/{copy.pk}/")
    reader.looks("wizard-of-a-paused-lead", "/leads/basalt/copy/")

    # A person's own pages.
    for path in ("data/", "complaints/", "programs/", "programs/keys/new/", "programs/webhooks/new/", "suitability/"):
        reader.looks(path.strip("/").replace("/", "-"), f"/{path}")
    for path in ("accounts/email/", "accounts/password/change/", "accounts/2fa/", "accounts/logout/"):
        reader.looks(path.strip("/").replace("/", "-"), f"/{path}")

    # Without a network.
    reader.open("/copies/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.wait_for_timeout(500)
    page.context.set_offline(True)
    try:
        expect(page.locator("#live-paused")).to_be_visible(timeout=20_000)
        reader.look("live-paused")
        reader.open("/copies/")
        reader.reads("No connection.")
        reader.look("offline")
    finally:
        page.context.set_offline(False)


@pytest.mark.walked("de-phone-dark")
def test_mails_are_in_the_readers_language(reader: Reader, copy: Copy, be: Becoming, tmp_path: Path) -> None:
    person, coin = copy.follower, Asset.objects.get(symbol="BTC")
    be(person)
    for kind in Notice.Kind:
        about = {"copy": copy, "lead": copy.lead, "asset": coin, "units": 10**8, "value_units": 10**8, "number": 10}
        notice = Notice(user=person, kind=kind, words=person.email, noted_at=timezone.now(), **about)
        letter_of([notice], message_id=kind.value.lower(), rules=platform_rules()).send()
    EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=False)
    asks_in = {"headers": {"Accept-Language": reader.around.code}}
    Client(**asks_in).post(reverse("account_reset_password"), {"email": person.email})
    Client(**asks_in).post(reverse("account_reset_password"), {"email": "nobody@example.org"})
    sign_in(Client(**asks_in), person).post(reverse("account_email"), {"action_send": "", "email": person.email})

    reader.names += ["Basalt", "BTC", "testserver"]
    seen: set[str] = set()
    for letter in mail.outbox:
        assert isinstance(letter, EmailMultiAlternatives)
        reader.read(f"mail: {letter.subject}", [letter.subject, letter.body])
        for html in (str(alternative[0]) for alternative in letter.alternatives):
            reader.read(f"mail: {letter.subject}", read(html))
            # They are of one template, with one sentence or two.
            if len(seen) < LETTERS_LOOKED_AT:
                seen.add(letter.subject)
                path = tmp_path / f"{len(seen)}.html"
                path.write_text(html)
                reader.page.goto(path.as_uri())
                reader.look(f"mail-{len(seen)}")
    assert len(mail.outbox) >= len(Notice.Kind) + 3
    assert len(seen) == LETTERS_LOOKED_AT
