"""
Whether more workers do more: many leads trade in the same moment, at a venue that takes its time to answer.

Each lead gives one order and has its copies follow; so many processes take the leads from one queue until every trade
is followed, one after the other with one worker, two, four. A lead whose market was just taken by another one's order
comes again at the end of the queue, as the bell rings again on a platform. Needs a database of its own.
"""

import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from multiprocessing.queues import JoinableQueue
from time import perf_counter, sleep
from typing import Any
from unittest.mock import patch

from django.db import connection, connections
from django.test.utils import override_settings

from copytrading.exchange.paper.venue import PaperVenue
from copytrading.models import Lead, LeadOrder, Market, Order, SyncCycle
from copytrading.services.cycle import conducting
from copytrading.services.leads import orders as lead_orders
from copytrading.services.safety import reconciling
from copytrading.worlds.benchmarking.crowd import CROWD_SETTINGS
from copytrading.worlds.benchmarking.resting import STAKE, Rest
from copytrading.worlds.own_database import use_database

WORKERS = (1, 2, 4)
TRADE_SHARE = Decimal("0.01")
# Only of a lead that has nothing to do but wait for others.
PAUSE_SECONDS = 0.005
NOBODY = -1


@dataclass(frozen=True, kw_only=True)
class Round:
    """All leads traded once: `lookings` counts how often a lead was taken from the queue, once each at best."""

    workers: int
    markets: int
    seconds: float
    lookings: int
    leads: int

    @property
    def leads_per_second(self) -> float:
        return self.leads / self.seconds


@dataclass(frozen=True, kw_only=True)
class ScaleFigures:
    """Rounds over all markets with 1, 2 and 4 workers, and with two workers over a single one."""

    leads: int
    copies: int
    latency_ms: int
    rounds: tuple[Round, ...]
    one_market: Round
    is_clean: bool

    def times_one(self, workers: int) -> float:
        """Return how many times as fast as one worker so many are."""
        seconds = {one.workers: one.seconds for one in self.rounds}
        return seconds[1] / seconds[workers]

    @property
    def times_ten_markets(self) -> float:
        """Return how many times as long the same workers take where everybody trades in one market."""
        return self.one_market.seconds / next(
            one.seconds for one in self.rounds if one.workers == self.one_market.workers
        )


def measure_scale(
    *, leads: int, copies: int, latency_ms: int, now: datetime, show: Callable[[str], object]
) -> ScaleFigures:
    """Let so many leads, with so many copies together, trade round by round. Owns its commits."""
    with override_settings(**CROWD_SETTINGS):
        rest = Rest(now=now)
        rest.gather(leads=leads, copies=copies, show=show)
        markets = list(Market.objects.order_by("pk"))
        rounds = []
        for workers, several in [*((count, markets) for count in WORKERS), (2, markets[:1])]:
            show(f"{workers} workers over {len(several)} markets ...")
            rest.now += timedelta(seconds=2)
            rest.quote()
            rounds.append(_play(rest.now, several, workers=workers, latency_ms=latency_ms))
        return ScaleFigures(
            leads=leads,
            copies=copies,
            latency_ms=latency_ms,
            rounds=tuple(rounds[:-1]),
            one_market=rounds[-1],
            is_clean=reconciling.check_ledger().is_clean,
        )


def _play(now: datetime, markets: list[Market], *, workers: int, latency_ms: int) -> Round:
    lead_ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    for number, lead_id in enumerate(lead_ids):
        market = markets[number % len(markets)]
        lead_orders.submit_lead_order(
            lead_id=lead_id,
            market_id=market.pk,
            side=LeadOrder.Side.BUY,
            value_units=int(STAKE * TRADE_SHARE) * 10**market.quote.decimals,
            idempotency_key=f"{now.timestamp()}",
            now=now,
        )
    context = multiprocessing.get_context("fork")
    waiting: JoinableQueue[int] = context.JoinableQueue()
    lookings = context.Value("q", 0)
    name = connection.settings_dict["NAME"]
    connections.close_all()
    crew = [
        context.Process(target=_work, args=(name, waiting, lookings, now, latency_ms / 1000), daemon=True)
        for _ in range(workers)
    ]
    for worker in crew:
        worker.start()
    began_at = perf_counter()
    for lead_id in lead_ids:
        waiting.put(lead_id)
    waiting.join()
    seconds = perf_counter() - began_at
    for _ in crew:
        waiting.put(NOBODY)
    for worker in crew:
        worker.join()
    followed = SyncCycle.objects.filter(opened_at=now, status=SyncCycle.Status.DONE)
    assert followed.values("lead").distinct().count() == len(lead_ids), "every trade is followed"
    assert not Order.objects.filter(booked_at__isnull=True).exists(), "nothing is left on its way"
    return Round(workers=workers, markets=len(markets), seconds=seconds, lookings=lookings.value, leads=len(lead_ids))


def _work(name: str, waiting: Any, lookings: Any, now: datetime, latency: float) -> None:
    """Take one lead after the other, until somebody says that there is none."""
    use_database(name)
    place = PaperVenue.place_limit_ioc

    def place_far_away(venue: PaperVenue, **order: Any) -> Any:
        sleep(latency)
        return place(venue, **order)

    with override_settings(**CROWD_SETTINGS), patch.object(PaperVenue, "place_limit_ioc", place_far_away):
        while (lead_id := waiting.get()) != NOBODY:
            with lookings.get_lock():
                lookings.value += 1
            conducting.sync_one_lead(lead_id=lead_id, clock=lambda: now)
            if (
                Lead.objects.filter(pk=lead_id, sync_wanted_at__isnull=False).exists()
                or SyncCycle.objects.filter(lead_id=lead_id).exclude(status=SyncCycle.Status.DONE).exists()
            ):
                # Another lead's order is on its way in that market.
                sleep(PAUSE_SECONDS)
                waiting.put(lead_id)
            waiting.task_done()
    connections.close_all()
    # What the parent left to be done at its end is not done twice.
    os._exit(0)
