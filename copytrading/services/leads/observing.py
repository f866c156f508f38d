"""
Leads who trade elsewhere: what was seen of their balances, and what that was: a trade, a deposit, a withdrawal.

A trade is followed at once, in the coins it touched. Money or coins that came or went open the settling window, and
after it the ratios rule. Small things are neither: a reward, an airdrop, dust turned into another coin are noted as
what they are, and nobody is told. Which is which is read by `engine.balance_changes`.

What is not traded here has places too, after those of the board: it counts, it may be traded for what is followed, and
nobody buys it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import numpy as np
from django.db import transaction

from accounts.request_keys import Request
from copytrading.engine.arrays import IntArray
from copytrading.engine.holdings.balance_changes import BalanceChange, Trade
from copytrading.engine.rules import Rules
from copytrading.engine.units import coins
from copytrading.exchange.live.own_trades import OwnTrade
from copytrading.models import AccountMove, Lead, LeadHolding, Market, ObservedTrade, UntradedHolding
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.market import doubts
from copytrading.queries.rules import CASH_DECIMALS, platform_rules
from copytrading.services import keys, queueing
from copytrading.services.books import flows, gaps, positions
from copytrading.services.leads import places, recounts, untraded
from copytrading.services.leads import verbs as leads
from copytrading.services.leads.account_reading import AccountHoldings
from copytrading.services.leads.places import Places
from copytrading.services.leads.recounts import Recount
from copytrading.services.locks import lock_lead
from copytrading.services.refusals import NotEnoughCash, NotHeld

# What comes or goes in less than this share of the lead's equity is no word to followers, nor is one unit of cash.
QUIET_SHARE = 0.001
QUIET_VALUE = 1
# Below this share of one unit of cash a move is not even noted.
NOTED_SHARE = 0.01


class Sight(StrEnum):
    """What came of a look at somebody's balances."""

    UNCHANGED = "UNCHANGED"
    TAKEN = "TAKEN"
    # Something came or went: it may be half of a trade, so it is looked at once more.
    DOUBTED = "DOUBTED"
    # The same, but what the exchange says was traded is taken already.
    HALF_TAKEN = "HALF_TAKEN"
    # A coin that changed has no fresh price, or is in doubt, so nothing is known about what the change was.
    WAITS_FOR_PRICES = "WAITS_FOR_PRICES"
    # A coin seems to be counted in another unit: people have to say whether it is.
    WAITS_FOR_PEOPLE = "WAITS_FOR_PEOPLE"


@dataclass(frozen=True, kw_only=True)
class Puzzle:
    """A change that balances alone do not explain: the coins that changed, cash among them, and what is held."""

    changed: tuple[str, ...]
    held: tuple[str, ...]


def observe_trade(
    *, lead_id: int, asset_id: int, signed_units: int, cash_units: int, fee_units: int = 0, now: datetime
) -> None:
    """
    Note a trade that a lead made elsewhere: signed units of a coin, and what the cash changed by, fee included.

    :param fee_units: that fee in quote units, so that gaps count it as one; 0 where nobody knows it, and it counts as
        a part of the price.
    :raises NotHeld: if more is sold, or spent, than the lead was seen to have.
    """
    _observe_trade(
        lead_id=lead_id,
        asset_id=asset_id,
        signed_units=signed_units,
        cash_units=cash_units,
        fee_units=fee_units,
        now=now,
        rules=platform_rules(),
    )


