"""
The venue's time, as far as we know it.

Requests are signed with the venue's own time: its clock at the last look, and the seconds a clock that nobody can set
has counted since. So a wall clock that is a second off changes nothing. One that is off by more than SKEW_SECONDS_MAX
is broken: prices would be taken for older or newer than they are. Then nothing is placed until it is right again.
"""

import time
from datetime import datetime

from copytrading.exchange.errors import ClockSkewed

# Half of the window in which a venue takes an order.
SKEW_SECONDS_MAX = 2.5
# A look whose answer took longer says too little about the moment it was true.
ROUND_TRIP_SECONDS_MAX = 2.0
LOOK_AGAIN_SECONDS = 300.0


class VenueClock:
    """What the venue's clock shows; unknown until it was looked at."""

    def __init__(self) -> None:
        self._seen_at: float | None = None
        self._venue_milliseconds = 0.0

    @property
    def is_known(self) -> bool:
        """Return whether the last look is young enough to go by."""
        return self._seen_at is not None and time.monotonic() - self._seen_at < LOOK_AGAIN_SECONDS

    def look(self, *, venue_milliseconds: int, asked_at: float, answered_at: float) -> None:
        """
        Take over what the venue's clock showed; the two moments are of time.monotonic().

        :raises ClockSkewed: if the answer took too long to tell anything.
        """
        if answered_at - asked_at > ROUND_TRIP_SECONDS_MAX:
            raise ClockSkewed(f"The venue took {answered_at - asked_at:.1f} s to tell its time: too long to go by.")
        self._seen_at = (asked_at + answered_at) / 2
        self._venue_milliseconds = float(venue_milliseconds)

    def forget(self) -> None:
        """Trust the last look no longer: the venue says that our time is wrong."""
        self._seen_at = None

    def milliseconds(self) -> int:
        """Return the venue's time in milliseconds since 1970; our own where it was never looked at."""
        if self._seen_at is None:
            return int(time.time() * 1000)
        return int(self._venue_milliseconds + (time.monotonic() - self._seen_at) * 1000)

    def milliseconds_at(self, moment: datetime) -> int:
        """Return what the venue's clock showed at a moment of our wall clock, in milliseconds since 1970."""
        return int((moment.timestamp() - self.skew_seconds()) * 1000)

    def skew_seconds(self) -> float:
        """Return by how much our wall clock is ahead of the venue's, now."""
        return time.time() - self.milliseconds() / 1000

    def check(self) -> None:
        """
        Make sure that our wall clock is about right.

        :raises ClockSkewed: if it is off by more than SKEW_SECONDS_MAX.
        """
        skew = self.skew_seconds()
        if abs(skew) > SKEW_SECONDS_MAX:
            direction = "ahead of" if skew > 0 else "behind"
            raise ClockSkewed(
                f"Our clock is {abs(skew):.1f} s {direction} the venue's; at most {SKEW_SECONDS_MAX} s are allowed."
            )
