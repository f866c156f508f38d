"""
What the operators' morning page and their search cost on a platform with a million orders and a thousand alarms.

Leads and copies are those of a platform at rest. Orders and their cycles are written as rows, a month of them
and a few that are open; what is looked at is looked at as an operator does who may see everything. Needs a database of
its own.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import numpy as np
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import Journal, User
from copytrading.models import Alarm, Copy, Heartbeat, Lead, Market, MoneyUnderCopy, Order, SyncCycle
from copytrading.services.books import records
from copytrading.services.safety import reconciling
from copytrading.worlds.benchmarking.meters import metered
from copytrading.worlds.benchmarking.pages import LOOKS, PAGE_SETTINGS, WARM_UP_LOOKS
from copytrading.worlds.benchmarking.resting import Rest

LEADS, COPIES, PEOPLE = 50, 2_500, 20_000
# So long is what is over spread; so many orders are open beside it, and of those one in so many is unknown.
DAYS, OPEN_ORDERS, UNKNOWN_EVERY = 30, 60, 10
ORDERS_A_CYCLE, PARTICIPANTS = 2, 50

CYCLES = """
    INSERT INTO copytrading_synccycle (lead_id, status, opened_at, done_at, request_count, has_rest)
    SELECT (%(leads)s::bigint[])[1 + number %% %(lead_count)s], 'DONE', at, at + interval '1 second', 0, false
    FROM (SELECT number, %(now)s - %(span)s * (1 - number::double precision / %(count)s) AS at
        FROM generate_series(0, %(count)s - 1) AS number) AS made
    ORDER BY number
"""

# As booking leaves them: nine of ten filled, the others ended otherwise.
ORDERS = """
    INSERT INTO copytrading_order (cycle_id, market_id, venue_account, client_order_id, venue_order_id, side, status,
        quantity_units, price_limit, price_mid, price_buy_max, value_max_units, participant_ids, wish_units,
        request_count, filled_units, value_units, fee_units, fee_base_units, refusal, planned_at, claimed_at,
        ask_count, not_found_count, answered_at, booked_at)
    SELECT %(cycle_first)s + number / %(orders_a_cycle)s, (%(markets)s::bigint[])[1 + number %% %(market_count)s],
        'platform', 'bench' || lpad(number::text, 9, '0'), '', CASE WHEN number %% 2 = 0 THEN 'BUY' ELSE 'SELL' END,
        CASE WHEN number %% 10 < 9 THEN 'FILLED'
            ELSE (ARRAY['CANCELED', 'PARTIALLY_FILLED', 'REJECTED', 'NOT_PLACED'])[1 + number / 10 %% 4] END,
        1000, 100, 100, 100, 100000, %(participants)s::bigint[], %(wishes)s::bigint[],
        0, CASE WHEN number %% 10 < 9 THEN 1000 ELSE 0 END, CASE WHEN number %% 10 < 9 THEN 100000 ELSE 0 END, 100, 0,
        '', at, at, 0, 0, at + interval '40 milliseconds', at + interval '50 milliseconds'
    FROM (SELECT number, %(now)s - %(span)s * (1 - number::double precision / %(count)s) AS at
        FROM generate_series(0, %(count)s - 1) AS number) AS made
    ORDER BY number
"""

OPEN = """
    INSERT INTO copytrading_order (market_id, venue_account, client_order_id, venue_order_id, side, status,
        quantity_units, price_limit, price_mid, price_buy_max, value_max_units, participant_ids, wish_units,
        request_count, filled_units, value_units, fee_units, fee_base_units, refusal, planned_at, claimed_at,
        ask_count, not_found_count)
    SELECT %(market)s, 'bench' || number, 'open' || number, '', 'BUY',
        CASE WHEN number %% %(unknown_every)s = 0 THEN 'UNKNOWN'
            WHEN number %% 2 = 0 THEN 'PLANNED' ELSE 'SUBMITTING' END,
        1000, 100, 100, 100, 100000, '{}', '{}', 0, 0, 0, 0, 0, '', %(now)s - number * interval '1 second',
        CASE WHEN number %% 2 = 0 AND number %% %(unknown_every)s > 0 THEN NULL
            ELSE %(now)s - number * interval '1 second' END, 0, 0
    FROM generate_series(0, %(count)s - 1) AS number
