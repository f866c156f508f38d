"""
A lead's own stake: the money of the lead's own that does what the followers' money does.

Without a minimum of it nobody follows and nothing is bought. Losses may take it down to half of that before it counts
as gone, so that a lead who put in just enough is not shut out by the first fee. Selling is never refused.
"""

import math
from datetime import datetime

import numpy as np
from django.db.models import Sum

from accounts.transactions import in_transaction
from copytrading.engine.rules import Rules
from copytrading.models import Lead, LinkedAccount
from copytrading.queries import holdings
from copytrading.queries.copies import reference
from copytrading.queries.market import board as market_queries
from copytrading.services.refusals import Refusal

# Of the minimum: what must still be there of money that was put in and lost.
LEFT_AFTER_LOSSES = 0.5


class StakeTooSmall(Refusal):
    code = "own_stake_too_small"


def stake_minimum_units(rules: Rules) -> int:
    """Return the own money that a lead needs, in quote units."""
    return rules.stake_min * 10**rules.cash_decimals


def has_stake(lead: Lead, *, now: datetime, rules: Rules) -> bool:
    """Return whether a lead has enough own money in, here or in the account elsewhere that is looked at."""
    minimum, worth = stake_minimum_units(rules), _worth(lead, now, rules)
    if lead.source == Lead.Source.OBSERVED and not _is_linked(lead):
        # A recording that is played back: what it began with is not ours to judge, as long as there is something.
        return not worth <= 0
    if lead.source == Lead.Source.PLATFORM and lead.ledger_account_id is None:
        return False
    if worth >= minimum:
        return True
    paid_in = lead.flows.aggregate(total=Sum("units"))["total"] or 0
    # A worth that is unknown, for want of a price, is no reason to shut anybody out.
    return paid_in >= minimum and not worth < minimum * LEFT_AFTER_LOSSES


def refuse_without_stake(lead: Lead, *, sentence: str, now: datetime, rules: Rules) -> None:
    """:raises StakeTooSmall: with the sentence, if the lead has too little own money in."""
    if not has_stake(lead, now=now, rules=rules):
        raise StakeTooSmall(sentence)


def worth_units(lead: Lead, *, now: datetime, rules: Rules) -> int | None:
    """Return what a lead's own portfolio is worth in quote units; None while a price is unknown."""
    worth = _worth(lead, now, rules)
    return int(worth) if math.isfinite(worth) else None


@in_transaction
def watch_stake(*, lead: Lead, is_withdrawal: bool, now: datetime, rules: Rules) -> bool:
    """
    Raise or clear a lead's stake alarm after money moved, and return whether it was raised now.

    It is raised by a withdrawal that leaves less than the minimum, or less than a tenth of the money that follows, and
    cleared as soon as enough is back in. The lead is locked.
    """
    if lead.source == Lead.Source.OBSERVED and not _is_linked(lead):
        return False
    board, cash = market_queries.load_board_and_cash(now=now, rules=rules)
    worth = holdings.load_lead(lead, board=board, cash=cash).equity(board)
    copies = holdings.load_copies(lead, board=board, cash=cash)
    valuation, follows = copies.valued(board), ~np.isin(copies.ids, reference.reference_ids([lead.pk]))
    following = float(valuation.worth[valuation.known & follows].sum())
    is_low = worth < max(stake_minimum_units(rules), rules.stake_alarm * following)
    if is_low == (lead.stake_alarm_at is not None):
        return False
    if is_low and not (is_withdrawal and following > 0):
        return False
    lead.stake_alarm_at = now if is_low else None
    lead.save(update_fields=["stake_alarm_at"])
    return is_low


def _is_linked(lead: Lead) -> bool:
    return LinkedAccount.objects.filter(lead=lead).exists()


def _worth(lead: Lead, now: datetime, rules: Rules) -> float:
    board = market_queries.load_board(now=now, rules=rules)
    return holdings.load_lead(lead, board=board, cash=market_queries.cash_asset()).equity(board)
