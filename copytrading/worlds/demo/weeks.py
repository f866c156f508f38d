"""
The last weeks before today, which the demo does not invent but lives: orders, cycles, settlements and curves come from
the services that everybody uses, at the moments and prices of the invented market.

A look comes every few hours. At each

    1. prices become marks, and stop losses are looked at,
    2. whoever planned to copy starts,
    3. each lead whose turn it is sells, then buys what its rule says, and its copies follow,
    4. weeks are settled, curves, gaps and weights are kept, and people are told.

A look that was finished is remembered, so weeks that were interrupted are taken up where they stopped.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
from django.db.models import F

from accounts.models import User
from copytrading.engine.holdings.terms import Terms
from copytrading.exchange.markets import Quote
from copytrading.models import Lead, LeadOrder, Notice, ScheduledRun
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import CASH_DECIMALS, platform_rules
from copytrading.services.books import gaps, profit_shares, records, stops
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import syncing
from copytrading.services.feed import source as price_feed
from copytrading.services.leads import showing
from copytrading.services.market import quotes as market
from copytrading.services.telling import watching
from copytrading.worlds.demo import acting, history
from copytrading.worlds.demo.characters import Character
from copytrading.worlds.demo.history import Past
from copytrading.worlds.demo.people import PlannedCopy

DAYS = 28
# Every turn of a lead falls on a look.
LOOK_HOURS = 8
# How many looks, one a second, what was ordered may take until nothing is left to trade.
SETTLING_SECONDS = 60
# A loss is believed once it still stands a little later.
STOP_LOOKS_SECONDS = (0, 6)
# What somebody was told longer ago than this has been read.
READ_AFTER = timedelta(days=3)


@dataclass(frozen=True, kw_only=True)
class Weeks:
    """The hours of a past, the last of them `now`, of which those from `first` on are lived."""

    past: Past
    now: datetime
    first: int

    def moment(self, hour: int) -> datetime:
        return self.now - timedelta(hours=self.past.last - hour)

    def quotes(self, hour: int, *, now: datetime) -> list[Quote]:
        """Return what each pair costs at an hour."""
        prices = zip(self.past.symbols, self.past.closes[hour].tolist(), strict=True)
        return [
            Quote(
                symbol=symbol,
                price=Decimal(price).quantize(price_feed.KNOWN[symbol].tick_size),
                as_of=now,
                source="simulated",
            )
            for symbol, price in prices
        ]


def live(weeks: Weeks, *, led: Mapping[Character, Lead], planned: Sequence[tuple[User, PlannedCopy]]) -> None:
    """Live the hours after the first one, up to the last but one; each look once."""
    lived = set(ScheduledRun.objects.filter(job=_job()).values_list("slot", flat=True))
    for hour in range(weeks.first + LOOK_HOURS, weeks.past.last, LOOK_HOURS):
        moment = weeks.moment(hour)
        if moment not in lived:
            _look(weeks, hour=hour, led=led, planned=planned)
            ScheduledRun.objects.create(job=_job(), slot=moment, done_at=moment)
    # All of this was told at its time; nobody gets a month of letters with the first start.
    Notice.objects.filter(spread_at__isnull=True, noted_at__lt=weeks.now).update(spread_at=F("noted_at"))
    Notice.objects.filter(read_at__isnull=True, noted_at__lt=weeks.now - READ_AFTER).update(read_at=F("noted_at"))


def _look(
    weeks: Weeks, *, hour: int, led: Mapping[Character, Lead], planned: Sequence[tuple[User, PlannedCopy]]
) -> None:
    def quote(moment: datetime) -> None:
        market.record_quotes(quotes=weeks.quotes(hour, now=moment), now=moment)

    for seconds in STOP_LOOKS_SECONDS:
        now = weeks.moment(hour) + timedelta(seconds=seconds)
        quote(now)
        stops.check_stop_losses(now=now)
    day = (hour - weeks.first) / 24
    starts = [(user, plan) for user, plan in planned if day - LOOK_HOURS / 24 < plan.day <= day]
    start_copies(starts, led=led, now=now)
    due = [(character, lead) for character, lead in led.items() if hour % character.pause_hours == 0]
    for side in (LeadOrder.Side.SELL, LeadOrder.Side.BUY):
        for character, lead in due:
            weights = history.weights_at(character, past=weeks.past, hour=hour).tolist()
            give_orders(
                lead, weights=dict(zip(weeks.past.symbols, weights, strict=True)), turn=hour, side=side, now=now
            )
        # What nobody waits for, as the repair of a drift, waits for the next turn.
        if Lead.objects.filter(sync_wanted_at__isnull=False).exists():
            now = settle(quote, now=now)
    profit_shares.settle_profit_shares(now=now)
    gaps.measure_all(now=now)
    records.record_values(now=now, slot=weeks.moment(hour))
    showing.keep_weights(now=now)
    watching.watch(now=now)


def start_copies(planned: Sequence[tuple[User, PlannedCopy]], *, led: Mapping[Character, Lead], now: datetime) -> None:
    """Start planned copies, each once; those whose lead is not here are skipped."""
    lead_ids = {character.name: lead.pk for character, lead in led.items()}
    for user, plan in planned:
        if plan.lead_name in lead_ids:
            copies.start_copy(
                follower=user,
                lead_id=lead_ids[plan.lead_name],
                investment_units=plan.investment * 10**CASH_DECIMALS,
                terms=Terms(stop_loss_units=plan.stop_loss * 10**CASH_DECIMALS if plan.stop_loss else None),
                idempotency_key=f"demo {plan.lead_name}",
                now=now,
            )


def give_orders(
    lead: Lead,
    *,
    weights: Mapping[str, float],
    turn: int,
    side: LeadOrder.Side | None = None,
    now: datetime,
) -> None:
    """Let a lead order what brings it to the weights of some pairs, each once a turn; on one side or both."""
    board = market_queries.load_board(now=now, rules=platform_rules())
    tradable, places = acting.tradable_places(board)
    wanted = np.zeros(len(board.asset_ids))
    for symbol, weight in weights.items():
        if symbol in tradable:
            wanted[places[tradable.index(symbol)]] = weight
    portfolio = holdings.load_lead(lead, board=board, cash=market_queries.cash_asset())
    wishes = acting.wishes_toward(wanted, portfolio=portfolio, board=board)
    acting.submit(lead, [wish for wish in wishes if side in (None, wish.side)], turn=turn, now=now)


def settle(quote: Callable[[datetime], None], *, now: datetime) -> datetime:
    """Look at every lead, a second a time, until nothing is left to trade; return when that was."""
    for second in range(1, SETTLING_SECONDS):
        moment = now + timedelta(seconds=second)
        due = syncing.leads_to_sync(now=moment)
        if not due:
            break
        quote(moment)
        for lead_id in due:
            syncing.sync_lead(lead_id=lead_id, now=moment)
    return moment


def _job() -> str:
    return f"demo weeks {price_feed.source_key()}"
