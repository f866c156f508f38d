"""Search over everything from one field: what it finds, by which index, for whom, and what it says to nonsense."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, Journal, LedgerAccount, Transfer, User
from copytrading.models import Alarm, Copy, Lead, Market, Order, SyncCycle
from copytrading.queries.operating.finding import HITS_MAX, find, probes_of
from copytrading.services.safety import alarms
from tests.cast import World
from tests.services.wallet.limit_stage import place
from tests.sign_in import sign_in

SEARCH = "/admin/search/"


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    world.lead_trades(lead, "BTC", "BUY", "0.05")
    world.settle()
    copy = world.start(follower, lead)
    world.settle()
    return copy


def found(panel: Client, text: Any) -> str:
    answer = panel.get(SEARCH, {"q": text})
    assert answer.status_code == 200
    return str(answer.text)


def page_of(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def tables(text: str) -> list[str]:
    return [one.table for one in find(text, may_look=lambda _: True)]


class TestSearch:
    def test_finds_a_person_by_the_beginning_of_the_address_with_copies_and_money(
        self, panel: Client, copy: Copy, follower: User
    ) -> None:
        by_beginning = found(panel, "FOLLOW")
        by_address = found(panel, "Follower@example.org")

        assert page_of(follower) in by_beginning
        for row in (follower, copy, Transfer.objects.get(user=follower), copy.ledger_account):
            assert page_of(row) in by_address

    def test_finds_rows_of_every_kind_by_number(self, panel: Client, copy: Copy, world: World, follower: User) -> None:
        limit_order = place(world, follower, "BUY", "SOL", "90", quantity="1")
        alarm = alarms.raise_alarm(kind=Alarm.Kind.VENUE_SILENT, key="venue", sentence="Silent.", now=world.now)
        alarms.clear_alarm(key="venue", now=world.now)
        rows = (
            copy, copy.lead, follower, Order.objects.latest("pk"), SyncCycle.objects.latest("pk"),
            Journal.objects.latest("pk"), Transfer.objects.latest("pk"), LedgerAccount.objects.latest("pk"), alarm,
            limit_order,
        )  # fmt: skip

        for row in rows:
            assert page_of(row) in found(panel, row.pk), row
            assert page_of(row) in found(panel, f" #{row.pk} "), row

    def test_finds_by_how_names_begin(self, panel: Client, copy: Copy, lead: Lead) -> None:
        order, journal = Order.objects.latest("pk"), Journal.objects.latest("pk")
        market = Market.objects.get(symbol="BTC-USDT")

        assert page_of(lead) in found(panel, "bAsa")
        assert page_of(order) in found(panel, order.client_order_id[:-1])
        assert page_of(journal) in found(panel, journal.idempotency_key[:-1])
        assert {page_of(market) in found(panel, text) for text in ("btc", "BTC-U")} == {True}
        assert page_of(market.base) in found(panel, "btc")

    def test_finds_open_alarms_by_a_word_and_by_their_kind(self, panel: Client) -> None:
        alarm = alarms.raise_alarm(
            kind=Alarm.Kind.VENUE_SILENT, key="k", sentence="Nobody answers.", now=timezone.now()
        )

        assert page_of(alarm) in found(panel, "ANSWERS")
        assert page_of(alarm) in found(panel, "venue_sil")
        assert page_of(alarm) not in found(panel, "nothing of it")

    def test_finds_a_transfer_by_what_the_exchange_calls_it(self, panel: Client, copy: Copy) -> None:
        Transfer.objects.update(venue_reference="")
        transfer = Transfer.objects.latest("pk")
        Transfer.objects.filter(pk=transfer.pk).update(venue_reference="0xAbC1")

        assert page_of(transfer) in found(panel, "0xAbC1")

    def test_shows_a_few_of_each_and_says_that_there_are_more(self, panel: Client) -> None:
        for number in range(HITS_MAX + 3):
            User.objects.create_user(f"many{number}@example.org")

        shown = found(panel, "many")

        assert shown.count("@example.org</a>") == HITS_MAX
        assert "and more" in shown
        assert "and more" not in found(panel, "many1@")

    def test_takes_what_like_means_otherwise_for_itself(self, db: None) -> None:
        User.objects.create_user("under_score@example.org")
        User.objects.create_user("underxscore@example.org")

        assert [hit.name for hit in find("under_", may_look=lambda _: True)[0].hits] == ["under_score@example.org"]
        assert tables("under%") == []

    def test_names_only_tables_that_may_be_looked_at(self, client: Client, stranger: User, copy: Copy) -> None:
        stranger.is_staff = True
        stranger.save()
        stranger.user_permissions.add(Permission.objects.get(codename="view_lead"))
        sign_in(client, stranger)

        assert page_of(copy.lead) in found(client, "basalt")
        assert page_of(copy) not in found(client, copy.pk)
        assert "follower@" not in found(client, "follower")
        assert "Nothing that you may look at" in found(client, "follower")

    def test_is_closed_to_who_is_no_operator(self, client: Client, stranger: User) -> None:
        sign_in(client, stranger)

        assert client.get(SEARCH, {"q": "a"}).status_code == 302

    def test_is_in_the_audit(self, panel: Client) -> None:
        found(panel, "follower@example.org")

        entry = AuditEntry.objects.latest("number")
        assert (entry.act, "follower" in entry.words) == ("looked at search", True)

    def test_stands_on_every_page_and_keeps_what_was_typed(self, panel: Client) -> None:
        for address in ("/admin/", "/admin/accounts/user/", SEARCH):
            assert 'name="q"' in panel.get(address).text
        assert 'value="&quot;&gt;&lt;b&gt;"' in found(panel, '"><b>')

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("", "Write what you look for"),
            ("   ", "Write what you look for"),
            ("x" * 10_000, "at most 100 characters"),
            ("²", "Nothing that you may look at"),
            ("٣", "Nothing that you may look at"),
            ("-1", "Nothing that you may look at"),
            ("9" * 19, "Nothing that you may look at"),
            ("9" * 100, "Nothing that you may look at"),
            ("\\", "Nothing that you may look at"),
            ("%_%", "Nothing that you may look at"),
            ("\ud83d\ude00'\";--", "Nothing that you may look at"),
        ],
    )
    def test_says_so_where_nothing_can_be_meant(self, panel: Client, text: str, sentence: str) -> None:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16")

        assert sentence in found(panel, text)

    def test_takes_no_zero_character(self, panel: Client) -> None:
        answer = panel.get(SEARCH, {"q": "a\0b"})

        assert (answer.status_code, bool(answer.text)) == (400, True)

    def test_says_so_where_nothing_is_asked(self, panel: Client) -> None:
        answer = panel.get(SEARCH)

        assert (answer.status_code, "Write what you look for" in answer.text) == (200, True)


class TestEveryProbe:
    @pytest.mark.parametrize("text", ["12", "follower@example.org", "basalt", "btc"])
    def test_is_answered_by_an_index(self, db: None, text: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plans = [rows.explain() for rows in probes_of(text)]

        assert len(plans) >= 6
        assert [plan for plan in plans if "Seq Scan" in plan] == []
        # In the order of the index: a sort of all that begin so would grow with them.
        assert [plan for plan in plans if "USING ~<~" in plan] == []

    def test_is_one_statement_however_much_is_found(self, panel: Client, copy: Copy) -> None:
        def statements(text: str) -> int:
            found(panel, text)
            with CaptureQueriesContext(connection) as seen:
                found(panel, text)
            return len(seen)

        for_none = statements("nobody")
        for number in range(HITS_MAX):
            User.objects.create_user(f"nobody{number}@example.org")

        assert statements("nobody") == for_none
