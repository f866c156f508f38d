"""SIGTERM ends a command that works in a database of its own, whatever it is just doing."""

import os
import signal
import time

import pytest

from copytrading.worlds import own_database


class Dying:
    """Something whose end takes a moment, in which SIGTERM comes."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        # Any instruction: it is here that Python calls the handler.
        time.sleep(0)


class TestSigterm:
    def test_is_not_lost_while_something_is_thrown_away(self) -> None:
        with pytest.raises(SystemExit) as end, own_database._ended_by_sigterm():
            dying = Dying()
            del dying
            time.sleep(2)

        assert end.value.code == 128 + signal.SIGTERM
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
