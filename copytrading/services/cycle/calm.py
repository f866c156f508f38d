"""
A lead with whose copies all is well is looked at again when prices have moved far enough for one of them to drift.

How far that is the look itself says, which found nothing to do. Whatever else may give a copy something to trade is a
request, and a lead with one is always looked at.
"""

from datetime import timedelta

import numpy as np

from copytrading.engine.deciding.calm import price_slack
from copytrading.engine.deciding.decision import Decision
from copytrading.models import LeadCalm
from copytrading.services.cycle.scene import Scene

# The net: so long at most nobody looks, whatever prices do.
LASTS_AT_MOST = timedelta(minutes=15)

# Of a row of copytrading_lead, with the time since which a calm counts: whether a look would find nothing.
IS_CALM = """
    EXISTS (
        SELECT FROM copytrading_leadcalm AS calm
        WHERE calm.lead_id = copytrading_lead.id AND calm.looked_at = copytrading_lead.looked_at
            AND calm.request_count = copytrading_lead.request_count
            AND calm.looked_at > %s AND NOT EXISTS (
                SELECT FROM unnest(calm.market_ids, calm.prices) AS seen(market_id, price)
                LEFT JOIN copytrading_mark AS mark ON mark.market_id = seen.market_id
                WHERE mark.price IS NULL OR abs(mark.price::double precision / seen.price - 1) > calm.price_slack
            )
    )
"""


def note_calm(scene: Scene, glance: Decision) -> None:
    """Note how far prices may move after a look that found nothing to do, where that can be told."""
    lead, board, copies = scene.portfolio, scene.board, scene.copies
    held = (lead.units > 0) | (copies.units != 0).any(axis=0)
    # What is not traded here has prices that nobody here sees.
    if lead.other_value_units or not lead.is_seen or not (board.unit_prices[held] > 0).all():
        return
    slack = price_slack(wishes=glance.wishes, copies=copies, lead=lead, board=board, drift_band=scene.rules.drift_band)
    if slack <= 0:
        return
    LeadCalm.objects.update_or_create(
        lead=scene.lead,
        defaults={
            "looked_at": scene.now,
            "request_count": scene.lead.request_count,
            "market_ids": board.market_ids[held].tolist(),
            "prices": [float(mark) for mark in np.asarray(board.marks)[held]],
            "price_slack": slack,
        },
    )
