"""Alarms ring once for one trouble, however many see it."""

from datetime import timedelta

import pytest

from accounts.models import User
from copytrading.models import Alarm
from copytrading.services.safety import alarms
from tests.cast import NOON
from tests.faults.test_parallel import at_once

LATER = NOON + timedelta(minutes=1)


def raise_silence(**changes: object) -> Alarm:
    what = {"kind": Alarm.Kind.VENUE_SILENT, "key": "venue", "sentence": "The venue is silent.", "now": NOON}
    return alarms.raise_alarm(**(what | changes))  # type: ignore[arg-type]


@pytest.mark.django_db
class TestRaiseAlarm:
    def test_opens_one_for_a_key_and_counts_the_sightings(self) -> None:
        first = raise_silence()
        second = raise_silence(sentence="Silent for a minute.", now=LATER)

        assert (first.pk, second.times_seen, second.sentence) == (second.pk, 2, "Silent for a minute.")
        assert (second.raised_at, second.last_seen_at) == (NOON, LATER)

    def test_opens_a_new_one_once_the_old_one_is_cleared(self) -> None:
        first = raise_silence()
        alarms.clear_alarm(key="venue", now=NOON)

        second = raise_silence(now=LATER)

        assert second.pk != first.pk
        assert second.times_seen == 1


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_make_one_alarm_that_counts_them_all(self) -> None:
        at_once(lambda _: raise_silence(), times=8)

        assert Alarm.objects.get().times_seen == 8


@pytest.mark.django_db
class TestClearAlarm:
    def test_says_whether_there_was_one(self) -> None:
        raise_silence()

        assert alarms.clear_alarm(key="venue", now=LATER) is True
        assert alarms.clear_alarm(key="venue", now=LATER) is False
        assert Alarm.objects.get().cleared_by is None

    def test_remembers_the_operator(self, operator: User) -> None:
        alarm = raise_silence()

        alarms.dismiss_alarm(alarm_id=alarm.pk, by=operator, now=LATER)

        alarm.refresh_from_db()
        assert (alarm.cleared_by, alarm.cleared_at) == (operator, LATER)

    def test_is_refused_to_the_second_operator(self, operator: User) -> None:
        alarm = raise_silence()
        alarms.clear_alarm(key="venue", now=NOON)

        with pytest.raises(alarms.AlarmCleared):
            alarms.dismiss_alarm(alarm_id=alarm.pk, by=operator, now=LATER)
