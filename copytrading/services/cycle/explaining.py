"""
A plan is adjusted, never silently: one row for each copy and coin whose plan differs from its wish, with the reason.

Only what somebody waits for is explained: a coin the lead just traded, a copy that starts, changes or stops. What
fees alone take from a buy is no adjustment.
"""

from collections.abc import Iterator

import numpy as np
from django.conf import settings

from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import BoolArray, FloatArray
from copytrading.models import SyncCycle
from copytrading.services.books import adjustments
from copytrading.services.cycle.deciding import Wishes
from copytrading.services.cycle.scene import Scene
from copytrading.services.orders.bunching import PlannedOrder


def explain(*, cycle: SyncCycle, scene: Scene, wishes: Wishes, orders: list[PlannedOrder], selling: bool) -> None:
    """Write the adjustments of a phase. In the caller's transaction."""
    prices = np.nan_to_num(scene.board.unit_prices)
    worth = adjustments.VALUE_WORTH_TELLING * 10**scene.cash.decimals
    for reason, cells, planned_units in _findings(scene, wishes, orders, selling=selling):
        wanted_units = _wanted(scene, wishes, reason)
        wanted, planned = np.abs(wanted_units) * prices, np.abs(planned_units) * prices
        told = cells & (np.abs(wanted - planned) >= worth)
        _write(cycle, scene, reason, told, wanted, planned)


def _findings(
    scene: Scene, wishes: Wishes, orders: list[PlannedOrder], *, selling: bool
) -> Iterator[tuple[Reason, BoolArray, FloatArray]]:
    """Yield each reason with its cells (N, A) and what is planned there in units (N, A)."""
    if not selling:
        for reason, cells in wishes.cuts.items():
            yield reason, cells, wishes.copies.astype(np.float64)
    if selling:
        shut = np.asarray(~scene.board.listed[None, :] & _waited_for(scene), dtype=np.bool_)
        yield Reason.MARKET_UNAVAILABLE, shut, np.zeros(shut.shape, dtype=np.float64)
    for order in orders:
        for reason in order.reasons:
            place = np.flatnonzero(scene.board.market_ids == order.market.pk)
            cells = np.zeros(wishes.copies.shape, dtype=np.bool_)
            net_buys = wishes.net[place] > 0
            cells[:, place] = (wishes.copies[:, place] > 0) == net_buys
            cells &= wishes.explained & (wishes.copies != 0)
            yield reason, cells, np.asarray(wishes.copies * order.planned_fraction, dtype=np.float64)
    if not selling:
        # Sized by the limit, a buy of the whole cash always keeps the fee and the slippage back.
        usual = 1 - float(settings.SMARTSYNC_FEE_RATE) - settings.SMARTSYNC_SLIPPAGE_CAP
        short = (wishes.cash_factors < usual)[:, None] & wishes.explained & (wishes.wanted > 0)
        yield Reason.CASH_SHORT, short, wishes.copies.astype(np.float64)
        yield Reason.CONCENTRATION_CAPPED, wishes.capped & (wishes.copies > 0), wishes.copies.astype(np.float64)


def _waited_for(scene: Scene) -> BoolArray:
    touched = scene.portfolio.touched | (scene.lead_wish != 0)
    aligning = scene.copies.aligning & scene.copies.has_status("STARTING", "ACTIVE")
    return (touched[None, :] | aligning[:, None]) & (scene.portfolio.units > 0)[None, :]


def _wanted(scene: Scene, wishes: Wishes, reason: Reason) -> FloatArray:
    if reason in wishes.cuts:
        prices = scene.board.unit_prices
        return np.divide(wishes.asked_values, prices, out=np.zeros_like(wishes.asked_values), where=prices > 0)
    if reason is Reason.MARKET_UNAVAILABLE:
        return wishes.targets - scene.copies.units
    if reason is Reason.CONCENTRATION_CAPPED:
        lead_value = np.nan_to_num(scene.portfolio.equity(scene.board))
        size = np.nan_to_num(scene.copies.equity(scene.board)) / lead_value if lead_value else 0.0
        return np.outer(size, scene.portfolio.units + scene.lead_wish) - scene.copies.units
    return wishes.wanted.astype(np.float64)


def _write(
    cycle: SyncCycle, scene: Scene, reason: Reason, cells: BoolArray, wanted: FloatArray, planned: FloatArray
) -> None:
    rows, places = np.nonzero(cells)
    adjustments.note_adjustments(
        cycle_id=cycle.pk,
        reason=reason,
        copy_ids=scene.copies.ids[rows],
        asset_ids=scene.board.asset_ids[places],
        wanted=wanted[rows, places],
        planned=planned[rows, places],
        now=scene.now,
    )
