"""
Who may what: every address of the site, from one table. An address that no line of the table names fails.

Each is asked by nobody, a follower, another follower, a lead and an operator, for what is somebody else's and for what
does not exist: the two must look alike, to the last byte but for the number that was asked for, after as many
statements, and in the same time (`make alike`).
"""

import os
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts import devices, program_keys
from accounts.models import User
from copytrading.models import Lead, Market, Notice
from copytrading.services.leads import verbs as leads
from copytrading.services.personal import archives
from copytrading.services.wallet import spot
from tests.api.program import Program
from tests.cast import World, usdt
from tests.hook_receiver import webhook_of
from tests.services.copies.inviting import invited
from tests.services.desk.desk_stage import complaint_of
from tests.services.own.stage import connect
from tests.services.telling.push_stage import subscription_of
from tests.services.wallet.later import withdraw_later
from tests.services.wallet.limit_stage import place

PUBLIC, MEMBER, OWN, OPERATOR, STEP, PROBE = "public", "member", "own", "operator", "step", "probe"
# The library of sign-ins has it, and we do not.
ABSENT = "absent"
MISSING = 2**31 - 1
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
TRIES = int(os.environ.get("ALIKE_TRIES", "0"))
# Of the medians; what is asked for with ALIKE_PATHS is looked at alone.
APART_MAX = 0.2
ROUNDS = 3
PATHS = os.environ.get("ALIKE_PATHS", "")
# Things that are named behind the question mark.
IN_QUERIES = (
    ("api/v1/statements?copy={copy_id}", "copy"),
    ("wallet/statements/?copy={copy_id}", "copy"),
    ("wallet/statements.json?copy={copy_id}", "copy"),
    ("activity/?copy={copy_id}", "copy"),
    ("compare/?lead={slug}", "applied_lead"),
    ("api/v1/comparison?leads=basalt,{slug}", "applied_lead"),
)

