"""
What signs a webhook's messages: 256 random bits, shown once, and kept sealed to its row.

After a rotation the secret before signs beside the new one until its end, so that a receiver can change in between.
"""

import base64
import secrets
from datetime import datetime

from django.db import transaction
from standardwebhooks import Webhook as Signer

from accounts import sealing
from copytrading.models import Webhook

PREFIX = "whsec_"
SECRET_BYTES = 32


def make_secret() -> str:
    """Return a new secret, in the form of Standard Webhooks."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def can_seal() -> bool:
    """Return whether this installation has a key to seal with; without one there are no webhooks."""
    return bool(sealing.sealing_keys())


def seal_secret(webhook: Webhook, secret: str) -> None:
    """Put a secret on a row, sealed to that row, unsaved."""
    webhook.seal_id, webhook.sealed_secret = sealing.seal(secret.encode(), place=_place_of(webhook))


def retire_secret(webhook: Webhook, *, until: datetime) -> None:
    """Make the secret of a row the one before, unsaved."""
    webhook.previous_seal_id, webhook.previous_sealed_secret = webhook.seal_id, webhook.sealed_secret
    webhook.previous_until = until


def forget_previous(webhook: Webhook) -> None:
    """Take the secret before off a row, unsaved."""
    webhook.previous_seal_id, webhook.previous_sealed_secret, webhook.previous_until = "", b"", None


def secrets_of(webhook: Webhook, *, now: datetime) -> list[str]:
    """
    Return what signs for a webhook now: its secret, and the one before while that lasts.

    :raises SealDoesNotOpen: if the row, or the platform's own keys, are not those it was sealed with.
    """
    sealed = [(webhook.seal_id, webhook.sealed_secret)]
    if webhook.previous_until is not None and now < webhook.previous_until:
        sealed.append((webhook.previous_seal_id, webhook.previous_sealed_secret))
    return [sealing.unseal(seal_id, bytes(text), place=_place_of(webhook)).decode() for seal_id, text in sealed]


def signed_headers(*, secrets_: list[str], event_id: str, payload: str, now: datetime) -> dict[str, str]:
    """Return the headers that say which message it is, when it was sent, and that it is ours."""
    signatures = [Signer(secret).sign(event_id, now, payload) for secret in secrets_]
    return {
        "webhook-id": event_id,
        # Of this very attempt: a receiver refuses what is older than five minutes, since somebody may have kept it.
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def rotate_seals() -> int:
    """
    Seal with the platform's first key what another one sealed, and return how many webhooks that were.

    :raises SealDoesNotOpen: if one is sealed with a key that is not here any more; those before it are done.
    """
    first = next(iter(sealing.sealing_keys()), "")
    standing = Webhook.objects.exclude(status=Webhook.Status.REMOVED)
    count = 0
    for webhook_id in standing.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic(durable=True):
            webhook = standing.select_for_update().filter(pk=webhook_id).first()
            if webhook is None or {webhook.seal_id, webhook.previous_seal_id} <= {"", first}:
                continue
            place = _place_of(webhook)
            opened = sealing.unseal(webhook.seal_id, bytes(webhook.sealed_secret), place=place)
            if webhook.previous_seal_id:
                before = sealing.unseal(webhook.previous_seal_id, bytes(webhook.previous_sealed_secret), place=place)
                webhook.previous_seal_id, webhook.previous_sealed_secret = sealing.seal(before, place=place)
            webhook.seal_id, webhook.sealed_secret = sealing.seal(opened, place=place)
            webhook.save(update_fields=["seal_id", "sealed_secret", "previous_seal_id", "previous_sealed_secret"])
            count += 1
    return count


def _place_of(webhook: Webhook) -> str:
    """Return what is bound into the seal: the table, the row, and whose it is."""
    return f"copytrading_webhook:{webhook.seal_place}:{webhook.user_id}"
