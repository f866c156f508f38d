"""Devices of people of the cast that are told by push."""

from datetime import datetime

from accounts.models import User
from copytrading.models import PushSubscription


def subscription_of(user: User, *, now: datetime) -> PushSubscription:
    """Return a device of a person that a push service takes messages for."""
    return PushSubscription.objects.create(
        user=user,
        endpoint=f"https://push.example.org/{user.pk}",
        key="k",
        secret="s",
        device="A phone",
        subscribed_at=now,
    )
