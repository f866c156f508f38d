"""A person's notices as the bell and its page show them. Every query is scoped to its reader."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.models import User
from copytrading.models import Delivery, Notice, NoticeSwitch, PushSubscription
from copytrading.queries.notices.kinds import KINDS, TOPICS, Topic, kinds_of

COUNTED_MAX = 100
# What does not ring a person's bell is in the list all the same; it is only not counted.
UNREAD = """
    SELECT count(*) FROM (
        SELECT FROM copytrading_notice AS notice
        WHERE notice.user_id = %(user_id)s AND notice.read_at IS NULL AND NOT EXISTS (
            SELECT FROM copytrading_noticeswitch AS switch
            JOIN unnest(%(kinds)s::varchar[], %(topics)s::varchar[]) AS of_topic(kind, topic)
                ON of_topic.topic = switch.topic
            WHERE switch.user_id = notice.user_id AND switch.channel = 'BELL' AND NOT switch.is_on
                AND of_topic.kind = notice.kind)
        LIMIT %(most)s) AS unread
"""


@dataclass(frozen=True, kw_only=True)
class SwitchRow:
    """One topic of the page of switches, and whether it is on by channel."""

    topic: Topic
    bell: bool
    email: bool
    push: bool


@dataclass(frozen=True, kw_only=True)
class MailTrouble:
    """A mailbox that refused the last mail, in its own words."""

    address: str
    answer: str
    at: datetime


def unread_of(user: User) -> int:
    """Return how many notices somebody has not read, 100 at most: more is said to be "99+"."""
    named: dict[str, Any] = {
        "user_id": user.pk,
        "kinds": [str(kind) for kind in KINDS],
        "topics": [kind.topic for kind in KINDS.values()],
        "most": COUNTED_MAX,
    }
    with connection.cursor() as cursor:
        cursor.execute(UNREAD, named)
        return int(cursor.fetchone()[0])


def notices_of(user: User, *, section: str = "", topic: str = "", unread_only: bool = False) -> QuerySet[Notice]:
    """Return a person's notices, latest first, with what their sentences need; of one section or topic if named."""
    rows = Notice.objects.filter(user=user)
    if unread_only:
        rows = rows.filter(read_at=None)
    if section:
        rows = rows.filter(kind__in=kinds_of({topic.name for topic in TOPICS.values() if topic.about == section}))
    if topic:
        rows = rows.filter(kind__in=kinds_of({topic}))
    return rows.select_related("copy__lead", "lead", "asset", "lead_notice", "announcement").order_by("-id")


def switches_of(user: User) -> dict[str, list[SwitchRow]]:
    """Return all topics by section, each with what is on for this person."""
    said = {
        (switch.topic, switch.channel): switch.is_on for switch in NoticeSwitch.objects.filter(user=user)
    }  # fmt: skip
    rows: dict[str, list[SwitchRow]] = {}
    for topic in TOPICS.values():
        on = {
            channel: topic.is_fixed or said.get((topic.name, channel), topic.is_on_by_default(channel))
            for channel in NoticeSwitch.Channel.values
        }
        row = SwitchRow(topic=topic, bell=on["BELL"], email=on["EMAIL"], push=on["PUSH"])
        rows.setdefault(topic.section, []).append(row)
    return rows


def devices_of(user: User) -> QuerySet[PushSubscription]:
    """Return the devices that somebody is told on, and those that their push service gave up."""
    return PushSubscription.objects.filter(user=user).order_by("retired_at", "-subscribed_at")


def mail_trouble_of(user: User) -> MailTrouble | None:
    """Return why the last mail to somebody was refused; None where it was taken."""
    ended = Delivery.objects.filter(
        notice__user=user,
        channel=Delivery.Channel.EMAIL,
        status__in=[Delivery.Status.SENT, Delivery.Status.REFUSED, Delivery.Status.GAVE_UP],
    )
    last = ended.order_by("-finished_at").first()
    if last is None or last.status == Delivery.Status.SENT or last.finished_at is None:
        return None
    return MailTrouble(address=user.email, answer=last.answer, at=last.finished_at)