"""

PEOPLE_ROWS = """
    INSERT INTO accounts_user (password, email, first_name, last_name, is_superuser, is_staff, is_active, date_joined,
        sessions_ended)
    SELECT '!', 'person' || number || '@bench.invalid', '', '', false, false, true, %(now)s, 0
    FROM generate_series(1, %(count)s) AS number
"""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One address: milliseconds by the wall (middle, and of the slowest twentieth), processor, and statements."""

    name: str
    p50_ms: float
    p95_ms: float
    processor_ms: float
    statements: int
    kilobytes: float


@dataclass(frozen=True, kw_only=True)
class PanelFigures:
    """The looks at the page and at the search, and how much there was behind them."""

    orders: int
    alarms: int
    copies: int
    people: int
    pages: tuple[Look, ...]
    searches: tuple[Look, ...]


def measure_panel(*, orders: int, alarms: int, now: datetime, show: Callable[[str], object]) -> PanelFigures:
    """Write a platform with so many orders and open alarms, and return what looking at it costs. Owns its commits."""
    with override_settings(**PAGE_SETTINGS):
        yard = Yard(now=now)
        yard.fill(orders=orders, alarms=alarms, show=show)
        show("Looking at the panel ...")
        client = yard.operator()
        pages = tuple(visit(client, name, address, **headers) for name, address, headers in yard.pages())
        searches = tuple(visit(client, name, address) for name, address in yard.searches())
        return PanelFigures(
            orders=Order.objects.count(),
            alarms=Alarm.objects.filter(cleared_at__isnull=True).count(),
            copies=Copy.objects.count(),
            people=User.objects.count(),
            pages=pages,
            searches=searches,
        )


