"""A lead's orders wait for a bar of their coin, and are followed by who runs then."""

import numpy as np

from copytrading.engine.replay.lead_path import LeadOrder
from copytrading.engine.replay.waiting_orders import WaitingOrders

BTC, ETH = 0, 1
BOTH = np.array([True, True])
ROWS = np.arange(2)


def buy(asset: int, value: float) -> LeadOrder:
    return LeadOrder(time=0, asset=asset, bought_value=value, sold_fraction=0.0)


def sell(asset: int, fraction: float) -> LeadOrder:
    return LeadOrder(time=0, asset=asset, bought_value=0.0, sold_fraction=fraction)


def waiting(*orders: LeadOrder) -> WaitingOrders:
    them = WaitingOrders(assets=2)
    for order in orders:
        them.add(order, BOTH)
    return them


def test_are_skipped_by_who_does_not_run_when_they_are_due() -> None:
    them = waiting(buy(BTC, 10.0))

    (step,) = them.take_due(tradable=BOTH, rows=ROWS, running=np.array([True, False]))

    assert step.bought_values.tolist() == [[10.0, 0.0], [0.0, 0.0]]
    assert them.take_due(tradable=BOTH, rows=ROWS, running=BOTH) == ()


def test_of_one_coin_are_followed_one_after_the_other_and_of_several_together() -> None:
    steps = waiting(buy(BTC, 10.0), buy(ETH, 20.0), sell(BTC, 0.5), buy(ETH, 5.0)).take_due(
        tradable=BOTH, rows=ROWS, running=BOTH
    )

    assert [step.bought_values[0].tolist() for step in steps] == [[10.0, 20.0], [0.0, 5.0]]
    assert [step.orders[0].tolist() for step in steps] == [[1.0, 1.0], [0.0, 1.0]]
    assert steps[1].sold_fractions[0, BTC] == 0.5


def test_sales_of_one_coin_add_up_to_what_is_left() -> None:
    (step,) = waiting(sell(BTC, 0.5), sell(BTC, 0.5)).take_due(tradable=BOTH, rows=ROWS, running=BOTH)

    assert step.sold_fractions[0].tolist() == [0.75, 0.0]


def test_sales_before_and_after_a_purchase_of_the_coin_are_parts_of_what_there_is_then() -> None:
    steps = waiting(sell(BTC, 0.5), buy(BTC, 10.0), sell(BTC, 0.25)).take_due(tradable=BOTH, rows=ROWS, running=BOTH)

    assert [step.sold_fractions[0, BTC] for step in steps] == [0.5, 0.25]


def test_wait_for_a_bar_of_their_coin() -> None:
    them = waiting(buy(BTC, 10.0), buy(ETH, 20.0))

    (first,) = them.take_due(tradable=np.array([False, True]), rows=ROWS, running=BOTH)
    (later,) = them.take_due(tradable=BOTH, rows=ROWS, running=BOTH)

    assert (first.bought_values[0].tolist(), later.bought_values[0].tolist()) == ([0.0, 20.0], [10.0, 0.0])