# The first line that fits counts. `own:NAME` is about one thing of somebody, of the kind that NAME says.
TABLE = (
    ("", PUBLIC),
    ("leads/<slug:slug>/copy/*", MEMBER),
    ("leads/<slug:slug>/favourite/", MEMBER),
    ("leads/*", PUBLIC),
    ("compare/", PUBLIC),
    ("copies/", MEMBER),
    ("copies/together/", MEMBER),
    ("copies/<int:copy_id>/*", "own:copy"),
    ("wallet/orders/<int:order_id>/cancel/", "own:limit_order"),
    ("wallet/withdrawals/<int:transfer_id>/cancel/", "own:withdrawal"),
    ("wallet/*", MEMBER),
    ("consents/", MEMBER),
    ("suitability/*", MEMBER),
    ("halt-notice/", PUBLIC),
    ("notices/<int:notice_id>/", "own:notice"),
    ("notices/devices/<int:subscription_id>/remove/", "own:subscription"),
    ("notices/unsubscribe/<str:token>/", STEP),
    ("notices/*", MEMBER),
    # The letters of the demo, which nobody else sends.
    ("mailbox/*", PROBE),
    ("manifest.webmanifest", PUBLIC),
    ("service-worker.js", PUBLIC),
    ("offline/", PUBLIC),
    ("live/", PUBLIC),
    ("theme/", PUBLIC),
    ("language/", PUBLIC),
    ("passkey/", MEMBER),
    ("announcements/<int:announcement_id>/close/", MEMBER),
    ("complaints/", MEMBER),
    ("complaints/<int:complaint_id>/*", "own:complaint"),
    ("activity/", MEMBER),
    ("data/archive/<int:archive_id>/", "own:archive"),
    ("data/*", MEMBER),
    ("programs/keys/<int:key_id>/revoke/", "own:key"),
    ("programs/devices/<int:device_id>/revoke/", "own:device"),
    ("programs/webhooks/new/", MEMBER),
    ("programs/webhooks/<int:webhook_id>/*", "own:webhook"),
    ("programs/*", MEMBER),
    ("problems/*", PUBLIC),
    ("lead/orders/<int:order_id>/cancel/", "own:lead_order"),
    ("lead/invitations/<int:invitation_id>/withdraw/", "own:invitation"),
    ("lead/*", MEMBER),
    ("api/v1/token", STEP),
    ("api/v1/token/refresh", STEP),
    ("api/v1/leads/<slug:slug>/favourite", MEMBER),
    ("api/v1/leads/<slug:slug>/preview", MEMBER),
    ("api/v1/leads/<slug:slug>/what-if*", MEMBER),
    ("api/v1/leads*", PUBLIC),
    ("api/v1/comparison", PUBLIC),
    ("api/v1/markets*", PUBLIC),
    ("api/v1/schema", PUBLIC),
    ("api/v1/docs", PUBLIC),
    ("api/v1/<path:rest>", PUBLIC),
    ("api/v1/copies", MEMBER),
    ("api/v1/copies/together*", MEMBER),
    ("api/v1/copies/<int:copy_id>*", "own:copy"),
    ("api/v1/wallet/orders/limit/<int:order_id>", "own:limit_order"),
    ("api/v1/wallet/orders/<int:order_id>", "own:order"),
    ("api/v1/wallet/withdrawals/<int:transfer_id>", "own:withdrawal"),
    ("api/v1/wallet/own-accounts/<int:account_id>", "own:own_account"),
    ("api/v1/wallet*", MEMBER),
    ("api/v1/consents", MEMBER),
    ("api/v1/suitability", MEMBER),
    ("api/v1/announcements", PUBLIC),
    ("api/v1/complaints", MEMBER),
    ("api/v1/complaints/<int:complaint_id>*", "own:complaint"),
    ("api/v1/activity", MEMBER),
    ("api/v1/statements", MEMBER),
    ("api/v1/live", MEMBER),
    ("api/v1/lead/orders/<int:order_id>", "own:lead_order"),
    ("api/v1/lead/invitations/<int:invitation_id>", "own:invitation"),
    ("api/v1/lead*", MEMBER),
    ("api/v1/devices", MEMBER),
    ("api/v1/devices/<int:device_id>", "own:device"),
    ("api/v1/keys", MEMBER),
    ("api/v1/keys/<int:key_id>", "own:key"),
    ("api/v1/webhooks", MEMBER),
    ("api/v1/webhooks/<int:webhook_id>*", "own:webhook"),
    ("api/v1/notices/push/<int:subscription_id>", "own:subscription"),
    ("api/v1/notices*", MEMBER),
    ("api/v1/confirm", MEMBER),
    ("api/v1/me", MEMBER),
    ("api/v1/account/archives/<int:archive_id>/file", "own:archive"),
    ("api/v1/account/*", MEMBER),
    # The sign-in library's own: what is open there are the steps of coming in.
    ("api/identity/app/v1/config", PUBLIC),
    ("api/identity/^*", ABSENT),
    ("api/identity/app/v1/account/phone*", ABSENT),
    ("api/identity/app/v1/auth/phone*", ABSENT),
    ("api/identity/app/v1/auth/*", STEP),
    ("api/identity/app/v1/tokens/refresh", STEP),
    ("api/identity/app/v1/account/*", MEMBER),
    ("accounts/2fa/authenticate/", STEP),
    ("accounts/2fa/webauthn/login/", STEP),
    ("accounts/2fa/*", MEMBER),
    ("accounts/sessions/", MEMBER),
    ("accounts/email/", MEMBER),
    ("accounts/reauthenticate/", MEMBER),
    ("accounts/password/change/", MEMBER),
    ("accounts/password/set/", MEMBER),
    ("accounts/*", STEP),
    ("admin/login/", STEP),
    ("admin/logout/", STEP),
    ("admin/*", OPERATOR),
    ("brand/<str:version>/<str:name>", PUBLIC),
    ("legal/<str:name>/", PUBLIC),
    ("health/*", PROBE),
    (".well-known/security.txt", PUBLIC),
    ("metrics", PROBE),
)


@dataclass(frozen=True)
class Address:
    route: str
    access: str

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api/")

    @property
    def kind(self) -> str:
        return self.access.partition(":")[2]

    def path(self, **of: object) -> str:
        """Return the address of one thing; what the table says nothing of is somebody called x."""
        plain = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", self.route).replace("^", "").replace("$", "")
        return "/" + re.sub(
            r"<(?:(\w+):)?(\w+)>", lambda part: str(of.get(part[2], "1" if part[1] == "int" else "x")), plain
        )


def routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def access_of(route: str) -> str:
    for line, access in TABLE:
        if route == line or (line.endswith("*") and route.startswith(line[:-1])):
            return access
    raise LookupError(f"{route} is in no line of the table: who may?")


ADDRESSES = [Address(route, access_of(route)) for route in dict.fromkeys(routes(get_resolver().url_patterns))]


def of(*accesses: str) -> list[Address]:
    return [address for address in ADDRESSES if address.access.partition(":")[0] in accesses]


def ask(
    method: str, path: str, *, user: User | None = None, program: Program | None = None, client: Client | None = None
) -> HttpResponse:
    """Ask as somebody: who comes anew, or with `client` who is signed in already."""
    client = client or Client(raise_request_exception=False)
    headers = {"Idempotency-Key": "matrix-0001"} if path.startswith("/api/") else {}
    if program is not None:
        headers["Authorization"] = f"Bearer {program.token}"
    if user is not None:
        client.force_login(user)
    body = {} if method == "GET" else {"content_type": "application/json", "data": {}}
    return getattr(client, method.lower())(path, headers=headers, **body)


def look(response: HttpResponse, number: int) -> tuple[int, str]:
    """Return what can be seen of an answer, without what differs from one request to the next."""
    text = response.content.decode() + response.get("Location", "")
    text = re.sub(r'(nonce|name="csrfmiddlewaretoken" value)="[^"]*"', r"\1", text)
    return response.status_code, re.sub(rf"/{number}\b", "/N", text)


