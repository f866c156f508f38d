"""What a lead did, as trades or as weights, made into states that copies can follow."""

from decimal import Decimal

import numpy as np
import pytest

from copytrading.engine.replay.lead_path import START_UNITS, LeadPath, LeadTrade, bars_of, path_of_weights

NAN = np.nan


def trade(side: int, **fees: Decimal) -> LeadTrade:
    return LeadTrade(time=0, asset=0, side=side, quantity=Decimal(2), price=Decimal(50), **fees)


class TestLeadTrade:
    RATE = Decimal("0.01")

    @pytest.mark.parametrize(("side", "cash", "coins"), [(1, -101, 2), (-1, 99, -2)])
    def test_pays_the_fee_of_the_run_where_none_is_named(self, side: int, cash: int, coins: int) -> None:
        assert (trade(side).cash_change(fee_rate=self.RATE), trade(side).coins_change) == (cash, coins)

    @pytest.mark.parametrize(("side", "cash"), [(1, -103), (-1, 97)])
    def test_pays_the_fee_that_is_named_instead(self, side: int, cash: int) -> None:
        assert trade(side, fee_cash=Decimal(3)).cash_change(fee_rate=self.RATE) == cash
        assert trade(side, fee_cash=Decimal(0)).cash_change(fee_rate=self.RATE) == -100 * side

    def test_has_less_of_the_coin_where_the_fee_was_taken_of_it(self) -> None:
        fee = {"fee_cash": Decimal(0), "fee_coins": Decimal("0.5")}

        assert (trade(1, **fee).coins_change, trade(-1, **fee).coins_change) == (Decimal("1.5"), Decimal("-2.5"))


class TestBarsOf:
    def test_keep_the_last_close_and_know_no_price_before_the_first(self) -> None:
        bars = bars_of(times=np.arange(4), closes=np.array([[NAN, 8.0], [60.0, NAN], [NAN, NAN], [50.0, 4.0]]))

        assert bars.marks[:, 0].tolist()[1:] == [60.0, 60.0, 50.0]
        assert np.isnan(bars.marks[0, 0])
        assert bars.marks[:, 1].tolist() == [8.0, 8.0, 8.0, 4.0]
        assert bars.tradable.tolist() == [[False, True], [True, False], [False, False], [True, True]]
        # The cheapest is one unit of cash for one of the coin.
        assert bars.coin_prices.tolist() == [50.0, 4.0]
        assert bars.unit_prices[3].tolist() == [1.0, 1.0]

    def test_mark_what_the_lead_traded_before_the_first_bar_at_its_price_until_then(self) -> None:
        early = LeadTrade(time=1, asset=0, side=1, quantity=Decimal(1), price=Decimal(40))

        bars = bars_of(times=np.arange(4), closes=np.array([[NAN], [NAN], [NAN], [50.0]]), lead_trades=[early])

        assert bars.marks[1:, 0].tolist() == [40.0, 40.0, 50.0]
        assert np.isnan(bars.marks[0, 0])
        assert not bars.tradable[:3].any()
        assert bars.coin_prices.tolist() == [40.0]

    def test_mark_nothing_anew_where_there_are_bars(self) -> None:
        later = LeadTrade(time=1, asset=0, side=1, quantity=Decimal(1), price=Decimal(40))

        bars = bars_of(times=np.arange(3), closes=np.array([[50.0], [50.0], [50.0]]), lead_trades=[later])

        assert bars.marks[:, 0].tolist() == [50.0] * 3

    def test_count_a_coin_that_never_had_a_price_by_one(self) -> None:
        assert bars_of(times=np.arange(2), closes=np.full((2, 1), NAN)).coin_prices.tolist() == [1.0]

    def test_have_the_mark_for_a_low_where_there_is_no_bar(self) -> None:
        bars = bars_of(
            times=np.arange(3), closes=np.array([[50.0], [NAN], [40.0]]), lows=np.array([[45.0], [NAN], [20.0]])
        )

        assert bars.unit_lows[:, 0].tolist() == pytest.approx([45 / 40, 50 / 40, 20 / 40])


class TestPathOfWeights:
    @staticmethod
    def path(closes: list[list[float]], weights: list[list[float]], times: list[int]) -> LeadPath:
        bars = bars_of(times=np.arange(len(closes)), closes=np.array(closes))
        return path_of_weights(bars=bars, times=np.array(times), weights=np.array(weights), fee_rate=0.0)

    def test_orders_what_brings_it_from_weights_to_weights(self) -> None:
        path = self.path([[100, 10]] * 3, [[0.5, 0.25], [0.25, 0.0]], [0, 2])

        first, second = (path.orders[path.state_of_bar[bar]] for bar in (0, 2))
        assert [(order.time, order.asset) for order in (*first, *second)] == [(0, 0), (0, 1), (2, 0), (2, 1)]
        assert [order.bought_value / START_UNITS for order in first] == [0.5, 0.25]
        assert [order.sold_fraction for order in first] == [0.0, 0.0]
        assert [order.bought_value for order in second] == [0.0, 0.0]
        assert [order.sold_fraction for order in second] == pytest.approx([0.5, 1.0])
        assert path.cash_units[path.state_of_bar].tolist() == [
            0.25 * START_UNITS,
            0.25 * START_UNITS,
            0.75 * START_UNITS,
        ]
        assert path.epoch[-1].tolist() == [0, 1]
        assert path.survival[-1].tolist() == [0.5, 1.0]

    def test_leaves_a_pair_without_a_bar_as_it_is(self) -> None:
        path = self.path([[100, 10], [100, NAN], [100, 10]], [[0.5, 0.25], [0.25, 0.5]], [0, 1])

        states = path.state_of_bar
        assert [order.asset for order in path.orders[states[1]]] == [0]
        assert path.touched[states[1]].tolist() == [True, False]
        # The marks of both are their only prices, so a unit of either is one of cash.
        assert (path.held_units[states[2]] / START_UNITS).tolist() == [0.25, 0.25]

    def test_takes_a_pair_on_that_has_had_no_bar_yet_with_the_next_weights(self) -> None:
        path = self.path([[100, NAN], [100, 10]], [[0.5, 0.5], [0.5, 0.5]], [0, 1])

        assert (path.held_units[path.state_of_bar] / START_UNITS).tolist() == [[0.5, 0.0], [0.5, 0.5]]

    def test_looks_at_nothing_after_the_last_bar(self) -> None:
        path = self.path([[100, 10]] * 2, [[0.5, 0.0], [1.0, 0.0]], [1, 2])

        assert (path.held_units[path.state_of_bar] / START_UNITS).tolist() == [[0.0, 0.0], [0.5, 0.0]]
