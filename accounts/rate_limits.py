"""
How often somebody may ask, in minutes of the clock.

Counted by the cache server itself, so that parallel requests are all counted, and by whoever asks: a person, or an
address before sign-in.
"""

import math
import time
from contextlib import suppress

from django.core.cache import cache
from django.http import HttpRequest

from accounts.addresses import client_address

WINDOW_SECONDS = 60
TRIES = 3


def who_asks(request: HttpRequest) -> str:
    """Return the person's name in the counts, or the address of somebody not signed in."""
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return client_address(request)


def is_within(limit: int, *, name: str, who: str) -> bool:
    """Count one request more and return whether it is within the limit of this minute."""
    return count(name=name, who=who) <= limit


def count(*, name: str, who: str) -> int:
    """Count one request more and return how many that makes in this minute."""
    return counted(f"{name}:{who}:{int(time.time() // WINDOW_SECONDS)}", seconds=2 * WINDOW_SECONDS)


def counted(key: str, *, seconds: int) -> int:
    """Count one more under a key that is kept for so long, and return how many that makes."""
    for _ in range(TRIES):
        cache.add(key, 0, timeout=seconds)
        # Between the two the cache server may be emptied or begin anew: then this is the first.
        with suppress(ValueError):
            return int(cache.incr(key))
    return 1


def seconds_to_wait() -> int:
    """Return how long it is until the next minute begins."""
    return math.ceil(WINDOW_SECONDS - time.time() % WINDOW_SECONDS)
