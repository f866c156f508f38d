"""What pages say of money: in the platform's own currency, and never that it is paper where it is real."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading import urls
from copytrading.engine.sizing.custom import custom_terms
from copytrading.exchange import registry
from copytrading.exchange.paper.venue import PaperVenue
from copytrading.models import Copy, Lead, Market
from copytrading.services.books import price_bars
from copytrading.services.copies import verbs as copies
from tests.cast import World, usdt
from tests.sign_in import confirm
from tests.views.scenes import copy_with_holdings, settle_now

CURRENCY = "EURC"
TERMS = {"investment": "300", "buy_existing": "on", "stop_loss": "10", "stop_loss_in": "cash", "order_by": "ratio"}
# Addresses that no page is read at: they take a press, ring a bell or hand out a file.
NO_PAGES = {
    "start_copy", "wallet_csv", "live", "theme", "language", "lead_order_cancel", "lead_money_in", "lead_money_out",
    "limit_order_cancel", "invitation_withdraw", "passkey_offer", "lead_card",
    "lead_notice", "lead_pause", "lead_unlink", "favourite", "lead_trades_csv", "notice", "notices_read", "bell",
    "devices", "program_key_make", "program_key_revoke", "device_revoke", "problem", "remove_device",
    "unsubscribe", "mailbox", "mail", "mail_html", "manifest", "service_worker",
    "statement_pdf", "statement_csv", "statement_json",
    "webhook", "webhook_add", "webhook_change", "webhook_rotate", "webhook_test", "webhook_switch", "webhook_remove",
    "webhook_send_again",
    "withdrawal_cancel", "close_announcement", "complaint", "complaint_reopen", "complaint_close",
    "add_money", "archive_ask", "archive_file", "erasure_ask", "erasure_withdraw",
    # These are there where a jurisdiction's rules count, or own accounts can be connected; their own tests read them.
    "consents", "suitability", "jurisdiction", "own_account", "own_account_disconnect",
    "own_account_practice", "lead_own_accounts",
}  # fmt: skip

Visit = Callable[[], str]


@pytest.fixture(autouse=True)
def _currency(settings: Settings, old_prices_are_fine: None) -> None:
    settings.SMARTSYNC_CASH = CURRENCY


@pytest.fixture
def real_money(settings: Settings, world: World) -> Iterator[None]:
    """Money is real from here on; what stands in for the exchange answers as the paper venue does."""
    settings.SMARTSYNC_VENUE = "binance"
    with registry.use_venue(PaperVenue(account=registry.PLATFORM_ACCOUNT)):
        yield


@pytest.fixture
def running(world: World, lead: Lead, follower: User) -> Copy:
    return copy_with_holdings(world, lead, follower, stop_loss_units=usdt(150))


@pytest.fixture
def pages(world: World, lead: Lead, running: Copy, follower: User, other_follower: User) -> dict[str, list[Visit]]:
    """Return how each page is read, by the name of its address: as somebody whom it has something to say to."""
    custom = world.start(
        other_follower, lead, "200", terms=custom_terms(order_value_units=usdt(20)), stop_loss_units=usdt(50)
    )
    ended = world.start(follower, world.make_lead(User.objects.create_user("two@example.org"), name="Two"), "100")
    settle_now(world)
    copies.stop_copy(copy_id=ended.pk, now=world.now)
    settle_now(world)
    closes = {f"BTC-{CURRENCY}": np.linspace(50_000, 52_000, 24 * 5)}
    price_bars.write_bars(closes=closes, times=[lead.started_at + timedelta(hours=hour) for hour in range(24 * 5)])
    bitcoin = str(Market.objects.get(symbol=f"BTC-{CURRENCY}").pk)
    nobody, newcomer = Client(), User.objects.create_user("new@example.org", "correct horse battery")

    def of(user: User | None) -> Client:
        client = Client()
        if user:
            client.force_login(user)
        return client

    def read(user: User | None, name: str, *path: object, **asked: str) -> Visit:
        return lambda: _text(of(user).get(reverse(name, args=path), asked))

    def send(user: User, name: str, *path: object, **sent: str) -> Visit:
        return lambda: _text(confirm(of(user), user).post(reverse(name, args=path), sent))

    spot = {"side": "BUY", "market": bitcoin, "value": "50"}
    order = {
        "side": "BUY", "market": bitcoin, "quantity": "100", "counted_in": "value", "order_type": "market",
    }  # fmt: skip
    return {
        "discover": [read(None, "discover"), read(follower, "discover", ended="on")],
        "lead_detail": [read(None, "lead_detail", lead.slug), read(follower, "lead_detail", lead.slug)],
        "what_if": [read(None, "what_if", lead.slug)],
        "copy_terms": [read(newcomer, "copy_terms", lead.slug), read(follower, "copy_terms", lead.slug, **TERMS)],
        "copy_review": [
            read(other_follower, "copy_review", ended.lead.slug, mode="SMART_SYNC", **TERMS),
            read(other_follower, "copy_review", ended.lead.slug, mode="CUSTOM", order_ratio="2", **TERMS),
            read(newcomer, "copy_review", lead.slug, mode="SMART_SYNC", **TERMS),
        ],
        "together": [read(newcomer, "together"), read(follower, "together")],
        "my_copies": [
            read(newcomer, "my_copies"),
            read(follower, "my_copies"),
            read(follower, "my_copies", show="ended"),
        ],
        "copy_detail": [
            read(follower, "copy_detail", running.pk),
            read(follower, "copy_detail", ended.pk),
            read(other_follower, "copy_detail", custom.pk),
        ],
        "compare": [lambda: _text(nobody.get(f"/compare/?lead={lead.slug}&lead={lead.slug}"))],
        "lead_portfolio": [read(follower, "lead_portfolio", lead.slug)],
        "lead_trades": [read(follower, "lead_trades", lead.slug)],
        "lead_followers": [read(follower, "lead_followers", lead.slug)],
        "copy_live": [read(follower, "copy_live", running.pk)],
        "copy_settings": [
            read(follower, "copy_settings", running.pk),
            send(follower, "copy_settings", running.pk, change="investment", direction="increase", value="50"),
            send(follower, "copy_settings", running.pk, change="stop_loss", kind="cash", stop_loss="40"),
        ],
        "copy_stop": [read(follower, "copy_stop", running.pk)],
        "wallet": [read(follower, "wallet"), read(newcomer, "wallet")],
        "statements": [read(follower, "statements"), read(newcomer, "statements")],
        "deposit": [send(follower, "deposit", value="some", idempotency_key="a")],
        "withdraw": [send(follower, "withdraw", value="999999", idempotency_key="b")],
        "spot": [
            send(follower, "spot", **spot),
            send(follower, "spot", **spot, order_type="LIMIT", price_limit="40000"),
        ],
        "spot_book": [lambda: _text(of(follower).get(reverse("spot_book"), {"market": spot["market"]}))],
        "lead_book": [lambda: _text(of(lead.user).get(reverse("lead_book"), {"market": spot["market"]}))],
        "limit_orders": [read(follower, "limit_orders")],
        "programs": [read(follower, "programs")],
        "complaints": [read(follower, "complaints")],
        "own_data": [lambda: _text(confirm(of(follower), follower).get(reverse("own_data")))],
        "problems": [read(None, "problems")],
        "balance": [read(follower, "balance")],
        "halt_notice": [read(follower, "halt_notice")],
        "activity": [read(follower, "activity")],
        "notices": [read(follower, "notices"), read(newcomer, "notices")],
        "notice_switches": [read(follower, "notice_switches")],
        "offline": [read(follower, "offline"), read(None, "offline")],
        "lead_console": [read(lead.user, "lead_console"), read(newcomer, "lead_console")],
        "lead_apply": [send(newcomer, "lead_apply")],
        "lead_order": [send(lead.user, "lead_order", **order)],
        "lead_order_history": [read(lead.user, "lead_order_history")],
        "lead_earnings": [read(lead.user, "lead_earnings")],
        "lead_terms": [read(lead.user, "lead_terms")],
        "lead_visibility": [read(lead.user, "lead_visibility")],
        "lead_invitations": [read(lead.user, "lead_invitations")],
        "lead_link": [read(lead.user, "lead_link")],
        "lead_end": [read(lead.user, "lead_end")],
        "account_signup": [read(None, "account_signup")],
        "account_login": [read(None, "account_login")],
        "schema": [lambda: _text(nobody.get("/api/v1/schema"))],
        "nowhere": [lambda: nobody.get("/no/such/page/").text],
    }


def _text(answer: object) -> str:
    status, text = answer.status_code, answer.text  # type: ignore[attr-defined]
    assert status in (200, 302, 409, 422), (status, text[:300])
    return text


def read_all(pages: dict[str, list[Visit]]) -> dict[str, str]:
    return {f"{name} {number}": visit() for name, visits in pages.items() for number, visit in enumerate(visits)}


class TestPages:
    def test_are_all_read_here(self, pages: dict[str, list[Visit]]) -> None:
        named = {str(pattern.name) for pattern in urls.urlpatterns}

        assert named - NO_PAGES <= set(pages)

    def test_speak_of_the_platforms_own_currency(self, pages: dict[str, list[Visit]]) -> None:
        texts = read_all(pages)

        assert [name for name, text in texts.items() if "USDT" in text] == []
        silent = {"copy_live", "halt_notice", "nowhere", "schema", "lead_link", "lead_order_history", "activity"}
        silent |= {"offline", "programs", "problems", "limit_orders", "complaints", "own_data"}
        # What a visitor reads of leads that nobody puts money on yet, and the doors: no sum stands there.
        sumless = {"account_login 0", "account_signup 0", "compare 0", "discover 0"}
        silent_texts = {name for name, text in texts.items() if CURRENCY not in text} - sumless
        assert {name.split()[0] for name in silent_texts} <= silent

    def test_never_call_real_money_paper(self, pages: dict[str, list[Visit]], real_money: None) -> None:
        texts = read_all(pages)

        # A code of the API that an answer may be at any platform; its prose says nothing of it.
        texts["schema 0"] = re.sub(r"\bPAPER\b", "", texts["schema 0"])
        assert [name for name, text in texts.items() if re.search(r"\bpaper\b", text, re.IGNORECASE)] == []
        assert "The money here is real money." in texts["discover 0"]
        assert "you can lose what you invest" in texts["account_signup 0"]
        assert "operators of this platform" in texts["wallet 1"]
        assert "Real money: say here what you bring in" in texts["wallet 0"]

    def test_call_paper_money_so(self, pages: dict[str, list[Visit]]) -> None:
        texts = read_all({name: pages[name] for name in ("discover", "account_signup", "wallet")})

        assert "The money here is paper money." in texts["discover 0"]
        assert "paper money: practise" in texts["account_signup 0"]
        assert f"Deposit paper {CURRENCY}" in texts["wallet 0"]


class TestTheSource:
    def test_names_no_currency_in_templates_forms_and_views(self) -> None:
        root = Path(django_settings.BASE_DIR)
        files = [*(root / "templates").rglob("*.html")]
        files += [path for room in ("forms", "views") for path in (root / "copytrading" / room).rglob("*.py")]

        named = [str(path.relative_to(root)) for path in files if re.search(r"USDT|\bpaper\b", path.read_text())]

        assert len(files) > 100
        assert named == []
