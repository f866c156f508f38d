"""A copy's story and a person's sheet on the panel: each figure, each link, each look in the audit."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Device, OperatorRequest, User
from copytrading.models import Copy, Lead
from copytrading.services.copies import verbs as copies
from copytrading.services.desk import complaints
from tests.admin.test_roles import member_of
from tests.cast import NOON, World
from tests.queries.operating.made_days import begin_day, lose
from tests.sign_in import sign_in
from tests.views.scenes import copy_with_holdings, counted_queries, settle_now


@pytest.fixture
def copy(world: World, lead: Lead, follower: User, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """A copy that lost on the day after its start; the panel's clock is that of the world."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.lead_trades(lead, "ETH", "BUY", "1")
    world.settle()
    copy = world.start(follower, lead)
    world.settle()
    lose(world, lead, copy)
    monkeypatch.setattr(
        "copytrading.admin.stories.copy_pages.timezone", SimpleNamespace(now=lambda: world.now + timedelta(hours=1))
    )
    return copy


def story(panel: Client, copy: Copy, **asked: str) -> str:
    answer = panel.get(reverse("admin:copytrading_copy_story", args=[copy.pk]), asked)
    assert answer.status_code == 200
    return answer.text


def linked(text: str) -> list[str]:
    """Return every address of the panel that a page leads to."""
    return sorted({address.replace("&amp;", "&") for address in re.findall(r'href="(/admin/[^"]*)"', text)})


class TestTheStoryOfACopy:
    def test_says_why_for_yesterday_and_today(self, panel: Client, copy: Copy) -> None:
        text = story(panel, copy)

        assert f"Yesterday, {NOON.date() + timedelta(days=1)}" in text
        assert f"Today, {NOON.date() + timedelta(days=2)}" in text
        assert re.search(r"It lost 3\.\d % \(−\d\d\.\d\d USDT\): BTC −", text)
        assert re.search(r"Its lead lost 3\.\d % the same day\.", text)
        assert "It so far neither made nor lost anything." in text

    def test_leads_to_every_row_that_it_tells_of(self, panel: Client, copy: Copy) -> None:
        text = story(panel, copy, day=f"{NOON.date() + timedelta(days=1)}")

        for table in ("synccycle", "order", "fill", "allocation"):
            assert f"/admin/copytrading/{table}/" in text
        assert "/admin/accounts/journal/" in text
        for address in linked(text):
            assert panel.get(address).status_code == 200, address

    def test_tells_the_day_of_the_start(self, panel: Client, copy: Copy) -> None:
        text = story(panel, copy, day=f"{NOON.date()}")

        assert "1,000.00 USDT moved into it" in text
        assert "Money in" in text
        assert "Told" in text

    def test_tells_the_end_with_its_profit_share(self, panel: Client, world: World, copy: Copy) -> None:
        world.now += timedelta(minutes=5)
        world.prices(BTC="60000")
        copies.stop_copy(copy_id=copy.pk, idempotency_key=world.key(), now=world.now)
        world.settle()

        text = story(panel, copy, day=f"{world.now.date()}")

        for said in ("/admin/copytrading/profitshare/", "Money out", "Profit share</a>, stop", "copy paid out"):
            assert said in text, said
        assert "profit share, paid and set aside" in text
        for address in linked(text):
            assert panel.get(address).status_code == 200, address

    def test_goes_from_day_to_day_and_says_where_there_was_none(self, panel: Client, copy: Copy) -> None:
        early = story(panel, copy, day=f"{NOON.date() - timedelta(days=1)}")
        last = story(panel, copy, day=f"{NOON.date() + timedelta(days=2)}")

        assert "The copy was not there on that day." in early
        assert f"?day={NOON.date()}" in early
        assert "Day after" not in last
        assert "Nothing happened to this copy on that day" in last

    @pytest.mark.parametrize(
        ("day", "sentence"),
        [
            ("yesterday", "Write a day as"),
            ("2026-02-30", "Write a day as"),
            ("2999-01-01", "has not begun yet"),
            ("0001-01-01", "not there on that day"),
            ("9999-12-31", "has not begun yet"),
        ],
    )
    def test_says_what_is_wrong_with_a_day(self, panel: Client, copy: Copy, day: str, sentence: str) -> None:
        assert sentence in story(panel, copy, day=day)

    def test_is_linked_from_the_list_and_the_page_of_the_copy(self, panel: Client, copy: Copy) -> None:
        address = reverse("admin:copytrading_copy_story", args=[copy.pk])

        for page in ("changelist", "change"):
            shown = reverse(f"admin:copytrading_copy_{page}", args=[copy.pk] if page == "change" else [])
            assert address in panel.get(shown).text

    def test_is_not_there_of_no_copy(self, panel: Client, copy: Copy) -> None:
        assert panel.get(reverse("admin:copytrading_copy_story", args=[copy.pk + 1000])).status_code == 404

    def test_takes_as_many_statements_whatever_happened(
        self, panel: Client, world: World, lead: Lead, copy: Copy
    ) -> None:
        story(panel, copy)
        with counted_queries() as few:
            story(panel, copy)
        world.now += timedelta(hours=2)
        world.prices()
        for symbol in ("SOL", "BTC", "ETH"):
            world.lead_trades(lead, symbol, "BUY", "0.02" if symbol != "SOL" else "3")
            world.settle()
        begin_day(world, copy)

        with counted_queries() as many:
            text = story(panel, copy)

        assert text.count("/admin/copytrading/fill/") >= 3
        assert len(many) == len(few)

    def test_is_in_the_audit_with_its_copy(self, panel: Client, copy: Copy) -> None:
        story(panel, copy)

        entry = AuditEntry.objects.get(act="looked at copytrading_copy_story")
        assert (entry.object_type, entry.object_id) == ("copytrading.copy", str(copy.pk))


