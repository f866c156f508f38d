"""The tracking gap, part by part: a lead of 10,000 with 5,000 in one coin at 50, and copies of 1,000."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copytrading.engine.track_record.tracking_gap import (
    Gaps,
    Part,
    Prices,
    Stretch,
    close_gaps,
    followed_parts,
    grow_gaps,
    lead_growth,
    take_out,
)

LOT = np.array([1, 1])


def stretch(equity: int, units: list[int], **changes: list) -> Stretch:
    """Return one portfolio's stretch in which nothing was traded, but for the changes."""
    columns = {
        "traded_units": np.array([changes.get("traded_units", [0, 0])]),
        "traded_at_mid": np.array([changes.get("traded_at_mid", [0.0, 0.0])]),
        "value_units": np.array(changes.get("value_units", [0])),
        "fee_units": np.array(changes.get("fee_units", [0])),
    }
    return Stretch(equity_units=np.array([equity]), units=np.array([units]), **columns)


def prices(before: list[float], after: list[float]) -> Prices:
    return Prices(before=np.array(before), after=np.array(after))


def grow(*, lead: Stretch, copy: Stretch, moved: Prices, **changes: object) -> Gaps:
    """Return the gap of a copy of 1,000 whose ideal was 1,000."""
    wishes: dict[str, object] = {
        "parts": np.zeros((1, len(Part)), dtype=np.int64),
        "ideal_units": np.array([1_000_000.0]),
        "followed": np.ones((1, 2)),
        "lot_units": LOT,
        "waiting": np.array([False]),
        "share_units": np.array([0]),
    }
    ideal = np.rint(1_000_000 * lead_growth(lead=lead, prices=moved)).astype(np.int64)
    return grow_gaps(
        lead=lead, copies=copy, prices=moved, ideal_after_units=np.array([ideal]), **(wishes | changes)  # type: ignore[arg-type]
    )  # fmt: skip


def parts_of(gaps: Gaps) -> dict[str, int]:
    return {part.name: int(gaps.parts[0, part]) for part in Part if gaps.parts[0, part]}


RISE = prices([50.0, 1.0], [60.0, 1.0])
LEAD = stretch(11_000_000, [100_000, 0])


class TestLeadGrowth:
    def test_is_what_a_unit_of_money_became(self) -> None:
        assert lead_growth(lead=LEAD, prices=RISE) == pytest.approx(1.1)

    def test_counts_what_was_bought_from_its_mid_on(self) -> None:
        bought = stretch(
            11_000_000, [100_000, 0], traded_units=[100_000, 0], traded_at_mid=[5_000_000.0, 0.0],
            value_units=[-5_000_000],
        )  # fmt: skip

        assert lead_growth(lead=bought, prices=RISE) == pytest.approx(1.1)

    def test_stays_where_there_is_no_money(self) -> None:
        assert lead_growth(lead=stretch(0, [0, 0]), prices=RISE) == 1.0


