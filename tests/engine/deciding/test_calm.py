"""How far prices may move before a copy can have drifted: never further than it is true of every copy."""

from typing import Any

import numpy as np
import pytest

from copytrading.engine.deciding.calm import MOVES, price_slack
from tests.engine.deciding.stage import ALIKE, FREE, a_board, a_lead, copies_of, decided


def slack(*some: dict[str, Any], lead: Any = None, drift_band: float = FREE.drift_band) -> float:
    board, lead, copies = a_board(), lead or a_lead(), copies_of(*some)
    wishes = decided(board=board, lead=lead, copies=copies, books=None).wishes
    return price_slack(wishes=wishes, copies=copies, lead=lead, board=board, drift_band=drift_band)


class TestPriceSlack:
    def test_is_the_widest_where_nobody_has_to_be_kept_at_ratios(self) -> None:
        assert slack(ALIKE | {"status": "PAUSED"}) == MOVES[0]

    def test_is_some_where_every_copy_is_as_its_lead(self) -> None:
        assert 0 < slack(ALIKE, ALIKE) <= MOVES[0]

    def test_is_the_smaller_the_narrower_the_band(self) -> None:
        # A hundredth apart in one coin: (0.01 + 0.6 m 0.01 / (1 − m)) (1 + m) / (1 − 0.79 m) for a move of m.
        near = ALIKE | {"coins": (5.9, 20), "cash": 210}

        assert [slack(near, drift_band=band) for band in (0.009, 0.0101, 0.0105, 0.02)] == [0.0, 0.003, 0.02, 0.05]

    @pytest.mark.parametrize("poor", [{"cash": 100, "owed": 200}, {"cash": 0, "owed": 0}], ids=["owes more", "empty"])
    def test_is_none_beside_a_copy_that_is_worth_nothing(self, poor: dict[str, Any]) -> None:
        with np.errstate(invalid="ignore", divide="ignore"):
            assert slack(ALIKE, poor) == 0.0

    def test_is_none_of_a_lead_that_is_worth_nothing(self) -> None:
        assert slack(ALIKE, lead=a_lead(coins=(0, 0), cash=0)) == 0.0

    def test_holds_wherever_prices_go_so_far(self) -> None:
        """No copy drifts beyond the band while no price moves further than was said, either way."""
        random = np.random.default_rng(7)
        for _ in range(200):
            weights = random.dirichlet(np.ones(3))
            lead = a_lead(coins=(10 * weights[0], 100 * weights[1]), cash=1_000 * weights[2])
            beside = weights[:2] + random.uniform(-0.004, 0.004, 2)
            coins = (10 * max(beside[0], 0), 100 * max(beside[1], 0))
            cash = 1_000 - 100 * coins[0] - 10 * coins[1]
            if cash < 0:
                continue
            copy = {"coins": coins, "cash": cash}
            said = slack(copy, lead=lead)
            for _ in range(8 if said else 0):
                moves = 1 + said * random.choice([-1.0, 1.0, random.uniform(-1, 1)], 2)
                moved = a_board([100 * moves[0], 10 * moves[1]])
                assert decided(board=moved, lead=lead, copies=copies_of(copy), books=None).is_nothing
