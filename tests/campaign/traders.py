"""
Leads and followers who trade all the time: leads through the service, followers through the API of the web process.

Each is a thread. A call that fails because something was just killed is made again under the same idempotency key, as
a person would press the same button again; what it brought must have happened once.
"""

import contextlib
import json
import random
import threading
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections import Counter
from decimal import Decimal
from typing import Any

from django.db import DatabaseError, connections
from django.db.models import QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from copytrading.engine.units import units_of
from copytrading.models import Copy, Lead, LeadOrder, Market
from copytrading.services.leads import orders as lead_orders
from copytrading.services.refusals import Refusal
from tests.campaign.town import Follower, Town
from tests.campaign.town_map import COINS

PAUSE_SECONDS = 1.0
# A lead waits for earlier orders before giving more of them.
OPEN_ORDERS_MAX = 2
RETRY_SECONDS = 0.5


class Trader(threading.Thread, ABC):
    """Somebody who acts again and again until told to stop."""

    def __init__(self, *, seed: int, stopping: threading.Event, done: Counter[str]) -> None:
        super().__init__(daemon=True)
        self.random = random.Random(seed)
        self.stopping = stopping
        self.done = done
        self.acts = 0

    def run(self) -> None:
        try:
            while not self.stopping.wait(PAUSE_SECONDS * self.random.uniform(0.3, 1.7)):
                self.acts += 1
                self.act(f"{self.name}-{self.acts}")
        finally:
            connections.close_all()

    @abstractmethod
    def act(self, key: str) -> None:
        """Do one thing; the key is that of the button that is pressed."""

    def leave(self) -> None:
        """Do what one does at the end; nothing, unless somebody has something to do."""


class LeadTrader(Trader):
    """A lead who buys and sells a little of everything, a few orders at a time, and cancels the last ones."""

    def __init__(self, lead: Lead, **options: Any) -> None:
        super().__init__(**options)
        self.lead_id = lead.pk

    def act(self, key: str) -> None:
        coin = self.random.choice(sorted(COINS))
        value = Decimal(self.random.randint(100, 900))
        side = self.random.choice(["BUY", "BUY", "SELL"])
        while not self.stopping.is_set():
            try:
                if self.open_orders().count() >= OPEN_ORDERS_MAX:
                    return
                market = Market.objects.select_related("base").get(symbol=f"{coin}-USDT")
                units = units_of(value / Decimal(COINS[coin]["price"]), market.base.decimals)
                lead_orders.submit_lead_order(
                    lead_id=self.lead_id,
                    market_id=market.pk,
                    side=LeadOrder.Side(side),
                    quantity_units=units // market.lot_units * market.lot_units,
                    idempotency_key=key,
                    now=timezone.now(),
                )
                self.done[f"lead {side}"] += 1
                return
            except Refusal:
                self.done["lead refused"] += 1
                return
            except (DatabaseError, OSError, OperationalError, TypeError):
                # A database or a Valkey that was just killed; the last is what the bell makes of the latter.
                connections.close_all()
                self.stopping.wait(RETRY_SECONDS)

    def open_orders(self) -> QuerySet[LeadOrder]:
        return LeadOrder.objects.filter(lead_id=self.lead_id, status=LeadOrder.Status.SUBMITTED)

    def leave(self) -> None:
        """Take back what is still open, so that everything comes to rest."""
        for order in self.open_orders():
            with contextlib.suppress(Refusal):
                lead_orders.cancel_lead_order(order_id=order.pk, now=timezone.now())


class FollowerTrader(Trader):
    """A follower who trades by hand and waits for prices, changes the investment, stops and starts again."""

    def __init__(self, follower: Follower, *, address: str, slugs: list[str], **options: Any) -> None:
        super().__init__(**options)
        self.follower = follower
        self.address = address
        self.slugs = slugs

    def act(self, key: str) -> None:
        wish = self.random.choice(["spot", "spot", "spot", "limit", "limit", "increase", "reduce", "stop"])
        if wish in ("spot", "limit"):
            self.trade(key, wish)
            return
        copy = self.live_copy()
        if copy is None:
            body = {"lead": self.random.choice(self.slugs), "investment": "500", "buy_existing": True}
            self.press("copies", body, key, "start")
        elif wish == "stop":
            self.press(f"copies/{copy}/stop", {}, key, wish)
        else:
            self.press(f"copies/{copy}/{wish}", {"value": str(self.random.randint(20, 90))}, key, wish)

    def trade(self, key: str, wish: str) -> None:
        """Trade by hand at the market, or with a limit that is there already, or is never, as prices stand still."""
        coin, side = self.random.choice(sorted(COINS)), self.random.choice(["BUY", "BUY", "SELL"])
        price = Decimal(COINS[coin]["price"])
        quantity, value = self.random.randint(20, 60) / price, str(self.random.randint(20, 60))
        body: dict[str, Any] = {"market": f"{coin}-USDT", "side": side}
        if wish == "spot":
            given = {"value": value} if side == "BUY" else {"quantity": f"{quantity:.8f}"}
            self.press("wallet/orders", body | given, key, wish)
            return
        step = Decimal(COINS[coin]["lot_size"])
        limit = price * self.random.choice([Decimal("0.99"), Decimal("1.01")])
        body |= {"price_limit": f"{limit:.4f}", "quantity": f"{quantity // step * step:f}"}
        self.press("wallet/orders/limit", body, key, wish)

    def live_copy(self) -> int | None:
        try:
            running = Copy.objects.filter(follower_id=self.follower.user_id).exclude(status=Copy.Status.STOPPED)
            return running.values_list("pk", flat=True).first()
        except DatabaseError:
            connections.close_all()
            return None

    def press(self, path: str, body: dict[str, Any], key: str, wish: str) -> None:
        """Send one request until it is answered, with the same key each time."""
        request = urllib.request.Request(
            f"{self.address}/api/v1/{path}",
            method="POST",
            data=json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.follower.token}",
                "Content-Type": "application/json",
                "Idempotency-Key": key,
            },
        )
        while not self.stopping.is_set():
            try:
                with urllib.request.urlopen(request, timeout=15):
                    self.done[wish] += 1
                    return
            except urllib.error.HTTPError as answer:
                self.done[f"{wish} {answer.code}"] += 1
                if answer.code < 500:
                    return
            except OSError:
                self.done["web away"] += 1
            self.stopping.wait(RETRY_SECONDS)


class Crowd:
    """All traders of a town, started and stopped together."""

    def __init__(self, town: Town, *, address: str, seed: int) -> None:
        self.done: Counter[str] = Counter()
        self._stopping = threading.Event()
        options: dict[str, Any] = {"stopping": self._stopping, "done": self.done}
        slugs = [lead.slug for lead in town.leads]
        self._traders: list[Trader] = [
            LeadTrader(lead, seed=seed + number, **options) for number, lead in enumerate(town.leads)
        ]
        self._traders += [
            FollowerTrader(follower, address=address, slugs=slugs, seed=seed + 1000 + number, **options)
            for number, follower in enumerate(town.followers[::4])
        ]

    def start(self) -> None:
        for trader in self._traders:
            trader.start()

    def stop(self) -> None:
        self._stopping.set()
        for trader in self._traders:
            trader.join(20)

    def leave(self) -> None:
        """Let everybody take back what is still open; no worker may be asleep with a lead's lock by now."""
        # What this thread had open may be a connection to a server that was killed since.
        connections.close_all()
        for trader in self._traders:
            trader.leave()
