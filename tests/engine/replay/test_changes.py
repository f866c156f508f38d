"""What followers do to a running copy, played back on a recording whose outcome can be told by hand."""

from decimal import Decimal

import numpy as np
import pytest

from copytrading.engine.replay.investments import Change, ChangeKind
from copytrading.engine.replay.lead_path import bars_of, path_of_trades
from copytrading.engine.replay.whatif import NOT_STOPPED, replay_runs
from tests.engine.replay.test_whatif import BTC, ETH, buy, replay, sell, terms

NAN = np.nan
# Half of the lead in a coin at 100, half in cash; half a copy of 1,000 is 5 coins.
HALF = [buy(0, BTC, "50", "100")]


def change(time: int, kind: ChangeKind, value: float = NAN) -> Change:
    return Change(time=time, copy=0, kind=kind, value=value)


class TestMoneyOnItsWayOut:
    def test_goes_out_with_the_rest_where_the_copy_stops(self) -> None:
        result = replay(
            closes=[[100], [NAN], [40], [40], [40]],
            trades=[buy(0, BTC, "100", "100")],
            stop_loss=500.0,
            changes=(change(1, ChangeKind.REDUCE, 200),),
        )

        assert result.stopped_bars.tolist() == [2]
        assert (result.paid_out.tolist(), result.copy_equity[0, -1]) == ([0.0], pytest.approx(400.0))


class TestAnIncrease:
    def test_is_invested_at_the_ratios_of_its_bar(self) -> None:
        result = replay(closes=[[100]] * 4, trades=HALF, changes=(change(2, ChangeKind.INCREASE, 400),))

        assert result.final_quantities[0] == pytest.approx([7.0])
        assert result.final_cash == pytest.approx([700.0])
        assert (result.paid_in.tolist(), result.paid_out.tolist()) == ([1_400.0], [0.0])
        assert result.copy_equity[0] == pytest.approx([1_000, 1_000, 1_400, 1_400])

    def test_is_invested_though_no_drift_of_that_size_would_be_repaired(self) -> None:
        result = replay(closes=[[100]] * 4, trades=HALF, changes=(change(2, ChangeKind.INCREASE, 15),))

        assert result.final_quantities[0] == pytest.approx([5.075])

    def test_is_no_result(self) -> None:
        result = replay(closes=[[100], [100], [110]], trades=HALF, changes=(change(1, ChangeKind.INCREASE, 400),))

        assert result.copy_returns == pytest.approx([70 / 1_400])

    def test_counts_from_the_bar_in_which_the_copy_starts_on(self) -> None:
        changes = tuple(change(time, ChangeKind.INCREASE, 400) for time in (1, 2, 4))

        result = replay(closes=[[100]] * 6, trades=HALF, start=2, changes=changes)

        # Before that there is no copy to pay into.
        assert result.paid_in.tolist() == [1_800.0]
        assert result.copy_equity[0] == pytest.approx([1_400, 1_400, 1_800, 1_800])

    @pytest.mark.parametrize(("last_bar", "paid_in"), [(2, 1_000.0), (3, 1_400.0)])
    def test_comes_too_late_after_the_last_bar_of_the_copy(self, last_bar: int, paid_in: float) -> None:
        bars = bars_of(times=np.arange(6), closes=np.full((6, 1), 100.0), lead_trades=HALF)
        path = path_of_trades(bars=bars, trades=HALF, lead_cash=Decimal(10_000), fee_rate=Decimal(0))
        both = terms(investments=(1_000.0, 1_000.0), changes=(change(3, ChangeKind.INCREASE, 400),))

        result = replay_runs(
            path=path, lead_cash=10_000.0, terms=both, start_times=np.array([0, 0]), last_bars=np.array([last_bar, 5])
        )

        assert result.paid_in.tolist() == [paid_in, 1_000.0]


