from decimal import Decimal

from copytrading.engine.replay.feasible_order import feasible_order
from copytrading.engine.replay.lead_path import LeadTrade

BTC, ETH = 0, 1


def trade(time: int, asset: int, side: int, quantity: int, price: int = 10) -> LeadTrade:
    return LeadTrade(time=time, asset=asset, side=side, quantity=Decimal(quantity), price=Decimal(price))


def order_of(*trades: LeadTrade, cash: int = 100) -> list[int]:
    return feasible_order(trades, lead_cash=Decimal(cash), fee_rate=Decimal(0))


class TestFeasibleOrder:
    def test_keeps_what_can_be_as_it_is(self):
        assert order_of(trade(1, BTC, 1, 5), trade(1, BTC, -1, 5), trade(2, ETH, 1, 5)) == [0, 1, 2]

    def test_puts_a_purchase_before_the_sale_of_the_same_moment(self):
        assert order_of(trade(1, BTC, -1, 5), trade(1, BTC, 1, 5)) == [1, 0]

    def test_lets_nobody_sell_a_single_coin_more_than_there_is(self):
        assert order_of(trade(1, BTC, -1, 1), trade(1, BTC, 1, 1)) == [1, 0]

    def test_puts_a_sale_before_the_purchase_that_it_pays(self):
        assert order_of(trade(1, BTC, 1, 10), trade(2, ETH, 1, 10), trade(2, BTC, -1, 10)) == [0, 2, 1]

    def test_moves_nothing_to_another_moment(self):
        assert order_of(trade(1, BTC, -1, 5), trade(2, BTC, 1, 5)) == [0, 1]

    def test_lets_the_last_unit_of_cash_be_spent(self):
        assert order_of(trade(1, BTC, -1, 10), trade(1, BTC, 1, 10), cash=100) == [1, 0]

    def test_leaves_several_that_cannot_be_as_they_came(self):
        assert order_of(trade(1, BTC, -1, 9), trade(1, ETH, -1, 9), trade(1, BTC, -1, 8)) == [0, 1, 2]

    def test_leaves_what_cannot_be_in_its_place(self):
        assert order_of(trade(1, BTC, 1, 5), trade(1, BTC, -1, 9), trade(1, ETH, 1, 1)) == [0, 2, 1]
