"""
The states of what is on its way: claimed under a message id before it is sent, and noted afterwards.

    1. `claim`: PENDING becomes SENDING, under a message id that stays. Whoever updates the row owns it.
    2. It is sent, with no transaction open.
    3. `finish` or `try_again` notes what became of it.

If the sender dies between 1 and 3 nobody knows whether the message went out. After a minute it is claimed again and
sent again under the same id: at least once, and whoever receives it can tell the second from a new one. A mail server
sees one Message-ID twice, a push service one Topic, a browser one tag, and shows it once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.transactions import outside_transaction
from copytrading.models import Delivery, Notice

# A sender gives a message up after ten seconds of silence; one that held it for longer than this is dead.
CLAIM_SECONDS = 60.0
RETRY_SECONDS = (5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
GIVE_UP_AFTER = timedelta(hours=24)

# The row that is due first, and which message it is part of.
NEXT = """
    SELECT id, message_id, is_digest, notice_id FROM copytrading_delivery
    WHERE channel = %(channel)s AND status IN ('PENDING', 'SENDING') AND due_at <= %(now)s
        AND (status = 'PENDING' OR claimed_at <= %(dead_before)s)
    ORDER BY due_at, id LIMIT 1 FOR UPDATE
"""
# Those of one message; of a digest that has no id yet, all that the person is to read in it.
REST_OF_MESSAGE = """
    SELECT id FROM copytrading_delivery WHERE message_id = %(message_id)s AND status IN ('PENDING', 'SENDING')
    ORDER BY id FOR UPDATE
"""
REST_OF_DIGEST = """
    SELECT delivery.id FROM copytrading_delivery AS delivery
    JOIN copytrading_notice AS notice ON notice.id = delivery.notice_id
    WHERE delivery.channel = 'EMAIL' AND delivery.is_digest AND delivery.message_id = ''
        AND delivery.status = 'PENDING' AND delivery.due_at <= %(now)s
        AND notice.user_id = (SELECT user_id FROM copytrading_notice WHERE id = %(notice_id)s)
    ORDER BY delivery.id FOR UPDATE OF delivery
"""


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is sent at once: its id, the deliveries that are in it, and whether it is sent for a second time."""

    message_id: str
    deliveries: tuple[Delivery, ...]
    is_again: bool

    @property
    def notices(self) -> list[Notice]:
        return [delivery.notice for delivery in self.deliveries]


@outside_transaction
def claim(channel: Delivery.Channel, *, now: datetime) -> Message | None:
    """Claim the message of a channel that is due first, or return None when nothing is."""
    with transaction.atomic():
        named: dict[str, Any] = {"channel": channel, "now": now, "dead_before": now - timedelta(seconds=CLAIM_SECONDS)}
        with connection.cursor() as cursor:
            # Claims of a channel come one after the other, so that a message of several rows is nobody else's in part.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"claim {channel}"])
            cursor.execute(NEXT, named)
            row = cursor.fetchone()
            if row is None:
                return None
            delivery_id, message_id, is_digest, notice_id = row
            ids = [delivery_id]
            if message_id:
                cursor.execute(REST_OF_MESSAGE, {"message_id": message_id})
                ids = [each for (each,) in cursor.fetchall()]
            elif is_digest:
                cursor.execute(REST_OF_DIGEST, {"now": now, "notice_id": notice_id})
                ids = [each for (each,) in cursor.fetchall()]
            cursor.execute(
                "UPDATE copytrading_delivery SET status = 'SENDING', message_id = %s, claimed_at = %s,"
                " attempts = attempts + 1 WHERE id = ANY(%s)",
                [message_id or uuid4().hex, now, ids],
            )
    claimed = tuple(_rows(ids))
    return Message(message_id=claimed[0].message_id, deliveries=claimed, is_again=bool(message_id))


def finish(message: Message, status: Delivery.Status, *, now: datetime, answer: str = "") -> None:
    """Note what became of a message, for good; one that somebody else has noted meanwhile stays as it is."""
    _on_its_way(message).update(status=status, finished_at=now, answer=answer[:300])


def try_again(message: Message, *, now: datetime, answer: str) -> None:
    """Put a message back to be sent again later, under the same id; after a day it is given up."""
    attempts = max(delivery.attempts for delivery in message.deliveries)
    if now - min(delivery.due_at for delivery in message.deliveries) > GIVE_UP_AFTER:
        finish(message, Delivery.Status.GAVE_UP, now=now, answer=answer)
        return
    wait = timedelta(seconds=RETRY_SECONDS[min(attempts, len(RETRY_SECONDS)) - 1])
    # `due_at` stays, to know since when; the claim is dated so that it counts as dead when the wait is over.
    dead_at = now + wait - timedelta(seconds=CLAIM_SECONDS)
    _on_its_way(message).update(claimed_at=dead_at, answer=answer[:300])


def refuse_all(deliveries: QuerySet[Delivery], *, now: datetime, answer: str) -> None:
    """Note of deliveries that are on their way that nobody will take them."""
    waiting = deliveries.filter(status__in=[Delivery.Status.PENDING, Delivery.Status.SENDING])
    waiting.update(status=Delivery.Status.REFUSED, finished_at=now, answer=answer[:300])


def is_anything_due(*, now: datetime) -> bool:
    """Return whether there is a notice to spread or a message to send."""
    if Notice.objects.filter(spread_at__isnull=True).exists():
        return True
    return Delivery.objects.filter(status=Delivery.Status.PENDING, due_at__lte=now).exists()


def _on_its_way(message: Message) -> QuerySet[Delivery]:
    return Delivery.objects.filter(message_id=message.message_id, status=Delivery.Status.SENDING)


def _rows(ids: Sequence[int]) -> QuerySet[Delivery]:
    return (
        Delivery.objects.filter(pk__in=ids)
        .select_related(
            "subscription",
            "notice__user",
            "notice__copy__lead",
            "notice__lead",
            "notice__asset",
            "notice__lead_notice",
            "notice__announcement",
        )
        .order_by("pk")
    )
