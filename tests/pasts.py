"""Leads with a past: a record day by day, or trades that were seen elsewhere over hourly closes."""

from datetime import datetime, timedelta

import numpy as np

from copytrading.models import Copy, Lead, LeadRecord, Market, ObservedTrade, PriceBar
from copytrading.services.books import copy_records, price_bars
from tests.cast import NOON, World, usdt

HOURS = 24 * 40


def write_past(world: World, *, hours: int = HOURS, drift: float = 0.0004) -> list[datetime]:
    """Write hourly closes that end now: BTC rises steadily, ETH swings, SOL stands still."""
    steps = np.arange(hours)
    closes = {
        "BTC-USDT": 50_000 * np.exp(drift * (steps - hours + 1)),
        "ETH-USDT": 2_500 * (1 + 0.2 * np.sin(steps / 50)),
        "SOL-USDT": np.full(hours, 100.0),
    }
    times = [world.now - timedelta(hours=hours - 1 - step) for step in steps.tolist()]
    price_bars.write_bars(closes=closes, times=times)
    return times


def record_copy(copy: Copy, at: datetime, worth_units: int, invested_units: int) -> None:
    """Write what a copy was worth at a time, by itself."""
    one = [np.array([number], dtype=np.int64) for number in (copy.pk, worth_units, invested_units)]
    copy_records.write(copy_ids=one[0], equity_units=one[1], invested_units=one[2], now=at)


def observe(lead: Lead, symbol: str | None, coins: float, value: float, when: datetime) -> None:
    ObservedTrade.objects.create(
        lead=lead,
        market=Market.objects.get(symbol=f"{symbol}-USDT") if symbol else None,
        units=round(coins * 10**8),
        cash_units=usdt(value),
        traded_at=when,
    )


def give_past(world: World, lead: Lead) -> Lead:
    """Give a lead forty days: about half in BTC from the first hour on, ETH bought and sold again."""
    lead.flows.all().delete()
    times = write_past(world)
    observe(lead, None, 0, 10_000, times[0])
    for symbol, coins, when in (("BTC", 0.14, times[0]), ("ETH", 1, times[200]), ("ETH", -1, times[600])):
        value = coins * PriceBar.objects.get(market__symbol=f"{symbol}-USDT", closed_at=when).close
        observe(lead, symbol, coins, -value - abs(value) / 1_000, when)
    return lead


def record(
    lead: Lead,
    prices: list[float],
    *,
    until: datetime = NOON,
    equity: str | None = None,
    following: str | None = None,
    days: int | None = None,
) -> None:
    """Give a lead one record a day, the last one at `until`; it began `days` before, or with the first record."""
    last = len(prices) - 1
    LeadRecord.objects.bulk_create(
        LeadRecord(
            lead=lead,
            recorded_at=until - timedelta(days=last - number),
            equity_units=usdt(10000 * price if equity is None else equity),
            unit_price=price,
            following_units=None if following is None else usdt(following),
        )
        for number, price in enumerate(prices)
    )
    Lead.objects.filter(pk=lead.pk).update(started_at=until - timedelta(days=last if days is None else days))
    lead.refresh_from_db()
