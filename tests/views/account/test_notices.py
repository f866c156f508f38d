"""The bell, the list, the switches; who may not; and what the portal is in the pocket."""

import json
import re

import pytest
from allauth.account.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from copytrading.models import Copy, Lead, Notice, NoticeHabits, NoticeSwitch
from copytrading.services.telling import notices
from tests.cast import NOON, World

Kind = Notice.Kind
SWITCHES = {"mail_rhythm": "DAILY", "time_zone": "Europe/Berlin", "quiet_from": "22:00", "quiet_until": "07:00"}


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("ada@example.org", "correct horse battery")


@pytest.fixture
def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def tell(user: User, kind: Notice.Kind = Kind.DEPOSITED, **figures: object) -> Notice:
    with transaction.atomic():
        notices.tell_person(user.pk, kind, NOON, **figures)  # type: ignore[arg-type]
    return Notice.objects.filter(user=user).latest("pk")


def text(client: Client, name: str, *path: object, **asked: str) -> str:
    answer = client.get(reverse(name, args=path), asked)
    assert answer.status_code == 200
    return answer.content.decode()


class TestBell:
    def test_counts_what_is_unread_until_it_is_read(self, signed_in: Client, person: User) -> None:
        told = tell(person, units=10**10)
        tell(person, Kind.WITHDRAWN, units=10**9)

        before = text(signed_in, "bell")
        answer = signed_in.get(reverse("notice", args=[told.pk]))
        after = text(signed_in, "bell")
        signed_in.post(reverse("notices_read"))

        assert "Notices, 2 unread" in before and "Notices, 1 unread" in after
        assert answer["Location"] == reverse("wallet")
        assert "unread" not in text(signed_in, "bell")

    def test_does_not_ring_for_a_topic_whose_bell_is_off(self, signed_in: Client, person: User) -> None:
        NoticeSwitch.objects.create(user=person, topic="TRANSFERS", channel="BELL", is_on=False)
        tell(person, units=10**10)

        assert "unread" not in text(signed_in, "bell")
        assert "100.00 USDT came into your wallet" in text(signed_in, "notices")


class TestList:
    def test_shows_what_was_told_by_section_and_unread(self, signed_in: Client, person: User) -> None:
        tell(person, units=10**10)
        tell(person, Kind.PASSWORD_CHANGED)

        assert "Your password was changed" in text(signed_in, "notices", about="your-account")
        assert "came into your wallet" not in text(signed_in, "notices", about="your-account")
        assert signed_in.get(reverse("notices"), {"about": "nothing"}).status_code == 404

    def test_says_what_there_will_be_while_there_is_nothing(self, signed_in: Client) -> None:
        assert "Nothing has happened yet" in text(signed_in, "notices")

    def test_takes_as_many_statements_for_many_as_for_few(self, world: World, lead: Lead, follower: User) -> None:
        copy: Copy = world.start(follower, lead)
        client = Client()
        client.force_login(follower)

        def statements() -> int:
            with CaptureQueriesContext(connection) as captured:
                client.get(reverse("notices"))
            return len(captured)

        few = statements()
        with transaction.atomic():
            notices.tell_copies([copy.pk] * 20, Kind.COPY_PAUSED, NOON)

        assert statements() == few

    def test_is_nobody_elses(self, signed_in: Client, stranger: User) -> None:
        told = tell(stranger, units=10**10)

        assert signed_in.get(reverse("notice", args=[told.pk])).status_code == 404
        assert "came into" not in text(signed_in, "notices")

    @pytest.mark.parametrize("name", ["notices", "bell", "notices_read", "notice_switches", "devices"])
    def test_asks_a_stranger_to_sign_in(self, db: None, name: str) -> None:
        answer = Client().get(reverse(name))

        assert answer.status_code == 302 and answer["Location"].startswith(reverse("account_login"))


