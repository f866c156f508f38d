"""
What the characters would have done before today.

Nobody drew these curves: each character's rule trades a stretch of the same simulated market, an hour a step, that
ends at the prices of today, with the fees of the platform, and the engine that replays what-ifs keeps the books. It is
always the same stretch, so that every demo tells the same story: some leads gained, some lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.engine.replay.lead_path import START_UNITS, LeadPath, bars_of, path_of_weights
from copytrading.exchange.prices.simulated import COINS, log_returns
from copytrading.exchange.registry import SIMULATION_SEED
from copytrading.models import Lead, LeadRecord, LeadWeights, Market, ObservedTrade
from copytrading.queries.rules import CASH_DECIMALS, installed_rules
from copytrading.services.books import price_bars
from copytrading.worlds.demo.characters import LOOKS_BACK_PAUSES, Character

PAST_DAYS = 120
# As many days as anybody may be shown what was held.
WEIGHTS_DAYS = 32
STEP_SECONDS = 3_600
RECORD_HOURS = 4
# Where in the endless simulated market the past of the demo lies: some 120 days in which it went nowhere as a whole.
FIRST_STEP = 15_000


@dataclass(frozen=True, kw_only=True)
class Past:
    """Closes (T, A) of the coins, one an hour; the last is what they cost today."""

    symbols: tuple[str, ...]
    closes: FloatArray

    @property
    def last(self) -> int:
        """The last hour."""
        return len(self.closes) - 1

    def until(self, hour: int) -> "Past":
        """Return the same past as it was at one of its hours."""
        return Past(symbols=self.symbols, closes=self.closes[: hour + 1])


def past_of(*, prices: Mapping[str, Decimal], symbols: tuple[str, ...]) -> Past:
    """Return the hours of the simulated market that end at these prices, for the pairs in this order."""
    steps = PAST_DAYS * 24
    order = [[coin.rules.symbol for coin in COINS].index(symbol) for symbol in symbols]
    changes = log_returns(seed=SIMULATION_SEED, first_step=FIRST_STEP, steps=steps, speed=STEP_SECONDS)[:, order]
    levels = np.concatenate([np.zeros((1, len(symbols))), changes.cumsum(axis=0)])
    today = np.array([float(prices[symbol]) for symbol in symbols])
    return Past(symbols=symbols, closes=today * np.exp(levels - levels[-1]))


def path_of(character: Character, *, past: Past) -> LeadPath:
    """Return what the character's portfolio was at each hour of the past, from `START_UNITS` of cash on."""
    hours = len(past.closes)
    turns = np.arange(0, hours, character.pause_hours)
    return path_of_weights(
        bars=bars_of(times=np.arange(hours), closes=past.closes),
        times=turns,
        weights=np.stack([weights_at(character, past=past, hour=hour) for hour in turns.tolist()]),
        fee_rate=float(installed_rules().fee_rate),
    )


