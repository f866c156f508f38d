"""What the end of a look works out of the books before it moves anything: dust, what can be paid, who has waited."""

from datetime import UTC, datetime

import numpy as np
import pytest

from copytrading.services.books import frozen_coins
from copytrading.services.cycle import closing, holding_back, reducing
from tests.engine.deciding.stage import UNIT, a_board, copies_of, units
from tests.engine.stage import rules

# The coin at 10 goes in lots of a thousand units, and the least order is worth 1. An exit may have to sell a tenth
# below the mark, so that this many units of it are the fewest that the venue takes for certain.
FEWEST = 11_112_000


def dust(board: object = None, **holdings: int) -> list[bool]:
    """Return where what stopping copies hold is dust, of copies by the units of the coin at 10 that each has."""
    copies = copies_of(
        *({"coins": (0, held / UNIT), "status": status.upper().rstrip("_")} for status, held in holdings.items())
    )
    return closing._dust_places(board or a_board(), copies, copies.has_status("STOPPING")).tolist()


class TestDust:
    @pytest.mark.parametrize(("held", "is_dust"), [(FEWEST, False), (FEWEST - 1, True), (1, True), (0, True)])
    def test_is_less_than_the_venue_takes_at_the_price_of_an_exit(self, held: int, is_dust: bool) -> None:
        assert dust(stopping=held) == [True, is_dust]

    def test_is_less_than_one_lot(self) -> None:
        # A lot of the coin at 100 is worth more than the least order.
        board = a_board(lot_units=[10**8, 1], value_min_units=[1, 1])
        for held, is_dust in ((10**8 - 1, True), (10**8, False)):
            copies = copies_of({"coins": (held / UNIT, 0), "status": "STOPPING"})
            assert closing._dust_places(board, copies, np.array([True])).tolist() == [is_dust, True]

    def test_is_what_all_that_stop_have_together(self) -> None:
        assert dust(stopping=FEWEST - 2_000, stopping_=1_999) == [True, True]
        assert dust(stopping=FEWEST - 2_000, stopping_=2_000) == [True, False]
        assert dust(stopping=1, active=10 * FEWEST) == [True, True]

    def test_is_nothing_at_an_old_price_or_in_a_market_that_is_frozen(self) -> None:
        for board in (a_board(fresh=[False, False]), a_board(frozen=[True, True])):
            assert dust(board, stopping=1) == [True, False]
            assert dust(board, stopping=0) == [True, True]


class TestFrozenCells:
    def test_are_coins_that_no_order_has_promised(self) -> None:
        copies = copies_of(
            {"coins": (1, 1)}, {"coins": (0, 1)}, {"coins": (1, 1), "held": (0.5, 0.5)}, {"coins": (1 / UNIT, 0)}
        )

        found = frozen_coins.frozen_cells(a_board(frozen=[True, False]), copies)

        assert found.tolist() == [[True, False], [False, False], [False, False], [True, False]]


class TestWhatCanBePaid:
    @pytest.mark.parametrize(
        ("copy", "payable"),
        [
            ({"cash": 1_000}, 1_000),
            ({"cash": 1_000, "cash_held": 300}, 700),
            ({"cash": 100, "coins": (9, 0)}, 100),
            ({"cash": 0, "coins": (9, 0)}, 0),
            # Of 500 won 50 are the lead's: with each unit that leaves goes its part, and two units for what is rounded.
            ({"cash": 1_000, "invested": 500, "rate_millionths": 100_000}, 950 - 2 / UNIT),
            ({"cash": 1_000, "cash_held": 100, "invested": 500, "rate_millionths": 100_000}, 855 - 2 / UNIT),
            ({"cash": 0, "coins": (10, 0), "invested": 500, "rate_millionths": 100_000}, 0),
            ({"cash": 1 / UNIT, "coins": (10, 0), "invested": 500, "rate_millionths": 100_000}, 0),
        ],
    )
    def test_is_the_free_cash_less_the_share_that_it_takes_along(
        self, copy: dict[str, object], payable: float
    ) -> None:  # fmt: skip
        copies = copies_of(copy, {"cash": 7})

        assert reducing._payable(copies, copies.valued(a_board())).tolist() == units([payable, 7]).tolist()


class TestWhoHasWaited:
    NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("age", "changes", "is_stuck"),
        [
            # Ten seconds is a price good for, and ten more nobody is told of.
            (20.5, {}, True), (20.0, {}, False), (20.5, {"fresh": [True, True]}, False),
            (20.5, {"listed": [False, False]}, False), (20.5, {"unit_prices": [np.nan, np.nan]}, False),
        ],
    )  # fmt: skip
    def test_is_told_after_a_while_in_a_market_that_would_trade(
        self, age: float, changes: dict[str, list[object]], is_stuck: bool
    ) -> None:
        columns = {"fresh": [False, True], "priced_at": [self.NOW.timestamp() - age, self.NOW.timestamp()]}
        board = a_board(**(columns | changes))

        assert holding_back._stuck(board, rules(), self.NOW).tolist() == [is_stuck, False]
