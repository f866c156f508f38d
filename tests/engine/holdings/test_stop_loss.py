from __future__ import annotations

import numpy as np

from copytrading.engine.holdings import stop_loss

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
    def look(self, *, breached, breached_at, priced_at, oldest_price_at=None):
        seen, stop = stop_loss.confirm(
            breached=np.array([breached]),
            breached_at=np.array([breached_at]),
            oldest_price_at=np.array([priced_at if oldest_price_at is None else oldest_price_at]),
            newest_price_at=np.array([priced_at]),
        )
        return seen[0], bool(stop[0])

    def test_remembers_a_first_breach_by_its_newest_price_without_stopping(self):
        assert self.look(breached=True, breached_at=NAN, priced_at=100.0, oldest_price_at=97.0) == (100.0, False)

    def test_stops_when_the_breach_still_stands_at_prices_more_than_five_seconds_younger(self):
        assert self.look(breached=True, breached_at=100.0, priced_at=105.1) == (100.0, True)

    def test_waits_while_what_was_seen_may_have_been_a_wick_of_five_seconds(self):
        assert self.look(breached=True, breached_at=100.0, priced_at=105.0) == (100.0, False)

    def test_waits_for_every_price_of_the_copy(self):
        assert self.look(breached=True, breached_at=100.0, priced_at=120.0, oldest_price_at=104.0) == (100.0, False)

    def test_forgets_a_breach_that_recovered(self):
        seen, stop = self.look(breached=False, breached_at=100.0, priced_at=106.0)

        assert np.isnan(seen)
        assert not stop
