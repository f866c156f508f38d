"""Notices through the API: the list, what is read, which topics come where and when, and devices told by push."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.models import Lead, Notice, NoticeSwitch, PushSubscription
from tests.api.program import Program
from tests.cast import World
from tests.push_service import Browser

HABITS = {"time_zone": "Europe/Berlin", "mail_rhythm": "DAILY", "quiet_from": "22:00:00", "quiet_until": "06:30:00"}


@pytest.fixture
def told(world: World, lead: Lead, follower: User) -> list[Notice]:
    """Return what the follower was told: of a deposit, of a copy that started, and that its lead paused."""
    copy = world.start(follower, lead)
    world.deposit(follower, "25")
    Notice.objects.create(copy=copy, lead=lead, user=follower, kind="LEAD_PAUSED", noted_at=world.now)
    return list(Notice.objects.filter(user=follower).order_by("-pk"))


class TestNotices:
    def test_are_listed_with_sentence_and_figures_latest_first(
        self, program: Program, told: list[Notice], lead: Lead
    ) -> None:
        rows = program.get("notices").json()["results"]

        assert [row["id"] for row in rows] == [notice.pk for notice in told]
        assert (rows[0]["topic"], rows[0]["lead"], rows[0]["read_at"]) == ("LEAD_STATE", lead.slug, None)
        deposited = next(row for row in rows if row["notice"]["kind"] == "DEPOSITED")
        assert Decimal(deposited["notice"]["value"]) == 25
        assert (deposited["topic"], deposited["copy_id"], deposited["lead"]) == ("TRANSFERS", None, None)
        assert "25.00" in deposited["headline"]

    def test_are_narrowed_paged_and_bounded_in_time(self, program: Program, told: list[Notice], world: World) -> None:
        transfers = program.get("notices", topic="TRANSFERS").json()["results"]
        first = program.get("notices", limit=1).json()
        second = program.get("notices", limit=1, cursor=first["next"]).json()

        assert {row["topic"] for row in transfers} == {"TRANSFERS"}
        assert [first["results"][0]["id"], second["results"][0]["id"]] == [told[0].pk, told[1].pk]
        assert program.get("notices", until="2020-01-01T00:00:00Z").json()["results"] == []
        assert program.get("notices", topic="TRANSFERS", cursor=first["next"]).status_code == 400
        assert program.get("notices", topic="WEATHER").status_code == 400

    def test_are_read_one_by_one_and_all_at_once(self, program: Program, told: list[Notice]) -> None:
        before = program.get("notices/unread").json()["unread"]

        one = program.post("notices/read", {"ids": [told[0].pk]}, key="read-0001").json()

        assert (before, one["unread"]) == (len(told), len(told) - 1)
        assert told[0].pk not in [row["id"] for row in program.get("notices", unread="true").json()["results"]]
        assert program.post("notices/read", {}, key="read-0002").json() == {"unread": 0, "is_more": False}

    def test_of_somebody_else_are_neither_listed_nor_read(
        self, program: Program, told: list[Notice], other_follower: User, world: World
    ) -> None:
        theirs = Notice.objects.create(user=other_follower, kind="DEPOSITED", units=1, noted_at=world.now)

        program.post("notices/read", {"ids": [theirs.pk]}, key="read-0001")

        theirs.refresh_from_db()
        assert theirs.read_at is None
        assert theirs.pk not in [row["id"] for row in program.get("notices").json()["results"]]

    def test_take_as_many_statements_however_many_they_are(
        self, program: Program, told: list[Notice], follower: User, world: World
    ) -> None:
        with CaptureQueriesContext(connection) as few:
            program.get("notices", limit=1)
        Notice.objects.bulk_create(
            Notice(user=follower, copy=told[0].copy, kind="COPY_PAUSED", noted_at=world.now) for _ in range(30)
        )
        with CaptureQueriesContext(connection) as many:
            program.get("notices")

        assert len(many) == len(few)


class TestSwitches:
    def test_are_set_by_topic_and_channel_and_what_is_fixed_stays(self, program: Program, follower: User) -> None:
        wanted = [
            {"topic": "TRANSFERS", "channel": "PUSH", "is_on": True},
            {"topic": "SECURITY", "channel": "EMAIL", "is_on": False},
        ]

        rows = program.send("PUT", "notices/switches", {"switches": wanted}, key="switch-0001").json()

        by_topic = {row["topic"]: row for row in rows}
        assert by_topic["TRANSFERS"]["push"] is True
        assert (by_topic["SECURITY"]["email"], by_topic["SECURITY"]["is_fixed"]) == (True, True)
        assert NoticeSwitch.objects.filter(user=follower).count() == 1
        assert rows == program.get("notices/switches").json()


class TestHabits:
    def test_are_kept(self, program: Program) -> None:
        assert program.send("PUT", "notices/habits", HABITS, key="habits-0001").json() == HABITS
        assert program.get("notices/habits").json() == HABITS

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"time_zone": "Mars/Olympus"}, "time_zone_unknown"),
            ({"quiet_until": None}, "quiet_hours_incomplete"),
            ({"quiet_until": "22:00:00"}, "quiet_hours_incomplete"),
        ],
    )
    def test_say_what_is_wrong_and_keep_what_was(self, program: Program, wrong: dict[str, Any], code: str) -> None:
        refused = program.send("PUT", "notices/habits", HABITS | wrong, key="habits-0001")

        assert (refused.status_code, refused.json()["code"]) == (409, code)
        assert program.get("notices/habits").json()["time_zone"] == "UTC"


class TestPush:
    def test_tells_a_device_until_it_is_removed(self, program: Program, follower: User, settings: Settings) -> None:
        settings.WEB_PUSH_SECRET, settings.WEB_PUSH_HOSTS = "of the tests", ["relay.example.org"]
        browser = Browser(endpoint="https://relay.example.org/apns/4711")
        wanted = {"endpoint": browser.endpoint, "key": browser.key, "secret": browser.auth, "device": "My phone"}

        made = program.post("notices/push", wanted, key="push-0001")

        listed = program.get("notices/push").json()
        assert (made.status_code, listed["subscriptions"]) == (201, [made.json()])
        assert len(listed["public_key"]) == 87
        gone = program.send("DELETE", f"notices/push/{made.json()['id']}", key="push-0002")
        assert (gone.status_code, PushSubscription.objects.get(user=follower).retired_at is None) == (204, False)

    def test_goes_to_no_address_that_a_stranger_names(self, program: Program, settings: Settings) -> None:
        settings.WEB_PUSH_SECRET = "of the tests"
        browser = Browser(endpoint="https://192.0.2.1/push")

        refused = program.post(
            "notices/push", {"endpoint": browser.endpoint, "key": browser.key, "secret": browser.auth}, key="push-0001"
        )

        assert (refused.status_code, refused.json()["code"]) == (409, "subscription_not_possible")

    def test_says_where_it_is_not_set_up(self, program: Program, settings: Settings) -> None:
        settings.WEB_PUSH_SECRET = ""

        assert program.get("notices/push").json() == {"public_key": "", "subscriptions": []}
