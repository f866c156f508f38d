from __future__ import annotations

import numpy as np
import pytest

from copytrading.engine.holdings import baseline


def shares(*, lead_units, survival=1.0, epoch=0, baseline_units, baseline_survival=1.0, baseline_epoch=0):
    """One copy, one asset."""
    return baseline.followed_shares(
        lead_units=np.array([lead_units]),
        survival=np.array([survival]),
        epoch=np.array([epoch]),
        baseline_units=np.array([[baseline_units]]),
        baseline_survival=np.array([[baseline_survival]]),
        baseline_epoch=np.array([[baseline_epoch]]),
    )[0, 0]


class TestFollowedShares:
    def test_are_one_for_a_copy_that_bought_existing_assets(self):
        assert shares(lead_units=900, baseline_units=0) == 1.0

    def test_are_zero_for_a_position_older_than_the_copy(self):
        assert shares(lead_units=900, baseline_units=900) == 0.0

    def test_grow_with_what_the_lead_buys_later(self):
        assert shares(lead_units=1200, baseline_units=900) == pytest.approx(0.25)

    def test_do_not_move_when_the_lead_sells_part(self):
        survival, epoch = baseline.after_sale(survival=1.0, epoch=0, held_units=1200, sold_units=400)

        assert shares(lead_units=800, survival=survival, epoch=epoch, baseline_units=900) == pytest.approx(0.25)

    def test_are_one_for_good_once_the_lead_has_closed_the_old_position(self):
        survival, epoch = baseline.after_sale(survival=0.5, epoch=3, held_units=450, sold_units=450)

        assert shares(lead_units=10, survival=survival, epoch=epoch, baseline_units=900, baseline_epoch=3) == 1.0

    def test_measure_survival_from_the_day_the_copy_joined(self):
        # The lead had already sold half when the copy joined, then sold half again.
        followed = shares(lead_units=200, survival=0.25, baseline_units=200, baseline_survival=0.5)

        assert followed == pytest.approx(0.5)

    def test_are_harmless_where_the_lead_holds_nothing(self):
        assert 0.0 <= shares(lead_units=0, baseline_units=900) <= 1.0


class TestAfterSale:
    def test_keeps_the_part_that_was_not_sold(self):
        assert baseline.after_sale(survival=0.5, epoch=2, held_units=100, sold_units=25) == (0.375, 2)

    def test_opens_a_new_epoch_when_the_position_closes(self):
        assert baseline.after_sale(survival=0.5, epoch=2, held_units=100, sold_units=100) == (1.0, 3)

    def test_refuses_to_sell_more_than_is_held(self):
        with pytest.raises(AssertionError, match="cannot sell more"):
            baseline.after_sale(survival=1.0, epoch=0, held_units=100, sold_units=101)