def weights_at(character: Character, *, past: Past, hour: int) -> FloatArray:
    """Return the weights (A,) that a character decided on at one of its turns."""
    looks_from = max(0, hour - LOOKS_BACK_PAUSES * character.pause_hours)
    return character.weights(closes=past.closes[looks_from : hour + 1], turn=hour // character.pause_hours)


def write_bars(*, past: Past, now: datetime) -> None:
    """Write the hours of the past as those of our markets; the last one is left to the first real one."""
    closes = {symbol: past.closes[:-1, place] for place, symbol in enumerate(past.symbols)}
    price_bars.write_bars(closes=closes, times=[now - timedelta(hours=past.last - hour) for hour in range(past.last)])


def write_record(*, lead: Lead, path: LeadPath, equity_units: int, now: datetime) -> None:
    """
    Give a lead whose money has just moved in the past of a path, an hour a bar, the last one now.

    What the lead's equity was worth then is told for the units it has now, and these are counted so that the curve
    goes on from its last price without a step.
    """
    unit_prices = path.equity() / START_UNITS
    lead.units_issued = equity_units / 10**CASH_DECIMALS / float(unit_prices[-1])
    lead.save(update_fields=["units_issued"])
    # The last hour is left to the first real record.
    hours: IntArray = np.arange(0, len(unit_prices) - 1, RECORD_HOURS)
    last = len(unit_prices) - 1
    LeadRecord.objects.bulk_create(
        [
            LeadRecord(
                lead=lead,
                recorded_at=now - timedelta(hours=last - hour),
                equity_units=round(equity_units * price / float(unit_prices[-1])),
                unit_price=price,
            )
            for hour, price in zip(hours.tolist(), unit_prices[hours].tolist(), strict=True)
        ],
        batch_size=2_000,
        ignore_conflicts=True,
    )


def write_weights(*, lead: Lead, path: LeadPath, past: Past, now: datetime) -> None:
    """Write what a lead held in the past of a path at the close of each of the last days."""
    asset_ids = dict(Market.objects.filter(symbol__in=past.symbols).values_list("symbol", "base_id"))
    last = len(path.bars.times) - 1
    kept: dict[date, int] = {}
    for hour in range(last - WEIGHTS_DAYS * 24, last):
        kept.setdefault((now - timedelta(hours=last - hour)).date(), hour)
    rows = []
    for hour in kept.values():
        state, when = path.state_of_bar[hour], now - timedelta(hours=last - hour)
        values = path.held_units[state] / path.bars.coin_prices * past.closes[hour]
        weights = values / (values.sum() + path.cash_units[state])
        rows.append(
            LeadWeights(
                lead=lead,
                hour=when.replace(minute=0, second=0, microsecond=0),
                recorded_at=when,
                is_close=True,
                asset_ids=[asset_ids[symbol] for symbol in past.symbols],
                weights=weights.tolist(),
            )
        )
    LeadWeights.objects.bulk_create(rows, ignore_conflicts=True)


def write_trades(*, lead: Lead, path: LeadPath, past: Past, equity_units: int, now: datetime) -> None:
    """Write what a lead traded in the past of a path as trades that we only saw, sized to end at an equity."""
    markets = {market.symbol: market for market in Market.objects.select_related("base", "quote")}
    traded = [markets[symbol] for symbol in past.symbols]
    price_units = np.array([10.0 ** (market.quote.decimals - market.base.decimals) for market in traded])
    factor = equity_units / float(path.equity()[-1])
    held = (path.held_units * (factor / (path.bars.coin_prices * price_units))).astype(np.int64)
    cash = (path.cash_units * factor).astype(np.int64)
    bars = np.searchsorted(path.state_of_bar, np.arange(len(cash)))
    last = len(path.bars.times) - 1
    begins_at = now - timedelta(hours=last)
    rows = [ObservedTrade(lead=lead, cash_units=int(cash[0]), traded_at=begins_at)]
    fee_rate = float(installed_rules().fee_rate)
    for state in range(1, len(cash)):
        if bars[state] == last:
            # What was decided now is what the lead orders here, with the money that has just come.
            break
        changes = held[state] - held[state - 1]
        values = changes * past.closes[bars[state]] * price_units
        flows = np.floor(-values - np.abs(values) * fee_rate).astype(np.int64)
        # Sales pay for what is bought after them; the last trade takes the rounding, so that the cash is right again.
        order = [place for place in np.argsort(changes > 0, kind="stable").tolist() if changes[place]]
        if order:
            flows[order[-1]] += cash[state] - cash[state - 1] - flows[order].sum()
        rows += [
            ObservedTrade(
                lead=lead,
                market=traded[place],
                units=int(changes[place]),
                cash_units=int(flows[place]),
                traded_at=now - timedelta(hours=last - int(bars[state])),
            )
            for place in order
        ]
    ObservedTrade.objects.bulk_create(rows, batch_size=2_000)
