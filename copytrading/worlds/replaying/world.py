"""
The platform over a recording: markets that trade at the close of each bar, a lead whose trades are looked at, and
followers with copies. Everything is done by the same services that serve people; only the clock is the recording's.

A look at a bar is the platform's own look: quotes come in, the lead's trades are noted, and the lead is synced until
nothing is left to do.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from accounts.models import User
from copytrading.engine.arrays import BoolArray, FloatArray
from copytrading.exchange.markets import MarketStatus, Quote
from copytrading.exchange.paper import world as paper
from copytrading.exchange.prices.files import moment_of
from copytrading.exchange.prices.price_tables import exact
from copytrading.models import Copy, Lead, LeadPosition, Market
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.services.books import stops
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import syncing
from copytrading.services.leads import observing
from copytrading.services.leads import verbs as leads
from copytrading.services.lookback.questions import CASH_MAX
from copytrading.services.lookback.recordings import Recording
from copytrading.services.market import quotes as market
from copytrading.services.wallet import transfers
from copytrading.worlds.replaying.crowd import Investor
from copytrading.worlds.replaying.lead import Movement, whole_units

# As small as units and prices are, so that what remains is the rounding of the ledger itself.
LOT_SIZE = Decimal("1E-8")
TICK_SIZE = Decimal("1E-12")
SOURCE = "recorded"
# Each look leaves less to do; a lead that is never done has a fault.
LOOKS_MAX = 20
# Prices that confirm a stop loss are younger than those before.
CONFIRMED_AFTER = timedelta(milliseconds=10)
# The lows of a bar come before its close.
LOW_BEFORE = timedelta(milliseconds=500)
# Nothing runs when people and money are brought in.
SETUP = timedelta(days=1)


class ReplayNeverSettled(Exception):
    """A lead had still something to do after many looks at one bar."""


def replay_settings(*, fee_rate: Decimal) -> dict[str, Any]:
    """Return the platform's rules for a replay: fills exactly at the close, and the clock is the recording's."""
    return {
        "SMARTSYNC_BELL": False,
        "SMARTSYNC_FEE_RATE": fee_rate,
        "SMARTSYNC_SLIPPAGE_CAP": 0.0,
        "SMARTSYNC_LIMIT_CUSHION": 0.0,
        "SMARTSYNC_DEPTH_SHARE": 1.0,
        "SMARTSYNC_CYCLE_SPACING_SECONDS": 0.0,
        "SMARTSYNC_REPAIR_SECONDS": 1.0,
        "SMARTSYNC_SETTLING_SECONDS": 0.0,
        # What a bar says is a confirmed price.
        "SMARTSYNC_STOP_LOSS_CONFIRM_SECONDS": 0.0,
        "SMARTSYNC_DEPOSIT_MAX": int(CASH_MAX),
        # Nobody is there to say which coin it is: what leaps too far is refused when the recording is read.
        "SMARTSYNC_PRICE_LEAP": 1e9,
        # The low of a bar and its close may be far apart, and both were.
        "SMARTSYNC_PRICE_JUMP": 1e9,
    }


class ReplayWorld:
    """One lead, its followers and their markets, standing at one bar of a recording."""

    def __init__(self, recording: Recording, *, fee_rate: Decimal, stops_at_low: bool = False) -> None:
        self.recording = recording
        self.stops_at_low = stops_at_low
        self.bars = recording.path.bars
        self.fee_rate = fee_rate
        self.now = moment_of(self.bars.times[recording.first_bar]) - SETUP
        self.open_places: BoolArray = np.zeros(len(recording.symbols), dtype=np.bool_)
        self.lead: Lead
        self.asset_ids: dict[str, int] = {}

    def open(self, *, lead_cash: Decimal, followers_max: int) -> None:
        """List the markets and let the lead start with its cash."""
        for symbol in self.recording.symbols:
            self._list_market(symbol, is_open=False)
        market.list_markets()
        self.asset_ids = dict(Market.objects.values_list("symbol", "base_id"))
        transfers.fund_dust_account(now=self.now)
        self.lead = leads.apply_as_lead(
            user=User.objects.create_user("lead@replay.invalid"),
            name="Replayed lead",
            bio="",
            tags=[],
            profit_share_rate=Decimal(0),
            followers_max=followers_max,
            now=self.now,
            source=Lead.Source.OBSERVED,
        )
        leads.approve_lead(lead_id=self.lead.pk, now=self.now)
        observing.observe_flow(
            lead_id=self.lead.pk, units=whole_units(lead_cash), idempotency_key="lead-cash", now=self.now
        )

    def bring_followers(self, *, crowd: Sequence[Investor], show: Callable[[int], None]) -> list[User]:
        """Let people come, each with the investment in the main account."""
        people = []
        for number, investor in enumerate(crowd, start=1):
            person = User.objects.create_user(f"follower{number}@replay.invalid")
            transfers.deposit(user=person, units=investor.units, idempotency_key="investment", now=self.now)
            people.append(person)
            show(number)
        return people

    def start_copies(self, *, people: Sequence[User], crowd: Sequence[Investor], show: Callable[[int], None]) -> None:
        """Let everybody press Copy at this bar, each in an own mode."""
        lead_equity = leads.equity_of(self.lead, now=self.now, rules=platform_rules())
        for number, (person, investor) in enumerate(zip(people, crowd, strict=True), start=1):
            copies.start_copy(
                follower=person,
                lead_id=self.lead.pk,
                investment_units=investor.units,
                idempotency_key="replay",
                terms=investor.terms(lead_equity_units=lead_equity),
                now=self.now,
            )
            show(number)

    def equities(self) -> tuple[float, FloatArray]:
        """Return what the lead, and each copy (K,) in the order of their starts, is worth now in quote units."""
        board, cash = market_queries.load_board(now=self.now, rules=platform_rules()), market_queries.cash_asset()
        table = holdings.load_copies(self.lead, board=board, cash=cash)
        worth = dict(zip(table.ids.tolist(), table.valued(board).worth.tolist(), strict=True))
        copies_of_all = Copy.objects.filter(lead=self.lead).order_by("pk").values_list("pk", "paid_out_units")
        return (
            holdings.load_lead(self.lead, board=board, cash=cash).equity(board),
            # What has stopped is worth what was paid out.
            np.array([worth.get(copy_id, paid_out) for copy_id, paid_out in copies_of_all], dtype=np.float64),
        )

    def go_to(self, bar: int) -> datetime:
        """
        Let a bar come: its closes become the prices, and pairs that have no bar now do not trade.

        Stop losses are looked for at the lows of the bar, which then come before its closes, where the world does so,
        else at the closes. Whoever stops at a low sells there; whoever stops at a close sells at the next look.
        """
        self.now = moment_of(self.bars.times[bar])
        if self.stops_at_low and _is_guarded():
            self._stop_at_lows(bar)
        self._open_markets(self.bars.tradable[bar])
        self._quote(self.bars.marks[bar])
        if not self.stops_at_low and _is_guarded():
            self._stop(self.bars.marks[bar])
        return self.now

    def _stop_at_lows(self, bar: int) -> None:
        """Let the lows of a bar come a little before it, and only those sell there whose stop loss they reach."""
        assert self.bars.lows is not None, "bars that were read have lows"
        closes_at = self.now
        self.now -= LOW_BEFORE
        self._open_markets(self.bars.tradable[bar])
        self._quote(self.bars.lows[bar])
        if self._stop(self.bars.lows[bar]):
            # Nobody else follows or repairs anything before the close: what waited for its market waits on, and while
            # the lead's money settles drift stays.
            waiting = list(LeadPosition.objects.filter(lead=self.lead, touch_request__isnull=False))
            LeadPosition.objects.filter(lead=self.lead).update(touch_request=None, pending_units=0, pending_orders=0)
            Lead.objects.filter(pk=self.lead.pk).update(settling_until=closes_at)
            self.look()
            LeadPosition.objects.bulk_update(waiting, ["touch_request", "pending_units", "pending_orders"])
        self.now = closes_at

    def _open_markets(self, is_open: BoolArray) -> None:
        """Let these pairs (A,) trade, and no others."""
        changed = np.flatnonzero(is_open != self.open_places).tolist()
        for place in changed:
            self._list_market(self.recording.symbols[place], is_open=bool(is_open[place]))
        if changed:
            market.list_markets()
            self.open_places = is_open

    def _quote(self, prices: FloatArray) -> None:
        """Let the pairs cost so much (A,); NaN where nobody knows."""
        quotes = [
            Quote(symbol=symbol, price=_to_tick(exact(price)), as_of=self.now, source=SOURCE)
            for symbol, price in zip(self.recording.symbols, prices.tolist(), strict=True)
            if price == price
        ]
        market.record_quotes(quotes=quotes, now=self.now)

    def _stop(self, prices: FloatArray) -> int:
        """Stop those whose stop loss these prices (A,) reach, seen twice as the platform does, and return how many."""
        stops.check_stop_losses(now=self.now)
        self.now += CONFIRMED_AFTER
        self._quote(prices)
        return stops.check_stop_losses(now=self.now)

    def observe(self, movements: Sequence[Movement]) -> None:
        """Note what the lead traded since the bar before."""
        for movement in movements:
            observing.observe_trade(
                lead_id=self.lead.pk,
                asset_id=self.asset_ids[movement.symbol],
                signed_units=movement.units,
                cash_units=movement.cash_units,
                now=self.now,
            )

    def look(self) -> None:
        """
        Look at the lead until nothing is left to do.

        :raises ReplayNeverSettled: if there is still something after many looks.
        """
        for _ in range(LOOKS_MAX):
            cycle = syncing.sync_lead(lead_id=self.lead.pk, now=self.now)
            if cycle is None or not syncing.leads_to_sync(now=self.now):
                return
        raise ReplayNeverSettled(f"The lead had still something to do after {LOOKS_MAX} looks at {self.now}.")

    def _list_market(self, symbol: str, *, is_open: bool) -> None:
        paper.open_market(
            symbol=symbol,
            lot_size=LOT_SIZE,
            tick_size=TICK_SIZE,
            value_min=Decimal(0),
            fee_rate=self.fee_rate,
            spread_rate=Decimal(0),
            level_count=0,
            status=MarketStatus.TRADING if is_open else MarketStatus.SUSPENDED,
        )


def _is_guarded() -> bool:
    """Return whether a copy runs that has a stop loss."""
    return Copy.objects.filter(status__in=Copy.GUARDED, stop_loss_units__isnull=False).exists()


def _to_tick(price: Decimal) -> Decimal:
    """Return a price as the market can say it: a file may write more decimals, and a converted price has them."""
    return price.quantize(TICK_SIZE) if price % TICK_SIZE else price
