"""What followers put into copies that are looked back on, and what they take out."""

import numpy as np

from copytrading.engine.replay.followers_money import FollowersMoney


def test_counts_as_invested_what_is_added_and_falls_in_proportion_to_what_is_taken_out() -> None:
    money = FollowersMoney.at_start(1_000, stop_losses=np.array([200.0, np.nan]))

    money.put_in(0, units=500.0)
    assert (money.invested.tolist(), money.paid_in.tolist()) == ([1_500.0, 1_000.0], [1_500.0, 1_000.0])

    money.ask_for(0, units=300.0, equity=1_200.0)
    assert (money.invested.tolist(), money.owed.tolist()) == ([1_125.0, 1_000.0], [300, 0])
    assert money.stop_losses[0] == 150.0
    assert money.paid_in[0] == 1_500.0


def test_takes_all_of_it_off_where_more_is_asked_for_than_there_is() -> None:
    money = FollowersMoney.at_start(1_000, stop_losses=np.array([200.0]))

    money.ask_for(0, units=900.0, equity=800.0)

    assert (money.invested.tolist(), money.stop_losses.tolist(), money.owed.tolist()) == ([0.0], [0.0], [900])


def test_pays_all_or_nothing_who_waits_for_a_market_and_all_others_as_far_as_the_cash_goes() -> None:
    money = FollowersMoney.at_start(1_000, stop_losses=np.full(5, np.nan))
    for row in range(4):
        money.ask_for(row, units=300.0, equity=1_000.0)

    paid = money.pay(
        slice(None),
        cash=np.array([300, 299, 299, 0, 300]),
        waits=np.array([True, True, False, False, False]),
    )

    assert paid.tolist() == [300, 0, 299, 0, 0]
    assert money.paid_out.tolist() == [300.0, 0.0, 299.0, 0.0, 0.0]
    # What was paid in part is not owed any more; what was not paid at all is.
    assert money.owed.tolist() == [0, 300, 0, 300, 0]


def test_pays_those_that_are_looked_at_and_no_others() -> None:
    money = FollowersMoney.at_start(1_000, stop_losses=np.full(2, np.nan))
    for row in range(2):
        money.ask_for(row, units=100.0, equity=1_000.0)

    assert money.pay(np.array([1]), cash=np.array([500]), waits=np.array([False])).tolist() == [100]
    assert money.owed.tolist() == [100, 0]
