"""What a lead's own trades say, told by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from copytrading.engine.track_record import trade_record
from copytrading.engine.track_record.trade_record import ClosedPosition, RecordedTrade

WEEK = trade_record.WEEK_SECONDS


def trade(time: int, quantity: int, value: int, *, asset: str = "BTC", fee: int = 0) -> RecordedTrade:
    return RecordedTrade(time=time, asset=asset, quantity_units=quantity, value_units=value, fee_units=fee)


class TestClosedPositions:
    def test_last_from_the_first_buy_to_the_last_sell(self):
        trades = [trade(0, 10, 1000), trade(5, 10, 900), trade(7, -5, 500), trade(9, -15, 1350)]

        assert trade_record.closed_positions(trades) == (
            ClosedPosition(asset="BTC", opened_at=0, closed_at=9, result_units=-50, paid_units=1900),
        )

    def test_keep_coins_apart_and_leave_open_ones_out(self):
        trades = [trade(0, 1, 10), trade(1, 1, 10, asset="ETH"), trade(2, -1, 30, asset="ETH"), trade(3, 1, 10)]

        assert [position.asset for position in trade_record.closed_positions(trades)] == ["ETH"]

    def test_close_at_nothing_left_where_no_lot_is_named(self):
        bought = RecordedTrade(time=0, asset="BTC", quantity_units=1, value_units=10, fee_units=0)
        sold = replace(bought, time=1, quantity_units=-1, value_units=12)

        assert [position.result_units for position in trade_record.closed_positions([bought, sold])] == [2]

    def test_count_the_fees(self):
        positions = trade_record.closed_positions([trade(0, 1, 100, fee=2), trade(1, -1, 103, fee=2)])

        assert positions[0].result_units == -1
        assert positions[0].return_fraction == pytest.approx(-1 / 102)

    def test_count_value_and_fee_together_as_paid(self):
        (position,) = trade_record.closed_positions([trade(0, 1, 7, fee=3), trade(1, -1, 20)])

        assert position.paid_units == 10

    def test_close_when_less_than_a_lot_is_left_and_take_that_along(self):
        def of_lots(time: int, quantity: int, value: int) -> RecordedTrade:
            return replace(trade(time, quantity, value), lot_units=10)

        trades = [of_lots(0, 39, 390), of_lots(1, -30, 600), of_lots(5, 21, 210), of_lots(6, -10, 50)]

        # 9 are left of the first: too few to sell. The second has them too, and 20 of its 30 are left.
        assert trade_record.closed_positions(trades) == (
            ClosedPosition(asset="BTC", opened_at=0, closed_at=1, result_units=210, paid_units=390),
        )
        closed = trade_record.closed_positions([*trades, of_lots(7, -20, 400)])[1]
        assert (closed.opened_at, closed.result_units) == (5, 240)

    def test_refuse_to_sell_what_is_not_held(self):
        with pytest.raises(AssertionError, match="sells no more"):
            trade_record.closed_positions([trade(0, -1, 100)])

    def test_leave_less_than_a_lot_over_though_it_was_bought(self):
        bought = replace(trade(0, 9, 90), lot_units=10)

        # What cannot be sold is open all the same: it was never sold.
        assert trade_record.closed_positions([bought]) == ()

    def test_close_in_the_order_in_which_they_ended(self):
        trades = [trade(0, 1, 1), trade(1, 1, 1, asset="ETH"), trade(2, -1, 1, asset="ETH"), trade(3, -1, 1)]

        assert [position.asset for position in trade_record.closed_positions(trades)] == ["ETH", "BTC"]

    def test_return_nothing_where_nothing_was_paid(self):
        (free,) = trade_record.closed_positions([trade(0, 1, 0), trade(1, -1, 5)])

        assert (free.result_units, free.return_fraction) == (5, 0.0)


class TestFiguresOf:
    @pytest.mark.parametrize(("got", "win_rate"), [(101, 1.0), (100, 0.0), (99, 0.0)])
    def test_call_won_what_brought_in_more_than_it_cost(self, got, win_rate):
        found = trade_record.figures_of(trades=[trade(0, 1, 100), trade(1, -1, got)], leading_seconds=WEEK)

        assert (found.win_rate, found.closed_positions, found.trades) == (win_rate, 1, 2)

    def test_say_a_pace_from_the_first_whole_week_on(self):
        one = [trade(0, 1, 100)]

        assert trade_record.figures_of(trades=one, leading_seconds=WEEK).trades_a_week == 1
        assert trade_record.figures_of(trades=one, leading_seconds=WEEK - 1).trades_a_week is None
        assert WEEK == 604_800

    def test_tell_the_mean_from_the_median(self):
        opened = [trade(0, 1, 1, asset=str(end)) for end in (1, 2, 9)]
        closed = [trade(end, -1, 1, asset=str(end)) for end in (1, 2, 9)]

        found = trade_record.figures_of(trades=[*opened, *closed], leading_seconds=WEEK)

        assert (found.holding_seconds_mean, found.holding_seconds_median) == (4.0, 2.0)

    def test_count_a_past_that_was_put_aside_without_its_open_positions(self):
        past = [trade(0, 1, 100), trade(1, -1, 90), trade(2, 5, 300)]

        found = trade_record.figures_of(past=past, trades=[trade(3, 1, 100), trade(4, -1, 110)], leading_seconds=WEEK)

        assert (found.trades, found.closed_positions, found.win_rate) == (5, 2, 0.5)
        assert found.preferences == {"BTC": 1.0}

    def test_sort_what_is_equal_by_name(self):
        trades = [trade(0, 1, 50, asset="ETH"), trade(0, 1, 50, asset="BTC"), trade(0, 1, 100, asset="SOL")]

        assert list(trade_record.preferences_of(trades).items()) == [("SOL", 0.5), ("BTC", 0.25), ("ETH", 0.25)]
        assert trade_record.preferences_of([trade(0, 1, 0)]) == {}

    def test_say_pace_wins_holding_time_and_preference(self):
        trades = [
            trade(0, 1, 100),
            trade(10, -1, 120),
            trade(20, 1, 100),
            trade(50, -1, 90),
            trade(60, 2, 590, asset="ETH"),
        ]

        found = trade_record.figures_of(trades=trades, leading_seconds=2 * WEEK)

        assert found.trades_a_week == 2.5
        assert found.win_rate == 0.5
        assert (found.holding_seconds_mean, found.holding_seconds_median) == (20.0, 20.0)
        assert found.preferences == {"ETH": 0.59, "BTC": 0.41}

    def test_say_nothing_of_a_lead_who_never_traded(self):
        found = trade_record.figures_of(trades=[], leading_seconds=10)

        assert (found.win_rate, found.trades_a_week, found.preferences) == (None, None, {})


class TestSizeJumps:
    def test_are_found_against_the_leads_own_history(self):
        weights = np.array([0.02] * 12 + [0.09, 0.03, 0.3])

        assert trade_record.size_jumps(weights=weights).tolist() == [12, 14]

    def test_need_a_history(self):
        assert trade_record.size_jumps(weights=np.array([0.01, 0.9])).tolist() == []

    def test_are_more_than_four_times_the_usual_and_more_than_a_twentieth(self):
        usual = [0.015625] * 10

        assert trade_record.size_jumps(weights=np.array([*usual, 0.0625])).tolist() == []
        assert trade_record.size_jumps(weights=np.array([*usual, 0.0626])).tolist() == [10]
        assert trade_record.size_jumps(weights=np.array([*([0.001] * 10), 0.05])).tolist() == []
        assert trade_record.size_jumps(weights=np.array([*([0.001] * 10), 0.0501])).tolist() == [10]

    def test_are_found_from_the_eleventh_trade_on(self):
        assert trade_record.size_jumps(weights=np.array([0.01] * 9 + [0.9])).tolist() == []
        assert trade_record.size_jumps(weights=np.array([0.01] * 10 + [0.9])).tolist() == [10]

    def test_are_measured_by_the_last_two_hundred(self):
        # Of the last two hundred half are large: their middle is between both. One more or less would tip it.
        weights = np.array([0.4] * 101 + [0.02] * 100 + [0.85])

        assert trade_record.size_jumps(weights=weights).tolist() == [201]
        assert trade_record.size_jumps(weights=np.append(weights[:-1], 0.84)).tolist() == []
