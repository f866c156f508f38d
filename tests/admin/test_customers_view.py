"""Somebody's own pages as an operator looks at them: read only to the last row, and each look in the audit."""

import re
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, AuditHead, User
from copytrading.admin.stories import customers_view
from copytrading.admin.stories.customers_view import LINKED, PAGES
from copytrading.admin.stories.inert_pages import Banner, inert
from copytrading.models import Copy, Lead, Notice
from tests.admin.test_roles import member_of
from tests.cast import World
from tests.sign_in import sign_in
from tests.views.scenes import copy_with_holdings

# What the look itself writes: the audit.
WRITTEN = {AuditEntry._meta.db_table, AuditHead._meta.db_table}


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    return copy_with_holdings(world, lead, follower)


@pytest.fixture
def support(copy: Copy) -> Client:
    return sign_in(Client(), member_of("support"))


def addresses_of(copy: Copy) -> dict[str, str]:
    """Return each page that can be looked at, by the name of its address."""
    return {name: reverse(name, args=[copy.pk] if name == "copy_detail" else []) for name in PAGES}


def seen(person: User, path: str) -> str:
    return reverse("admin:accounts_user_seen", args=[person.pk, path.lstrip("/")])


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Return the statements that write, as they are made."""
    found: list[str] = []

    def watch(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        if re.match(r"\s*(INSERT|UPDATE|DELETE|WITH\b.*\b(INSERT|UPDATE|DELETE)\b)", sql, re.IGNORECASE | re.DOTALL):
            found.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield found


def rows() -> dict[str, list[str]]:
    """Return all rows of all tables but the audit's and the operators' own session."""
    tables = sorted(set(connection.introspection.table_names()) - WRITTEN - {"django_session"})
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT row::text FROM "{table}" AS row ORDER BY 1')
            found[table] = [text for (text,) in cursor.fetchall()]
    return found


class TestEveryPage:
    def test_is_the_persons_own_with_a_banner(self, support: Client, copy: Copy, follower: User) -> None:
        own = sign_in(Client(), follower)

        for name, path in addresses_of(copy).items():
            text = support.get(seen(follower, path)).text
            heading = re.search(r"<h1[^>]*>(.*?)</h1>", own.get(path).text, re.DOTALL)
            assert heading is not None, name
            assert f"You look as <strong>{follower.email}</strong>; nothing can be done here" in text, name
            assert re.sub(r"\s+", " ", heading.group(1)).strip()[:20] in re.sub(r"\s+", " ", text), name

    def test_has_nothing_that_could_be_done(self, support: Client, copy: Copy, follower: User) -> None:
        for path in addresses_of(copy).values():
            text = support.get(seen(follower, path)).text

            assert "<script" not in text
            for name in (" hx-", " sse-", "csrfmiddlewaretoken", " action=", " method=", " onclick"):
                assert name not in text, (path, name)
            for pressed in re.findall(r"<(?:button|input|select|textarea)\b[^>]*>", text):
                assert " disabled" in pressed, pressed
            for form in re.findall(r"<form\b[^>]*>", text):
                assert " inert" in form

    def test_leads_nowhere_but_to_such_pages(self, support: Client, copy: Copy, follower: User) -> None:
        base = seen(follower, "x")[:-1]
        for path in addresses_of(copy).values():
            text = support.get(seen(follower, path)).text
            for address in re.findall(r'<a\b[^>]*\shref="([^"]*)"', text):
                address = address.replace("&amp;", "&")
                if address == reverse("admin:accounts_user_sheet", args=[follower.pk]):
                    continue
                assert address.startswith((base, "?")), address
                there = address if address.startswith("/") else seen(follower, path) + address
                assert support.get(there).status_code == 200, there

    def test_writes_nothing_and_sets_no_cookie(
        self, support: Client, copy: Copy, follower: User, statements: list[str]
    ) -> None:
        assert Notice.objects.filter(user=follower, read_at=None).exists()
        before = rows()

        for name, path in addresses_of(copy).items():
            statements.clear()
            answer = support.get(seen(follower, path))
            assert answer.status_code == 200, name
            assert not answer.cookies, name
            assert all("accounts_auditentry" in sql for sql in statements), (name, statements)

        assert rows() == before

    def test_is_in_the_audit_with_the_person(self, support: Client, copy: Copy, follower: User) -> None:
        support.get(seen(follower, "/wallet/"))

        entry = AuditEntry.objects.get(act="looked at accounts_user_seen")
        assert (entry.object_type, entry.object_id) == ("accounts.user", str(follower.pk))
        assert "/seen/wallet/ → 200" in entry.words

    def test_speaks_the_persons_language(self, support: Client, copy: Copy, follower: User) -> None:
        User.objects.filter(pk=follower.pk).update(language="de")

        text = support.get(seen(follower, "/copies/")).text

        assert '<html lang="de"' in text
        assert "Meine Kopien" in text or "Kopien" in text


class TestWhatIsRefused:
    @pytest.mark.parametrize("role", ["risk", "finance", "admin"])
    def test_are_roles_without_the_right(self, copy: Copy, follower: User, role: str) -> None:
        client = sign_in(Client(), member_of(role))

        assert client.get(seen(follower, "/wallet/")).status_code == 403
        assert "As the customer sees it" not in client.get(
            reverse("admin:accounts_user_sheet", args=[follower.pk])
        ).text  # fmt: skip

    def test_is_every_method_but_get(self, support: Client, copy: Copy, follower: User) -> None:
        for path in ("/copies/", "/copies/together/"):
            assert support.post(seen(follower, path), {"loss_value": "5"}).status_code == 405
            assert support.put(seen(follower, path)).status_code == 405

    @pytest.mark.parametrize(
        "path",
        ["/notices/1/", "/notices/switches/", "/wallet/withdraw/", "/programs/", "/admin/", "/copies/1/stop/",
         "/api/v1/copies", "//example.org/", "/nothing/", "/accounts/email/", "/wallet/statements.pdf"],
    )  # fmt: skip
    def test_are_pages_that_are_not_among_them(self, support: Client, follower: User, path: str) -> None:
        assert support.get(seen(follower, "x")[:-1] + path[1:]).status_code == 404

    def test_is_a_copy_of_somebody_else(
        self, support: Client, world: World, lead: Lead, other_follower: User, follower: User
    ) -> None:
        other = world.start(other_follower, lead)

        assert support.get(seen(follower, reverse("copy_detail", args=[other.pk]))).status_code == 404

    def test_is_nobody(self, support: Client) -> None:
        assert support.get("/admin/accounts/user/999999/seen/copies/").status_code == 404

    def test_is_the_page_of_a_notice_which_would_mark_it_as_read(
        self, support: Client, copy: Copy, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unread = Notice.objects.filter(user=follower, read_at=None).latest("pk")
        monkeypatch.setattr(customers_view, "PAGES", PAGES | {"notice"})

        with pytest.raises(DatabaseError, match="read-only"):
            support.get(seen(follower, reverse("notice", args=[unread.pk])))

        unread.refresh_from_db()
        assert unread.read_at is None

    def test_is_a_page_that_would_write(self, db: None, stranger: User) -> None:
        with pytest.raises(DatabaseError, match="read-only"), transaction.atomic(), customers_view._read_only():
            User.objects.filter(pk=stranger.pk).update(first_name="Changed")

        User.objects.filter(pk=stranger.pk).update(first_name="Free again")
        stranger.refresh_from_db()
        assert stranger.first_name == "Free again"


class TestInert:
    def inert(self, page: str) -> str:
        banner = Banner(who="<b>@example.org", back="/admin/")
        return inert(page, address_of=lambda path: "/seen" + path if path == "/copies/" else "", banner=banner)

    @pytest.mark.parametrize(
        ("page", "left"),
        [
            ("<p>1 &lt; 2</p>", "<p>1 &lt; 2</p>"),
            ("<p>a<script>alert(1)</script>b</p>", "<p>ab</p>"),
            ('<a href="/copies/">x</a>', '<a href="/seen/copies/">x</a>'),
            ('<a href="/wallet/withdraw/">x</a>', '<a aria-disabled="true">x</a>'),
            ('<a HREF="javascript:x">x</a>', '<a aria-disabled="true">x</a>'),
            ('<form method="post" action="/x"><button formaction="/y">z</button></form>',
             "<form inert><button disabled>z</button></form>"),
            ('<div hx-get="/x" ONCLICK="y" class="&quot;z">a</div>', '<div class="&quot;z">a</div>'),
            ('<meta http-equiv="refresh" content="1"><link rel="manifest" href="/m">', ""),
            ('<iframe srcdoc="<p>x"><p>y</p></iframe>z', "z"),
            ("<svg><use href='#a'/></svg>", '<svg><use href="#a"></use></svg>'),
        ],
    )  # fmt: skip
    def test_leaves_what_can_be_read(self, page: str, left: str) -> None:
        assert self.inert(page) == left

    def test_names_the_person_as_text(self) -> None:
        assert "&lt;b&gt;@example.org" in self.inert("<body></body>")


def test_the_sheet_leads_to_the_pages(support: Client, copy: Copy, follower: User) -> None:
    text = support.get(reverse("admin:accounts_user_sheet", args=[follower.pk])).text

    for name in LINKED:
        assert seen(follower, reverse(name)) in text