def _observe_trade(
    *, lead_id: int, asset_id: int, signed_units: int, cash_units: int, fee_units: int, now: datetime, rules: Rules
) -> None:
    with transaction.atomic():
        lead = lock_lead(lead_id)
        cash = market_queries.cash_asset()
        holding, _ = LeadHolding.objects.select_for_update().get_or_create(lead=lead, asset_id=asset_id)
        cash_holding, _ = LeadHolding.objects.select_for_update().get_or_create(lead=lead, asset=cash)
        if holding.units + signed_units < 0:
            raise NotHeld(f"{lead.name} was seen to sell more than the {holding.units} units held.")
        if cash_holding.units + cash_units < 0:
            raise NotHeld(f"{lead.name} was seen to spend more than the cash held.")
        gaps.measure_lead(lead=lead, now=now, rules=rules)
        gaps.note_observed_trade(
            lead=lead, asset_id=asset_id, signed_units=signed_units, cash_units=cash_units, fee_units=fee_units
        )
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
    rules = platform_rules()
    lead = Lead.objects.select_related("user").get(pk=lead_id)
    asked = Request.of("observed flow", f"a flow of {keys.cash_words(units)} seen elsewhere", lead=lead_id, units=units)
    with transaction.atomic():
        if keys.is_repeated(user=lead.user, key=idempotency_key, request=asked, now=now):
            return lead
        lead = lock_lead(lead_id)
        equity = leads.equity_of(lead, now=now, rules=rules)
        holding, _ = LeadHolding.objects.select_for_update().get_or_create(lead=lead, asset=market_queries.cash_asset())
        if holding.units + units < 0:
            raise NotEnoughCash("The lead was seen to move out more cash than there was.")
        gaps.measure_lead(lead=lead, now=now, rules=rules)
        holding.units += units
        holding.save(update_fields=["units"])
        flows.note_flow(
            lead=lead, units=units, equity_before=equity, idempotency_key=idempotency_key, now=now, rules=rules
        )
    return lead


def find_puzzle(
    *, lead_id: int, held: AccountHoldings, since: datetime | None, now: datetime, rules: Rules
) -> Puzzle | None:
    """
    Return what the exchange should be asked about before a look is taken; None where balances tell enough.

    Nothing is locked or written: it may be out of date when the look is taken, and then the next one asks.
    """
    lead = Lead.objects.get(pk=lead_id)
    if _is_as_seen(lead, held):
        return None
    seen = _look(lead, held, since=since, now=now, rules=rules)
    if not seen.is_changed or _waits(seen):
        return None
    # A reward too may have been a trade there and back, so the exchange is asked about all that is worth a word.
    if seen.read().moved_turnover(seen.prices.now) < _cash_units(QUIET_VALUE):
        return None
    return Puzzle(changed=tuple(seen.changed_symbols()), held=tuple(seen.held_symbols()))


def find_recounts(
    *,
    lead_id: int,
    held: AccountHoldings,
    own_trades: Sequence[OwnTrade],
    since: datetime | None,
    now: datetime,
    rules: Rules,
) -> list[Recount]:
    """Return the coins that a look shows in another unit; such a look is not taken. Nothing is locked or written."""
    lead = Lead.objects.get(pk=lead_id)
    if _is_as_seen(lead, held):
        return []
    seen = _look(lead, held, since=since, now=now, rules=rules)
    return recounts.find_recounts(seen, own_trades=own_trades, since=since)


def observe_balances(
    *,
    lead_id: int,
    held: AccountHoldings,
    since: datetime | None = None,
    own_trades: Sequence[OwnTrade] = (),
    is_opening: bool,
    is_second_look: bool,
    idempotency_key: str,
    now: datetime,
    rules: Rules,
) -> Sight:
    """
    Take what a lead was seen to hold elsewhere, and note what it did to get there.

    1. What is not traded here counts at its present price. Nothing else changed since the last look: that is all.
    2. A coin that changed has no fresh price although its market trades, or may be counted in another unit: nothing is
       taken yet.
    3. All that changed was traded: each coin is noted as a trade and followed at once.
    4. A little came or went, less than a thousandth of everything: it is noted as what it is, and nobody is told.
    5. More came or went: seen for the first time it is doubted, and nothing is taken; seen again it is a flow, the
       settling window opens and followers are told. What the exchange says was traded beside it is followed at once,
       and what only looks so the second time.

    :param since: when the last look was that was taken; the marks between it and now say what trades may have cost.
    :param own_trades: what the exchange says was traded since then, oldest first, where it was asked.
    :param is_opening: the account is new here, so whatever differs was brought along and nothing was traded.
    :param idempotency_key: names this look; the flow it finds is noted under it.
    """
    with transaction.atomic():
        lead = lock_lead(lead_id)
        cash = market_queries.cash_asset()
        untraded.adopt_listed(lead, cash=cash, now=now, rules=rules)
        # Where all is as it was, no range of prices is needed to say so.
        seen = _look(lead, held, since=None if _is_as_seen(lead, held) else since, now=now, rules=rules)
        untraded.reprice(lead, seen.others, cash=cash, now=now, rules=rules)
        if not seen.is_changed:
            return Sight.UNCHANGED
        if not is_opening and _waits(seen):
            return Sight.WAITS_FOR_PRICES
        equity = leads.equity_of(lead, now=now, rules=rules)
        is_dust = not is_opening and seen.is_dust_conversion(equity_units=equity)
        reading = _all_moved(seen) if is_opening or is_dust else seen.read(own_trades)
        turnover = reading.moved_turnover(seen.prices.now)
        is_quiet = is_dust or turnover < _quiet_units(equity)
        # Half of a small trade looks like a reward: what stands alone is looked at twice, unless it is next to nothing.
        is_clear = is_dust or turnover < _cash_units(QUIET_VALUE) or (is_quiet and reading.trades)
        is_doubted = not (is_clear or is_second_look or is_opening)
        if is_doubted and not reading.is_told:
            return Sight.DOUBTED
        if is_doubted:
            reading, is_quiet = reading.without_moves(), True
        gaps.measure_lead(lead=lead, now=now, rules=rules)
        _take(
            lead,
            seen,
            reading,
            equity=equity,
            is_quiet=is_quiet,
            idempotency_key=idempotency_key,
            now=now,
            rules=rules,
        )
        if is_quiet and not is_opening:
            _note_moves(lead, seen, reading, is_dust=is_dust, now=now)
    return Sight.HALF_TAKEN if is_doubted else Sight.TAKEN


