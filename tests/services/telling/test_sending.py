"""Each notice reaches each channel once: by a real mail server and a push service that can read what it is given."""

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from copytrading.models import Copy, Delivery, Lead, Notice, NoticeHabits, PushSubscription
from copytrading.services.books import stops
from copytrading.services.telling import deliveries, habits, notices
from copytrading.services.telling.sending import send_round
from copytrading.services.telling.spreading import spread_notices
from tests.cast import NOON, World
from tests.mail_sink import MailSink
from tests.push_service import PushService
from tests.services.telling.conftest import subscribe

Kind, Status = Notice.Kind, Delivery.Status


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


@pytest.fixture
def person() -> User:
    return User.objects.create_user("ada@example.org", "correct horse battery")


def tell(user: User, kind: Notice.Kind = Kind.PASSWORD_CHANGED, now: datetime = NOON, **figures: object) -> None:
    with transaction.atomic():
        notices.tell_person(user.pk, kind, now, **figures)  # type: ignore[arg-type]


@pytest.fixture
def copy(world: World, follower: User, lead: Lead) -> Copy:
    return world.start(follower, lead, stop_loss_units=50 * 10**8)


@pytest.mark.django_db
class TestAFiredStopLoss:
    def test_reaches_the_mailbox_and_the_phone_once(
        self, copy: Copy, world: World, mails: MailSink, pushes: PushService
    ) -> None:
        phone = pushes.browser("phone")
        subscribe(copy.follower, phone)
        send_round(clock=at(world.now))
        mails.mails.clear()
        with transaction.atomic():
            stops.stop_copies(lead_id=copy.lead_id, copy_ids=None, reason=Copy.StopReason.STOP_LOSS, now=world.now)

        for _ in range(3):
            send_round(clock=at(world.now))

        (mail,) = mails.to("follower@example.org")
        assert mail["Subject"] == "The stop loss of your copy of Basalt fired, at a loss of 50.00 USDT"
        text, html = (mail.get_body([kind]).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
        assert "nothing more is bought" in text and "nothing more is bought" in html
        assert f"/copies/{copy.pk}/" in text
        (push,) = [push for push in phone.pushes if "stop loss" in push["title"]]
        fired = Notice.objects.get(copy=copy, kind=Kind.STOP_LOSS_FIRED)
        assert push["url"] == f"/notices/{fired.pk}/" and push["tag"] == f"notice-{fired.pk}"
        assert phone.headers[-1]["urgency"] == "high"


@pytest.mark.django_db
class TestMail:
    def test_ends_by_one_press_in_the_mail_program(self, person: User, mails: MailSink, client: Client) -> None:
        tell(person, Kind.DEPOSITED, units=10**10)
        send_round(clock=at(NOON))
        (mail,) = mails.mails
        path = re.search(r"<http[s]?://[^/]+(/[^>]+)>", mail["List-Unsubscribe"])
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and path

        answer = Client(enforce_csrf_checks=True).post(path[1], {"List-Unsubscribe": "One-Click"})
        tell(person, Kind.DEPOSITED, units=10**10)
        tell(person, Kind.PASSWORD_CHANGED)
        send_round(clock=at(NOON))

        assert answer.status_code == 200
        assert [mail["Subject"] for mail in mails.mails[1:]] == ["Your password was changed"]
        assert mails.mails[1]["List-Unsubscribe"] is None

    def test_tells_a_digest_once_a_day_and_what_is_urgent_at_once(self, person: User, mails: MailSink) -> None:
        habits.set_habits(
            user=person, time_zone="Europe/Berlin", mail_rhythm="DAILY", quiet_from=None, quiet_until=None
        )
        tell(person, Kind.DEPOSITED, units=10**10)
        tell(person, Kind.WITHDRAWN, units=10**9)
        tell(person, Kind.PASSWORD_CHANGED)
        send_round(clock=at(NOON))
        at_once = [mail["Subject"] for mail in mails.mails]
        # Eight in the morning in Berlin.
        send_round(clock=at(NOON.replace(hour=6, minute=59) + timedelta(days=1)))
        before = len(mails.mails)

        send_round(clock=at(NOON.replace(hour=7) + timedelta(days=1)))

        assert at_once == ["Your password was changed"] and before == 1
        assert mails.mails[-1]["Subject"].strip() == "2 notices: 100.00 USDT came into your wallet, …"
        assert len({row.message_id for row in Delivery.objects.filter(is_digest=True)}) == 1

    def test_believes_a_mailbox_that_refuses_and_goes_on_with_the_others(
        self, person: User, stranger: User, mails: MailSink
    ) -> None:
        mails.answers["ada@example.org"] = "550 no such mailbox"
        tell(person)
        tell(stranger)

        send_round(clock=at(NOON))

        refused = Delivery.objects.get(notice__user=person)
        assert (refused.status, refused.answer) == (Status.REFUSED, "550 no such mailbox")
        assert len(mails.to("stranger@example.org")) == 1

    def test_comes_again_to_a_mailbox_that_is_full(self, person: User, mails: MailSink) -> None:
        mails.answers["ada@example.org"] = "452 full"
        tell(person)
        send_round(clock=at(NOON))
        del mails.answers["ada@example.org"]
        send_round(clock=at(NOON + timedelta(seconds=2)))
        too_early = len(mails.mails)

        send_round(clock=at(NOON + timedelta(seconds=6)))

        assert too_early == 0 and len(mails.mails) == 1
        assert Delivery.objects.get().status == Status.SENT

    def test_sends_what_was_taken_and_not_confirmed_again_under_the_same_id(
        self, person: User, mails: MailSink
    ) -> None:
        mails.hangs_up = 1
        tell(person)
        send_round(clock=at(NOON))

        send_round(clock=at(NOON + timedelta(seconds=10)))

        first, second = (mail["Message-ID"] for mail in mails.mails)
        assert first == second and Delivery.objects.get().message_id in first
        assert Delivery.objects.get().status == Status.SENT

    def test_waits_for_a_server_that_is_away_and_claims_nothing(self, person: User, settings: object) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # type: ignore[attr-defined]
        tell(person)

        send_round(clock=at(NOON))

        assert Delivery.objects.get().status == Status.PENDING

    def test_is_nobody_elses_while_one_sender_has_it(self, person: User) -> None:
        tell(person)
        spread_notices(now=NOON)

        first = deliveries.claim(Delivery.Channel.EMAIL, now=NOON)
        second = deliveries.claim(Delivery.Channel.EMAIL, now=NOON + timedelta(seconds=59))
        third = deliveries.claim(Delivery.Channel.EMAIL, now=NOON + timedelta(seconds=61))

        assert first and second is None and third
        assert first.message_id == third.message_id and third.is_again

    def test_warns_the_address_before_of_another_address(self, person: User, mails: MailSink) -> None:
        tell(person, Kind.EMAIL_CHANGED, words="before@example.org")

        send_round(clock=at(NOON))

        assert [mail["To"] for mail in mails.mails] == ["before@example.org"]


@pytest.mark.django_db
class TestPush:
    def test_retires_an_endpoint_that_is_gone_and_sends_to_the_others(
        self, person: User, pushes: PushService, mails: MailSink
    ) -> None:
        old, new = pushes.browser("old"), pushes.browser("new")
        subscribe(person, old)
        subscribe(person, new)
        pushes.statuses["old"] = 410
        tell(person)
        tell(person)

        send_round(clock=at(NOON))

        assert [push["title"] for push in new.pushes] == ["Your password was changed"] * 2
        gone = PushSubscription.objects.get(endpoint=old.endpoint)
        assert gone.retired_at == NOON and gone.retired_because.startswith("410")
        statuses = Delivery.objects.filter(subscription=gone).values_list("status", flat=True)
        assert set(statuses) == {Status.REFUSED}

    def test_keeps_quiet_at_night_in_the_persons_own_time(self, person: User, pushes: PushService) -> None:
        phone = pushes.browser("phone")
        subscribe(person, phone)
        # NOON is 21:00 in Tokyo.
        habits.set_habits(
            user=person, time_zone="Asia/Tokyo", mail_rhythm="AT_ONCE", quiet_from=time(20), quiet_until=time(7)
        )
        tell(person, Kind.DEPOSITED, units=10**10)

        send_round(clock=at(NOON + timedelta(hours=9, minutes=59)))
        at_night = len(phone.pushes)
        send_round(clock=at(NOON + timedelta(hours=10)))

        assert at_night == 0 and len(phone.pushes) == 1

    @pytest.mark.parametrize(
        "endpoint",
        [
            "http://fcm.googleapis.com/x",
            "https://169.254.169.254/",
            "https://fcm.googleapis.com.evil.org/",
            "https://[",
        ],
    )
    def test_goes_to_no_address_that_is_no_push_service(self, person: User, pushes: PushService, endpoint: str) -> None:
        browser = pushes.browser("phone")
        with pytest.raises(habits.SubscriptionNotPossible):
            habits.subscribe(user=person, endpoint=endpoint, key=browser.key, secret=browser.auth, device="", now=NOON)


class TestHabits:
    def test_refuse_a_zone_that_does_not_exist_with_a_sentence(self, db: None, person: User) -> None:
        with pytest.raises(habits.TimeZoneUnknown, match="There is no time zone “Mars/Olympus”"):
            habits.set_habits(
                user=person, time_zone="Mars/Olympus", mail_rhythm="DAILY", quiet_from=None, quiet_until=None
            )

    def test_reach_everybody_though_a_zone_has_gone_from_the_machine(
        self, db: None, person: User, mails: MailSink
    ) -> None:
        NoticeHabits.objects.create(user=person, time_zone="Gone/Away", mail_rhythm="DAILY")
        tell(person, Kind.DEPOSITED, units=1)

        spread_notices(now=NOON)

        assert Delivery.objects.get().due_at == NOON.replace(hour=8) + timedelta(days=1)
