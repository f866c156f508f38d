"""What the platform complains about in its log, and where."""

import logging
import sys
import traceback
from collections.abc import Callable

from copytrading.exchange.errors import VenueError


class Ear(logging.Handler):
    """
    Hears errors: a look that fails for another reason than the venue is a fault.

    :param note: writes a line of the log. :param troubles: where faults are added to.
    """

    def __init__(self, *, note: Callable[[str], None], troubles: list[str]) -> None:
        super().__init__()
        self.note = note
        self.troubles = troubles

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < logging.ERROR:
            return
        trouble = sys.exc_info()[1]
        sentence = record.msg.get("event", "") if isinstance(record.msg, dict) else str(record.msg)
        self.note(f"the platform says: {sentence} {type(trouble).__name__ if trouble else ''}")
        if trouble is not None and not isinstance(trouble, VenueError):
            self.troubles.append(f"{sentence} {type(trouble).__name__}: {trouble}, {place_of(trouble)}")


def place_of(trouble: BaseException) -> str:
    """Return where in our code something went wrong."""
    frames = [frame for frame in traceback.extract_tb(trouble.__traceback__) if "site-packages" not in frame.filename]
    return f"in {frames[-1].name} (line {frames[-1].lineno})" if frames else "somewhere"