class Yard:
    """A platform with a month of orders behind it, and an operator who looks at it."""

    def __init__(self, *, now: datetime) -> None:
        self.rest = Rest(now=now)
        self.now = now

    def fill(self, *, orders: int, alarms: int, show: Callable[[str], object]) -> None:
        """Let everything be there: people, copies, orders, alarms, processes."""
        self.rest.gather(leads=LEADS, copies=min(COPIES, orders), show=show)
        show(f"{orders:,} orders ...")
        self._order(orders)
        self._write(PEOPLE_ROWS, count=min(PEOPLE, orders))
        self._raise(alarms)
        self._beat()
        reconciling.reconcile(now=self.now)
        self._record()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

    def _order(self, count: int) -> None:
        leads = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
        markets = list(Market.objects.order_by("pk").values_list("pk", flat=True))
        participants = list(Copy.objects.order_by("pk").values_list("ledger_account_id", flat=True)[:PARTICIPANTS])
        cycles = -(-count // ORDERS_A_CYCLE)
        self._write(CYCLES, leads=leads, lead_count=len(leads), count=cycles)
        cycle_first = SyncCycle.objects.latest("pk").pk - cycles + 1
        self._write(
            ORDERS,
            cycle_first=cycle_first,
            orders_a_cycle=ORDERS_A_CYCLE,
            markets=markets,
            market_count=len(markets),
            participants=participants,
            wishes=[20] * len(participants),
            count=count,
        )
        self._write(OPEN, market=markets[0], count=OPEN_ORDERS, unknown_every=UNKNOWN_EVERY)

    def _raise(self, count: int) -> None:
        """Write open alarms of all kinds, and as many that were cleared."""
        kinds = Alarm.Kind.values
        Alarm.objects.bulk_create(
            [
                Alarm(
                    kind=kinds[number % len(kinds)],
                    key=f"bench:{number}",
                    sentence=f"Trouble number {number} of a thousand that were made to be looked at.",
                    raised_at=self.now - timedelta(minutes=number),
                    last_seen_at=self.now - timedelta(seconds=number),
                    cleared_at=None if number < count else self.now,
                )
                for number in range(2 * count)
            ]
        )

    def _beat(self) -> None:
        Heartbeat.objects.bulk_create(
            [
                Heartbeat(name=f"{kind.lower()}@bench", kind=kind, started_at=self.now, beaten_at=self.now)
                for kind in Heartbeat.Kind.values
            ]
        )

    def _record(self) -> None:
        """Record this minute, and write the same for each of the last day."""
        records.record_values(now=self.now, slot=self.now)
        last = MoneyUnderCopy.objects.latest("recorded_at")
        steps = np.random.default_rng(1).normal(0, 0.0004, 24 * 60).cumsum()
        MoneyUnderCopy.objects.bulk_create(
            [
                MoneyUnderCopy(
                    recorded_at=self.now - timedelta(minutes=minute + 1),
                    copies=last.copies,
                    worth_units=int((last.worth_units or 0) * (1 + step)),
                    asset_ids=last.asset_ids,
                    units=last.units,
                )
                for minute, step in enumerate(steps.tolist())
            ]
        )

    def _write(self, statement: str, **asked: Any) -> None:
        whole: dict[str, Any] = {"now": self.now, "span": timedelta(days=DAYS), **asked}
        with connection.cursor() as cursor:
            cursor.execute(statement, whole)

    # -- What is looked at -----------------------------------------------------------------------------------------

    def operator(self) -> Client:
        """Return an operator's browser, who sees everything and is signed in with a second factor."""
        user = User.objects.create_user("operator@bench.invalid", is_staff=True)
        user.groups.add(Group.objects.get(name="compliance"))
        client = Client()
        client.force_login(user)
        if not Authenticator.objects.filter(user=user).exists():
            TOTP.activate(user, generate_totp_secret())
        session = client.session
        session["account_authentication_methods_user"] = str(user.pk)
        session["account_authentication_methods"] = [{"method": "mfa", "at": time.time(), "reauthenticated": True}]
        session.save()
        return client

    def pages(self) -> list[tuple[str, str, dict[str, str]]]:
        """Return the looks at the morning page: the whole, and what it refreshes by itself."""
        start = reverse("admin:index")
        return [("morning page", start, {}), ("morning page, refreshed", start, {"HX-Request": "true"})]

    def searches(self) -> list[tuple[str, str]]:
        """Return a search for something of every kind, found and not."""
        middle = Order.objects.order_by("pk")[Order.objects.count() // 2]
        copy = Copy.objects.select_related("follower", "lead").order_by("pk")[0]
        asked = {
            "a number": str(middle.pk),
            "an order": middle.client_order_id,
            "how all orders begin": "bench",
            "a person": copy.follower.email,
            "how people begin": "person1",
            "a lead": copy.lead.name,
            "a journal": Journal.objects.latest("pk").idempotency_key,
            "a coin": "btc",
            "a word of alarms": "trouble number",
            "nothing": "zzzz",
            "a number of nothing": "9" * 18,
        }
        return [(name, f"{reverse('admin:search')}?{urlencode({'q': text})}") for name, text in asked.items()]


def visit(client: Client, name: str, address: str, **headers: str) -> Look:
    """Look at one address again and again."""
    seconds, processor, statements, length = [], [], set(), 0
    for look in range(WARM_UP_LOOKS + LOOKS):
        with metered() as cost:
            began_at = perf_counter()
            response = client.get(address, headers=headers)
            took = perf_counter() - began_at
        assert response.status_code == 200, f"{name}: {address} answered {response.status_code}"
        if look >= WARM_UP_LOOKS:
            seconds.append(took)
            processor.append(cost.processor_seconds)
            statements.add(cost.statements)
            length = len(response.content)
    return Look(
        name=name,
        p50_ms=float(np.percentile(seconds, 50)) * 1000,
        p95_ms=float(np.percentile(seconds, 95)) * 1000,
        processor_ms=float(np.median(processor)) * 1000,
        statements=max(statements),
        kilobytes=length / 1000,
    )
