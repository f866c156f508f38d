"""What is told to webhooks, in which order, how often, and what ends them."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings
from standardwebhooks import Webhook as Signer
from standardwebhooks import WebhookVerificationError

from accounts.models import User
from accounts.sealing import SealDoesNotOpen
from copytrading.api.shapes.books import CopyOrderShape
from copytrading.api.shapes.trades import RowShape
from copytrading.api.telling.events import describe
from copytrading.models import (
    Adjustment,
    Allocation,
    Lead,
    Notice,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
)
from copytrading.queries.happened import receipt_rows
from copytrading.queries.happened.happenings import Happening
from copytrading.queries.money import account_books
from copytrading.services.copies import verbs
from copytrading.services.hooks import deliveries, hook_secrets, webhooks
from copytrading.services.hooks.calling import call_all
from copytrading.services.hooks.events import Event, make_test_event
from copytrading.services.hooks.spreading import queue, spread_events
from copytrading.services.personal import retention
from copytrading.services.telling import notices
from tests.cast import NOON, World
from tests.hook_receiver import Receiver
from tests.other_transactions import wait_for_other_transactions

EVERYTHING = ["copy", "fill", "order", "adjustment"]
Kind = Notice.Kind
DOCS = django_settings.BASE_DIR / "docs"


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def call(now: datetime, *, is_at_once: bool = False) -> int:
    if not is_at_once:
        wait_for_other_transactions()
    return call_all(describe=describe, clock=at(now))


def spread(now: datetime, **more: Any) -> bool:
    wait_for_other_transactions()
    return spread_events(**{"describe": describe, "now": now, **more})


def add(user: User, receiver: Receiver, *, events: list[str] | None = None, **more: Any) -> tuple[Webhook, str]:
    # With somebody else's transaction open on this server, what was told just before would be told again.
    wait_for_other_transactions()
    wanted = {"topics": ["TRANSFERS"], "now": NOON, "address": receiver.address, **more}
    return webhooks.add_webhook(user=user, events=EVERYTHING if events is None else events, **wanted)


def tell(user: User, *, now: datetime = NOON, units: int = 1, kind: Notice.Kind = Kind.DEPOSITED) -> None:
    with transaction.atomic():
        notices.tell_person(user.pk, kind, now, units=units)


def after(**time: float) -> datetime:
    return NOON + timedelta(**time)


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("ada@example.org", "correct horse battery")


# The place that a webhook goes on from counts transactions, and one test is one transaction: these commit.
@pytest.mark.django_db(transaction=True)
class TestEvents:
    def test_say_what_the_api_says_in_their_order(
        self, world: World, lead: Lead, follower: User, receiver: Receiver
    ) -> None:
        add(follower, receiver, topics=[], now=world.now)
        copy = world.start(follower, lead, "1000")
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        verbs.pause_copy(copy_id=copy.pk, now=world.now)

        world.wait(5)
        call(world.now)
        world.wait(5)
        call(world.now)

        events = {arrival.id: arrival.event for arrival in receiver.arrivals}
        assert len(events) == len(receiver.arrivals)
        types = [arrival.event["type"] for arrival in receiver.arrivals]
        assert types[0] == "copy.started" and types[-1] == "copy.paused"
        assert {"fill.booked", "order.filled"} <= set(types)
        allocation = Allocation.objects.get(ledger_account=copy.ledger_account)
        (row,) = receipt_rows.of_ids([("trade", allocation.pk)])
        fill = events[f"trade_{allocation.pk}"]["data"]
        assert {name: fill[name] for name in RowShape(row).data} == json.loads(json.dumps(RowShape(row).data))
        assert fill["trade"]["value"].replace(".", "").isdigit()
        order = account_books.orders_of(copy).get()
        told = events[f"order_{order.pk}_{copy.pk}"]["data"]
        assert told["order"] == json.loads(json.dumps(CopyOrderShape(order).data))
        assert told["copy_id"] == copy.pk
        assert {f"adjustment_{pk}" for pk in Adjustment.objects.values_list("pk", flat=True)} <= set(events)

    def test_are_those_that_were_chosen_and_nobody_elses(
        self, person: User, stranger: User, receiver: Receiver
    ) -> None:
        add(person, receiver, events=[], topics=["TRANSFERS"])
        tell(person)
        tell(person, kind=Kind.PASSWORD_CHANGED)
        tell(stranger)

        call(after(seconds=2))

        (arrival,) = receiver.arrivals
        notice = Notice.objects.get(user=person, kind=Kind.DEPOSITED)
        assert (arrival.id, arrival.event["type"]) == (f"notice_{notice.pk}", "notice.deposited")
        assert arrival.event["timestamp"] == "2026-01-05T12:00:00Z"
        assert arrival.event["data"]["notice"]["value"] == "0.00000001"
        assert "came into your wallet" in arrival.event["data"]["headline"]

    def test_begin_with_the_webhook(self, person: User, receiver: Receiver) -> None:
        tell(person)
        add(person, receiver)

        call(after(seconds=2))

        assert receiver.arrivals == []

    def test_are_told_once_whoever_looks_how_often(self, person: User, receiver: Receiver) -> None:
        webhook, _ = add(person, receiver)
        tell(person)
        for second in range(2, 8, 2):
            call(after(seconds=second))
        # As after a restore: the place is before what was told.
        Webhook.objects.update(place_transaction=1, place_kind="", place_id=0)

        call(after(seconds=20))

        assert len(receiver.arrivals) == 1
        assert webhook.deliveries.count() == 1

    def test_wait_for_a_transaction_that_is_still_open(self, person: User, receiver: Receiver) -> None:
        add(person, receiver)
        slow = connection.copy()
        slow.set_autocommit(False)
        with slow.cursor() as cursor:
            cursor.execute(
                "INSERT INTO copytrading_notice (user_id, kind, units, noted_at) VALUES (%s, 'DEPOSITED', 1, %s)",
                [person.pk, NOON],
            )
        tell(person, units=2)
        call(after(seconds=2), is_at_once=True)
        too_early = len(receiver.arrivals)
        slow.commit()
        slow.close()

        call(after(seconds=4))

        assert too_early == 0
        assert [arrival.event["data"]["notice"]["value"][-1] for arrival in receiver.arrivals] == ["1", "2"]


@pytest.mark.django_db(transaction=True)
class TestSignature:
    @pytest.fixture(autouse=True)
    def _at_noon(self) -> Any:
        with time_machine.travel(NOON, tick=False):
            yield

    def verify(self, receiver: Receiver, secret: str, number: int = -1) -> Any:
        arrival = receiver.arrivals[number]
        return Signer(secret).verify(arrival.text, arrival.headers)

    def test_is_verified_by_the_library_of_the_standard(self, person: User, receiver: Receiver) -> None:
        webhook, secret = add(person, receiver)
        webhooks.send_test(webhook=webhook, now=NOON)
        call(NOON)

        assert self.verify(receiver, secret)["type"] == "webhook.test"
        with pytest.raises(WebhookVerificationError):
            self.verify(receiver, hook_secrets.make_secret())

    def test_is_of_each_attempt_so_that_an_old_one_is_worth_nothing(self, person: User, receiver: Receiver) -> None:
        _, secret = add(person, receiver)
        receiver.answers = lambda path, number: [500, 200][number]
        tell(person)
        call(after(seconds=2))
        with time_machine.travel(after(minutes=10), tick=False):
            call(after(minutes=10))

            assert self.verify(receiver, secret)["type"] == "notice.deposited"
            with pytest.raises(WebhookVerificationError, match="too old"):
                self.verify(receiver, secret, 0)
        assert receiver.arrivals[0].id == receiver.arrivals[1].id
        assert receiver.arrivals[0].text == receiver.arrivals[1].text

    def test_is_of_both_secrets_while_they_overlap(self, person: User, receiver: Receiver) -> None:
        webhook, before = add(person, receiver)
        webhook, secret = webhooks.rotate_secret(webhook=webhook, now=NOON)
        webhooks.send_test(webhook=webhook, now=NOON)
        call(NOON)

        assert self.verify(receiver, secret) and self.verify(receiver, before)

        webhooks.send_test(webhook=webhook, now=after(hours=24))
        with time_machine.travel(after(hours=24), tick=False):
            call(after(hours=24))
            assert self.verify(receiver, secret)
            with pytest.raises(WebhookVerificationError):
                self.verify(receiver, before)

    def test_of_before_is_worth_nothing_at_once_where_that_is_wanted(self, person: User, receiver: Receiver) -> None:
        webhook, before = add(person, receiver)
        webhook, _ = webhooks.rotate_secret(webhook=webhook, now=NOON, overlap_hours=0)
        webhooks.send_test(webhook=webhook, now=NOON)
        call(NOON)

        with pytest.raises(WebhookVerificationError):
            self.verify(receiver, before)

    def test_is_by_a_secret_that_opens_in_no_other_row(
        self, person: User, stranger: User, receiver: Receiver, settings: Settings
    ) -> None:
        webhook, secret = add(person, receiver)
        other, _ = add(stranger, receiver)
        assert secret not in str(Webhook.objects.values())
        other.sealed_secret, other.seal_id = webhook.sealed_secret, webhook.seal_id

        with pytest.raises(SealDoesNotOpen):
            hook_secrets.secrets_of(other, now=NOON)

    def test_goes_on_after_the_platforms_key_was_rotated(
        self, person: User, receiver: Receiver, settings: Settings
    ) -> None:
        first, second = "A" * 43 + "=", "B" * 42 + "A="
        settings.SMARTSYNC_LINK_KEYS = [first]
        webhook, secret = add(person, receiver)
        webhook, rotated = webhooks.rotate_secret(webhook=webhook, now=NOON)

        settings.SMARTSYNC_LINK_KEYS = [second, first]
        assert hook_secrets.rotate_seals() == 1
        assert hook_secrets.rotate_seals() == 0
        settings.SMARTSYNC_LINK_KEYS = [second]

        assert hook_secrets.secrets_of(Webhook.objects.get(), now=NOON) == [rotated, secret]


@pytest.mark.django_db(transaction=True)
class TestAttempts:
    def test_come_at_longer_and_longer_waits_for_a_day(
        self, person: User, receiver: Receiver, settings: Settings
    ) -> None:
        webhook, _ = add(person, receiver)
        receiver.answers = lambda path, number: 500
        tell(person)
        now = after(seconds=2)
        call(now)
        while (delivery := WebhookDelivery.objects.get()).given_up_at is None:
            now = delivery.due_at
            call(now)

        waits = [first.tried_at for first in WebhookAttempt.objects.order_by("pk")]
        hours = [(moment - waits[0]).total_seconds() / 3600 for moment in waits]
        assert hours == sorted(hours) and hours[-1] == pytest.approx(24)
        assert 8 <= len(hours) <= 9
        assert 4 <= hours[1] * 3600 <= 6
        webhook.refresh_from_db()
        assert (webhook.status, webhook.reason) == (Webhook.Status.PAUSED, "It took nothing for a day.")
        assert Notice.objects.get(kind=Kind.WEBHOOK_PAUSED).user == person

    def test_that_fail_pause_nothing_that_took_something_else_meanwhile(self, person: User, receiver: Receiver) -> None:
        webhook, _ = add(person, receiver)
        tell(person)
        receiver.answers = lambda path, number: 500
        call(after(seconds=2))
        WebhookDelivery.objects.update(due_at=after(hours=24, seconds=2))
        Webhook.objects.update(delivered_at=after(hours=23))

        call(after(hours=24, seconds=2))

        assert WebhookDelivery.objects.get().given_up_at is not None
        webhook.refresh_from_db()
        assert webhook.status == Webhook.Status.ACTIVE

    def test_of_one_copy_go_one_after_the_other_and_no_other_copy_waits(
        self, world: World, lead: Lead, follower: User, receiver: Receiver
    ) -> None:
        other_lead = world.make_lead(User.objects.create_user("granite@example.org"), name="Granite")
        copies = [world.start(follower, leader) for leader in (lead, other_lead)]
        add(follower, receiver, events=["copy"], topics=["COPY_FALLS"], now=world.now)
        with transaction.atomic():
            for number in (1, 2):
                for copy in copies:
                    notices.tell_copies([copy.pk], Kind.COPY_FELL, world.now, units=[number], numbers=[1000])
        # Both are called at once: whichever comes first is refused.
        receiver.answers = lambda path, number: 500 if number < 1 else 200

        call(world.now + timedelta(seconds=2))
        told = [each.event["data"] for each in receiver.arrivals]
        order = [(each["copy_id"], each["notice"]["value"][-1]) for each in told]
        call(world.now + timedelta(seconds=20))

        refused = order[0][0]
        (other,) = {copy.pk for copy in copies} - {refused}
        assert order == [(refused, "1"), (other, "1"), (other, "2")]
        later = [each.event["data"]["notice"]["value"][-1] for each in receiver.arrivals[3:]]
        assert later == ["1", "2"]

    def test_of_one_that_cannot_be_told_hold_up_nobody_else(self, person: User, receiver: Receiver) -> None:
        stranger = User.objects.create_user("grace@example.org", "correct horse battery")
        add(person, receiver)
        add(stranger, receiver)
        for user in (person, stranger):
            tell(user)

        def describe_some(user: User, found: list[Happening]) -> list[Event]:
            if user == person:
                raise ValueError("nobody knows how to say that")
            return describe(user, found)

        aside: dict[int, datetime] = {}
        spread(after(seconds=2), describe=describe_some, set_aside=aside)
        assert [delivery.webhook.user for delivery in WebhookDelivery.objects.all()] == [stranger]
        # Nothing of it is lost: it is told once that is possible.
        spread(after(seconds=30), set_aside=aside)
        assert WebhookDelivery.objects.count() == 1
        spread(after(seconds=63), set_aside=aside)
        assert {delivery.webhook.user for delivery in WebhookDelivery.objects.all()} == {person, stranger}

    def test_end_with_410(self, person: User, receiver: Receiver) -> None:
        webhook, _ = add(person, receiver)
        receiver.answers = lambda path, number: 410
        tell(person)
        tell(person, units=2)

        call(after(seconds=2))

        webhook.refresh_from_db()
        assert webhook.status == Webhook.Status.GONE
        assert WebhookDelivery.objects.filter(given_up_at__isnull=False).count() == 2
        assert len(receiver.arrivals) == 1
        with pytest.raises(webhooks.WebhookNotActive):
            webhooks.change_webhook(webhook=webhook, is_active=True, now=NOON)

    def test_whose_sender_died_are_made_again_under_the_same_id(self, person: User, receiver: Receiver) -> None:
        add(person, receiver)
        tell(person)
        spread(after(seconds=2))
        (claimed,) = deliveries.claim_due(count=10, now=after(seconds=2))
        assert deliveries.claim_due(count=10, now=after(seconds=61)) == []

        call(after(seconds=63))

        (arrival,) = receiver.arrivals
        assert arrival.id == claimed.event_id
        # The first one was only slow, and says now that it failed: what is delivered stays so.
        deliveries.note(claimed, deliveries.Answer(tried_at=NOON, milliseconds=1, status=500), now=after(seconds=70))
        assert WebhookDelivery.objects.get().delivered_at is not None

    def test_of_a_webhook_that_fails_are_made_one_at_a_time(self, person: User, receiver: Receiver) -> None:
        webhook, _ = add(person, receiver)
        queue(webhook, [make_test_event(webhook_id=webhook.pk, now=NOON) for _ in range(6)], now=NOON)
        Webhook.objects.update(failures=1)
        assert len(deliveries.claim_due(count=10, now=NOON)) == 1
        Webhook.objects.update(failures=0)
        assert len(deliveries.claim_due(count=10, busy=[webhook.pk], now=NOON)) == 3

    def test_are_forgotten_after_their_days(self, person: User, receiver: Receiver, settings: Settings) -> None:
        settings.WEBHOOK_LOG_DAYS = 30
        webhook, _ = add(person, receiver)
        webhooks.send_test(webhook=webhook, now=NOON)
        call(NOON)

        assert "webhookdelivery" not in retention.forget_what_is_old(now=after(days=30))
        assert retention.forget_what_is_old(now=after(days=30, seconds=1))["webhookdelivery"] == 1
        assert not WebhookAttempt.objects.exists()


@pytest.mark.django_db
class TestVerbs:
    def test_let_a_person_have_five(self, person: User, receiver: Receiver) -> None:
        made = [add(person, receiver)[0] for _ in range(5)]
        with pytest.raises(webhooks.TooManyWebhooks):
            add(person, receiver)
        webhooks.remove_webhook(webhook=made[2], now=NOON)

        assert add(person, receiver)[0].number == 3
        with pytest.raises(IntegrityError), transaction.atomic():
            Webhook.objects.filter(pk=made[0].pk).update(number=6)

    @pytest.mark.parametrize(
        ("events", "topics"), [([], []), (["everything"], []), ([], ["NO_SUCH_TOPIC"]), (["withdrawal"], ["TRANSFERS"])]
    )
    def test_refuse_what_nobody_can_be_told(
        self, person: User, receiver: Receiver, events: list[str], topics: list[str]
    ) -> None:
        with pytest.raises(webhooks.WebhookWantsNothing):
            add(person, receiver, events=events, topics=topics)

    def test_refuse_addresses_that_are_not_public(self, person: User) -> None:
        for address in ("https://127.0.0.1/", "https://[::ffff:127.0.0.1]/", "https://localhost/", "nowhere"):
            with pytest.raises(webhooks.Refusal) as refused:
                webhooks.add_webhook(user=person, address=address, events=["copy"], topics=[], now=NOON)
            assert (refused.value.code, refused.value.field) == ("webhook_address_refused", "address")
        assert not Webhook.objects.exists()

    def test_keep_no_secret_where_nothing_seals_it(
        self, person: User, receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hook_secrets.sealing, "sealing_keys", dict)
        with pytest.raises(webhooks.WebhooksNotPossible):
            add(person, receiver)

    def test_forget_the_secrets_of_what_is_removed_and_send_it_nothing(self, person: User, receiver: Receiver) -> None:
        webhook, _ = add(person, receiver)
        webhook, _ = webhooks.rotate_secret(webhook=webhook, now=NOON)
        webhooks.send_test(webhook=webhook, now=NOON)
        webhooks.remove_webhook(webhook=webhook, now=NOON)

        call(after(seconds=5))

        assert receiver.arrivals == []
        removed = Webhook.objects.get()
        assert (bytes(removed.sealed_secret), bytes(removed.previous_sealed_secret)) == (b"", b"")

    def test_test_once(self, person: User, receiver: Receiver) -> None:
        webhook, _ = add(person, receiver)
        receiver.answers = lambda path, number: 500
        delivery = webhooks.send_test(webhook=webhook, now=NOON)
        for verb in (webhooks.send_test, partial(webhooks.send_again, delivery=delivery)):
            with pytest.raises(webhooks.DeliveryStillWaits):
                verb(webhook=webhook, now=NOON)

        call(NOON)
        call(after(hours=1))

        delivery.refresh_from_db()
        assert (len(receiver.arrivals), delivery.attempts, delivery.given_up_at) == (1, 1, NOON)

    def test_send_something_again_under_its_id(self, person: User, receiver: Receiver) -> None:
        webhook, _ = add(person, receiver)
        delivery = webhooks.send_test(webhook=webhook, now=NOON)
        call(NOON)

        webhooks.send_again(webhook=webhook, delivery=delivery, now=after(hours=1))
        call(after(hours=1))

        assert [arrival.id for arrival in receiver.arrivals] == [delivery.event_id] * 2

    def test_let_rest_and_go_on_from_then(self, person: User, receiver: Receiver) -> None:
        webhook, _ = add(person, receiver)
        webhook = webhooks.change_webhook(webhook=webhook, is_active=False, description=" Home ", now=NOON)
        with pytest.raises(webhooks.WebhookNotActive):
            webhooks.send_test(webhook=webhook, now=NOON)
        tell(person)
        webhook = webhooks.change_webhook(webhook=webhook, is_active=True, topics=["RESULTS"], events=[], now=NOON)

        call(after(seconds=5))

        assert receiver.arrivals == []
        assert (webhook.status, webhook.description, webhook.events) == ("ACTIVE", "Home", [])

    def test_tell_nobody_whose_account_is_closed(self, person: User, receiver: Receiver) -> None:
        webhook, _ = add(person, receiver)
        webhooks.send_test(webhook=webhook, now=NOON)
        User.objects.filter(pk=person.pk).update(is_active=False)

        call(NOON)

        assert receiver.arrivals == []


@pytest.mark.django_db(transaction=True)
class TestTheReceiverOfTheDocumentation:
    @pytest.mark.parametrize("is_right", [True, False])
    def test_takes_what_is_signed_with_its_secret(self, person: User, settings: Settings, is_right: bool) -> None:
        (code,) = re.findall(r"```python\n(import http.server.*?)```", (DOCS / "api.md").read_text(), re.DOTALL)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        settings.WEBHOOK_LOCAL_HOSTS = [f"127.0.0.1:{port}"]
        webhook, secret = webhooks.add_webhook(
            user=person, address=f"http://127.0.0.1:{port}/", events=["copy"], topics=[], now=timezone.now()
        )
        ran = subprocess.Popen(
            [sys.executable, "-c", code.replace("9000", str(port))],
            env={**os.environ, "WEBHOOK_SECRET": secret if is_right else hook_secrets.make_secret()},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            answers = []
            for _ in range(50):
                webhooks.send_test(webhook=webhook, now=timezone.now())
                call_all(describe=describe, clock=timezone.now)
                answers.append(WebhookAttempt.objects.latest("pk").status)
                if answers[-1] is not None:
                    break
                time.sleep(0.2)
        finally:
            ran.kill()
            ran.communicate()

        assert answers[-1] == (204 if is_right else 400)
