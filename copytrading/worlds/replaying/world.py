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
from copytrading.models import Lead, Market
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
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
        "SMARTSYNC_DEPOSIT_MAX": int(CASH_MAX),
        # Nobody is there to say which coin it is: what leaps too far is refused when the recording is read.
        "SMARTSYNC_PRICE_LEAP": 1e9,
    }


class ReplayWorld:
    """One lead, its followers and their markets, standing at one bar of a recording."""

    def __init__(self, recording: Recording, *, fee_rate: Decimal) -> None:
        self.recording = recording
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
        return (
            holdings.load_lead(self.lead, board=board, cash=cash).equity(board),
            table.valued(board).worth[np.argsort(table.ids)].astype(np.float64),
        )

    def go_to(self, bar: int) -> datetime:
        """Let a bar come: its closes become the prices, and pairs that have no bar now do not trade."""
        self.now = moment_of(self.bars.times[bar])
        is_open = self.bars.tradable[bar]
        changed = np.flatnonzero(is_open != self.open_places).tolist()
        for place in changed:
            self._list_market(self.recording.symbols[place], is_open=bool(is_open[place]))
        if changed:
            market.list_markets()
            self.open_places = is_open
        marks = zip(self.recording.symbols, self.bars.marks[bar].tolist(), strict=True)
        quotes = [
            Quote(symbol=symbol, price=_to_tick(exact(mark)), as_of=self.now, source=SOURCE)
            for symbol, mark in marks
            if mark == mark
        ]
        market.record_quotes(quotes=quotes, now=self.now)
        return self.now

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


def _to_tick(price: Decimal) -> Decimal:
    """Return a price as the market can say it: a file may write more decimals, and a converted price has them."""
    return price.quantize(TICK_SIZE) if price % TICK_SIZE else price