@contextmanager
def statements_noted() -> Iterator[list[str]]:
    """Yield what the database is asked in the meantime, without what differs from one request to the next."""
    said: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        # When a device was used last is noted once in a while, whatever it asks for.
        if not sql.startswith('UPDATE "accounts_device"'):
            said.append(re.sub(r"\d+", "N", sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield said


@pytest.fixture
def things(world: World, lead: Lead, other_follower: User) -> dict[str, dict[str, int]]:
    """Return one thing of each kind, all of them the other follower's, who leads as well."""
    copy = world.start(other_follower, lead)
    market = Market.objects.get(symbol="ETH-USDT")
    order = spot.place_manual_order(
        user=other_follower,
        market_id=market.pk,
        side="BUY",
        units=usdt(100),
        idempotency_key="order-0001",
        now=world.now,
    )
    own = world.make_lead(other_follower, name="Slate", stake="1000")
    device, _ = devices.open_device(user=other_follower, now=world.now)
    key, _ = program_keys.make_key(user=other_follower, name="Robot", scopes=["read"], now=world.now)
    archive = archives.ask_for_archive(user=other_follower, by=other_follower, now=timezone.now())
    archives.make_archive(archive_id=archive.pk, now=timezone.now())
    return {
        "archive": {"archive_id": archive.pk},
        "withdrawal": {"transfer_id": withdraw_later(other_follower, usdt(10), now=world.now).pk},
        "webhook": {"webhook_id": webhook_of(other_follower, now=world.now).pk},
        "copy": {"copy_id": copy.pk},
        "order": {"order_id": order.pk},
        "limit_order": {"order_id": place(world, other_follower, "BUY", "ETH", "2000", quantity="0.1").pk},
        "invitation": {"invitation_id": invited(world, own).pk},
        "lead_order": {"order_id": world.lead_trades(own, "BTC", "BUY", "0.001").pk},
        "own_account": {"account_id": connect(world, other_follower).pk},
        "device": {"device_id": device.pk},
        "key": {"key_id": key.pk},
        "notice": {"notice_id": Notice.objects.filter(user=other_follower).latest("pk").pk},
        "subscription": {"subscription_id": subscription_of(other_follower, now=world.now).pk},
        "complaint": {"complaint_id": complaint_of(other_follower, now=world.now).pk},
    }


@pytest.fixture
def applied_lead(world: World, stranger: User) -> Lead:
    """Return a lead whom nobody but operators may know of yet."""
    return leads.apply_as_lead(
        user=stranger,
        name="Gneiss",
        bio="",
        tags=[],
        profit_share_rate=Decimal("0.1"),
        followers_max=5,
        now=world.now,
    )


@dataclass(frozen=True)
class Pair:
    """One request for what is somebody else's, and the same for what is not there."""

    method: str
    route: str
    anothers: str
    missing: str

    def ask(self, path: str, client: Client, program: Program, number: int) -> HttpResponse:
        """Send it, as a request that was not sent before."""
        headers = {}
        if path.startswith("/api/"):
            headers = {"Authorization": f"Bearer {program.token}", "Idempotency-Key": f"alike-{number:08}"}
        said: dict[str, Any] = {}
        if self.method != "GET":
            said = {"content_type": "application/json", "data": {"investment": "500.00"}}
        return getattr(client, self.method.lower())(path, headers=headers, **said)


def pairs(things: dict[str, dict[str, Any]], applied_lead: Lead) -> Iterator[Pair]:
    """Yield every address that names something, with each method, and what is nobody's in the same place."""
    named = {**things, "applied_lead": {"slug": applied_lead.slug}}
    kinds = [(address.route, address.kind) for address in of(OWN)]
    kinds += [(address.route, "applied_lead") for address in of(PUBLIC, MEMBER) if "<slug:slug>" in address.route]
    for route, kind in kinds:
        nothing = {name: "granit" if name == "slug" else MISSING for name in named[kind]}
        address = Address(route, OWN)
        for method in METHODS:
            yield Pair(method, route, address.path(**named[kind]), address.path(**nothing))
    for line, kind in IN_QUERIES:
        nothing = {name: "granit" if name == "slug" else MISSING for name in named[kind]}
        yield Pair("GET", line, "/" + line.format(**named[kind]), "/" + line.format(**nothing))


def medians(pair: Pair, client: Client, user: User) -> tuple[float, float, int]:
    """Return how long both take, in milliseconds, and the status, which is always the same."""
    # Signed in just now: tokens are good for a quarter of an hour, and proofs for five minutes.
    program, statuses = Program.of(user), set()
    taken: dict[str, list[float]] = {pair.anothers: [], pair.missing: []}
    for turn in range(TRIES):
        # Each is first as often as the other.
        for nth, path in enumerate((pair.anothers, pair.missing)[:: 1 if turn % 2 else -1]):
            # The limits of a minute are no part of it.
            cache.clear()
            began_at = time.perf_counter()
            response = pair.ask(path, client, program, 2 * turn + nth)
            taken[path].append(time.perf_counter() - began_at)
            statuses.add(response.status_code)
    assert len(statuses) == 1, (pair, statuses)
    anothers, missing = (statistics.median(seconds) * 1_000 for seconds in taken.values())
    return anothers, missing, statuses.pop()


class TestEveryAddress:
    def test_is_in_the_table_and_every_line_has_one(self) -> None:
        assert len(ADDRESSES) > 400
        used = {line for line, access in TABLE for address in ADDRESSES if line.rstrip("*") in address.route}
        assert {line for line, _ in TABLE} == used
        with pytest.raises(LookupError):
            access_of("nobody/thought/of/this/")

    def test_is_closed_to_nobody_in_particular(self, world: World, lead: Lead) -> None:
        for address in of(MEMBER, OWN, OPERATOR):
            methods = METHODS if address.access != OPERATOR else ("GET", "POST")
            for method in methods:
                response = ask(method, address.path(slug=lead.slug))
                seen = (address.route, method, response.status_code)
                if address.is_api:
                    # The library of sign-ins says 409 where a step was not begun.
                    assert response.status_code in {401, 405, 409, 410}, seen
                    assert response["Content-Type"].startswith("application/"), seen
                elif response.status_code in {301, 302}:
                    assert "login" in response["Location"] or response["Location"].startswith("/admin/"), seen
                else:
                    assert response.status_code in {403, 404, 405}, seen

    def test_that_the_library_has_and_we_do_not_is_not_there(self, follower: User) -> None:
        program = Program.of(follower)
        for address in of(ABSENT)[1:]:
            for method in METHODS:
                for asker in (None, program):
                    assert ask(method, address.path(), program=asker).status_code == 404, (address.route, method)

    def test_of_operators_is_closed_to_everybody_else(self, world: World, follower: User, lead: Lead) -> None:
        for user in (follower, lead.user):
            client = Client(raise_request_exception=False)
            client.force_login(user)
            for address in of(OPERATOR):
                response = ask("GET", address.path(), client=client)
                assert response.status_code in {302, 403, 404}, (address.route, response.status_code)
                if response.status_code == 302:
                    assert "login" in response["Location"], (address.route, response["Location"])

    def test_shows_what_is_somebody_elses_as_what_is_not_there(
        self, things: dict[str, dict[str, int]], follower: User, lead: Lead, operator: User
    ) -> None:
        for user in (follower, lead.user, operator):
            program = Program.of(user)
            for address in of(OWN):
                ((name, number),) = things[address.kind].items()
                asker: dict[str, Any] = {"program": program} if address.is_api else {"user": user}
                for method in METHODS:
                    with statements_noted() as of_anothers:
                        anothers = look(ask(method, address.path(**{name: number}), **asker), number)
                    with statements_noted() as of_missing:
                        missing = look(ask(method, address.path(**{name: MISSING}), **asker), MISSING)
                    seen = (address.route, method, user.email, anothers[0])
                    assert anothers == missing, seen
                    assert of_anothers == of_missing, seen
                    # Nothing is found: no method, no such thing, or what was sent is no request at all.
                    assert anothers[0] in {404, 405, 400} or (method == "GET" and anothers[0] == 302), seen

    def test_lets_its_owner_in(self, things: dict[str, dict[str, int]], other_follower: User) -> None:
        program = Program.of(other_follower)
        for address in of(OWN):
            asker: dict[str, Any] = {"program": program} if address.is_api else {"user": other_follower}
            answers = {
                ask(method, address.path(**things[address.kind]), **asker).status_code for method in ("GET", "PUT")
            }
            assert 404 not in answers, (address.route, answers)

    def test_knows_no_lead_who_has_only_applied(
        self, things: dict[str, Any], follower: User, applied_lead: Lead
    ) -> None:
        client, program = Client(), Program.of(follower)
        client.force_login(follower)
        for number, pair in enumerate(pairs(things, applied_lead)):
            if "slug" not in pair.route:
                continue
            with statements_noted() as of_anothers:
                anothers = pair.ask(pair.anothers, client, program, 2 * number)
            with statements_noted() as of_missing:
                missing = pair.ask(pair.missing, client, program, 2 * number + 1)

            seen = (pair.method, pair.route, anothers.status_code)
            assert anothers.status_code == missing.status_code, seen
            # The pages of what can be pressed lead elsewhere, whoever asks; what is compared is counted only.
            assert anothers.status_code in {404, 405} or pair.method == "GET", seen
            assert b"Gneiss" not in anothers.content, seen
            assert of_anothers == of_missing, seen

    @pytest.mark.alone
    @pytest.mark.skipif(not TRIES, reason="a measurement: make alike TRIES=200")
    def test_answers_about_what_is_somebody_elses_in_the_same_time(
        self, things: dict[str, Any], follower: User, applied_lead: Lead
    ) -> None:
        client, apart = Client(), []
        client.force_login(follower)
        print(f"\n{'another':>9} {'missing':>9} {'ratio':>6}   ms, medians of {TRIES} tries each")  # noqa: T201
        for pair in pairs(things, applied_lead):
            if PATHS not in pair.route or pair.ask(pair.anothers, client, Program.of(follower), 0).status_code == 405:
                continue
            # A machine that does other things meanwhile tells them apart now and then; a cause does it each time.
            for _ in range(ROUNDS):
                anothers, missing, status = medians(pair, client, follower)
                line = f"{anothers:9.2f} {missing:9.2f} {anothers / missing:6.3f}   {status} {pair.method} {pair.route}"
                print(line, flush=True)  # noqa: T201
                if abs(anothers / missing - 1) <= APART_MAX:
                    break
            else:
                apart.append(line)

        assert apart == []
