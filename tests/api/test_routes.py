"""
Who may not: every address and method of the API, in one table.

A route that is not in the table fails. Without a token everything is closed, and what belongs to somebody else looks
exactly like what does not exist.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.urls import URLPattern
from django.urls import reverse as address_of
from django.utils import timezone

from accounts import devices, program_keys
from accounts.models import User
from copytrading.api.urls import urlpatterns
from copytrading.models import Copy, Lead, ManualOrder, Market
from copytrading.services.hooks import webhooks
from copytrading.services.personal import archives
from copytrading.services.wallet import spot
from tests.api.program import Program
from tests.cast import NOON, World, usdt
from tests.hook_receiver import webhook_of
from tests.services.copies.inviting import invited
from tests.services.desk.desk_stage import complaint_of
from tests.services.own.stage import connect
from tests.services.telling.push_stage import subscription_of
from tests.services.wallet.later import withdraw_later
from tests.services.wallet.limit_stage import place

MISSING_ID = 2**62
INVESTMENT = {"investment": "100.00"}
VALUE = {"value": "100.00"}
TERMS = {"profit_share_rate": "0.1", "followers_max": 50}
WEBHOOK = {"address": "https://192.0.2.1/", "events": ["copy"]}
SWITCH = {"topic": "TRANSFERS", "channel": "PUSH", "is_on": True}
HABITS = {"time_zone": "UTC", "mail_rhythm": "AT_ONCE", "quiet_from": None, "quiet_until": None}
PUSH = {"endpoint": "https://192.0.2.1/", "key": "k", "secret": "s"}
LEAD_ORDER = {"market": "BTC-USDT", "side": "BUY", "quantity": "0.001"}
LINK = {"exchange": "nowhere", "key": "k", "secret": "s"}
ORDER = {"market": "ETH-USDT", "side": "BUY", "value": "100.00"}
COMPLAINT = {"subject": "Late", "text": "It took long."}
INVITATION = {"copies_max": 5, "days": 30, "profit_share_rate": "0.05"}
LIMIT_ORDER = {**ORDER, "price_limit": "2000.00"}


@dataclass(frozen=True, kw_only=True)
class Route:
    """The methods of an address with a body that is valid, and whose things it is about."""

    methods: dict[str, Any]
    owned: str = ""
    is_open: frozenset[str] = field(default_factory=frozenset)


ROUTES = {
    "token": Route(methods={"POST": {"email": "a@example.org", "password": "x"}, "DELETE": None}, is_open={"POST"}),
    "token_refresh": Route(methods={"POST": {"refresh_token": "x"}}, is_open={"POST"}),
    "confirm": Route(methods={"POST": {"password": "x"}}),
    "devices": Route(methods={"GET": None, "DELETE": None}),
    "device": Route(methods={"PATCH": {"name": "x"}, "DELETE": None}, owned="device"),
    "keys": Route(methods={"GET": None, "POST": {"name": "x", "scopes": ["read"]}}),
    "key": Route(methods={"DELETE": None}, owned="key"),
    "webhooks": Route(methods={"GET": None, "POST": WEBHOOK}),
    "webhook_rotate": Route(methods={"POST": {"overlap_hours": 1}}, owned="webhook"),
    "webhook_test": Route(methods={"POST": None}, owned="webhook"),
    "webhook_deliveries": Route(methods={"GET": None}, owned="webhook"),
    "webhook_resend": Route(methods={"POST": None}, owned="delivery"),
    "webhook": Route(methods={"GET": None, "PATCH": {"description": "x"}, "DELETE": None}, owned="webhook"),
    "notices": Route(methods={"GET": None}),
    "notices_unread": Route(methods={"GET": None}),
    "notices_read": Route(methods={"POST": {"ids": [1]}}),
    "notice_switches": Route(methods={"GET": None, "PUT": {"switches": [SWITCH]}}),
    "notice_habits": Route(methods={"GET": None, "PUT": HABITS}),
    "pushes": Route(methods={"GET": None, "POST": PUSH}),
    "push": Route(methods={"DELETE": None}, owned="push"),
    "archives": Route(methods={"GET": None, "POST": None}),
    "archive_file": Route(methods={"GET": None}, owned="archive"),
    "erasure": Route(methods={"GET": None, "POST": None, "DELETE": None}),
    "me": Route(methods={"GET": None, "PATCH": {"language": "de"}}),
    "leads": Route(methods={"GET": None}, is_open={"GET"}),
    "comparison": Route(methods={"GET": None}, is_open={"GET"}),
    "lead": Route(methods={"GET": None}, owned="lead", is_open={"GET"}),
    "lead_favourite": Route(methods={"PUT": None, "DELETE": None}, owned="lead"),
    "lead_holdings": Route(methods={"GET": None}, owned="lead", is_open={"GET"}),
    "lead_record": Route(methods={"GET": None}, owned="lead", is_open={"GET"}),
    "lead_reference_copy": Route(methods={"GET": None}, owned="lead", is_open={"GET"}),
    "lead_statistics": Route(methods={"GET": None}, owned="lead", is_open={"GET"}),
    "lead_returns": Route(methods={"GET": None}, owned="lead", is_open={"GET"}),
    "lead_trades": Route(methods={"GET": None}, owned="lead", is_open={"GET"}),
    "lead_closed_positions": Route(methods={"GET": None}, owned="lead", is_open={"GET"}),
    "lead_events": Route(methods={"GET": None}, owned="lead", is_open={"GET"}),
    "lead_followers_record": Route(methods={"GET": None}, owned="lead", is_open={"GET"}),
    "lead_what_if": Route(methods={"POST": INVESTMENT}, owned="lead"),
    "lead_what_if_spread": Route(methods={"POST": INVESTMENT}, owned="lead"),
    "lead_preview": Route(methods={"POST": INVESTMENT}, owned="lead"),
    "copies": Route(methods={"GET": None, "POST": {"lead": "basalt", **INVESTMENT}}),
    "copies_together": Route(methods={"GET": None}),
    "loss_limit": Route(methods={"PUT": {"fraction": "0.2"}}),
    "copy": Route(methods={"GET": None}, owned="copy"),
    "copy_record": Route(methods={"GET": None}, owned="copy"),
    "copy_coins": Route(methods={"GET": None}, owned="copy"),
    "copy_gap": Route(methods={"GET": None}, owned="copy"),
    "copy_activity": Route(methods={"GET": None}, owned="copy"),
    "copy_orders": Route(methods={"GET": None}, owned="copy"),
    "copy_fills": Route(methods={"GET": None}, owned="copy"),
    "copy_ledger": Route(methods={"GET": None}, owned="copy"),
    "copy_balances": Route(methods={"GET": None}, owned="copy"),
    "copy_flows": Route(methods={"GET": None}, owned="copy"),
    "copy_profit_shares": Route(methods={"GET": None}, owned="copy"),
    "copy_terms": Route(methods={"PATCH": {"weight_max": "0.5"}}, owned="copy"),
    "change_preview": Route(methods={"POST": {"change": "increase", **VALUE}}, owned="copy"),
    "increase": Route(methods={"POST": VALUE}, owned="copy"),
    "reduce": Route(methods={"POST": VALUE}, owned="copy"),
    "stop_loss": Route(methods={"PUT": {"stop_loss": "50.00"}}, owned="copy"),
    "pause": Route(methods={"POST": None}, owned="copy"),
    "resume": Route(methods={"POST": None}, owned="copy"),
    "stop_quote": Route(methods={"GET": None}, owned="copy"),
    "stop": Route(methods={"POST": None}, owned="copy"),
    "consents": Route(methods={"GET": None, "POST": {"text": "terms", "version": "1"}}),
    "suitability": Route(methods={"GET": None, "PUT": {"answers": {}}}),
    "announcements": Route(methods={"GET": None}, is_open={"GET"}),
    "complaints": Route(methods={"GET": None, "POST": COMPLAINT}),
    "complaint": Route(methods={"GET": None}, owned="complaint"),
    "complaint_reopen": Route(methods={"POST": {"text": "Still."}}, owned="complaint"),
    "complaint_close": Route(methods={"POST": None}, owned="complaint"),
    "activity": Route(methods={"GET": None}),
    "statements": Route(methods={"GET": None}),
    "live": Route(methods={"GET": None}),
    "wallet": Route(methods={"GET": None}),
    "wallet_history": Route(methods={"GET": None}),
    "deposits": Route(methods={"POST": VALUE}),
    "withdrawals": Route(methods={"POST": VALUE}),
    "withdrawal": Route(methods={"DELETE": None}, owned="withdrawal"),
    "spot_orders": Route(methods={"GET": None, "POST": ORDER}),
    "spot_preview": Route(methods={"POST": ORDER}),
    "spot_order": Route(methods={"GET": None}, owned="order"),
    "limit_orders": Route(methods={"GET": None, "POST": LIMIT_ORDER}),
    "limit_preview": Route(methods={"POST": LIMIT_ORDER}),
    "limit_order": Route(methods={"GET": None, "DELETE": None}, owned="limit_order"),
    "own_accounts": Route(methods={"GET": None, "POST": {**LINK, "exchange": "paper"}}),
    "own_account": Route(methods={"GET": None, "DELETE": None}, owned="own_account"),
    "own_lead": Route(methods={"GET": None, "POST": {"name": "Granite", **TERMS}}),
    "lead_terms": Route(methods={"PUT": TERMS}),
    "lead_visibility": Route(methods={"PUT": {"trades_delay_hours": 24, "weights_shown": "DAILY"}}),
    "lead_own_accounts": Route(methods={"PUT": {"takes_own_accounts": True}}),
    "lead_account": Route(methods={"GET": None}),
    "lead_ledger": Route(methods={"GET": None}),
    "lead_fills": Route(methods={"GET": None}),
    "lead_deposits": Route(methods={"POST": VALUE}),
    "lead_withdrawals": Route(methods={"POST": VALUE}),
    "lead_orders": Route(methods={"GET": None, "POST": LEAD_ORDER}),
    "lead_order_preview": Route(methods={"POST": LEAD_ORDER}),
    "lead_order": Route(methods={"GET": None, "DELETE": None}, owned="lead_order"),
    "lead_followers": Route(methods={"GET": None}),
    "lead_earnings": Route(methods={"GET": None}),
    "lead_growth": Route(methods={"GET": None}),
    "lead_invitations": Route(methods={"GET": None, "POST": INVITATION}),
    "lead_invitation": Route(methods={"DELETE": None}, owned="invitation"),
    "lead_notices": Route(methods={"GET": None, "POST": {"text": "Hello."}}),
    "lead_pause": Route(methods={"POST": None}),
    "lead_resume": Route(methods={"POST": None}),
    "lead_end": Route(methods={"POST": None}),
    "lead_link": Route(methods={"GET": None, "PUT": LINK, "DELETE": None}),
    "market_troubles": Route(methods={"GET": None}, is_open={"GET"}),
    "markets": Route(methods={"GET": None}, is_open={"GET"}),
    "schema": Route(methods={"GET": None}, is_open={"GET"}),
    "docs": Route(methods={"GET": None}, is_open={"GET"}),
}
NOWHERE = "nowhere"
METHODS = {"get", "post", "put", "patch", "delete"}

EVERY = [(name, method) for name, route in ROUTES.items() for method in route.methods]
CLOSED = [(name, method) for name, method in EVERY if method not in ROUTES[name].is_open]
OWNED = [(name, method) for name, method in EVERY if ROUTES[name].owned]


def path_of(name: str, **arguments: object) -> str:
    return address_of(f"api:{name}", kwargs=arguments).removeprefix("/api/v1/")


def arguments_of(name: str, *, of: dict[str, dict[str, object]]) -> dict[str, object]:
    owned = ROUTES[name].owned
    return of[owned] if owned else {}


MISSING = {
    "copy": {"copy_id": MISSING_ID},
    "order": {"order_id": MISSING_ID},
    "limit_order": {"order_id": MISSING_ID},
    "own_account": {"account_id": MISSING_ID},
    "lead_order": {"order_id": MISSING_ID},
    "invitation": {"invitation_id": MISSING_ID},
    "archive": {"archive_id": MISSING_ID},
    "withdrawal": {"transfer_id": MISSING_ID},
    "device": {"device_id": MISSING_ID},
    "key": {"key_id": MISSING_ID},
    "webhook": {"webhook_id": MISSING_ID},
    "delivery": {"webhook_id": MISSING_ID, "delivery_id": MISSING_ID},
    "push": {"subscription_id": MISSING_ID},
    "complaint": {"complaint_id": MISSING_ID},
    "lead": {"slug": "nobody"},
}


@pytest.fixture
def others(world: World, lead: Lead, other_follower: User, stranger: User) -> dict[str, dict[str, object]]:
    """Return what belongs to somebody else: a copy, an order by hand, and a lead who is not approved yet."""
    copy: Copy = world.start(other_follower, lead)
    order: ManualOrder = spot.place_manual_order(
        user=other_follower,
        market_id=Market.objects.get(symbol="ETH-USDT").pk,
        side="BUY",
        units=usdt(100),
        idempotency_key="order-0001",
        now=world.now,
    )
    applied = Lead.objects.create(user=stranger, name="Hopeful", slug="hopeful", applied_at=world.now)
    other_lead = world.make_lead(other_follower, name="Slate", stake="1000")
    lead_order = world.lead_trades(other_lead, "BTC", "BUY", "0.001")
    device, _ = devices.open_device(user=other_follower, now=world.now)
    key, _ = program_keys.make_key(user=other_follower, name="Robot", scopes=["read"], now=world.now)
    tried = webhooks.send_test(webhook=webhook_of(other_follower, now=world.now), now=world.now)
    archive = archives.ask_for_archive(user=other_follower, by=other_follower, now=timezone.now())
    archives.make_archive(archive_id=archive.pk, now=timezone.now())
    return {
        "archive": {"archive_id": archive.pk},
        "withdrawal": {"transfer_id": withdraw_later(other_follower, usdt(10), now=world.now).pk},
        "copy": {"copy_id": copy.pk},
        "order": {"order_id": order.pk},
        "limit_order": {"order_id": place(world, other_follower, "BUY", "ETH", "2000", quantity="0.1").pk},
        "own_account": {"account_id": connect(world, other_follower).pk},
        "lead_order": {"order_id": lead_order.pk},
        "invitation": {"invitation_id": invited(world, other_lead).pk},
        "device": {"device_id": device.pk},
        "key": {"key_id": key.pk},
        "webhook": {"webhook_id": webhook_of(other_follower, now=world.now).pk},
        "delivery": {"webhook_id": tried.webhook_id, "delivery_id": tried.pk},
        "push": {"subscription_id": subscription_of(other_follower, now=world.now).pk},
        "complaint": {"complaint_id": complaint_of(other_follower, now=world.now).pk},
        "lead": {"slug": applied.slug},
    }


class TestEveryRoute:
    def test_is_in_the_table_with_its_methods(self) -> None:
        patterns = [pattern for pattern in urlpatterns if isinstance(pattern, URLPattern)]
        methods = {
            pattern.name: {name.upper() for name in METHODS if hasattr(pattern.callback.view_class, name)}
            for pattern in patterns
            if pattern.name != NOWHERE
        }

        assert len(patterns) == len(urlpatterns)
        assert methods == {name: set(route.methods) for name, route in ROUTES.items()}

    # All addresses in each test: the table is what is long here, not the stage.
    def test_is_closed_without_a_token(self, db: None) -> None:
        for name, method in CLOSED:
            path = path_of(name, **arguments_of(name, of=MISSING))
            for nobody in (Program(), Program("not:a-token")):
                response = nobody.send(method, path, ROUTES[name].methods[method], key="anybody-0001")

                assert response.status_code == 401, (name, method)
                assert response["Content-Type"] == "application/problem+json"
                assert response["WWW-Authenticate"].startswith("Bearer")

    def test_shows_what_is_anothers_as_missing(self, program: Program, others: dict[str, dict[str, object]]) -> None:
        for name, method in OWNED:
            body = ROUTES[name].methods[method]
            anothers, missing = (
                program.send(method, path_of(name, **arguments_of(name, of=of)), body, key="anybody-0001")
                for of in (others, MISSING)
            )

            assert anothers.status_code == missing.status_code == 404, (name, method)
            assert anothers.content == missing.content
            assert anothers.headers.items() >= {("Content-Type", "application/problem+json")}

    def test_lets_the_owner_in(self, others: dict[str, dict[str, object]]) -> None:
        Lead.objects.filter(slug="hopeful").update(status=Lead.Status.ACTIVE, started_at=NOON)
        owner = Program.of(User.objects.get(email="other@example.org"))

        for number, (name, method) in enumerate(OWNED):
            path = path_of(name, **arguments_of(name, of=others))
            response = owner.send(method, path, ROUTES[name].methods[method], key=f"anybody-{number:04}")

            # Done, or refused for a reason of the copy's own: in any case it was found.
            assert response.status_code in {200, 202, 204, 409}, (name, method, response.content)

    def test_takes_no_other_method(self, program: Program) -> None:
        for name, route in ROUTES.items():
            path = path_of(name, **arguments_of(name, of=MISSING))
            for method in {name.upper() for name in METHODS} - set(route.methods):
                assert program.send(method, path).status_code == 405, (name, method)


class TestNowhere:
    def test_answers_in_the_words_of_the_api(self, program: Program) -> None:
        response = program.get("no/such/address")

        assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
