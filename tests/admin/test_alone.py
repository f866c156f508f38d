"""
One person alone, with every right there is, who tries to move money or rights: none of these ways leads there.

Each attack is one function; whatever it meets, nothing stands otherwise afterwards than before.
"""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts import approvals
from accounts.models import Balance, Journal, LedgerAccount, OperatorRequest, User, Vouching
from accounts.refusals import Refusal
from copytrading.models import Correction, RuleChange
from copytrading.queries.rules import platform_rules
from copytrading.services.safety import corrections, rule_changes
from tests.admin.safety_stage import CORRECTIONS, REQUEST, act, asset
from tests.api.program import Program
from tests.cast import World, usdt
from tests.sign_in import sign_in

Kind = OperatorRequest.Kind
REQUESTS = "/admin/accounts/operatorrequest/"
EVERYTHING = {"is_staff": True, "is_superuser": True, "roles": []}


@dataclass
class Stage:
    """Mallory is an operator with every right, `self_two` a second account of hers, `honest` another operator."""

    mallory: User
    self_two: User
    honest: User
    panel: Client
    before: dict[str, Any] = field(default_factory=dict)

    def begin(self) -> None:
        """Note how things stand: from here on it is the attack."""
        self.before = standing()

    @property
    def now(self) -> datetime:
        return timezone.now()

    def ask(self, person: User | None = None, kind: Any = Kind.RIGHTS, *, by: User | None = None, **wanted: Any) -> Any:
        return approvals.request_change(
            kind=kind, person=person or self.self_two, wanted=wanted or EVERYTHING, reason="Why not",
            by=by or self.mallory, now=self.now,
        )  # fmt: skip

    def approve(self, request: Any, *, by: User, now: datetime | None = None) -> None:
        approvals.approve_change(request_id=request.pk, by=by, now=now or self.now)

    def ask_for_money(self, *, by: User | None = None, ago: timedelta = timedelta(0)) -> Correction:
        main = LedgerAccount.objects.get(owner=self.self_two, kind=LedgerAccount.Kind.MAIN)
        return corrections.request_correction(
            asset_id=asset("USDT").pk, account=main.pk, units=usdt(5000), reason="Mine", by=by or self.mallory,
            idempotency_key=f"{by} {ago}", now=self.now - ago,
        )  # fmt: skip

    def take(self, correction: Correction, *, by: User) -> None:
        corrections.approve_correction(correction_id=correction.pk, by=by, now=self.now)

    def depend(self, person: User, *, on: User, act: Any = Vouching.Act.PROMOTED, days: float = 100) -> None:
        """Let somebody have been made an operator, so many days ago."""
        User.objects.filter(pk=person.pk).update(is_staff=True, is_superuser=True)
        person.refresh_from_db()
        Vouching.objects.create(maker=on, person=person, act=act, at=self.now - timedelta(days=days))
        self.begin()


@pytest.fixture
def stage(world: World, stranger: User, operator: User, second_operator: User) -> Stage:
    world.deposit(stranger, "1")
    stage = Stage(operator, stranger, second_operator, sign_in(Client(), operator))
    sign_in(Client(), second_operator)
    stage.begin()
    return stage


def standing() -> dict[str, Any]:
    """Return who may what, how they sign in, and what everybody has."""
    columns = ("pk", "email", "password", "is_active", "is_staff", "is_superuser")
    return {
        "people": list(User.objects.order_by("pk").values_list(*columns)),
        "roles": list(User.groups.through.objects.order_by("pk").values_list("user_id", "group_id")),
        "rights": list(User.user_permissions.through.objects.order_by("pk").values_list("user_id", "permission_id")),
        "rights of roles": Group.permissions.through.objects.count(),
        # A mail that is asked for notes the person's own address beside the sign-in; nobody gets anything by that.
        "addresses": list(
            EmailAddress.objects.exclude(email=F("user__email"), verified=False)
            .order_by("pk")
            .values_list("user_id", "email", "verified")
        ),
        "factors": list(Authenticator.objects.order_by("pk").values_list("user_id", "type")),
        "journals": Journal.objects.filter(kind=Journal.Kind.CORRECTION).count(),
        "rules": platform_rules(),
        "money": list(Balance.objects.order_by("pk").values_list("ledger_account_id", "asset_id", "posted", "held")),
    }


