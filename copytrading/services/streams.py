"""
How many live streams are open in this web process: of one person, and from one address however many people are there.

A stream holds a socket and some memory for a quarter of an hour. Somebody who opens them without measure would leave
none for the others; everybody else keeps theirs.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from threading import Lock

from django.conf import settings

# When the one who was turned away may try again: others may have left by then.
RETRY_AFTER_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Listener:
    """
    Who wants to hear.

    :param person_id: the number of who is signed in; None for a stranger.
    :param address: where the request comes from, see accounts.addresses.
    """

    person_id: int | None
    address: str

    def limits(self) -> dict[str, int]:
        """Return how many streams there may be, by what they are counted under."""
        found = {f"address:{self.address}": settings.STREAMS_PER_ADDRESS}
        if self.person_id is not None:
            found[f"user:{self.person_id}"] = settings.STREAMS_PER_PERSON
        return found


_open: Counter[str] = Counter()
_counting = Lock()


def has_room(listener: Listener) -> bool:
    """Return whether one more stream may be opened just now; only `in_place` keeps it."""
    return all(_open[name] < limit for name, limit in listener.limits().items())


async def in_place(listener: Listener, stream: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yield a stream while its place is held; nothing where others, who asked at the same time, were quicker."""
    with _place(listener) as is_held:
        async with aclosing(stream):
            if is_held:
                async for event in stream:
                    yield event


@contextmanager
def _place(listener: Listener) -> Iterator[bool]:
    names = list(listener.limits())
    with _counting:
        if is_held := has_room(listener):
            _open.update(names)
    try:
        yield is_held
    finally:
        if is_held:
            with _counting:
                _open.subtract(names)
                for name in names:
                    # Nobody is remembered who is not here.
                    if not _open[name]:
                        del _open[name]
