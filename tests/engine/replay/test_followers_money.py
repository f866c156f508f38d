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