def _is_as_seen(lead: Lead, held: AccountHoldings) -> bool:
    """Return whether a lead holds what was seen last, in three cheap questions: most looks find just that."""
    seen = dict(LeadHolding.objects.filter(lead=lead).exclude(units=0).values_list("asset_id", "units"))
    cash = {market_queries.cash_asset().pk: held.cash_units} if held.cash_units else {}
    others = {other.symbol: other.quantity for other in held.others}
    return seen == held.coins | cash and others == dict(
        UntradedHolding.objects.filter(lead=lead).values_list("symbol", "quantity")
    )


def _look(lead: Lead, held: AccountHoldings, *, since: datetime | None, now: datetime, rules: Rules) -> Places:
    board, cash = market_queries.load_board_and_cash(now=now, rules=rules)
    return places.place_looks(
        board=board,
        cash=cash,
        portfolio=holdings.load_lead(lead, board=board, cash=cash),
        held=held,
        others=untraded.compare(lead, held.others, now=now),
        since=since,
    )


def _waits(seen: Places) -> bool:
    """Return whether a coin that changed has no price to judge the change by, or may be counted in another unit."""
    on_board = seen.change_units[: len(seen.board.asset_ids)]
    unjudged = doubts.holders_in_doubt(board=seen.board, units=on_board[None, :], whys=[doubts.Why.UNJUDGED])
    return seen.waits_for_prices or bool(unjudged.any())


def _cash_units(value: float) -> float:
    return float(value * 10**CASH_DECIMALS)


def _quiet_units(equity_units: float) -> float:
    """Return what may come or go without a word, in quote units."""
    return max(_cash_units(QUIET_VALUE), QUIET_SHARE * np.nan_to_num(equity_units))


def _all_moved(seen: Places) -> BalanceChange:
    change = seen.change_units
    return BalanceChange(
        trades=(),
        moved_units=change,
        moved_cash_units=seen.cash_change_units,
        fee_units=np.zeros_like(change),
    )


def _take(
    lead: Lead,
    seen: Places,
    reading: BalanceChange,
    *,
    equity: float,
    is_quiet: bool,
    idempotency_key: str,
    now: datetime,
    rules: Rules,
) -> None:
    """Note flows in, trades and flows out, in this order: so nothing is ever below zero on the way."""
    prices = seen.prices.now
    _move(lead, seen, np.maximum(reading.moved_units, 0), max(reading.moved_cash_units, 0))
    for trade in reading.trades:
        _trade(lead, seen, trade, now, rules)
    _move(lead, seen, np.minimum(reading.moved_units, 0), min(reading.moved_cash_units, 0))
    lead.refresh_from_db()
    untraded.take(lead, seen.others, quantities=_quantities_after(seen, reading), cash=seen.cash)
    fees = float(places.values_of(reading.fee_units, seen.prices).sum())
    if fees:
        gaps.note_observed_fees(lead=lead, units=round(fees))
    if not reading.moved_turnover(prices):
        return
    units = round(reading.moved_value(prices))
    if is_quiet:
        positions.issue_units(lead=lead, flow_units=units, equity_before=equity)
    else:
        flows.note_flow(
            lead=lead, units=units, equity_before=equity, idempotency_key=idempotency_key, now=now, rules=rules
        )


