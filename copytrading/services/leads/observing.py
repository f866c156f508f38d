"""
Leads who trade elsewhere: what was seen of their balances, and what that was: a trade, a deposit, a withdrawal.

A trade is followed at once, in the coins it touched. Money or coins that came or went open the settling window, and
after it the ratios rule. Which is which is read by `engine.balance_changes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from django.db import transaction

from accounts.request_keys import Request
from copytrading.engine import balance_changes
from copytrading.engine.arrays import IntArray
from copytrading.engine.balance_changes import BalanceChange
from copytrading.engine.board import Board
from copytrading.models import Lead, LeadHolding, Market, ObservedTrade
from copytrading.queries import holdings
from copytrading.queries import market as market_queries
from copytrading.queries.rules import CASH_DECIMALS
from copytrading.services import keys, queueing
from copytrading.services.books import flows, gaps, positions
from copytrading.services.leads import verbs as leads
from copytrading.services.locks import lock_lead
from copytrading.services.refusals import NotEnoughCash, NotHeld

# What comes or goes in less than this many units of cash (interest, fees in another coin) is no word to followers.
QUIET_VALUE = 1


class Sight(StrEnum):
    """What came of a look at somebody's balances."""

    UNCHANGED = "UNCHANGED"
    TAKEN = "TAKEN"
    # Something came or went: it may be half of a trade, so it is looked at once more.
    DOUBTED = "DOUBTED"
    # A coin that changed has no fresh price, so nothing is known about what the change was.
    WAITS_FOR_PRICES = "WAITS_FOR_PRICES"


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A change of balances on a board: coins (A,) and cash in signed units, and the change taken apart."""

    board: Board
    change_units: IntArray
    cash_change_units: int
    reading: BalanceChange


def observe_trade(*, lead_id: int, asset_id: int, signed_units: int, cash_units: int, now: datetime) -> None:
    """
    Note a trade that a lead made elsewhere: signed units of a coin, and what the cash changed by, fee included.

    :raises NotHeld: if more is sold, or spent, than the lead was seen to have.
    """
    with transaction.atomic():
        lead = lock_lead(lead_id)
        cash = market_queries.cash_asset()
        holding, _ = LeadHolding.objects.select_for_update().get_or_create(lead=lead, asset_id=asset_id)
        cash_holding, _ = LeadHolding.objects.select_for_update().get_or_create(lead=lead, asset=cash)
        if holding.units + signed_units < 0:
            raise NotHeld(f"{lead.name} was seen to sell more than the {holding.units} units held.")
        if cash_holding.units + cash_units < 0:
            raise NotHeld(f"{lead.name} was seen to spend more than the cash held.")
        gaps.measure_lead(lead=lead, now=now)
        gaps.note_observed_trade(lead=lead, asset_id=asset_id, signed_units=signed_units, cash_units=cash_units)
        positions.note_trade(
            lead=lead,
            asset_id=asset_id,
            signed_units=signed_units,
            held_before=holding.units,
            request=queueing.request_sync(lead_id=lead.pk, now=now),
        )
        positions.note_pending(lead=lead, asset_id=asset_id, signed_units=signed_units)
        ObservedTrade.objects.create(
            lead=lead,
            market=Market.objects.get(base_id=asset_id, quote=cash),
            units=signed_units,
            cash_units=cash_units,
            traded_at=now,
        )
        holding.units += signed_units
        cash_holding.units += cash_units
        holding.save(update_fields=["units"])
        cash_holding.save(update_fields=["units"])


def observe_flow(*, lead_id: int, units: int, idempotency_key: str, now: datetime) -> Lead:
    """Note money that an observed lead moved in (positive) or out (negative) elsewhere, in quote units, once a key."""
    lead = Lead.objects.select_related("user").get(pk=lead_id)
    asked = Request.of("observed flow", f"a flow of {keys.cash_words(units)} seen elsewhere", lead=lead_id, units=units)
    with transaction.atomic():
        if keys.is_repeated(user=lead.user, key=idempotency_key, request=asked, now=now):
            return lead
        lead = lock_lead(lead_id)
        equity = leads.equity_of(lead, now=now)
        holding, _ = LeadHolding.objects.select_for_update().get_or_create(lead=lead, asset=market_queries.cash_asset())
        if holding.units + units < 0:
            raise NotEnoughCash("The lead was seen to move out more cash than there was.")
        gaps.measure_lead(lead=lead, now=now)
        holding.units += units
        holding.save(update_fields=["units"])
        flows.note_flow(lead=lead, units=units, equity_before=equity, idempotency_key=idempotency_key, now=now)
    return lead


def observe_balances(
    *,
    lead_id: int,
    coins: Mapping[int, int],
    cash_units: int,
    is_opening: bool,
    is_second_look: bool,
    idempotency_key: str,
    now: datetime,
) -> Sight:
    """
    Take what a lead was seen to hold elsewhere, and note what it did to get there.

    1. Nothing changed since the last look: nothing is written.
    2. A coin that changed has no fresh price although its market trades: nothing is taken yet.
    3. All that changed was traded: each coin is noted as a trade and followed at once.
    4. Something came or went, worth one USDT or more: seen for the first time it is doubted, and nothing is taken; seen
       again it is a flow, the settling window opens and followers are told. What was traded beside it is followed.

    :param coins: units by asset, every coin that is held and has a market and a price here; what is missing is zero.
    :param is_opening: the account is new here, so whatever differs was brought along and nothing was traded.
    :param idempotency_key: names this look; the flow it finds is noted under it.
    """
    with transaction.atomic():
        lead = lock_lead(lead_id)
        board = market_queries.load_board(now=now)
        seen = _compare(lead, board, coins, cash_units, is_opening=is_opening)
        changed = seen.change_units != 0
        if not changed.any() and not seen.cash_change_units:
            return Sight.UNCHANGED
        if not is_opening and (changed & board.listed & ~board.fresh).any():
            return Sight.WAITS_FOR_PRICES
        quiet = QUIET_VALUE * 10**CASH_DECIMALS
        is_quiet = seen.reading.moved_turnover(board.unit_prices) < quiet
        if not (is_quiet or is_second_look or is_opening):
            return Sight.DOUBTED
        gaps.measure_lead(lead=lead, now=now)
        _take(lead, seen, idempotency_key, now, is_quiet=is_quiet)
    return Sight.TAKEN


def _compare(lead: Lead, board: Board, coins: Mapping[int, int], cash_units: int, *, is_opening: bool) -> _Seen:
    held = holdings.load_lead(lead, board=board, cash=market_queries.cash_asset())
    units = np.array([coins.get(int(asset_id), 0) for asset_id in board.asset_ids], dtype=np.int64)
    # A coin that nobody has priced yet has no value, and so nothing can be said of it.
    change = np.where(np.isfinite(board.unit_prices), units - held.units, 0)
    cash_change = cash_units - held.cash_units
    reading = balance_changes.read_change(
        change_units=change, cash_change_units=cash_change, unit_prices=board.unit_prices
    )
    if is_opening:
        nothing = np.zeros_like(change)
        reading = BalanceChange(
            traded_units=nothing, paid_units=nothing, moved_units=change, moved_cash_units=cash_change
        )
    return _Seen(board=board, change_units=change, cash_change_units=cash_change, reading=reading)


def _take(lead: Lead, seen: _Seen, idempotency_key: str, now: datetime, *, is_quiet: bool) -> None:
    """Note flows in, sales, purchases and flows out, in this order: so nothing is ever below zero on the way."""
    reading, prices = seen.reading, seen.board.unit_prices
    equity = leads.equity_of(lead, now=now)
    _move(lead, seen.board, np.maximum(reading.moved_units, 0), max(reading.moved_cash_units, 0))
    for place in np.argsort(-reading.paid_units):
        if reading.traded_units[place]:
            observe_trade(
                lead_id=lead.pk,
                asset_id=int(seen.board.asset_ids[place]),
                signed_units=int(reading.traded_units[place]),
                cash_units=int(reading.paid_units[place]),
                now=now,
            )
    _move(lead, seen.board, np.minimum(reading.moved_units, 0), min(reading.moved_cash_units, 0))
    if not reading.moved_turnover(prices):
        return
    lead.refresh_from_db()
    units = round(reading.moved_value(prices))
    if is_quiet:
        positions.issue_units(lead=lead, flow_units=units, equity_before=equity)
    else:
        flows.note_flow(lead=lead, units=units, equity_before=equity, idempotency_key=idempotency_key, now=now)


def _move(lead: Lead, board: Board, moved_units: IntArray, cash_units: int) -> None:
    """Add what came, or take what went, from what the lead was last seen to hold."""
    for place in np.flatnonzero(moved_units):
        asset_id, units = int(board.asset_ids[place]), int(moved_units[place])
        holding, _ = LeadHolding.objects.select_for_update().get_or_create(lead=lead, asset_id=asset_id)
        if units < 0:
            positions.note_departure(lead=lead, asset_id=asset_id, units=-units, held_before=holding.units)
        holding.units += units
        holding.save(update_fields=["units"])
    if cash_units:
        holding, _ = LeadHolding.objects.select_for_update().get_or_create(lead=lead, asset=market_queries.cash_asset())
        holding.units += cash_units
        holding.save(update_fields=["units"])
