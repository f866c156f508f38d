"""Complaints: their clock, their states, who may do what to them, and who is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from copytrading.models import Alarm, Complaint, ComplaintStep, Lead, Notice
from copytrading.queries.desk import complaints as queries
from copytrading.services.desk import clock, complaints
from copytrading.services.desk.complaints import (
    ComplaintCopyUnknown,
    ComplaintNotWaiting,
    OwnComplaint,
    ReopenedTooLate,
    TooManyComplaints,
)
from copytrading.services.desk.words import TextNotPossible
from copytrading.services.refusals import KeyReused
from tests.cast import NOON, World
from tests.services.desk.desk_stage import complaint_of

DAY = timedelta(days=1)
Status = Complaint.Status


def acknowledged(user: User, operator: User, *, key: str = "complaint-0001") -> Complaint:
    filed = complaint_of(user, now=NOON, key=key)
    return complaints.acknowledge(complaint_id=filed.pk, by=operator, now=NOON)


def answered(user: User, operator: User, *, key: str = "complaint-0001", now: datetime = NOON) -> Complaint:
    filed = acknowledged(user, operator, key=key)
    return complaints.answer(complaint_id=filed.pk, text="The market was thin.", by=operator, now=now)


def steps(complaint: Complaint) -> list[tuple[str, str]]:
    return list(complaint.steps.order_by("pk").values_list("kind", "text"))


class TestTheClock:
    def test_gives_a_day_to_acknowledge_and_fifteen_working_days_to_answer(self, follower: User) -> None:
        filed = complaint_of(follower, now=NOON)

        # NOON is a Monday: three weeks of five working days.
        assert filed.acknowledge_by == NOON + DAY
        assert filed.answer_by == NOON + 21 * DAY

    @pytest.mark.parametrize(
        ("received", "due"),
        [
            (datetime(2026, 1, 9, 12, tzinfo=UTC), datetime(2026, 1, 30, 12, tzinfo=UTC)),
            (datetime(2026, 1, 10, 12, tzinfo=UTC), datetime(2026, 1, 30, 12, tzinfo=UTC)),
            (datetime(2026, 1, 11, 23, tzinfo=UTC), datetime(2026, 1, 30, 23, tzinfo=UTC)),
        ],
        ids=["Friday", "Saturday", "Sunday"],
    )
    def test_counts_no_weekends(self, received: datetime, due: datetime) -> None:
        assert clock.answer_by(received) == due

    def test_raises_an_alarm_for_each_that_is_overdue_and_clears_it_with_the_act(
        self, follower: User, operator: User
    ) -> None:
        filed = complaint_of(follower, now=NOON)
        assert clock.watch(now=NOON + DAY) == 0
        assert not Alarm.objects.exists()

        assert clock.watch(now=NOON + DAY + timedelta(hours=2)) == 1
        assert clock.watch(now=NOON + DAY + timedelta(hours=3)) == 1

        alarm = Alarm.objects.get()
        assert (alarm.kind, alarm.times_seen, alarm.cleared_at) == (Alarm.Kind.COMPLAINT_OVERDUE, 2, None)
        assert f"No. {filed.pk}" in alarm.sentence and "acknowledge: overdue by 3 hours" in alarm.sentence
        complaints.acknowledge(complaint_id=filed.pk, by=operator, now=NOON + 2 * DAY)
        alarm.refresh_from_db()
        assert alarm.cleared_at == NOON + 2 * DAY
        assert clock.watch(now=NOON + 2 * DAY) == 0

    def test_keeps_the_alarm_while_the_answer_is_overdue_too(self, follower: User, operator: User) -> None:
        filed = complaint_of(follower, now=NOON)
        clock.watch(now=NOON + 22 * DAY)

        complaints.acknowledge(complaint_id=filed.pk, by=operator, now=NOON + 22 * DAY)
        assert Alarm.objects.get().cleared_at is None
        complaints.answer(complaint_id=filed.pk, text="Sorry.", by=operator, now=NOON + 22 * DAY)

        assert Alarm.objects.get().cleared_at == NOON + 22 * DAY

    def test_clears_an_alarm_whose_trouble_is_gone(self, follower: User) -> None:
        filed = complaint_of(follower, now=NOON)
        clock.watch(now=NOON + 2 * DAY)
        Complaint.objects.filter(pk=filed.pk).update(status=Status.ACKNOWLEDGED, acknowledged_at=NOON)

        clock.watch(now=NOON + 3 * DAY)

        assert Alarm.objects.get().cleared_at == NOON + 3 * DAY

    def test_asks_as_much_for_many_as_for_one(self, follower: User, other_follower: User, stranger: User) -> None:
        counted = []
        for user in (follower, other_follower, stranger):
            complaint_of(user, now=NOON)
            with CaptureQueriesContext(connection) as asked:
                clock.watch(now=NOON + 2 * DAY)
            counted.append(len(asked))

        assert len(set(counted)) == 1
        assert Alarm.objects.count() == 3

    def test_closes_what_was_answered_thirty_days_ago(self, follower: User, operator: User) -> None:
        done = answered(follower, operator)
        clock.watch(now=NOON + 30 * DAY)
        done.refresh_from_db()
        assert done.status == Status.ANSWERED

        clock.watch(now=NOON + 30 * DAY + timedelta(seconds=1))

        done.refresh_from_db()
        assert (done.status, done.closed_at) == (Status.CLOSED, NOON + 30 * DAY + timedelta(seconds=1))
        assert ComplaintStep.objects.get(kind="CLOSED").taken_by is None


class TestFiling:
    def test_is_done_once_under_one_key(self, follower: User) -> None:
        first, again = (complaint_of(follower, now=NOON) for _ in range(2))

        assert first.pk == again.pk
        with pytest.raises(KeyReused):
            complaint_of(follower, now=NOON, text="Otherwise")
        assert Complaint.objects.count() == 1

    def test_is_bounded_by_how_many_wait(self, follower: User, other_follower: User, operator: User) -> None:
        for number in range(complaints.WAITING_MAX):
            complaint_of(follower, now=NOON, key=f"complaint-{number}")
        with pytest.raises(TooManyComplaints, match="5 complaints of yours wait"):
            complaint_of(follower, now=NOON, key="one-more")
        assert complaint_of(other_follower, now=NOON).pk

        answered(follower, operator, key="complaint-0")

        assert complaint_of(follower, now=NOON, key="one-more").pk

    def test_is_about_a_copy_of_the_persons_own(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        copy = world.start(follower, lead)

        assert complaint_of(follower, now=NOON, copy_id=copy.pk).copy == copy
        for nobodys in (copy.pk, 2**62):
            with pytest.raises(ComplaintCopyUnknown):
                complaint_of(other_follower, now=NOON, copy_id=nobodys)

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"subject": ""}, "subject"),
            ({"subject": "x" * 121}, "subject"),
            ({"subject": "a\tb\x7f"}, "subject"),
            ({"text": "x" * 4001}, "text"),
            ({"text": "a\x00b"}, "text"),
            ({"text": "\ud800"}, "text"),
        ],
    )
    def test_takes_words_that_are_text_and_fit(self, follower: User, said: dict[str, str], field: str) -> None:
        with pytest.raises(TextNotPossible) as refused:
            complaint_of(follower, now=NOON, **said)

        assert refused.value.field == field
        assert not Complaint.objects.exists()


class TestTheWay:
    def test_goes_from_received_to_closed_and_tells_the_person(self, follower: User, operator: User) -> None:
        filed = complaint_of(follower, now=NOON)
        assert filed.status == Status.RECEIVED

        complaints.acknowledge(complaint_id=filed.pk, by=operator, now=NOON)
        complaints.answer(complaint_id=filed.pk, text=" The market was thin. ", by=operator, now=NOON)
        closed = complaints.close(complaint_id=filed.pk, now=NOON + DAY)

        assert (closed.status, closed.closed_at) == (Status.CLOSED, NOON + DAY)
        assert steps(filed) == [("ACKNOWLEDGED", ""), ("ANSWERED", "The market was thin."), ("CLOSED", "")]
        told = Notice.objects.filter(user=follower, kind__startswith="COMPLAINT").order_by("pk")
        assert [notice.kind for notice in told] == ["COMPLAINT_ACKNOWLEDGED", "COMPLAINT_ANSWERED"]
        assert told[0].words == f"{filed.pk}, A late order"

    def test_is_answered_only_once_it_is_acknowledged(self, follower: User, operator: User) -> None:
        filed = complaint_of(follower, now=NOON)

        with pytest.raises(ComplaintNotWaiting, match="Acknowledge it first"):
            complaints.answer(complaint_id=filed.pk, text="No.", by=operator, now=NOON)

    def test_takes_each_step_once(self, follower: User, operator: User) -> None:
        done = answered(follower, operator)

        for act in (
            lambda: complaints.acknowledge(complaint_id=done.pk, by=operator, now=NOON),
            lambda: complaints.answer(complaint_id=done.pk, text="Again.", by=operator, now=NOON),
        ):
            with pytest.raises(ComplaintNotWaiting, match="answered already"):
                act()
        assert len(steps(done)) == 2

    def test_is_none_for_the_operators_own(self, operator: User) -> None:
        own = complaint_of(operator, now=NOON)

        with pytest.raises(OwnComplaint):
            complaints.acknowledge(complaint_id=own.pk, by=operator, now=NOON)
        with pytest.raises(OwnComplaint):
            complaints.answer(complaint_id=own.pk, text="Fine.", by=operator, now=NOON)

    def test_begins_anew_when_the_person_reopens_it(self, follower: User, operator: User) -> None:
        done = answered(follower, operator)

        again = complaints.reopen(complaint_id=done.pk, text="And my fee?", now=NOON + 30 * DAY)

        assert (again.status, again.answer_by) == (Status.REOPENED, clock.answer_by(NOON + 30 * DAY))
        second = complaints.answer(complaint_id=done.pk, text="Given back.", by=operator, now=NOON + 31 * DAY)
        assert (second.status, second.answered_at) == (Status.ANSWERED, NOON + 31 * DAY)
        assert steps(done)[2:] == [("REOPENED", "And my fee?"), ("ANSWERED", "Given back.")]

    def test_is_not_reopened_after_thirty_days(self, follower: User, operator: User) -> None:
        done = answered(follower, operator)

        with pytest.raises(ReopenedTooLate, match="30 days"):
            complaints.reopen(complaint_id=done.pk, text="And?", now=NOON + 30 * DAY + timedelta(seconds=1))

    @pytest.mark.parametrize("state", ["RECEIVED", "ACKNOWLEDGED", "CLOSED"])
    def test_is_reopened_and_closed_only_once_it_is_answered(self, follower: User, operator: User, state: str) -> None:
        made: dict[str, Any] = {
            "RECEIVED": lambda: complaint_of(follower, now=NOON),
            "ACKNOWLEDGED": lambda: acknowledged(follower, operator),
            "CLOSED": lambda: complaints.close(complaint_id=answered(follower, operator).pk, now=NOON),
        }
        one = made[state]()

        with pytest.raises(ComplaintNotWaiting):
            complaints.reopen(complaint_id=one.pk, text="And?", now=NOON)
        with pytest.raises(ComplaintNotWaiting):
            complaints.close(complaint_id=one.pk, now=NOON)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE copytrading_complaint SET text = 'Nothing'",
            "UPDATE copytrading_complaint SET acknowledge_by = now()",
            "UPDATE copytrading_complaint SET acknowledged_at = now()",
            "DELETE FROM copytrading_complaint",
            "UPDATE copytrading_complaintstep SET text = 'Nothing' WHERE kind = 'ANSWERED'",
            "DELETE FROM copytrading_complaintstep",
        ],
    )
    def test_leaves_what_was_said_as_it_was_said(self, follower: User, operator: User, statement: str) -> None:
        answered(follower, operator)

        with (
            pytest.raises(DatabaseError, match=r"stays as it is|History cannot be rewritten"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


class TestWhatWaits:
    def test_is_told_apart_by_the_clock(self, follower: User, other_follower: User, operator: User) -> None:
        late = complaint_of(follower, now=NOON)
        in_time = complaint_of(other_follower, now=NOON + DAY)
        answered(follower, operator, key="complaint-0002")
        now = NOON + DAY + timedelta(hours=1)

        assert [one.pk for one in queries.overdue(now=now)] == [late.pk]
        assert [one.pk for one in queries.in_time(now=now)] == [in_time.pk]
        assert "1 day old: acknowledge: overdue by 1 hour" in queries.line_of(late, now=now)
        assert queries.clock_words(in_time, now=now) == "acknowledge within 23 hours"
