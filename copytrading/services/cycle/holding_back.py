"""
Wishes that are held back before a cycle could come of them, told once an episode.

While a price is old or in doubt, or a lead's money settles, nothing is decided, so no cycle can explain it. This looks
at what the copies would trade otherwise, and writes one adjustment for each copy and coin that waits. An episode began
when the price was last good, or when the lead's money moved; what was told since then is not told again.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from copytrading.engine.adjustments import VALUE_WORTH_TELLING, Reason
from copytrading.engine.arrays import BoolArray, FloatArray
from copytrading.engine.market.board import Board
from copytrading.engine.rules import Rules
from copytrading.models import Copy, Lead
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.services.books import adjustments
from copytrading.services.cycle.scene import Scene, load_scene

# A price that is back within seconds is not worth a sentence.
PATIENCE_SECONDS = 10.0


def explain_waiting(*, now: datetime) -> int:
    """Tell every copy what it waits for and why, where it was not told yet; return how many sentences that made."""
    rules = platform_rules()
    stuck = _stuck(market_queries.load_board(now=now, rules=rules), rules, now)
    leads = Lead.objects.filter(copies__status__in=Copy.GUARDED).distinct()
    if not stuck.any():
        leads = leads.filter(settling_until__gt=now)
    return sum(_explain_lead(lead, now, rules) for lead in leads.order_by("pk"))


def _explain_lead(lead: Lead, now: datetime, rules: Rules) -> int:
    scene = load_scene(lead, now=now, rules=rules)
    board = scene.board
    ordered = np.isin(np.arange(len(board.asset_ids)), [order.place for order in scene.lead_orders])
    stuck = _stuck(board, scene.rules, now) & ((scene.portfolio.units > 0) | ordered)
    if stuck.any():
        in_doubt = stuck & ~np.isnan(board.doubted_prices)
        began = datetime.fromtimestamp(float(board.priced_at[stuck].min()), tz=UTC)
        reason = Reason.PRICE_OUTLIER if in_doubt.any() else Reason.PRICE_STALE
        return _tell(scene, _values(scene), reason, since=began)
    if lead.settling_until is not None and lead.settling_until > now:
        # What repair would trade if the money did not settle, less what is traded all the same.
        settled = replace(scene, portfolio=replace(scene.portfolio, settling_until=np.nan))
        held_back = np.where(_values(scene) == 0, _values(settled), 0.0)
        began = lead.settling_until - timedelta(seconds=scene.rules.settling_seconds)
        return _tell(scene, held_back, Reason.LEAD_FLOW_SETTLING, since=began)
    return 0


def _stuck(board: Board, rules: Rules, now: datetime) -> BoolArray:
    """Return the markets (A,) that would trade but have had no price to act on for a while."""
    waited = now.timestamp() - board.priced_at > rules.price_age_max_seconds + PATIENCE_SECONDS
    return np.asarray(board.listed & ~board.fresh & waited & ~np.isnan(board.unit_prices), dtype=np.bool_)


def _values(scene: Scene) -> FloatArray:
    """Return what the copies would trade if every price were good, as values in quote units (N, A)."""
    known = ~np.isnan(scene.board.unit_prices)
    board = replace(scene.board, fresh=known, tradable=np.asarray(scene.board.listed & known, dtype=np.bool_))
    wishes = replace(scene, board=board).decide().wishes
    return np.asarray(np.abs(wishes.wanted) * np.nan_to_num(board.unit_prices), dtype=np.float64)


def _tell(scene: Scene, values: FloatArray, reason: Reason, *, since: datetime) -> int:
    rows, places = np.nonzero(values >= VALUE_WORTH_TELLING * 10**scene.cash.decimals)
    return adjustments.note_adjustments(
        cycle_id=None,
        reason=reason,
        copy_ids=scene.copies.ids[rows],
        asset_ids=scene.board.asset_ids[places],
        wanted=values[rows, places],
        planned=np.zeros(len(rows)),
        now=scene.now,
        since=since,
    )