class TestGrowGaps:
    def test_is_nothing_for_a_copy_that_holds_the_same(self) -> None:
        gaps = grow(lead=LEAD, copy=stretch(1_100_000, [10_000, 0]), moved=RISE)

        assert (parts_of(gaps), gaps.ideal_units[0], gaps.unexplained_units[0]) == ({}, 1_100_000, 0)

    def test_is_cash_not_invested_where_less_is_held(self) -> None:
        gaps = grow(lead=LEAD, copy=stretch(1_050_000, [5_000, 0]), moved=RISE)

        assert parts_of(gaps) == {"UNINVESTED": -50_000}

    def test_is_timing_while_the_copy_waits(self) -> None:
        gaps = grow(lead=LEAD, copy=stretch(1_050_000, [5_000, 0]), moved=RISE, waiting=np.array([True]))

        assert parts_of(gaps) == {"TIMING": -50_000}

    def test_is_timing_where_the_copy_came_later(self) -> None:
        copy = stretch(
            1_000_000, [9_167, 0], traded_units=[9_167, 0], traded_at_mid=[550_020.0, 0.0], value_units=[-550_020]
        )

        gaps = grow(lead=LEAD, copy=copy, moved=RISE)

        assert parts_of(gaps) == {"TIMING": -100_000}

    def test_is_rounding_within_a_lot(self) -> None:
        copy = stretch(1_099_980, [9_998, 0])

        gaps = grow(lead=LEAD, copy=copy, moved=RISE, lot_units=np.array([100, 100]))

        assert (parts_of(gaps), gaps.unexplained_units[0]) == ({"ROUNDING": -20}, 0)

    def test_is_rounding_of_a_few_units_behind_a_lead_without_money(self) -> None:
        copy = stretch(1_000_040, [4, 0])

        assert parts_of(grow(lead=stretch(0, [0, 0]), copy=copy, moved=RISE)) == {"ROUNDING": 40}

    def test_is_more_than_rounding_from_five_units_on(self) -> None:
        copy = stretch(1_000_050, [5, 0])

        assert parts_of(grow(lead=stretch(0, [0, 0]), copy=copy, moved=RISE)) == {"TIMING": 50}

    def test_follows_a_lead_of_a_single_unit(self) -> None:
        moved = prices([1.0, 1.0], [2.0, 1.0])

        gaps = grow(lead=stretch(2, [1, 0]), copy=stretch(2_000_000, [1_000_000, 0]), moved=moved)

        assert parts_of(gaps) == {}

    def test_knows_of_no_other_coins_where_none_are_told(self) -> None:
        assert LEAD.untraded_units == 0

    def test_is_timing_where_one_coin_stands_in_for_another(self) -> None:
        # As much in coins as the lead has, but half of it in the other one, which fell.
        moved = prices([50.0, 50.0], [60.0, 40.0])
        lead = stretch(11_000_000, [100_000, 0])

        gaps = grow(lead=lead, copy=stretch(975_000, [5_000, 7_500]), moved=moved)

        assert parts_of(gaps) == {"TIMING": -125_000}

    def test_is_by_choice_what_is_not_followed(self) -> None:
        gaps = grow(lead=LEAD, copy=stretch(1_000_000, [0, 0]), moved=RISE, followed=np.array([[0.0, 1.0]]))

        assert parts_of(gaps) == {"UNFOLLOWED": -100_000}

    def test_tells_price_from_fees(self) -> None:
        still = prices([50.0, 1.0], [50.0, 1.0])
        copy = stretch(
            999_400, [10_000, 0], traded_units=[10_000, 0], traded_at_mid=[500_000.0, 0.0], value_units=[-500_100],
            fee_units=[500],
        )  # fmt: skip

        gaps = grow(lead=stretch(10_000_000, [100_000, 0]), copy=copy, moved=still)

        assert parts_of(gaps) == {"PRICE": -100, "FEES": -500}

    def test_leaves_nothing_where_both_paid_alike(self) -> None:
        still = prices([50.0, 1.0], [50.0, 1.0])
        traded = {"traded_units": [10_000, 0], "traded_at_mid": [500_000.0, 0.0]}
        copy = stretch(999_400, [10_000, 0], value_units=[-500_100], fee_units=[500], **traded)
        lead = stretch(
            9_994_000, [100_000, 0], traded_units=[100_000, 0], traded_at_mid=[5_000_000.0, 0.0],
            value_units=[-5_001_000], fee_units=[5_000],
        )  # fmt: skip

        assert parts_of(grow(lead=lead, copy=copy, moved=still)) == {}

    def test_takes_the_profit_share_off(self) -> None:
        gaps = grow(lead=LEAD, copy=stretch(1_090_000, [10_000, 0]), moved=RISE, share_units=np.array([10_000]))

        assert parts_of(gaps) == {"PROFIT_SHARE": -10_000}

    def test_grows_what_was_apart_with_the_lead(self) -> None:
        before = np.zeros((1, len(Part)), dtype=np.int64)
        before[0, Part.FEES] = -1_000

        # A copy of 999,000 that holds the same as the lead.
        gaps = grow(lead=LEAD, copy=stretch(1_098_900, [9_990, 0]), moved=RISE, parts=before)

        assert parts_of(gaps) == {"FEES": -1_100}

    def test_says_what_nobody_told_of(self) -> None:
        gaps = grow(lead=LEAD, copy=stretch(1_200_000, [10_000, 0]), moved=RISE)

        assert gaps.unexplained_units[0] == 100_000

    @given(
        moves=st.lists(st.floats(0.5, 2.0), min_size=2, max_size=2),
        held=st.lists(st.integers(0, 20_000), min_size=2, max_size=2),
        lead_held=st.lists(st.integers(0, 200_000), min_size=2, max_size=2),
    )
    def test_explains_any_holdings_to_the_unit(
        self, moves: list[float], held: list[int], lead_held: list[int]
    ) -> None:  # fmt: skip
        moved = prices([50.0, 1.0], [50.0 * moves[0], moves[1]])
        cash, lead_cash = 1_000_000 - 50 * held[0] - held[1], 20_000_000 - 50 * lead_held[0] - lead_held[1]
        lead = stretch(round(lead_cash + np.dot(lead_held, moved.after)), lead_held)
        copy = stretch(round(cash + np.dot(held, moved.after)), held)

        gaps = grow(lead=lead, copy=copy, moved=moved)

        assert gaps.parts.sum() == gaps.equity_units[0] - gaps.ideal_units[0]
        assert abs(gaps.unexplained_units[0]) <= 3


class TestFollowedParts:
    def test_cuts_a_coin_to_the_copys_own_cap(self) -> None:
        followed = followed_parts(
            followed_shares=np.ones((2, 2)),
            lead=LEAD,
            prices=RISE,
            weight_max=np.array([np.nan, 0.3]),
        )

        # The coin weighs 6,000 of 11,000.
        assert followed == pytest.approx(np.array([[1.0, 1.0], [0.55, 1.0]]))


class TestTakeOut:
    def test_keeps_the_gap_the_same_share_of_the_investment(self) -> None:
        parts = np.zeros((1, len(Part)), dtype=np.int64)
        parts[0, Part.FEES], parts[0, Part.TIMING] = -600, -400

        left = take_out(
            parts=parts, equity_units=np.array([999_000]), ideal_units=np.array([1_000_000]), units=np.array([499_500])
        )

        assert (left.equity_units[0], left.ideal_units[0]) == (499_500, 500_000)
        assert parts_of(left) == {"FEES": -300, "TIMING": -200}


class TestCloseGaps:
    def test_puts_the_last_unit_into_the_rounding(self) -> None:
        parts = np.zeros((1, len(Part)), dtype=np.int64)
        parts[0, Part.PRICE] = -7

        gaps = close_gaps(parts=parts, equity_units=np.array([92]), ideal_units=np.array([100]))

        assert (parts_of(gaps), gaps.unexplained_units[0]) == ({"PRICE": -7, "ROUNDING": -1}, -1)
