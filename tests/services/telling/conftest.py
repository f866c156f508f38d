"""Where what is told arrives: a mail server and a push service on this machine."""

from collections.abc import Iterator

import pytest

from accounts.models import User
from copytrading.models import PushSubscription
from copytrading.services.telling import habits
from tests.cast import NOON
from tests.mail_sink import MailSink, mail_sink
from tests.push_service import Browser, PushService, push_service


@pytest.fixture
def mails(settings: object) -> Iterator[MailSink]:
    with mail_sink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port  # type: ignore[attr-defined]
        yield sink


@pytest.fixture
def pushes(settings: object) -> Iterator[PushService]:
    with push_service() as service:
        settings.WEB_PUSH_LOCAL_HOSTS = [service.host]  # type: ignore[attr-defined]
        settings.WEB_PUSH_SECRET = "of the tests"  # type: ignore[attr-defined]
        yield service


def subscribe(user: User, browser: Browser) -> PushSubscription:
    return habits.subscribe(
        user=user, endpoint=browser.endpoint, key=browser.key, secret=browser.auth, device="Chrome on Android", now=NOON
    )
