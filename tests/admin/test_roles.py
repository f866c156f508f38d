"""Every address of the operators' panel and every act on it, by role, as this table says; an unlisted one fails."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, reverse

from accounts.admin.acting import ActingAdmin
from accounts.models import AuditEntry, User
from copytrading.models import Lead
from smartsync_site.operators.roles import ROLES
from tests.cast import World
from tests.sign_in import sign_in

ALL = {"support", "risk", "finance", "compliance", "admin"}
# Who looks at a table: everybody at what is people's, few at what operators do among themselves.
FEW = {"compliance", "admin"}
SEEN_BY = {
    **dict.fromkeys(
        (
            "accounts_user", "accounts_transfer", "accounts_ledgeraccount", "accounts_balance", "accounts_posting",
            "accounts_journal", "accounts_hold", "accounts_asset", "accounts_requestkey", "accounts_idempotentrequest",
            "accounts_device", "accounts_refreshtoken", "accounts_programkey",
            "accounts_archive", "accounts_erasure",
        ),
        ALL,
    ),
    **dict.fromkeys(
        (
            "admin_logentry", "accounts_auditentry", "accounts_operatorrequest", "accounts_vouching", "auth_group",
            "accounts_audithead",
        ),
        FEW,
    ),
}  # fmt: skip
# Who does what to rows, and who asks for one.
ACTS = {
    "copytrading_alarm": ({"clear", "silence"}, "risk"),
    "copytrading_announcement": ({"write", "end"}, "risk admin"),
    "copytrading_coinverdict": ({"approve", "withdraw", "request"}, "risk"),
    "copytrading_complaint": ({"acknowledge", "reply", "answer"}, "support compliance"),
    "copytrading_copy": ({"stop"}, "risk"),
    "copytrading_correction": ({"approve", "withdraw", "request"}, "finance"),
    "copytrading_custodydifference": ({"correct"}, "finance"),
    "copytrading_gatecase": ({"allow", "deny"}, "compliance"),
    "copytrading_halt": ({"lift", "place"}, "risk"),
    "copytrading_jurisdictionchange": ({"request"}, "compliance"),
    "copytrading_lead": ({"approve", "pause", "resume", "readmit", "end", "halt"}, "risk"),
    "copytrading_mark": ({"judge"}, "risk"),
    "copytrading_market": ({"halt", "unbar"}, "risk"),
    "copytrading_personnote": ({"write"}, "support risk finance compliance admin"),
    "copytrading_rulechange": ({"approve", "withdraw", "request"}, "risk finance"),
    "accounts_transfer": ({"confirm", "approve", "refuse", "enter"}, "finance"),
    "accounts_operatorrequest": ({"approve", "withdraw", "request"}, "admin"),
    "accounts_archive": ({"request"}, "compliance"),
    "accounts_erasure": ({"approve", "withdraw", "request"}, "compliance admin"),
}
# What is asked for on a page of its own, without a row.
ASKED = {"request", "place", "enter", "write", "answer"}
# Of the panel itself, for every operator: its start, its own help for forms, signing in and out, the password; and the
# search, which looks into no table that somebody may not see.
OF_EVERYBODY = {"index", "search", "login", "logout", "password_change", "password_change_done", "jsi18n", "app_list",
                "autocomplete", "view_on_site"}  # fmt: skip
PAGES = ("changelist", "csv", "add", "history", "delete", "change", "story", "sheet")
# Pages of a row with a right of their own, and who has it.
OF_A_ROW = {"accounts_user_seen": {"support", "compliance"}}
# Pages and files of no table, and who sees them.
REPORTS = {
    f"report-{report}": roles
    for reports, roles in (
        (("close", "close-csv", "close-json", "beancount"), {"finance", "compliance"}),
        (("execution", "execution-csv", "execution-json"), {"risk", "finance", "compliance"}),
        (("rebates", "rebates-csv", "rebates-json"), {"finance", "compliance"}),
        (("suspicions", "suspicions-csv", "suspicions-json"), {"risk", "compliance"}),
    )
    for report in reports
}


def names_in_the_panel() -> set[str]:
    """Return the name of every address there is."""
    found, waiting = set(), list(admin.site.get_urls())
    while waiting:
        part = waiting.pop()
        if isinstance(part, URLResolver):
            waiting += part.url_patterns
        elif isinstance(part, URLPattern) and part.name:
            found.add(part.name)
    return found


def table_of(name: str) -> str:
    return name.rpartition("_")[0]


def seen_by(table: str) -> set[str]:
    return ALL if table.startswith("copytrading_") else SEEN_BY.get(table, set())


def member_of(role: str) -> User:
    user = User.objects.create_user(f"{role}@example.org", "correct horse battery", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def test_every_address_is_in_the_table() -> None:
    names = names_in_the_panel() - OF_EVERYBODY
    asking = {f"{table}_{act}" for table, (acts, _) in ACTS.items() for act in acts & ASKED}
    unlisted = {
        name
        for name in names
        if name not in asking
        and name not in REPORTS
        and name not in OF_A_ROW
        and not (name.rpartition("_")[2] in PAGES and seen_by(table_of(name)))
    }

    assert not unlisted
    assert asking | set(REPORTS) | set(OF_A_ROW) <= names
    assert set(ROLES) == ALL


def test_every_act_is_in_the_table(db: None, operator: User) -> None:
    request = RequestFactory().get("/")
    request.user = operator
    found = {}
    for model, table in admin.site._registry.items():
        acts = {name for name in table.get_actions(request) if name != "delete_selected"}
        if acts:
            assert isinstance(table, ActingAdmin), "an act without the right to it"
            found[f"{model._meta.app_label}_{model._meta.model_name}"] = acts

    assert found == {table: acts - ASKED for table, (acts, _) in ACTS.items() if acts - ASKED}


@pytest.mark.parametrize("role", sorted(ALL))
def test_roles_see_and_do_what_the_table_says(world: World, role: str) -> None:
    client = sign_in(Client(), member_of(role))
    seen, done, asked = set(), {}, set()
    tables = [f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry]
    for table in tables:
        status = client.get(reverse(f"admin:{table}_changelist")).status_code
        if status == 200:
            seen.add(table)
        # Who may look at the list may take it along.
        file = client.get(reverse(f"admin:{table}_csv"))
        assert file.status_code == status
        assert client.post(reverse(f"admin:{table}_csv")).status_code == status
        for page in ("add",):
            assert client.post(reverse(f"admin:{table}_{page}"), {"email": "x@example.org"}).status_code == 403
    for table, (acts, _) in ACTS.items():
        for act in acts:
            if act in ASKED:
                address = reverse(f"admin:{table}_{act}")
                answers = {client.get(address).status_code, client.post(address, {}).status_code}
                assert len(answers) == 1
                if answers == {200}:
                    asked.add((table, act))
                continue
            sent = {"action": act, "_selected_action": "1", "index": "0", "reason": "A test"}
            # Not offered: the form is not valid, and the list comes again. Offered: the row is not here any more.
            told = client.post(reverse(f"admin:{table}_changelist"), sent, follow=True)
            done[table, act] = "Not all of these rows are here any more" in told.text or told.status_code == 404

    for name, roles in REPORTS.items():
        for send in (client.get, client.post):
            answer = send(reverse(f"admin:{name}"))
            assert answer.status_code == (200 if role in roles else 403), name
            entry = AuditEntry.objects.filter(actor__email=f"{role}@example.org").latest("number")
            assert f"{reverse(f'admin:{name}')} → {answer.status_code}" in entry.words

    mine = {table for table, (_, owners) in ACTS.items() if role in owners.split()}
    assert seen == {table for table in tables if role in seen_by(table)}
    assert {table for (table, _), may in done.items() if may} <= mine
    assert asked == {(table, act) for table in mine for act in ACTS[table][0] & ASKED}
    metrics = client.get("/metrics").status_code
    assert metrics == (200 if role == "admin" else 404)
    assert AuditEntry.objects.filter(actor__email=f"{role}@example.org").count() >= len(tables)


@pytest.mark.parametrize("role", [*sorted(ALL), ""])
def test_roles_see_the_pages_of_a_row_that_the_table_says(
    world: World, lead: Lead, follower: User, stranger: User, role: str
) -> None:
    User.objects.filter(pk=stranger.pk).update(is_staff=True)
    stranger.refresh_from_db()
    client = sign_in(Client(), member_of(role) if role else stranger)
    copy = world.start(follower, lead)
    addresses = {
        "copytrading_copy_story": [copy.pk],
        "accounts_user_sheet": [follower.pk],
        "accounts_user_seen": [follower.pk, "wallet/"],
    }

    answers = {
        name: client.get(reverse(f"admin:{name}", args=arguments)).status_code for name, arguments in addresses.items()
    }

    assert answers == {name: 200 if role in OF_A_ROW.get(name, seen_by(table_of(name))) else 403 for name in addresses}


def test_operators_without_a_role_see_nothing(client: Client, stranger: User) -> None:
    User.objects.filter(pk=stranger.pk).update(is_staff=True)
    stranger.refresh_from_db()
    sign_in(client, stranger)

    assert client.get("/admin/accounts/user/").status_code == 403
    assert "You don’t have permission to view or edit anything" in client.get("/admin/").text