class TestSwitches:
    def test_keep_what_was_chosen_and_leave_what_is_fixed_on(self, signed_in: Client, person: User) -> None:
        signed_in.post(reverse("notice_switches"), SWITCHES | {"TRANSFERS:BELL": "on", "TRANSFERS:PUSH": "on"})

        content = text(signed_in, "notice_switches")
        assert re.search(r'name="TRANSFERS:PUSH" checked', content)
        assert not re.search(r'name="TRANSFERS:EMAIL" checked', content)
        assert re.search(r'name="SECURITY:EMAIL" checked disabled', content)
        assert NoticeHabits.objects.get(user=person).time_zone == "Europe/Berlin"
        assert not NoticeSwitch.objects.filter(user=person, topic="SECURITY").exists()

    def test_say_of_a_zone_that_does_not_exist_what_to_do_and_keep_what_was_typed(
        self, signed_in: Client, person: User
    ) -> None:
        answer = signed_in.post(reverse("notice_switches"), SWITCHES | {"time_zone": "Mars/Olympus"})

        content = answer.content.decode()
        assert "There is no time zone “Mars/Olympus”" in content and 'value="22:00"' in content
        assert not NoticeHabits.objects.filter(user=person).exists()

    def test_refuse_a_device_of_no_push_service(self, signed_in: Client, settings: object) -> None:
        settings.WEB_PUSH_SECRET = "of the tests"  # type: ignore[attr-defined]
        answer = signed_in.post(reverse("devices"), {"endpoint": "https://10.0.0.1/", "key": "a", "secret": "b"})

        assert answer.status_code == 409
        assert answer.json()["code"] == "subscription_not_possible"

    def test_say_of_a_spoilt_link_what_to_do(self, db: None) -> None:
        answer = Client().get(reverse("unsubscribe", args=["spoilt"]))

        assert answer.status_code == 404
        assert "Open it from the mail once more" in answer.content.decode()


class TestSafety:
    def test_tells_of_a_sign_in_from_a_device_that_is_new(self, person: User) -> None:
        first, second = HttpResponse(), HttpResponse()

        def sign_in(response: HttpResponse, device: str = "") -> None:
            agent = "Mozilla/5.0 (Linux; Android 14) Chrome/140.0"
            request = RequestFactory(headers={"User-Agent": agent}).get("/")
            request.COOKIES["browser"] = device
            request.user, request.session = person, SessionStore()
            user_logged_in.send(sender=User, request=request, response=response, user=person)

        sign_in(first)
        sign_in(HttpResponse(), first.cookies["browser"].value)
        silent = Notice.objects.count()
        sign_in(second)

        assert silent == 0
        assert Notice.objects.get().kind == Kind.SIGNED_IN
        assert Notice.objects.get().words == "Chrome on Android"

    def test_tells_of_a_changed_password(self, signed_in: Client, person: User) -> None:
        signed_in.post(reverse("account_login"), {"login": person.email, "password": "correct horse battery"})
        signed_in.post(
            reverse("account_change_password"),
            {"oldpassword": "correct horse battery", "password1": "brave new staple", "password2": "brave new staple"},
        )

        assert Kind.PASSWORD_CHANGED in Notice.objects.filter(user=person).values_list("kind", flat=True)


class TestPocket:
    def test_has_a_manifest_that_browsers_install(self, db: None) -> None:
        manifest = json.loads(text(Client(), "manifest"))

        sizes = {(icon["sizes"], icon["purpose"]) for icon in manifest["icons"]}
        assert {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")} <= sizes
        assert manifest["display"] == "standalone" and manifest["start_url"] == reverse("my_copies")

    def test_keeps_the_last_known_worth_with_its_time_for_its_owner_alone(
        self, world: World, lead: Lead, follower: User, old_prices_are_fine: None
    ) -> None:
        world.start(follower, lead, "500")
        NoticeHabits.objects.create(user=follower, time_zone="Asia/Tokyo")
        client = Client()
        client.force_login(follower)

        own, nobodys = text(client, "offline"), text(Client(), "offline")

        assert "500.00" in own and "as of" in own and "(Asia/Tokyo)" in own
        assert "500.00" not in nobodys and "Nothing is kept on this device" in nobodys

    def test_shows_mails_on_nobodys_server(self, db: None, settings: object, tmp_path: object) -> None:
        settings.MAILBOX_FOLDER = tmp_path  # type: ignore[attr-defined]
        assert "No mail yet" in text(Client(), "mailbox")
        settings.DEVELOPMENT = False  # type: ignore[attr-defined]

        assert Client().get(reverse("mailbox")).status_code == 404
        assert Client().get(reverse("mail", args=["..secret"])).status_code == 404
