"""
The audit: who did what to whom, why, and what it was before and after. Written once, numbered and chained.

The database chains each entry to the one before (`two_people_and_audit.sql`); here the chain is counted anew by another
program, so that neither can be wrong alone. Whoever owns the tables could write a whole new chain: against that the
head is signed and carried away once a day, see `export_head`.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest

from accounts import sealing
from accounts.addresses import client_address
from accounts.models import AuditEntry, AuditHead, User

REASON_LENGTH_MAX = 200
# What nobody has to read twice, or at all.
SECRET_COLUMNS = frozenset({"password", "sealed_key", "data", "sessions_ended"})
HASHED = (
    "number", "at", "actor_id", "act", "object_type", "object_id", "words", "reason", "before", "after", "request_id",
    "address", "previous_hash",
)  # fmt: skip
INSERT = """
    INSERT INTO accounts_auditentry (number, at, actor_id, act, object_type, object_id, words, reason, before, after,
        request_id, address, previous_hash, hash)
    VALUES (0, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', '') RETURNING number
"""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Who asks, from where, in which request."""

    actor: User | None = None
    request_id: str = ""
    address: str = ""


def surroundings_of(request: HttpRequest) -> Surroundings:
    """Return who asks, from where, in which request."""
    return Surroundings(
        actor=request.user if isinstance(request.user, User) else None,
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
        address=client_address(request),
    )


def reason_of(request: HttpRequest) -> str:
    """Return why somebody acts, as they said it."""
    return request.POST.get("reason", "").strip()[:REASON_LENGTH_MAX]


def write(
    act: str,
    *,
    by: Surroundings,
    now: datetime,
    on: Model | None = None,
    object_type: str = "",
    object_id: str = "",
    words: str = "",
    reason: str = "",
    before: Mapping[str, str] | None = None,
    after: Mapping[str, str] | None = None,
) -> int:
    """
    Write an entry and return its number. In the caller's transaction where there is one: then call it last.

    :param on: the row that it is about; or its table and number, where there is no row at hand.
    :param before: what the columns were that changed, as text; what they are is `after`.
    """
    values = [
        now,
        by.actor.pk if by.actor else None,
        _plain(act)[:60],
        (on._meta.label_lower if on is not None else _plain(object_type))[:60],
        (str(on.pk) if on is not None else _plain(object_id))[:64],
        _plain(words or (str(on) if on is not None else ""))[:300],
        _plain(reason)[:200],
        _document(before),
        _document(after),
        by.request_id[:64],
        by.address[:45],
    ]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
        return int(cursor.fetchone()[0])


def state_of(row: Model) -> dict[str, str]:
    """Return what a row says now, by column, without what is secret."""
    return {
        field.attname: _plain(str(getattr(row, field.attname)))
        for field in row._meta.concrete_fields
        if field.name not in SECRET_COLUMNS
    }


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return both states with only those columns that differ."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return (
        {name: before[name] for name in names if name in before},
        {name: after[name] for name in names if name in after},
    )


def faults_in(entries: Iterable[Mapping[str, Any]], *, head: tuple[int, str]) -> Iterator[str]:
    """
    Yield what is wrong with a chain, in a sentence each; nothing where it is whole.

    :param entries: all entries by number, as columns.
    :param head: the number and hash that are kept beside them.
    """
    number, previous = 0, ""
    for entry in entries:
        if entry["number"] != number + 1:
            yield f"Between {number} and {entry['number']} an entry is missing, or one is there twice."
        if entry["previous_hash"] != previous:
            yield f"Entry {entry['number']} does not follow on the one before it."
        if hash_of(entry) != entry["hash"]:
            yield f"Entry {entry['number']} is not what was written."
        number, previous = entry["number"], entry["hash"]
    if (number, previous) != head:
        yield f"The last entry is {number}, and {head[0]} were written."


def verify() -> tuple[int, list[str]]:
    """Return how many entries there are and what is wrong with them."""
    head = AuditHead.objects.filter(pk=1).values_list("number", "hash").first() or (0, "")
    rows = AuditEntry.objects.order_by("number").values(*HASHED, "hash")
    return AuditEntry.objects.count(), list(faults_in(rows.iterator(), head=head))


def hash_of(entry: Mapping[str, Any]) -> str:
    """Return the hash that an entry has to have: SHA-256 of each column with its length before it."""
    parts = []
    for name in HASHED:
        value = entry[name]
        if isinstance(value, datetime):
            value = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
        text = None if value is None else str(value).encode()
        parts.append(b"-" if text is None else b"%d:%s" % (len(text), text))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def export_head(*, folder: Path, now: datetime) -> Path:
    """
    Write the head of today, signed, into a folder, and return the file; one that is there already stays.

    Carry these files to where nobody who owns the tables can change them.

    :raises ImproperlyConfigured: if there is no key to sign with.
    """
    head = AuditHead.objects.filter(pk=1).values_list("number", "hash").first() or (0, "")
    said = json.dumps({"at": now.astimezone(UTC).isoformat(), "number": head[0], "hash": head[1]}, sort_keys=True)
    key = signing_key()
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    signature = base64.b64encode(key.sign(said.encode())).decode()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"audit-{now.astimezone(UTC):%Y-%m-%d}.json"
    if not file.exists():
        file.write_text(json.dumps({"head": said, "public_key": public, "signature": signature}, indent=1) + "\n")
    return file


def signing_key() -> Ed25519PrivateKey:
    """
    Return the key that heads are signed with, made from the first of those that seal.

    :raises ImproperlyConfigured: if there is none.
    """
    keys = sealing.sealing_keys()
    if not keys:
        raise ImproperlyConfigured("SMARTSYNC_LINK_KEYS names no key to sign the audit with.")
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"smartsync heads of the audit")
    return Ed25519PrivateKey.from_private_bytes(derive.derive(next(iter(keys.values()))))


def _document(state: Mapping[str, str] | None) -> str:
    return json.dumps(dict(state), ensure_ascii=False, sort_keys=True) if state else ""


def _plain(text: str) -> str:
    """Return a text as the database can keep it."""
    return text.replace("\0", " ").encode(errors="replace").decode()