def _quantities_after(seen: Places, reading: BalanceChange) -> dict[str, Decimal]:
    """Return what there is of each coin that is not traded here, once a reading is booked."""
    left = seen.change_units - reading.traded_units - reading.moved_units
    first = len(seen.board.asset_ids)
    return {
        other.symbol: other.quantity - coins(int(left[place]), int(seen.decimals[place]))
        for place, other in enumerate(seen.others, start=first)
    }


def _trade(lead: Lead, seen: Places, trade: Trade, now: datetime, rules: Rules) -> None:
    other = seen.other_at(trade.place)
    if other is None:
        if trade.units or trade.cash_units:
            _observe_trade(
                lead_id=lead.pk,
                asset_id=int(seen.board.asset_ids[trade.place]),
                signed_units=trade.units,
                cash_units=trade.cash_units,
                fee_units=trade.fee_units,
                now=now,
                rules=rules,
            )
        return
    # Nobody follows it, so only the cash is booked; what the price was beside the present one is the lead's result.
    _move_cash(lead, trade.cash_units)
    price = float(np.nan_to_num(seen.prices.now[trade.place]))
    gaps.note_untraded_result(lead=lead, units=round(trade.units * price) + trade.cash_units + trade.fee_units)
    gaps.note_observed_fees(lead=lead, units=trade.fee_units)
    AccountMove.objects.create(
        lead=lead,
        kind=AccountMove.Kind.TRADED,
        symbol=other.symbol,
        quantity=coins(trade.units, int(seen.decimals[trade.place])),
        value_units=-trade.cash_units,
        moved_at=now,
    )


def _move(lead: Lead, seen: Places, moved_units: IntArray, cash_units: int) -> None:
    """Add what came, or take what went, from what the lead was last seen to hold; what is untraded is taken whole."""
    on_board = moved_units[: len(seen.board.asset_ids)]
    for place in np.flatnonzero(on_board):
        asset_id, units = int(seen.board.asset_ids[place]), int(on_board[place])
        holding, _ = LeadHolding.objects.select_for_update().get_or_create(lead=lead, asset_id=asset_id)
        if units < 0:
            positions.note_departure(lead=lead, asset_id=asset_id, units=-units, held_before=holding.units)
        holding.units += units
        holding.save(update_fields=["units"])
    if cash_units:
        _move_cash(lead, cash_units)


def _move_cash(lead: Lead, cash_units: int) -> None:
    holding, _ = LeadHolding.objects.select_for_update().get_or_create(lead=lead, asset=market_queries.cash_asset())
    holding.units += cash_units
    holding.save(update_fields=["units"])


def _note_moves(lead: Lead, seen: Places, reading: BalanceChange, *, is_dust: bool, now: datetime) -> None:
    """Note what came or went besides trades and their fees, each as its own kind."""
    values = places.values_of(reading.moved_units + reading.fee_units, seen.prices)
    found = [
        (
            _kind_of(int(reading.moved_units[place]), held_before=bool(seen.before_units[place]), is_dust=is_dust),
            seen.symbols[place],
            coins(int(reading.moved_units[place] + reading.fee_units[place]), int(seen.decimals[place])),
            float(values[place]),
        )
        for place in np.flatnonzero(values)
    ]
    if reading.moved_cash_units:
        cash_units = reading.moved_cash_units
        kind = _kind_of(cash_units, held_before=True, is_dust=is_dust)
        found.append((kind, seen.cash.symbol, coins(cash_units, seen.cash.decimals), float(cash_units)))
    AccountMove.objects.bulk_create(
        AccountMove(lead=lead, kind=kind, symbol=symbol, quantity=quantity, value_units=round(value), moved_at=now)
        for kind, symbol, quantity, value in found
        # Of a dust conversion it is told what came of it.
        if abs(value) >= _cash_units(NOTED_SHARE) and not (is_dust and value < 0)
    )


def _kind_of(units: int, *, held_before: bool, is_dust: bool) -> AccountMove.Kind:
    if is_dust:
        return AccountMove.Kind.DUST
    if units < 0:
        return AccountMove.Kind.SPENT
    return AccountMove.Kind.REWARD if held_before else AccountMove.Kind.AIRDROP
