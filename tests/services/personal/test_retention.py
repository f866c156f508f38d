"""What is kept of people goes after its days, and not before; what ledger and audit need stays."""

import re
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts import devices, program_keys
from accounts.models import Device, ProgramKey, RefreshToken, User
from copytrading.models import Delivery, GateCase, GateQuestion, KnownDevice, Notice, PushSubscription
from copytrading.services.personal import retention
from tests.cast import NOON, World
from tests.services.telling.push_stage import subscription_of

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def forget(days: float) -> dict[str, int]:
    """Forget what is old so many days after noon; tables of which nothing went are left out."""
    gone = retention.forget_what_is_old(now=NOON + days * DAY + SECOND)
    return {table: count for table, count in gone.items() if count}


def notice(user: User, kind: str = "SIGNED_IN", **named: object) -> Notice:
    return Notice.objects.create(user=user, kind=kind, noted_at=NOON, spread_at=NOON, **named)


def sent(told: Notice, **named: object) -> Delivery:
    return Delivery.objects.create(
        notice=told, channel="EMAIL", status="SENT", due_at=NOON, claimed_at=NOON, finished_at=NOON, **named
    )


class TestForgetting:
    def test_takes_deliveries_first_and_notices_later(self, settings: Settings, stranger: User) -> None:
        settings.KEEP_DELIVERIES_DAYS, settings.KEEP_NOTICES_DAYS = 90, 200
        sent(notice(stranger))
        waiting = Delivery.objects.create(notice=notice(stranger, "WITHDRAWN"), channel="EMAIL", due_at=NOON)

        assert forget(89) == {}
        assert forget(90) == {"delivery": 1}
        assert forget(199) == {}
        assert forget(200) == {"notice": 2}
        assert not Delivery.objects.filter(pk=waiting.pk).exists()

    def test_leaves_what_is_told_once_for_ever(self, settings: Settings, stranger: User) -> None:
        settings.KEEP_NOTICES_DAYS = 100
        notice(stranger, "FOLLOWERS_REACHED", once="followers:1:100")

        assert forget(5_000) == {}

    def test_takes_devices_that_ended_with_their_tokens(self, settings: Settings, stranger: User) -> None:
        settings.KEEP_ENDED_DEVICES_DAYS = 10
        revoked, _ = devices.open_device(user=stranger, now=NOON)
        devices.revoke(Device.objects.filter(pk=revoked.pk), reason=Device.RevokedFor.PERSON, now=NOON)
        used, _ = devices.open_device(user=stranger, now=NOON + 9 * DAY)
        asleep, _ = devices.open_device(user=stranger, now=NOON)

        assert forget(9.9) == {}
        assert forget(10) == {"device": 1}
        assert set(Device.objects.values_list("pk", flat=True)) == {used.pk, asleep.pk}
        # Sixty days after it was used last no token of it is good any more.
        assert forget(70) == {"device": 1}
        assert list(RefreshToken.objects.values_list("device", flat=True)) == [used.pk]

    def test_takes_keys_registrations_and_browsers_that_ended(self, settings: Settings, stranger: User) -> None:
        settings.KEEP_ENDED_DEVICES_DAYS = 10
        program_keys.make_key(user=stranger, name="ended", scopes=["read"], now=NOON)
        ProgramKey.objects.update(revoked_at=NOON)
        program_keys.make_key(user=stranger, name="good", scopes=["read"], now=NOON)
        subscription_of(stranger, now=NOON)
        PushSubscription.objects.update(retired_at=NOON)
        KnownDevice.objects.create(user=stranger, name_hash="1", seen_at=NOON)

        assert forget(10) == {"programkey": 1, "pushsubscription": 1}
        assert forget(410) == {"knowndevice": 1}
        assert ProgramKey.objects.get().name == "good"

    def test_takes_sessions_of_which_only_the_line_is_left(self, settings: Settings, stranger: User) -> None:
        settings.KEEP_ENDED_DEVICES_DAYS = 10
        Client().force_login(stranger)
        living = Session.objects.get().session_key
        for key in (living, "ended"):
            UserSession.objects.create(
                user=stranger, session_key=key, ip="198.51.100.7", user_agent="x", created_at=NOON, last_seen_at=NOON
            )
        UserSession.objects.update(last_seen_at=NOON)

        assert forget(10) == {"usersession": 1}
        assert UserSession.objects.get().session_key == living

    def test_takes_answers_of_the_check_but_not_those_of_a_case(
        self, settings: Settings, world: World, operator: User
    ) -> None:
        settings.KEEP_GATE_ANSWERS_DAYS = 40
        questions = [
            GateQuestion.objects.create(
                event_id=str(number), act="SIGN_UP", email="a@example.org", answer="ASK", milliseconds=1, asked_at=NOON
            )
            for number in range(2)
        ]
        GateCase.objects.create(question=questions[0], act="SIGN_UP", email="a@example.org", opened_at=NOON)

        assert forget(39) == {}
        assert forget(40) == {"gatequestion": 1}
        assert GateQuestion.objects.get() == questions[0]

    def test_goes_on_in_pieces_until_nothing_old_is_left(
        self, settings: Settings, stranger: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.KEEP_NOTICES_DAYS = 100
        monkeypatch.setattr(retention, "ROWS_A_TIME", 3)
        for _ in range(7):
            notice(stranger)

        assert forget(100) == {"notice": 7}


class TestTheSettings:
    def test_are_those_of_the_example_and_of_the_docs(self, settings: Settings) -> None:
        folder = settings.BASE_DIR
        lines, table = (folder / ".env.example").read_text(), (folder / "docs" / "personal-data.md").read_text()
        example = dict(re.findall(r"^((?:KEEP_\w+|WEBHOOK_LOG|ERASURE)_DAYS)=(\d+)$", lines, re.M))
        told = dict(re.findall(r"^\| `(\w+_DAYS)` \| (\d+) \|", table, re.M))

        assert {name: getattr(settings, name) for name in example} == {
            name: int(days) for name, days in example.items()
        }
        assert told == {name: days for name, days in example.items() if name != "ERASURE_DAYS"}
        assert {kept.setting for kept in retention.KEPT} | {"KEEP_ARCHIVES_DAYS"} == set(told)


class TestTheDatabase:
    def test_keeps_young_answers_of_the_check_whatever_is_set(self, db: None) -> None:
        GateQuestion.objects.create(
            event_id="1", act="SIGN_UP", email="a@example.org", answer="ASK", milliseconds=1, asked_at=timezone.now()
        )

        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('smartsync.forgetting', 'on', TRUE)")
        with pytest.raises(IntegrityError, match="stays as it is"), transaction.atomic():
            GateQuestion.objects.all().delete()
