"""Each process beats; what is silent is an alarm of the others, and it leaves the box."""

import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from copytrading.models import Alarm, Heartbeat
from copytrading.services import bell
from copytrading.services.running import heartbeats, sirens
from copytrading.services.running.standby import TAKE_OVER_AFTER, Standby
from copytrading.services.safety import alarms
from tests.cast import NOON
from tests.sign_in import sign_in

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


class TestListen:
    def test_raises_one_alarm_for_a_process_that_is_silent_and_clears_it_when_it_is_back(self) -> None:
        heartbeats.beat(kind=heartbeats.Kind.FEED, now=NOON)

        for second in (10, 35, 45):
            heartbeats.beat(kind=heartbeats.Kind.WEB, now=NOON + timedelta(seconds=second))

        alarm = Alarm.objects.get()
        assert (alarm.kind, alarm.times_seen) == (Alarm.Kind.PROCESS_SILENT, 2)
        assert alarm.sentence.startswith("The market feed feed@")
        heartbeats.beat(kind=heartbeats.Kind.FEED, now=NOON + MINUTE)
        alarm.refresh_from_db()
        assert alarm.cleared_at

    def test_does_not_miss_what_was_asked_to_end(self) -> None:
        heartbeats.beat(kind=heartbeats.Kind.FEED, now=NOON)
        heartbeats.stop(kind=heartbeats.Kind.FEED)

        heartbeats.beat(kind=heartbeats.Kind.WEB, now=NOON + MINUTE)

        assert not Alarm.objects.exists()

    def test_judges_nobody_as_long_as_everybody_was_kept_from_beating(self) -> None:
        """A database that was away for minutes leaves old beats of all, and one of them is the first to beat again."""
        heartbeats.beat(kind=heartbeats.Kind.FEED, now=NOON)
        heartbeats.beat(kind=heartbeats.Kind.WEB, now=NOON)

        for second in (120, 125, 130):
            heartbeats.beat(kind=heartbeats.Kind.WEB, now=NOON + timedelta(seconds=second))

        assert not Alarm.objects.exists()
        heartbeats.beat(kind=heartbeats.Kind.WEB, now=NOON + timedelta(seconds=135))
        assert Alarm.objects.get().sentence.startswith("The market feed feed@")

    def test_is_said_on_the_operators_first_page(self, client: Client) -> None:
        sign_in(client, User.objects.create_superuser("operator@example.org", "a long passphrase"))
        Heartbeat.objects.create(name="feed@copy1", kind="FEED", started_at=NOON, beaten_at=NOON)

        assert "feed@copy1" in client.get("/admin/").text


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Return the address of a web hook, as apprise writes it, and what it was told."""
    told: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"json://127.0.0.1:{server.server_port}/alarms", told
    server.shutdown()
    server.server_close()


def raised(kind: Alarm.Kind = Alarm.Kind.CUSTODY_DIFFERS) -> Alarm:
    return alarms.raise_alarm(kind=kind, key=f"test:{kind}", sentence="Two units of BTC are missing.", now=NOON)


class TestSound:
    def test_tells_at_once_then_more_people_then_every_hour(
        self, settings: Settings, webhook: tuple[str, list[dict[str, Any]]]
    ) -> None:
        address, told = webhook
        settings.SMARTSYNC_ALARM_MAILS = ["operators@example.org"]
        settings.SMARTSYNC_ALARM_ESCALATION_URLS = [address]
        raised()

        for minutes in range(0, 200, 5):
            sirens.sound(now=NOON + minutes * MINUTE)

        assert [message.subject.split(":")[0] for message in mail.outbox] == [
            "[Smart Sync] Alarm", *["[Smart Sync] STILL OPEN"] * 4,
        ]  # fmt: skip
        assert "docs/runbook.md, section CUSTODY_DIFFERS" in mail.outbox[0].body
        assert len(told) == 4
        assert "Two units of BTC are missing." in told[0]["message"]

    def test_tells_an_alarm_of_low_grade_once(self, settings: Settings) -> None:
        settings.SMARTSYNC_ALARM_MAILS = ["operators@example.org"]
        raised(Alarm.Kind.SURPLUS)

        for hours in range(5):
            sirens.sound(now=NOON + hours * 60 * MINUTE)

        assert [message.subject.split(":")[0] for message in mail.outbox] == ["[Smart Sync] Notice"]

    def test_is_silent_while_somebody_is_at_it(self, settings: Settings) -> None:
        settings.SMARTSYNC_ALARM_MAILS = ["operators@example.org"]
        operator = User.objects.create_superuser("operator@example.org", "a long passphrase")
        sirens.silence(alarm_id=raised().pk, until=NOON + 60 * MINUTE, by=operator, now=NOON)

        heard = [sirens.sound(now=NOON + minutes * MINUTE) for minutes in (0, 30, 61)]

        assert heard == [0, 0, 1]

    def test_tries_again_what_reached_nobody(
        self, settings: Settings, webhook: tuple[str, list[dict[str, Any]]]
    ) -> None:
        settings.SMARTSYNC_ALARM_URLS = ["json://127.0.0.1:9/nobody"]
        raised()
        assert sirens.sound(now=NOON) == 0
        settings.SMARTSYNC_ALARM_URLS = [webhook[0]]

        assert sirens.sound(now=NOON + timedelta(seconds=5)) == 1


class TestDeadMan:
    def test_is_asked_only_while_everything_is_alive(
        self, settings: Settings, webhook: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.SMARTSYNC_DEAD_MAN_URL = "http://watcher.invalid/"
        asked: list[str] = []

        class Answer:
            def __enter__(self) -> None: ...
            def __exit__(self, *_: object) -> None: ...

        monkeypatch.setattr(sirens.urllib.request, "urlopen", lambda url, timeout: asked.append(url) or Answer())
        for kind in ("WORKER", "BEAT", "FEED", "RINGS"):
            heartbeats.beat(kind=heartbeats.Kind(kind), now=NOON)

        assert sirens.ping_dead_man(now=NOON)
        assert not sirens.ping_dead_man(now=NOON + MINUTE)
        assert len(asked) == 1


class TestStandby:
    def test_works_only_while_nobody_answers_the_beat(self) -> None:
        done: list[str] = []
        standby = Standby(timetable={"often": 2.0, "rarely": 60.0}, call=done.append)
        heartbeats.beat(kind=heartbeats.Kind.RINGS, now=NOON)

        for second in range(16):
            standby.look(now=NOON + timedelta(seconds=second))
        heartbeats.beat(kind=heartbeats.Kind.RINGS, now=NOON + timedelta(seconds=16))
        standby.look(now=NOON + timedelta(seconds=16))

        assert timedelta(seconds=10) == TAKE_OVER_AFTER
        assert done == ["often", "rarely", "often", "often"]

    @pytest.mark.django_db(transaction=True)
    def test_does_what_is_rung_for_as_no_worker_hears_it(self, settings: Settings) -> None:
        settings.SMARTSYNC_BELL = True
        done: list[tuple[str | int, ...]] = []

        def call(name: str, *arguments: int) -> None:
            done.append((name, *arguments))
            if name == "sync the leads":
                for lead_id in (7, 8, 7):
                    bell.ring_for_lead(lead_id)
            elif arguments == (8,):
                # There is more to do for it: once others had their turn.
                bell.ring_for_lead(8)

        standby = Standby(timetable={"sync the leads": 60.0, "the rest": 60.0}, call=call)
        for second in range(2):
            standby.look(now=NOON + timedelta(seconds=second))

        lead = "copytrading.tasks.sync_lead"
        assert done == [("sync the leads",), (lead, 7), (lead, 8), ("the rest",), (lead, 8), (lead, 8)]

    def test_goes_on_after_a_task_that_fails(self) -> None:
        done: list[str] = []

        def call(name: str) -> None:
            done.append(name)
            if name == "broken":
                raise ValueError("no")

        Standby(timetable={"broken": 2.0, "whole": 2.0}, call=call).look(now=NOON)

        assert done == ["broken", "whole"]
