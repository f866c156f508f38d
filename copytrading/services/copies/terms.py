"""What a follower may still change of the terms that a copy was started on: its caps, and how it answers orders."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from accounts.transactions import owns_transaction
from copytrading.engine.sizing import registry
from copytrading.models import Copy
from copytrading.queries.copies.terms import columns_of, terms_of
from copytrading.services import bell, queueing
from copytrading.services.copies.refusals import TermsNotPossible, refuse_inactive, refuse_terms
from copytrading.services.locks import lock_copy

CHANGEABLE = (
    "weight_max",
    "order_value_units",
    "order_ratio",
    "order_value_max_units",
    "total_value_max_units",
    "market_ids",
)


@owns_transaction
def change_terms(*, copy_id: int, changes: Mapping[str, Any], now: datetime) -> Copy:
    """
    Change some of a copy's terms, by the names of `Terms`; its mode, and what it began with, stay.

    A copy that holds ratios is brought to its new caps by the next cycle; one that answers orders answers the next one
    by the new terms. A decision that knew the old terms buys nothing any more.

    :raises Refusal: if the copy is not running, or its mode has no use for a term, or it makes no sense.
    """
    if strange := set(changes) - set(CHANGEABLE):
        raise TermsNotPossible(
            gettext("%(term)s cannot be changed of a copy that runs.") % {"term": min(strange)}, field=min(strange)
        )
    copy = lock_copy(copy_id)
    refuse_inactive(copy)
    changed = replace(terms_of(copy), **changes)
    refuse_terms(changed, copy.invested_units)
    columns = columns_of(changed)
    for name in CHANGEABLE:
        setattr(copy, name, columns[name])
    if registry.holds_ratios(copy.mode):
        copy.fence = copy.align_request = queueing.request_sync(lead_id=copy.lead_id, now=now)
    else:
        copy.fence = queueing.number_change(lead_id=copy.lead_id)
    copy.save(update_fields=[*CHANGEABLE, "fence", "align_request"])
    bell.publish(f"user:{copy.follower_id}", "copies")
    return copy
