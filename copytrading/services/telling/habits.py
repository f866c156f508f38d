"""What people want to be told of, when, and on which devices."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext

from accounts.identity.places import zone_of
from accounts.models import User
from copytrading.models import Delivery, Notice, NoticeHabits, NoticeSwitch, PushSubscription
from copytrading.queries.notices.kinds import TOPICS
from copytrading.services import bell
from copytrading.services.refusals import Refusal
from copytrading.services.telling import push_keys
from copytrading.services.telling.deliveries import refuse_all
from copytrading.services.telling.letters import EVERYTHING, UNSUBSCRIBE_SALT

Channel = NoticeSwitch.Channel
DEVICES_MAX = 20
KEY_LENGTH, SECRET_LENGTH = 87, 22  # base64url of 65 and 16 bytes


class TimeZoneUnknown(Refusal, code="time_zone_unknown"):
    """There is no time zone of that name."""


class QuietHoursIncomplete(Refusal, code="quiet_hours_incomplete"):
    """Quiet hours need a beginning and an end that differ."""


class SubscriptionNotPossible(Refusal, code="subscription_not_possible"):
    """A browser cannot be told by push."""


class UnsubscribeLinkUnreadable(Refusal, code="unsubscribe_link_unreadable"):
    """It is no link that one of our mails had."""


def set_habits(
    *, user: User, time_zone: str, mail_rhythm: str, quiet_from: time | None, quiet_until: time | None
) -> NoticeHabits:
    """
    Say when somebody wants to be told; it holds for what happens from now on, the zone for pages as well.

    :raises TimeZoneUnknown: if there is no such zone.
    :raises QuietHoursIncomplete: if one end is missing, or both are the same.
    """
    if zone_of(time_zone) is None:
        raise TimeZoneUnknown(
            gettext("There is no time zone “%(zone)s”. Choose one of the list, as Europe/Berlin.")
            % {"zone": time_zone[:60]},
            field="time_zone",
        )
    if (quiet_from is None) != (quiet_until is None) or (quiet_from is not None and quiet_from == quiet_until):
        raise QuietHoursIncomplete(
            gettext("Quiet hours need a beginning and an end that differ; leave both empty for none."),
            field="quiet_until",
        )
    if time_zone != user.time_zone:
        user.time_zone = time_zone
        user.save(update_fields=["time_zone"])
    habits, _ = NoticeHabits.objects.update_or_create(
        user=user,
        defaults={
            "time_zone": time_zone,
            "mail_rhythm": NoticeHabits.Rhythm(mail_rhythm),
            "quiet_from": quiet_from,
            "quiet_until": quiet_until,
        },
    )
    return habits


def follow_zone(sender: object, user: User, **_: Any) -> None:
    """Count quiet hours and days by the zone that somebody has just chosen elsewhere."""
    NoticeHabits.objects.update_or_create(user=user, defaults={"time_zone": user.time_zone})


def set_switches(*, user: User, wanted: Mapping[tuple[str, str], bool]) -> None:
    """Say which topics come on which channels, by topic and channel; what is fixed stays as it is."""
    rows = [
        NoticeSwitch(user=user, topic=topic, channel=channel, is_on=is_on)
        for (topic, channel), is_on in wanted.items()
        if topic in TOPICS and not TOPICS[topic].is_fixed
    ]
    with transaction.atomic():
        NoticeSwitch.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["user", "topic", "channel"], update_fields=["is_on"]
        )
        bell.publish(f"user:{user.pk}", "notices")


def unsubscribed_by(token: str) -> tuple[User, str]:
    """
    Return whose mails of which topic a link ends; the topic is empty where it ends all of them.

    :raises UnsubscribeLinkUnreadable: if the link is none of ours.
    """
    try:
        user_id, topic = signing.loads(token, salt=UNSUBSCRIBE_SALT)
        user = User.objects.get(pk=user_id)
    except (signing.BadSignature, ValueError, TypeError, User.DoesNotExist) as error:
        raise UnsubscribeLinkUnreadable(gettext("This link is not whole. Open it from the mail once more.")) from error
    return user, "" if topic == EVERYTHING else str(topic)


def unsubscribe(*, token: str) -> str:
    """
    End the mails that a link stands for, and return the label of the topic; empty for all that can be ended.

    :raises UnsubscribeLinkUnreadable: if the link is none of ours.
    """
    user, topic = unsubscribed_by(token)
    topics = [topic] if topic else list(TOPICS)
    set_switches(user=user, wanted={(name, Channel.EMAIL): False for name in topics})
    return TOPICS[topic].label if topic in TOPICS else ""


def read_notices(*, user: User, now: datetime, notice_ids: list[int] | None = None) -> int:
    """Mark some of a person's notices, or all (None), as read, and return how many were not."""
    unread = Notice.objects.filter(user=user, read_at=None)
    if notice_ids is not None:
        unread = unread.filter(pk__in=notice_ids)
    with transaction.atomic():
        count = unread.update(read_at=now)
        if count:
            bell.publish(f"user:{user.pk}", "notices")
    return count


def subscribe(*, user: User, endpoint: str, key: str, secret: str, device: str, now: datetime) -> PushSubscription:
    """
    Tell somebody by push in one browser from now on; the same browser again is the same row, whoever sat there before.

    :raises SubscriptionNotPossible: if push is not set up here, the endpoint is none of a push service, the keys have
        another form, or the person has too many devices.
    """
    if not push_keys.is_possible():
        raise SubscriptionNotPossible(
            gettext("Push is not set up on this platform; its operators have to name a secret for it.")
        )
    if len(endpoint) > 1000 or not push_keys.is_push_service(endpoint):
        raise SubscriptionNotPossible(gettext("This browser's push service is not one that this platform sends to."))
    if len(key.rstrip("=")) != KEY_LENGTH or len(secret.rstrip("=")) != SECRET_LENGTH:
        raise SubscriptionNotPossible(gettext("The browser's keys do not have the form of push keys; subscribe again."))
    with transaction.atomic():
        live = PushSubscription.objects.filter(user=user, retired_at=None).exclude(endpoint=endpoint)
        if live.count() >= DEVICES_MAX:
            raise SubscriptionNotPossible(
                gettext("You have %(devices)s devices already; remove one first.") % {"devices": DEVICES_MAX}
            )
        before = PushSubscription.objects.select_for_update().filter(endpoint=endpoint).first()
        if before is not None and before.user_id != user.pk:
            # What was on its way to who sat here before is not for these eyes.
            refuse_all(
                Delivery.objects.filter(subscription=before), now=now, answer="Somebody else uses this device now."
            )
        subscription, _ = PushSubscription.objects.update_or_create(
            endpoint=endpoint,
            defaults={
                "user": user,
                "key": key.rstrip("="),
                "secret": secret.rstrip("="),
                "device": " ".join(device.split())[:80] or "A browser",
                "subscribed_at": now,
                "retired_at": None,
                "retired_because": "",
            },
        )
    return subscription


def remove_device(*, user: User, subscription_id: int, now: datetime) -> bool:
    """Tell somebody no more by push on one device; return whether it was theirs."""
    with transaction.atomic():
        theirs = PushSubscription.objects.filter(pk=subscription_id, user=user, retired_at=None)
        if not theirs.update(retired_at=now, retired_because="You removed it."):
            return False
        waiting = Delivery.objects.filter(subscription=subscription_id)
        refuse_all(waiting, now=now, answer="The device was removed.")
    return True
