"""
A key stands for one request: what moves money is done once for it, however often it is asked for.

Whoever presses a button or calls the API sends a key that was made for that one request. The verb that moves the money
takes the key in its own transaction, before anything else:

    asked = Request.of("increase", "an increase of 500.00 USDT", copy=7, units=500 * 10**8)
    if request_keys.is_repeated(user=follower, key=key, request=asked, now=now):
        return ...  # the same answer again

1. The key is new: it is noted with all of the request, and the work is done. Both are committed together, so a refusal
   or a crash leaves the key unused.
2. Somebody is at work with that key: the database lets us wait until that is over, and then it is 1 or 3.
3. The key was used. For the same request there is nothing left to do; for another one it is refused, with what it was
   used for.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext, pgettext

from accounts.models import RequestKey, User
from accounts.transactions import in_transaction

KEY_LENGTH_MAX = 80
WORDS_LENGTH_MAX = 200


class KeyMissing(Exception):
    """The request came without a key, or with one that is too long to be ours."""


class KeyUsedOtherwise(Exception):
    """The key was used for another request."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """
    Everything that is asked for, so that two requests are equal when they ask for the same.

    `verb` is what is to be done, `parts` to what and how much, by name: numbers, texts, None, or lists of those.
    `words` names it to people, as "an increase of 500.00 USDT", and is not compared.
    """

    verb: str
    words: str
    parts: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(verb: str, words: str, **parts: Any) -> "Request":
        """Return a request of these parts."""
        return Request(verb=verb, words=words, parts=parts)

    @property
    def hash(self) -> str:
        return hash_of([self.verb, {name: _plain(part) for name, part in self.parts.items()}])


@in_transaction
def is_repeated(*, user: User, key: str, request: Request, now: datetime) -> bool:
    """
    Take a key for a request; return False if it is new, and True if just this was done under it before.

    Call it first in the transaction that does the work: nobody who waits here then holds a lock that we need.

    :raises KeyMissing: if there is no key.
    :raises KeyUsedOtherwise: if the key was used for another request.
    """
    if not 0 < len(key) <= KEY_LENGTH_MAX:
        raise KeyMissing(gettext("This request came without its key: open the page again and press once more."))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_requestkey (user_id, key, request_hash, words, used_at)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (user_id, key) DO NOTHING RETURNING id",
            [user.pk, key, request.hash, request.words[:WORDS_LENGTH_MAX], now],
        )
        if cursor.fetchone():
            return False
    return was_used_for(user=user, key=key, request=request)


def was_used_for(*, user: User, key: str, request: Request) -> bool:
    """
    Return whether a key was used for just this request, and take nothing; False if it was never used.

    :raises KeyUsedOtherwise: if it was used for another one.
    """
    used = RequestKey.objects.filter(user=user, key=key).first()
    if used is None:
        return False
    if used.request_hash != request.hash and (used.request_hash or used.words != request.words[:WORDS_LENGTH_MAX]):
        raise KeyUsedOtherwise(sentence_of(used.words, used.used_at))
    return True


def is_used(*, user: User, key: str) -> bool:
    """Return whether a person's key was used, whatever for: the verb that it was used for says what comes of that."""
    return RequestKey.objects.filter(user=user, key=key).exists()


def sentence_of(words: str, used_at: datetime) -> str:
    """Return what stands against another request with a key that was used."""
    day = used_at.astimezone(UTC)
    said = gettext(
        "This key was used on %(day)s for %(words)s; send a new key for another request, or open the page again."
    )
    return said % {"day": date_format(day, pgettext("date format", "j F")), "words": words}


def hash_of(said: Any) -> str:
    """Return the hash of everything that was said, whatever the order of its names."""
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _plain(part: Any) -> Any:
    """Return a part as it is compared: the same number is the same however it is written."""
    return [_plain_one(one) for one in part] if isinstance(part, list | tuple) else _plain_one(part)


def _plain_one(part: Any) -> Any:
    return f"{part.normalize():f}" if isinstance(part, Decimal) else part
