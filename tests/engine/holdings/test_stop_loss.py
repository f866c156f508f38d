from __future__ import annotations

import numpy as np

from copytrading.engine.holdings import stop_loss
from copytrading.engine.holdings.profit_share import ShareState
from copytrading.engine.holdings.stop_loss import breached, gross_at_stop
from copytrading.engine.holdings.valuation import value_gross

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


class TestGrossAtStop:
    def test_is_above_no_gross_at_which_a_copy_has_lost_its_stop_loss_and_just_above(self) -> None:
        random = np.random.default_rng(7)
        count = 2_000
        invested = random.integers(10**8, 10**13, count)
        limits = (invested * random.uniform(0.01, 0.95, count)).astype(np.int64)
        owed = (invested * random.choice([0, 0.3], count)).astype(np.int64)
        state = ShareState(
            issued_units=invested,
            # Paid-out profits leave marks below what a copy may lose down to.
            mark_value_units=(invested * random.uniform(0.1, 2, count)).astype(np.int64),
            rate_millionths=random.integers(0, 300_001, count),
        )

        at_stop = gross_at_stop(invested_units=invested, stop_loss_units=limits, owed_units=owed, share_state=state)

        def lost(gross: np.ndarray) -> np.ndarray:
            worth = value_gross(gross_units=gross, share_state=state, owed_units=owed)
            return breached(
                equity=worth.sizing.astype(float), invested=invested.astype(float), stop_loss=limits.astype(float)
            )

        above = np.ceil(at_stop).astype(np.int64) + 1
        assert not lost(above).any()
        assert lost((at_stop * (1 - 1e-8)).astype(np.int64) - 3_000).all()
