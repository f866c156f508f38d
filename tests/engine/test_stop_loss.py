from __future__ import annotations

import numpy as np

from copytrading.engine import stop_loss

NAN = np.nan


class TestBreached:
    def test_triggers_at_the_loss_and_not_before(self):
        result = stop_loss.breached(
            equity=np.array([850.0, 850.01]), invested=np.array([1000.0, 1000.0]), stop_loss=np.array([150.0, 150.0])
        )

        assert result.tolist() == [True, False]

    def test_ignores_a_copy_without_a_stop_loss_or_without_a_known_equity(self):
        result = stop_loss.breached(
            equity=np.array([0.0, NAN]), invested=np.array([1000.0, 1000.0]), stop_loss=np.array([NAN, 150.0])
        )

        assert result.tolist() == [False, False]


class TestConfirm:
    def look(self, *, breached, breached_at, now):
        seen, stop = stop_loss.confirm(
            breached=np.array([breached]), breached_at=np.array([breached_at]), now_seconds=now
        )
        return seen[0], bool(stop[0])

    def test_remembers_a_first_breach_without_stopping(self):
        assert self.look(breached=True, breached_at=NAN, now=100.0) == (100.0, False)

    def test_stops_when_the_breach_still_stands_five_seconds_later(self):
        assert self.look(breached=True, breached_at=100.0, now=105.0) == (100.0, True)

    def test_waits_while_the_second_look_is_too_soon(self):
        assert self.look(breached=True, breached_at=100.0, now=104.9) == (100.0, False)

    def test_forgets_a_breach_that_recovered(self):
        seen, stop = self.look(breached=False, breached_at=100.0, now=106.0)

        assert np.isnan(seen)
        assert not stop
