"""Web push: each message is encrypted for its browser and handed to that browser's push service, several at once."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from http import HTTPStatus
from typing import Any

import requests
import structlog
from django.conf import settings
from django.urls import reverse
from pywebpush import WebPushException, webpush

from accounts.identity.places import in_place, place_of
from accounts.transactions import outside_transaction
from copytrading.engine.rules import Rules
from copytrading.models import Delivery, PushSubscription
from copytrading.queries.notices.habits import Habits
from copytrading.queries.rules import platform_rules
from copytrading.services.telling import deliveries, push_keys
from copytrading.services.telling.deliveries import Message
from copytrading.services.telling.letters import told

SECONDS_MAX = 10
AT_ONCE = 8
KEPT_SECONDS = 24 * 3600  # by the push service, for a device that is off
BODY_LENGTH_MAX = 600  # characters; four bytes each and the rest stay far below the 3,900 bytes that services take
GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
LATER = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the push service said; `status` is 0 where it said nothing."""

    status: int
    words: str = ""

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_for_later(self) -> bool:
        return self.status == 0 or self.status >= 500 or self.status in LATER


class _NoDetours(requests.Session):
    """Follows no redirect: where a message goes was checked, and not where its service would send it on to."""

    def post(self, *arguments: Any, **options: Any) -> requests.Response:
        return super().post(*arguments, **(options | {"allow_redirects": False}))


@outside_transaction
def send_pushes(*, clock: Callable[[], datetime]) -> int:
    """
    Send what is due by push, eight messages at once, until nothing is; return how many were taken.

    An endpoint that is gone is retired, with all that waits for it. What else is refused stays refused; where the
    service did not answer, or asked for patience, the message is tried again under the same topic.
    """
    taken, rules = 0, platform_rules()
    while batch := _claim_some(clock):
        with ThreadPoolExecutor(max_workers=AT_ONCE) as threads, _NoDetours() as session:
            sending = {threads.submit(_send, session, *_prepared(message, rules)): message for message in batch}
            for sent in as_completed(sending):
                taken += _note(sending[sent], sent.result(), now=clock())
    return taken


def _claim_some(clock: Callable[[], datetime]) -> list[Message]:
    batch: list[Message] = []
    while len(batch) < AT_ONCE and (message := deliveries.claim(Delivery.Channel.PUSH, now=clock())):
        batch.append(message)
    return batch


def _prepared(message: Message, rules: Rules) -> tuple[PushSubscription, dict[str, Any], str, bool]:
    """Return what a thread needs, which must not touch the database."""
    (delivery,) = message.deliveries
    with in_place(place_of(delivery.notice.user)):
        line = told(delivery.notice, Habits(), rules=rules)
    content = {
        "title": line.sentence.headline[:BODY_LENGTH_MAX],
        "body": line.sentence.detail[:BODY_LENGTH_MAX],
        "url": reverse("notice", args=[delivery.notice_id]),
        "at": line.at.isoformat(),
        # A browser shows one notice with a tag, however often it comes.
        "tag": f"notice-{delivery.notice_id}",
    }
    assert delivery.subscription is not None, "a push has its device: the database says so"
    return delivery.subscription, content, message.message_id, line.topic.is_urgent


def _send(
    session: requests.Session, device: PushSubscription, content: dict[str, Any], message_id: str, is_urgent: bool
) -> Answer:
    if not push_keys.is_push_service(device.endpoint):
        return Answer(status=HTTPStatus.GONE, words="This is the address of no push service that we know.")
    try:
        answer = webpush(
            {"endpoint": device.endpoint, "keys": {"p256dh": device.key, "auth": device.secret}},
            json.dumps(content),
            vapid_private_key=push_keys.private_key(),
            vapid_claims={"sub": f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"},
            ttl=KEPT_SECONDS,
            timeout=SECONDS_MAX,
            headers={"Urgency": "high" if is_urgent else "normal", "Topic": message_id},
            requests_session=session,
        )
    except WebPushException as refusal:
        if refusal.response is None:
            return Answer(status=HTTPStatus.BAD_REQUEST, words=str(refusal))
        return Answer(status=refusal.response.status_code, words=refusal.response.text)
    except requests.RequestException as trouble:
        return Answer(status=0, words=f"{type(trouble).__name__}: {trouble}")
    except ValueError as trouble:
        return Answer(status=HTTPStatus.BAD_REQUEST, words=f"The browser's key cannot be used: {trouble}")
    return Answer(status=answer.status_code)


def _note(message: Message, answer: Answer, *, now: datetime) -> int:
    """Note what the push service said of a message, and return how many it took."""
    words = f"{answer.status} {answer.words}".strip() if answer.status else answer.words
    if answer.is_taken:
        deliveries.finish(message, Delivery.Status.SENT, now=now)
        return 1
    if answer.status in GONE:
        device = message.deliveries[0].subscription
        assert device is not None, "a push has its device: the database says so"
        device.retired_at, device.retired_because = now, words[:200]
        device.save(update_fields=["retired_at", "retired_because"])
        deliveries.refuse_all(Delivery.objects.filter(subscription=device), now=now, answer=words)
    elif answer.is_for_later:
        deliveries.try_again(message, now=now, answer=words)
    else:
        deliveries.finish(message, Delivery.Status.REFUSED, now=now, answer=words)
    log.warning("a push was not taken", message_id=message.message_id, answer=words)
    return 0
