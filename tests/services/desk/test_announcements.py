"""Announcements: whom they are for, how long they hold, and who is told."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import User
from copytrading.models import Announcement, AnnouncementClosing, Lead, Notice
from copytrading.queries.desk.announcements import announcements_for
from copytrading.queries.happened.sentences import sentence_of
from copytrading.queries.rules import platform_rules
from copytrading.services.copies import verbs as copies
from copytrading.services.desk import announcements
from copytrading.services.desk.announcements import AnnouncementNotPossible, AnnouncementOver
from copytrading.services.desk.words import TextNotPossible
from tests.cast import NOON, World
from tests.services.desk.desk_stage import announce

ANNOUNCED = Notice.Kind.ANNOUNCED
HOUR = timedelta(hours=1)
GERMAN = {"title_de": "Wartung", "text_de": "Eine Stunde lang wird nichts gehandelt."}


def seen(user: User | None, *, now: Any = NOON) -> list[str]:
    return [said.title for said in announcements_for(user, now=now)]


class TestAnnouncements:
    def test_stand_from_their_first_moment_until_their_last(self, operator: User) -> None:
        announce(operator, now=NOON, holds_from=NOON + HOUR, holds_until=NOON + 3 * HOUR)

        assert [seen(None, now=NOON + hours * HOUR) for hours in (0, 1, 2, 3)] == [
            [],
            ["Maintenance"],
            ["Maintenance"],
            [],
        ]

    def test_are_for_everybody_followers_or_leads(
        self, world: World, lead: Lead, follower: User, stranger: User, operator: User
    ) -> None:
        copy = world.start(follower, lead)
        for audience in Announcement.Audience.values:
            announce(operator, now=world.now, audience=audience, title=audience)

        now = world.now
        assert set(seen(None, now=now)) == set(seen(stranger, now=now)) == {"EVERYBODY"}
        assert set(seen(follower, now=now)) == {"EVERYBODY", "FOLLOWERS"}
        assert set(seen(lead.user, now=now)) == {"EVERYBODY", "LEADS"}
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()
        Lead.objects.update(status=Lead.Status.ENDED)
        assert seen(follower, now=world.now) == seen(lead.user, now=world.now) == ["EVERYBODY"]

    def test_show_warnings_first_and_then_the_latest(self, operator: User) -> None:
        for title, level in (("First", "INFORMATION"), ("Second", "WARNING"), ("Third", "INFORMATION")):
            announce(operator, now=NOON, title=title, level=level)

        assert seen(None) == ["Second", "Third", "First"]

    def test_are_read_in_one_statement_however_many_there_are(self, operator: User, follower: User) -> None:
        for number in range(announcements.STANDING_MAX):
            announce(operator, now=NOON, title=f"No. {number}")

        with CaptureQueriesContext(connection) as asked:
            assert len(seen(follower)) == announcements.STANDING_MAX

        assert len(asked) == 1

    def test_are_said_in_german_where_they_were_written_in_it(self, operator: User) -> None:
        announce(operator, now=NOON, **GERMAN)
        announce(operator, now=NOON, title="English alone")

        with translation.override("de"):
            assert seen(None) == ["English alone", "Wartung"]
        assert seen(None) == ["English alone", "Maintenance"]

    def test_are_gone_for_everybody_once_they_are_ended(self, operator: User) -> None:
        announcement = announce(operator, now=NOON)

        ended = announcements.end(announcement_id=announcement.pk, by=operator, now=NOON + HOUR)

        assert seen(None, now=NOON + HOUR) == []
        assert (ended.ended_by, ended.ended_at) == (operator, NOON + HOUR)
        with pytest.raises(AnnouncementOver):
            announcements.end(announcement_id=announcement.pk, by=operator, now=NOON + HOUR)

    def test_that_are_over_are_not_ended(self, operator: User) -> None:
        announcement = announce(operator, now=NOON)

        with pytest.raises(AnnouncementOver):
            announcements.end(announcement_id=announcement.pk, by=operator, now=NOON + timedelta(days=1))

    def test_are_closed_for_one_person_alone(self, operator: User, follower: User, other_follower: User) -> None:
        announcement = announce(operator, now=NOON)

        pressed = [announcements.close(announcement_id=announcement.pk, user=follower, now=NOON) for _ in range(2)]

        assert pressed == [True, False]
        assert (seen(follower), seen(other_follower)) == ([], ["Maintenance"])
        assert AnnouncementClosing.objects.get().user == follower

    def test_that_are_for_others_are_closed_by_nobody_else(self, operator: User, stranger: User) -> None:
        announcement = announce(operator, now=NOON, audience="LEADS")

        assert not announcements.close(announcement_id=announcement.pk, user=stranger, now=NOON)
        assert not AnnouncementClosing.objects.exists()

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"title": " "}, "title"),
            ({"title": "Two\nlines"}, "title"),
            ({"text": "a\x07b"}, "text"),
            ({"text": "\u202efdp.exe"}, "text"),
            ({"text": "x" * 1001}, "text"),
            ({"title_de": "Wartung"}, "text_de"),
            ({"text_de": "Nichts."}, "title_de"),
            ({"holds_until": NOON}, "holds_until"),
            ({"holds_until": NOON + timedelta(days=367)}, "holds_until"),
        ],
    )
    def test_are_refused_with_a_sentence_beside_its_field(
        self, operator: User, said: dict[str, Any], field: str
    ) -> None:
        with pytest.raises((AnnouncementNotPossible, TextNotPossible)) as refused:
            announce(operator, now=NOON, **said)

        assert refused.value.field == field
        assert not Announcement.objects.exists()

    def test_are_no_more_than_fit_on_a_page(self, operator: User) -> None:
        several = [announce(operator, now=NOON) for _ in range(announcements.STANDING_MAX)]
        with pytest.raises(AnnouncementNotPossible, match="end one"):
            announce(operator, now=NOON)

        announcements.end(announcement_id=several[0].pk, by=operator, now=NOON)

        assert announce(operator, now=NOON).pk

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE copytrading_announcement SET text = 'Otherwise'",
            "UPDATE copytrading_announcement SET holds_until = now() + interval '1 year'",
            "UPDATE copytrading_announcement SET ended_at = NULL, ended_by_id = NULL",
            "DELETE FROM copytrading_announcement",
            "DELETE FROM copytrading_announcementclosing",
        ],
    )
    def test_stay_as_they_were_written(self, operator: User, follower: User, statement: str) -> None:
        announcement = announce(operator, now=NOON)
        announcements.close(announcement_id=announcement.pk, user=follower, now=NOON)
        announcements.end(announcement_id=announcement.pk, by=operator, now=NOON)

        with (
            pytest.raises((DatabaseError, IntegrityError), match=r"stays as it is|History cannot be rewritten"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


class TestNotices:
    def test_go_to_everybody_whom_it_is_for_in_one_statement(
        self, world: World, lead: Lead, follower: User, other_follower: User, operator: User
    ) -> None:
        world.start(follower, lead)
        Notice.objects.all().delete()

        announce(operator, now=world.now, audience="FOLLOWERS", is_told=True)
        announce(operator, now=world.now, audience="LEADS", is_told=True)
        announce(operator, now=world.now)

        told = Notice.objects.filter(kind=ANNOUNCED).order_by("pk")
        assert [notice.user for notice in told] == [follower, lead.user]

    def test_to_everybody_leave_out_who_cannot_sign_in(self, operator: User, follower: User, stranger: User) -> None:
        User.objects.filter(pk=stranger.pk).update(is_active=False)

        announce(operator, now=NOON, is_told=True)

        told = set(Notice.objects.filter(kind=ANNOUNCED).values_list("user", flat=True))
        assert follower.pk in told and stranger.pk not in told

    def test_wait_until_it_holds_and_go_out_once(self, operator: User, follower: User) -> None:
        announcement = announce(operator, now=NOON, holds_from=NOON + HOUR, is_told=True)
        told = [announcements.tell_due(now=NOON + hours * HOUR) for hours in (0, 1, 2)]

        assert told == [0, 1, 0]
        notice = Notice.objects.get(user=follower, kind=ANNOUNCED)
        assert (notice.announcement, notice.noted_at) == (announcement, NOON + HOUR)

    def test_of_one_that_was_ended_before_go_to_nobody(self, operator: User, follower: User) -> None:
        announcement = announce(operator, now=NOON, holds_from=NOON + HOUR, is_told=True)
        announcements.end(announcement_id=announcement.pk, by=operator, now=NOON)

        assert announcements.tell_due(now=NOON + HOUR) == 0
        assert not Notice.objects.filter(kind=ANNOUNCED).exists()

    def test_say_what_was_announced_in_the_language_of_the_reader(self, operator: User, follower: User) -> None:
        announce(operator, now=NOON, is_told=True, **GERMAN)
        notice = Notice.objects.get(user=follower, kind=ANNOUNCED)

        english = sentence_of(notice, rules=platform_rules())
        with translation.override("de"):
            german = sentence_of(notice, rules=platform_rules())

        assert (english.headline, english.detail) == ("Announcement: Maintenance", "Nothing trades for an hour.")
        assert german.headline.endswith(": Wartung")
        assert german.detail == GERMAN["text_de"]
