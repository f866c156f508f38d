"""
The moments at which a worker can be told to die by SIGKILL, or to sleep by SIGSTOP until it is woken.

Test-only: they are put around the platform's functions from here (worker.py does it), the platform knows nothing of
them. A moment comes true when its token, a file named after it, lies in the folder: who takes the token obeys it, so
one token is one death, however many workers pass by.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KILL, SLEEP = "kill", "sleep"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A token that was taken: where, and by which process."""

    point: str
    process_id: int


class Tokens:
    """The folder of the tokens, as workers and killer see it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def lay(self, point: str, action: str) -> Path:
        """Let the next worker that comes to this point die or sleep."""
        token = self._token(point, action)
        token.touch()
        return token

    def wait_until_taken(self, token: Path, *, seconds_max: float, meanwhile: Callable[[], None]) -> Taken | None:
        """Return who took a token; None, and the token is gone, when nobody came by in time."""
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            for taken in self.folder.glob(f"{token.name}.*"):
                taken.unlink()
                return Taken(point=token.stem, process_id=int(taken.suffix.removeprefix(".")))
            meanwhile()
            time.sleep(0.02)
        with contextlib.suppress(FileNotFoundError):
            token.unlink()
            return None
        # Taken at the last moment.
        return self.wait_until_taken(token, seconds_max=1, meanwhile=meanwhile)

    def obey(self, point: str) -> None:
        """Die or sleep here, if a token says so."""
        for action, number in ((KILL, signal.SIGKILL), (SLEEP, signal.SIGSTOP)):
            token = self._token(point, action)
            with contextlib.suppress(FileNotFoundError):
                token.rename(f"{token}.{os.getpid()}")
                os.kill(os.getpid(), number)

    def _token(self, point: str, action: str) -> Path:
        return self.folder / f"{point.replace(' ', '-')}.{action}"


def around(room: Any, name: str, *, before: str = "", after: str = "", tokens: Tokens) -> None:
    """Put points before and after a function."""
    original: Callable[..., Any] = getattr(room, name)

    def watched(*arguments: Any, **named: Any) -> Any:
        if before:
            tokens.obey(before)
        result = original(*arguments, **named)
        if after:
            tokens.obey(after)
        return result

    setattr(room, name, watched)


BEFORE_ORDERS = "before the orders are written"
NOT_COMMITTED = "orders written, not committed"
NOT_SENT = "claimed, not sent"
NOT_RECORDED = "accepted, not recorded"
NOT_BOOKED = "recorded, not booked"
NOT_POSTED = "posted, not committed"
NOT_SETTLED = "booked, not settled"
SETTLED = "settled"
POINTS = (BEFORE_ORDERS, NOT_COMMITTED, NOT_SENT, NOT_RECORDED, NOT_BOOKED, NOT_POSTED, NOT_SETTLED, SETTLED)