def person_page(stage: Stage, page: str = "change", **said: Any) -> None:
    usual = {"email": stage.self_two.email, "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    stage.panel.post(f"/admin/accounts/user/{stage.self_two.pk}/{page}/", usual | said)


def as_dependent(how: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Return the attack in which the second account, once it depends on somebody in this way, approves money."""

    def attack(stage: Stage) -> None:
        how(stage)
        stage.take(stage.ask_for_money(), by=stage.self_two)

    return attack


def twice(stage: Stage) -> None:
    request = stage.ask(stage.honest, Kind.ACTIVITY, is_active=False)
    approvals.withdraw_change(request_id=request.pk, now=stage.now)
    stage.approve(request, by=stage.honest)


def wait_a_day(stage: Stage) -> None:
    request = stage.ask()
    stage.approve(request, by=stage.honest, now=stage.now + timedelta(hours=24, seconds=1))


def change_what_was_asked(stage: Stage) -> None:
    request = stage.ask(stage.self_two, Kind.EMAIL, email="harmless@example.org")
    rewrite(request, kind=Kind.RIGHTS, wanted=EVERYTHING)


def make_it_younger(stage: Stage) -> None:
    rewrite(stage.ask(), requested_at=stage.now + timedelta(days=1))


def ask_as_somebody_else(stage: Stage) -> None:
    request = stage.ask()
    rewrite(request, requested_by=stage.honest)
    stage.approve(request, by=stage.mallory)


def rewrite(request: OperatorRequest, **columns: Any) -> None:
    with transaction.atomic():
        OperatorRequest.objects.filter(pk=request.pk).update(**columns)


def fired(stage: Stage) -> None:
    request = stage.ask(by=stage.mallory)
    User.objects.filter(pk=stage.mallory.pk).update(is_staff=False)
    stage.begin()
    stage.approve(request, by=stage.honest)


def without_rights(post: Callable[[Client, Stage], object]) -> Callable[[Stage], None]:
    """Return the attack of somebody in the panel who may look at everything and act on nothing."""

    def attack(stage: Stage) -> None:
        onlooker = User.objects.create_user("onlooker@example.org", "correct horse battery", is_staff=True)
        onlooker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
        panel = sign_in(Client(), onlooker)
        stage.begin()
        post(panel, stage)

    return attack


def asked_on_the_page(panel: Client, **said: Any) -> None:
    usual = {"person": "stranger@example.org", "kind": "RIGHTS", "is_staff": "on", "is_superuser": "on", "reason": "x"}
    panel.post(f"{REQUESTS}request/", usual | said)


def own_request_on_the_panel(stage: Stage) -> None:
    asked_on_the_page(stage.panel)
    act(stage.panel, REQUESTS, "approve", OperatorRequest.objects.get(), confirmed=True)


def own_correction_on_the_panel(stage: Stage) -> None:
    main = LedgerAccount.objects.get(owner=stage.self_two, kind=LedgerAccount.Kind.MAIN)
    asked = {"asset": asset("USDT").pk, "quantity": "5000", "account": "OTHER", "account_number": main.pk,
             "reason": "Mine", "idempotency_key": "k"}  # fmt: skip
    stage.panel.post(REQUEST, asked)
    act(stage.panel, CORRECTIONS, "approve", Correction.objects.get(), confirmed=True)


def from_another_session(stage: Stage, *, seconds_ago: float, with_factor: bool) -> None:
    """The honest operator's session is stolen, but not the second factor."""
    request = stage.ask()
    thief = sign_in(Client(), stage.honest, seconds_ago=seconds_ago, with_factor=with_factor)
    act(thief, REQUESTS, "approve", request, confirmed=True)


def by_api_token(stage: Stage) -> None:
    request = stage.ask()
    headers = {"Authorization": f"Bearer {Program.of(stage.honest).token}"}
    sent = {"action": "approve", "_selected_action": [request.pk], "index": "0", "reason": "x", "confirmed": "yes"}
    Client(headers=headers).post(REQUESTS, sent)


def library_table(path: str, **said: Any) -> Callable[[Stage], None]:
    """Return the attack by a table that a library would let operators write by hand."""
    return lambda stage: stage.panel.post(f"/admin/{path}", {"user": stage.honest.pk, **said})


def of_own_kind(stage: Stage) -> None:
    """Another account of hers, made by the honest operator a fortnight ago, asks; she approves, who once reset it."""
    stage.depend(stage.self_two, on=stage.honest)
    Vouching.objects.create(maker=stage.mallory, person=stage.self_two, act="RESET", at=stage.now - timedelta(days=99))
    stage.take(stage.ask_for_money(by=stage.self_two), by=stage.mallory)


def another_rule(stage: Stage, *, by: User | None = None, ago: timedelta = timedelta(0)) -> RuleChange:
    return rule_changes.request_rule(
        name="deposit_max", value="10000000", reason="Why not", by=by or stage.mallory, now=stage.now - ago
    )


def let_it_hold(stage: Stage, change: RuleChange, *, by: User) -> None:
    rule_changes.approve_rule(change_id=change.pk, by=by, now=stage.now)


def own_rule_on_the_panel(stage: Stage) -> None:
    asked = {"name": "deposit_max", "value": "10000000", "reason": "x"}
    stage.panel.post("/admin/copytrading/rulechange/request/", asked)
    act(stage.panel, "/admin/copytrading/rulechange/", "approve", RuleChange.objects.get(), confirmed=True)


def rule_as_creature(stage: Stage) -> None:
    stage.depend(stage.self_two, on=stage.mallory)
    let_it_hold(stage, another_rule(stage), by=stage.self_two)


def rewrite_a_rule(change: RuleChange, **columns: Any) -> None:
    with transaction.atomic():
        RuleChange.objects.filter(pk=change.pk).update(**columns)


def change_what_was_asked_of_a_rule(stage: Stage) -> None:
    change = another_rule(stage)
    rewrite_a_rule(change, value="20000000")
    let_it_hold(stage, change, by=stage.honest)


def change_an_agreed_rule(stage: Stage) -> None:
    change = another_rule(stage)
    let_it_hold(stage, change, by=stage.honest)
    stage.begin()
    rewrite_a_rule(change, value="20000000")


def forget_an_agreed_rule(stage: Stage) -> None:
    change = another_rule(stage)
    let_it_hold(stage, change, by=stage.honest)
    stage.begin()
    with transaction.atomic():
        RuleChange.objects.filter(pk=change.pk).delete()


def reset_mail(stage: Stage) -> None:
    Client().post("/accounts/password/reset/", {"email": stage.honest.email})


def change_own_address(stage: Stage) -> None:
    stage.panel.post("/accounts/email/", {"email": stage.honest.email.upper(), "action_add": ""})
    EmailAddress.objects.filter(user=stage.mallory, verified=False).delete()  # it opens nothing until it is confirmed


def sql(statement: str) -> Callable[[Stage], None]:
    """Return the attack by one statement that the tables themselves refuse."""

    def attack(stage: Stage) -> None:
        stage.depend(stage.self_two, on=stage.mallory)
        stage.ask(stage.honest, Kind.ACTIVITY, is_active=False)
        names = {"mallory": stage.mallory.pk, "self_two": stage.self_two.pk, "honest": stage.honest.pk}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, names)
            raise AssertionError("the tables let it through")

    return attack


ATTACKS: dict[str, Callable[[Stage], object]] = {
    # The panel's own pages
    "make oneself another operator": lambda stage: person_page(stage),
    "add an operator by hand": lambda stage: stage.panel.post(
        "/admin/accounts/user/add/", {"email": "new@example.org", "password1": "long enough 1", "is_staff": "on"}
    ),
    "set somebody's password": lambda stage: person_page(stage, "password", password1="mine 1", password2="mine 1"),
    "delete the other operator": lambda stage: stage.panel.post(
        f"/admin/accounts/user/{stage.honest.pk}/delete/", {"post": "yes"}
    ),
    "change somebody's address": lambda stage: person_page(stage, email="mallory@example.org"),
    "make the other operator inactive": lambda stage: stage.panel.post(
        f"/admin/accounts/user/{stage.honest.pk}/change/", {"email": stage.honest.email}
    ),
    "make a role": lambda stage: stage.panel.post("/admin/auth/group/add/", {"name": "mine", "permissions": [1, 2, 3]}),
    "give a role more rights": lambda stage: stage.panel.post(
        f"/admin/auth/group/{Group.objects.get(name='support').pk}/change/", {"name": "support", "permissions": [1, 2]}
    ),
    "confirm an own address for somebody": library_table("account/emailaddress/add/", email="m@x.org", verified="on"),
    "delete somebody's second factor": library_table("mfa/authenticator/1/delete/", post="yes"),
    "take over a session": library_table("usersessions/usersession/add/", session_key="x" * 32),
    "approve one's own request": own_request_on_the_panel,
    "approve one's own correction": own_correction_on_the_panel,
    # A stolen session of the other operator
    "approve without a second factor": lambda stage: from_another_session(stage, seconds_ago=0, with_factor=False),
    "approve with an old proof": lambda stage: from_another_session(stage, seconds_ago=301, with_factor=True),
    "approve by the other's token of the API": by_api_token,
    "approve by a link": lambda stage: sign_in(Client(), stage.honest).get(
        REQUESTS, {"action": "approve", "_selected_action": stage.ask().pk, "confirmed": "yes"}
    ),
    # Without the right to it
    "ask without the right": without_rights(lambda panel, _: asked_on_the_page(panel)),
    "approve without the right": without_rights(
        lambda panel, stage: act(panel, REQUESTS, "approve", stage.ask(), confirmed=True)
    ),
    "approve money without the right": without_rights(
        lambda panel, stage: act(panel, CORRECTIONS, "approve", stage.ask_for_money(), confirmed=True)
    ),
    # The services behind the pages
    "approve one's own request by the service": lambda stage: stage.approve(stage.ask(), by=stage.mallory),
    "approve what is about oneself": lambda stage: stage.approve(
        stage.ask(stage.honest, Kind.RIGHTS, is_staff=True, is_superuser=False, roles=["risk"]), by=stage.honest
    ),
    "approve one's own correction by the service": lambda stage: stage.take(stage.ask_for_money(), by=stage.mallory),
    "approve as somebody who is no operator": lambda stage: stage.approve(
        stage.ask(stage.honest, Kind.PASSWORD), by=stage.self_two
    ),
    "take money as somebody who is no operator": lambda stage: stage.take(stage.ask_for_money(), by=stage.self_two),
    "ask as somebody who is no operator": lambda stage: stage.approve(stage.ask(by=stage.self_two), by=stage.honest),
    # Rules of the platform
    "approve one's own rule": own_rule_on_the_panel,
    "approve one's own rule by the service": lambda stage: let_it_hold(stage, another_rule(stage), by=stage.mallory),
    "approve a rule as no operator": lambda stage: let_it_hold(stage, another_rule(stage), by=stage.self_two),
    "approve a rule as one's creature": rule_as_creature,
    "approve a rule after a day": lambda stage: let_it_hold(
        stage, another_rule(stage, ago=timedelta(hours=25)), by=stage.honest
    ),
    "ask for a rule without the right": without_rights(
        lambda panel, _: panel.post(
            "/admin/copytrading/rulechange/request/", {"name": "repair_seconds", "value": "1", "reason": "x"}
        )
    ),
    "let a rule hold by a statement": lambda stage: rewrite_a_rule(another_rule(stage), holds_from=stage.now),
    "approve a rule by a statement": lambda stage: rewrite_a_rule(
        another_rule(stage), holds_from=stage.now, approved_at=stage.now, approved_by=stage.mallory
    ),
    "change what was asked of a rule": change_what_was_asked_of_a_rule,
    "change a rule that was agreed on": change_an_agreed_rule,
    "forget a rule that was agreed on": forget_an_agreed_rule,
    # Two accounts
    "approve as one's creature": as_dependent(lambda stage: stage.depend(stage.self_two, on=stage.mallory)),
    "approve as one's own maker": of_own_kind,
    "approve as one who was made last week": as_dependent(
        lambda stage: stage.depend(stage.self_two, on=stage.honest, days=13.9)
    ),
    "approve as one whom one has reset": as_dependent(
        lambda stage: stage.depend(stage.self_two, on=stage.mallory, act=Vouching.Act.RESET)
    ),
    "approve as one who was reset yesterday": as_dependent(
        lambda stage: stage.depend(stage.self_two, on=stage.honest, act=Vouching.Act.RESET, days=1)
    ),
    # Time
    "approve after a day": wait_a_day,
    "take money after a day": lambda stage: stage.take(stage.ask_for_money(ago=timedelta(hours=25)), by=stage.honest),
    "approve what was withdrawn": twice,
    "approve what somebody asked for who was let go": fired,
    "make a request younger": make_it_younger,
    # Between asking and approving
    "change what was asked for": change_what_was_asked,
    "say that somebody else had asked": ask_as_somebody_else,
    # The tables themselves
    "approve by a statement": sql(
        "UPDATE accounts_operatorrequest SET approved_by_id = requested_by_id, approved_at = requested_at"
    ),
    "approve for a creature by a statement": sql(
        "UPDATE accounts_operatorrequest SET approved_by_id = %(self_two)s, approved_at = requested_at"
    ),
    "approve late by a statement": sql(
        "UPDATE accounts_operatorrequest SET approved_by_id = %(honest)s, approved_at = requested_at + '2 days'"
    ),
    "forget who made whom": sql("DELETE FROM accounts_vouching"),
    "say that somebody else made one": sql("UPDATE accounts_vouching SET maker_id = NULL"),
    # Other doors
    "ask for a mail of the other": reset_mail,
    "take the other's address": change_own_address,
    "make a third operator on the server": lambda stage: call_command("create_operator", "third@example.org"),
    "make a superuser on the server": lambda stage: call_command("createsuperuser"),
}


def test_there_are_forty_of_them() -> None:
    assert len(ATTACKS) >= 40


@pytest.mark.parametrize("name", ATTACKS)
def test_nobody_moves_money_or_rights_alone_by(name: str, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.management.commands.create_operator.getpass", lambda _: "long enough to be one")

    with contextlib.suppress(Refusal, DatabaseError, CommandError):
        ATTACKS[name](stage)

    assert standing() == stage.before


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("approve one's own request by the service", "asked for this yourself"),
        ("approve what is about oneself", "about yourself"),
        ("approve one's own rule by the service", "asked for this yourself"),
        ("approve a rule after a day", "older than a day"),
        ("approve one's own correction by the service", "yourself"),
        ("approve after a day", "older than a day"),
        ("take money after a day", "older than a day"),
        ("approve what somebody asked for who was let go", "no operator any more"),
    ],
)
def test_the_service_says_why_before_the_database_refuses(name: str, sentence: str, stage: Stage) -> None:
    with pytest.raises(Refusal, match=sentence):
        ATTACKS[name](stage)


def test_two_who_are_independent_do_what_they_agree_on(stage: Stage) -> None:
    request = stage.ask()
    correction = stage.ask_for_money()

    act(sign_in(Client(), stage.honest), REQUESTS, "approve", request, confirmed=True)
    stage.take(correction, by=stage.honest)

    stage.self_two.refresh_from_db()
    assert stage.self_two.is_superuser
    assert Vouching.objects.get(person=stage.self_two).maker == stage.mallory
    assert standing()["journals"] == stage.before["journals"] + 1


def test_two_approvals_at_once_are_one(transactional_db: None) -> None:
    mallory, honest, other = (User.objects.create_superuser(f"{name}@example.org") for name in "abc")
    request = approvals.request_change(
        kind=Kind.RIGHTS, person=User.objects.create_user("d@example.org"), wanted=EVERYTHING, reason="x", by=mallory,
        now=timezone.now(),
    )  # fmt: skip
    said: list[str] = []

    def approve(by: User) -> None:
        try:
            approvals.approve_change(request_id=request.pk, by=by, now=timezone.now())
            said.append("done")
        except Refusal as refusal:
            said.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=(person,)) for person in (honest, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == ["change_closed", "done"]
    assert Vouching.objects.count() == 1