class TestAReduction:
    def test_sells_at_the_ratios_and_is_paid_at_once(self) -> None:
        result = replay(closes=[[100]] * 4, trades=HALF, changes=(change(2, ChangeKind.REDUCE, 600),))

        # Half of the 400 that stay, less half of the hundredth that is sold for besides.
        assert result.final_quantities[0] == pytest.approx([2.0 - 0.03])
        assert result.final_cash == pytest.approx([203.0])
        assert result.paid_out == pytest.approx([600.0])
        assert result.copy_returns == pytest.approx([0.0])

    def test_waits_for_a_coin_that_has_no_bar_where_the_cash_is_too_little(self) -> None:
        result = replay(
            closes=[[100], [100], [NAN], [NAN], [120]], trades=HALF, changes=(change(2, ChangeKind.REDUCE, 600),)
        )

        # Worth 1,000 while it waits, 1,100 once the coin has a price again; 600 are still asked for, not less.
        assert result.copy_equity[0] == pytest.approx([1_000, 1_000, 1_000, 1_000, 500])
        assert result.paid_out == pytest.approx([600.0])

    def test_is_waited_for_from_bar_to_bar(self) -> None:
        closes = [[100], [100], *[[NAN]] * 5, [120]]

        result = replay(closes=closes, trades=HALF, changes=(change(2, ChangeKind.REDUCE, 600),))

        assert result.copy_equity[0] == pytest.approx([1_000] * 7 + [500])
        assert result.paid_out == pytest.approx([600.0])

    def test_waits_for_one_of_several_coins_that_has_no_bar(self) -> None:
        two = [buy(0, BTC, "30", "100"), buy(0, ETH, "30", "100")]
        closes = [[100, 100], [100, 100], [100, NAN], [100, 100]]

        result = replay(closes=closes, trades=two, changes=(change(2, ChangeKind.REDUCE, 900),))

        # The cash and one coin would not do; nothing is paid before the other can be sold too.
        assert result.copy_equity[0] == pytest.approx([1_000, 1_000, 1_000, 100])
        assert result.paid_out == pytest.approx([900.0])

    def test_is_paid_from_cash_where_that_is_enough(self) -> None:
        result = replay(closes=[[100], [100], [NAN], [NAN]], trades=HALF, changes=(change(2, ChangeKind.REDUCE, 400),))

        assert result.copy_equity[0] == pytest.approx([1_000, 1_000, 600, 600])
        assert result.final_quantities[0] == pytest.approx([5.0])

    def test_lowers_the_stop_loss_in_proportion(self) -> None:
        # A tenth of 1,000 may be lost, then a tenth of 400: 40, which 1.97 coins have lost at 79 and not at 80.
        lowered, kept = (
            replay(
                closes=[[100], [100], [100], [80], [79]],
                trades=HALF,
                stop_loss=100.0,
                changes=(change(2, kind, 600.0),),
            ).stopped_bars.tolist()
            for kind in (ChangeKind.REDUCE, ChangeKind.RESUME)
        )

        assert (lowered, kept) == ([4], [3])


class TestAPause:
    def test_leaves_what_is_held_and_follows_nothing_until_it_ends(self) -> None:
        trades = [*HALF, sell(2, BTC, "50", "100")]
        paused = replay(closes=[[100]] * 5, trades=trades, changes=(change(1, ChangeKind.PAUSE),))
        resumed = replay(
            closes=[[100]] * 5, trades=trades, changes=(change(1, ChangeKind.PAUSE), change(3, ChangeKind.RESUME))
        )

        assert paused.final_quantities[0] == pytest.approx([5.0])
        assert resumed.final_quantities[0] == pytest.approx([0.0])


class TestAStopLoss:
    def test_may_be_set_on_the_way_and_is_taken_back_by_none(self) -> None:
        falling = [[100], [100], [80], [80]]
        set_late = replay(closes=falling, trades=HALF, changes=(change(1, ChangeKind.STOP_LOSS, 100.0),))
        taken_back = replay(
            closes=falling, trades=HALF, stop_loss=100.0, changes=(change(1, ChangeKind.STOP_LOSS, NAN),)
        )

        assert set_late.stopped_bars.tolist() == [2]
        assert taken_back.stopped_bars.tolist() == [NOT_STOPPED]

    @pytest.mark.parametrize("other", [ChangeKind.INCREASE, ChangeKind.RESUME])
    def test_may_be_one_of_several_changes(self, other: ChangeKind) -> None:
        changes = (change(1, other, 0.0), change(1, ChangeKind.STOP_LOSS, 100.0))

        result = replay(closes=[[100], [100], [80], [80]], trades=HALF, changes=changes)

        assert result.stopped_bars.tolist() == [2]

    def test_ends_what_followers_may_still_do(self) -> None:
        result = replay(
            closes=[[100], [100], [80], [80], [80]],
            trades=HALF,
            stop_loss=100.0,
            changes=(change(3, ChangeKind.INCREASE, 500),),
        )

        assert result.stopped_bars.tolist() == [2]
        assert result.paid_in.tolist() == [1_000.0]


class TestAChangeBeforeTheStart:
    def test_changes_nothing(self) -> None:
        result = replay(closes=[[100]] * 4, trades=HALF, start=2, changes=(change(1, ChangeKind.INCREASE, 500),))

        assert result.paid_in.tolist() == [1_000.0]