class TestTheSheetOfAPerson:
    @pytest.fixture
    def copied(self, world: World, lead: Lead, follower: User, operator: User) -> Copy:
        copy = copy_with_holdings(world, lead, follower)
        Device.objects.create(
            user=follower, name="Telephone", password_mark="x", signed_in_at=world.now, confirmed_at=world.now,
            last_used_at=world.now, revoked_at=world.now, revoked_for=Device.RevokedFor.PERSON,
        )  # fmt: skip
        OperatorRequest.objects.create(
            kind=OperatorRequest.Kind.EMAIL, person=follower, wanted={"email": "new@example.org"}, reason="Moved house",
            requested_by=operator, requested_at=world.now,
        )  # fmt: skip
        return copy

    def sheet(self, client: Client, person: User) -> str:
        answer = client.get(reverse("admin:accounts_user_sheet", args=[person.pk]))
        assert answer.status_code == 200
        return answer.text

    def test_tells_what_was_complained_of_and_where_the_person_is_signed_in(
        self, panel: Client, follower: User, world: World
    ) -> None:
        complaints.file(user=follower, subject="Too late", text="It came late.", idempotency_key="c-1", now=world.now)
        UserSession.objects.create(
            user=follower,
            ip="198.51.100.7",
            user_agent="",
            session_key="k",
            created_at=world.now,
            last_seen_at=world.now,
        )

        text = self.sheet(panel, follower)

        assert "Too late" in text and "198.51.100.7" in text

    def test_shows_copies_money_devices_and_what_waits(self, panel: Client, copied: Copy, follower: User) -> None:
        text = self.sheet(panel, follower)

        assert reverse("admin:copytrading_copy_story", args=[copied.pk]) in text
        for said in ("Basalt", "Wallet, worth 9,000.00", "deposit, paper money", "Telephone", "revoked by the person",
                     "waits for a second operator", "Moved house", "Told lately"):  # fmt: skip
            assert said in text, said

    def test_leads_to_every_row_that_it_tells_of(self, panel: Client, copied: Copy, follower: User) -> None:
        for address in linked(self.sheet(panel, follower)):
            assert panel.get(address).status_code == 200, address

    def test_says_that_there_is_nothing_of_somebody_new(self, panel: Client, world: World, stranger: User) -> None:
        text = self.sheet(panel, stranger)

        assert "has never copied anybody" in text
        assert "No money was brought in" in text

    def test_keeps_from_a_role_what_it_may_not_look_at(self, copied: Copy, follower: User) -> None:
        support = sign_in(Client(), member_of("support"))
        compliance = sign_in(Client(), member_of("compliance"))

        assert "Moved house" not in self.sheet(support, follower)
        assert "Moved house" in self.sheet(compliance, follower)

    def test_is_linked_from_the_list_and_the_page_of_the_person(self, panel: Client, follower: User) -> None:
        address = reverse("admin:accounts_user_sheet", args=[follower.pk])

        assert address in panel.get(reverse("admin:accounts_user_changelist")).text
        assert address in panel.get(reverse("admin:accounts_user_change", args=[follower.pk])).text

    def test_takes_as_many_statements_for_many_copies_as_for_one(
        self, panel: Client, world: World, copied: Copy, follower: User
    ) -> None:
        self.sheet(panel, follower)
        with counted_queries() as few:
            self.sheet(panel, follower)
        for number in range(3):
            other = world.make_lead(
                User.objects.create_user(f"lead{number}@example.org"), name=f"Lead {number}", stake="1000"
            )
            world.start(follower, other, "100")
            world.deposit(follower, "5")
        settle_now(world)

        with counted_queries() as many:
            text = self.sheet(panel, follower)

        assert "Lead 2" in text
        assert len(many) == len(few)

    def test_is_in_the_audit_with_its_person(self, panel: Client, world: World, stranger: User) -> None:
        self.sheet(panel, stranger)

        entry = AuditEntry.objects.get(act="looked at accounts_user_sheet")
        assert (entry.object_type, entry.object_id) == ("accounts.user", str(stranger.pk))
