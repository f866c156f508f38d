"""
A lead's orders that copies have still to follow: each waits until a bar trades its coin.

Only modes that answer orders have any.
"""

from __future__ import annotations

import numpy as np

from copytrading.engine.arrays import BoolArray, IntArray
from copytrading.engine.replay.lead_path import LeadOrder
from copytrading.engine.sizing.mode import Ordered


class WaitingOrders:
    """The orders that wait, oldest first, each with the copies (K,) that take it. A is the number of coins."""

    def __init__(self, assets: int) -> None:
        self._assets = assets
        self._waiting: list[tuple[LeadOrder, BoolArray]] = []

    def add(self, order: LeadOrder, takes: BoolArray) -> None:
        """Let an order wait for those copies (K,) that take it."""
        self._waiting.append((order, takes))

    def take_due(self, *, tradable: BoolArray, rows: IntArray | slice, running: BoolArray) -> tuple[Ordered, ...]:
        """
        Return the orders that can be followed where these coins (A,) are traded, each part (R, A), and wait no longer.

        Buys of different coins are sized together; an order only waits for those before it in its own coin.

        :param rows: the copies (R,) that look.
        :param running: which of them (R,) follow orders now; the others skip what is due.
        """
        due = [waiting for waiting in self._waiting if tradable[waiting[0].asset]]
        self._waiting = [waiting for waiting in self._waiting if not tradable[waiting[0].asset]]
        steps: list[Ordered] = []
        bought: set[int] = set()
        for order, takes in due:
            if not steps or order.asset in bought:
                steps.append(self._nothing_ordered(len(running)))
                bought = set()
            taken, asset = takes[rows] & running, order.asset
            if order.sold_fraction > 0:
                kept = (1.0 - steps[-1].sold_fractions[taken, asset]) * (1.0 - order.sold_fraction)
                steps[-1].sold_fractions[taken, asset] = 1.0 - kept
            else:
                bought.add(asset)
                steps[-1].bought_values[taken, asset] = order.bought_value
                steps[-1].orders[taken, asset] = 1.0
        return tuple(steps)

    def _nothing_ordered(self, copies: int) -> Ordered:
        shape = (copies, self._assets)
        return Ordered(bought_values=np.zeros(shape), orders=np.zeros(shape), sold_fractions=np.zeros(shape))
