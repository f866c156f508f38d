"""
The keys to accounts elsewhere, sealed: AES-256-GCM, a fresh nonce each time, the row bound in as associated data.

What seals is outside the database, in SMARTSYNC_LINK_KEYS: the first seals, all of them open, so that a new one is put
in front, `manage.py rotate_link_keys` seals everything anew, and the old one is taken away. A ciphertext that was moved
to another row, or given to another lead or exchange, does not open.
"""

import json
from dataclasses import dataclass, field

from django.db import transaction

from accounts import sealing
from accounts.transactions import in_transaction
from copytrading.models import Lead, LinkedAccount, OwnAccount

FINGERPRINT_LENGTH = 4


class KeyDoesNotOpen(Exception):
    """The seal is of a key that we do not have any more, or it belongs to another row."""


@dataclass(frozen=True, kw_only=True)
class ExchangeKey:
    """What opens an account at an exchange, as its owner typed it. No part of it is ever in a repr."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    # Some exchanges ask for a third part, the pass phrase; empty elsewhere.
    password: str = field(default="", repr=False)

    @property
    def fingerprint(self) -> str:
        """Return the last characters of the key, which say nothing and tell one key from another."""
        return self.key[-FINGERPRINT_LENGTH:]


def can_seal() -> bool:
    """Return whether this installation has a key to seal with; without one no account can be linked."""
    return bool(sealing.sealing_keys())


def seal_key(link: LinkedAccount | OwnAccount, key: ExchangeKey) -> None:
    """Put a key on a row, sealed to that row, unsaved. The row must have its id, owner and exchange."""
    assert link.pk is not None, "the id of the row is part of the seal"
    parts = json.dumps({"key": key.key, "secret": key.secret, "password": key.password}).encode()
    link.seal_id, link.sealed_key = sealing.seal(parts, place=_place_of(link))
    link.fingerprint = key.fingerprint


def open_key(link: LinkedAccount | OwnAccount) -> ExchangeKey:
    """
    Return the key of a row.

    :raises KeyDoesNotOpen: if the row, or the platform's own keys, are not those it was sealed with.
    """
    try:
        parts = sealing.unseal(link.seal_id, bytes(link.sealed_key), place=_place_of(link))
    except sealing.SealDoesNotOpen as mismatch:
        raise KeyDoesNotOpen(str(mismatch)) from mismatch
    return ExchangeKey(**json.loads(parts))


@in_transaction
def erase_key_of(lead: Lead, *, reason: str) -> bool:
    """
    Take a lead's key off its row for good, say why, and return whether there was one.

    What the lead was seen to hold stays.
    """
    connected = LinkedAccount.objects.filter(lead=lead).exclude(status=LinkedAccount.Status.REVOKED)
    erased = connected.update(
        status=LinkedAccount.Status.REVOKED, reason=reason, sealed_key=b"", seal_id="", failures=0, doubted_at=None
    )
    return bool(erased)


def rotate_link_keys() -> int:
    """
    Seal with the first key what another one sealed, and return how many keys that were. May be run again at any time.

    :raises KeyDoesNotOpen: if a key is sealed with one that is not here any more; those before it are done.
    """
    first = next(iter(sealing.sealing_keys()), "")
    return _rotate(LinkedAccount, first) + _rotate(OwnAccount, first)


def _rotate(table: type[LinkedAccount] | type[OwnAccount], first: str) -> int:
    rows = table._default_manager
    waiting = rows.exclude(status="REVOKED").exclude(seal_id=first)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    for row_id in ids:
        with transaction.atomic(durable=True):
            row = rows.select_for_update().get(pk=row_id)
            if row.seal_id in ("", first):
                continue
            seal_key(row, open_key(row))
            row.save(update_fields=["sealed_key", "seal_id", "fingerprint"])
    return len(ids)


def _place_of(link: LinkedAccount | OwnAccount) -> str:
    """Return what is bound into the seal: the table, the row, whose it is, and where the key opens."""
    if isinstance(link, OwnAccount):
        return f"copytrading_ownaccount:{link.pk}:{link.user_id}:{link.exchange}"
    return f"copytrading_linkedaccount:{link.pk}:{link.lead_id}:{link.exchange}"
