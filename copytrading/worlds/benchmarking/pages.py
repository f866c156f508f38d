"""
What a page costs on a platform that has been used: thousands of leads, one person with many copies, a long history.

Leads and copies are those of a platform at rest. The history is written as a booked order leaves it (order, fill,
allocations, journal), bought and sold again in turn, so that nobody holds anything else in the end and the ledger is
clean. Then every page is asked for as a browser does, again and again. Needs a database of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from time import perf_counter

import numpy as np
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from accounts import devices, ledger
from accounts.database import bulk_rows
from accounts.ledger import Lines
from accounts.models import Journal, LedgerAccount, User
from copytrading.models import Allocation, Copy, Fill, Lead, Market, Order, SyncCycle
from copytrading.queries.market import board as market_queries
from copytrading.services.books import records
from copytrading.services.locks import lock_lead
from copytrading.services.safety import reconciling
from copytrading.worlds.benchmarking.meters import metered
from copytrading.worlds.benchmarking.resting import PRICES, STAKE, Rest

RECORD_DAYS = 91
OWN_COPIES = 50
COPIES_A_LEAD = 50
LOOKS, WARM_UP_LOOKS = 40, 3
ORDERS_AT_ONCE = 200
PAGE_SETTINGS = {"ALLOWED_HOSTS": ["testserver"], "SMARTSYNC_BELL": False}

# Random walks of a day each, the same at every run.
RECORDS = """
    INSERT INTO copytrading_leadrecord (lead_id, recorded_at, equity_units, unit_price, following_units)
    SELECT walk.lead_id, walk.recorded_at, %(equity)s, exp(sum(walk.step) OVER (
        PARTITION BY walk.lead_id ORDER BY walk.recorded_at)), 0
    FROM (SELECT lead.id AS lead_id, %(now)s - make_interval(days => day) AS recorded_at,
            (hashint8(lead.id * 1000 + day)::double precision / 2147483648) * 0.02 AS step
        FROM copytrading_lead AS lead, generate_series(1, %(days)s) AS day) AS walk
"""


@dataclass(frozen=True, kw_only=True)
class PageFigures:
    """One page: milliseconds by the wall (middle, and of the slowest twentieth) and by the processor; statements."""

    name: str
    p50_ms: float
    p95_ms: float
    processor_ms: float
    statements: int
    kilobytes: float


@dataclass(frozen=True, kw_only=True)
class Visited:
    """All pages, and how much there was to read."""

    leads: int
    copies: int
    allocations: int
    postings: int
    pages: tuple[PageFigures, ...]
    is_clean: bool


def measure_pages(*, leads: int, allocations: int, now: datetime, show: Callable[[str], object]) -> Visited:
    """Write a platform with so many leads and shares of orders, and return what each page costs. Owns its commits."""
    with override_settings(**PAGE_SETTINGS):
        town = Town(now=now)
        town.settle(leads=leads, allocations=allocations, show=show)
        show("Looking at the pages ...")
        pages = tuple(town.visit(name, address, **headers) for name, address, headers in town.addresses())
        return Visited(
            leads=leads,
            copies=Copy.objects.count(),
            allocations=Allocation.objects.count(),
            postings=_rows_of("accounts_posting"),
            pages=pages,
            is_clean=reconciling.check_ledger().is_clean,
        )


class Town:
    """A platform with a past, and the person whose pages are looked at."""

    def __init__(self, *, now: datetime) -> None:
        self.rest = Rest(now=now)
        self.now = now
        self.me: User
        self.leads: list[Lead] = []

    def settle(self, *, leads: int, allocations: int, show: Callable[[str], object]) -> None:
        """Let everybody come, and everything happen."""
        traded = min(OWN_COPIES, leads)
        self.rest.gather(leads=traded, copies=traded * COPIES_A_LEAD, show=show)
        self.now = self.rest.now
        self.leads = list(Lead.objects.order_by("pk"))
        self.me = User.objects.create_user("reader@bench.invalid", is_active=True)
        for lead in self.leads:
            self.rest.start_copies(lead, [self.me], first=0)
        show(f"{leads:,} leads with {RECORD_DAYS} days each ...")
        self._lead_only(leads - traded)
        with connection.cursor() as cursor:
            cursor.execute(RECORDS, {"now": self.now, "days": RECORD_DAYS, "equity": STAKE * 10**8})
        records.count_summaries(now=self.now)
        self._trade(allocations, show)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

    def _lead_only(self, count: int) -> None:
        """Bring in leads whom nobody follows yet."""
        people = User.objects.bulk_create(
            [User(email=f"other{number}@bench.invalid", password="!") for number in range(count)], batch_size=5_000
        )
        Lead.objects.bulk_create(
            [
                Lead(
                    user=person,
                    name=f"Other lead {number}",
                    slug=f"other-lead-{number}",
                    source=Lead.Source.OBSERVED,
                    status=Lead.Status.ACTIVE,
                    profit_share_rate=Decimal("0.1"),
                    followers_max=100,
                    applied_at=self.now,
                    started_at=self.now - timedelta(days=RECORD_DAYS),
                    units_issued=STAKE,
                    looked_at=self.now,
                )
                for number, person in enumerate(people)
            ],
            batch_size=5_000,
        )
        Lead.objects.update(started_at=self.now - timedelta(days=RECORD_DAYS))

    def _trade(self, allocations: int, show: Callable[[str], object]) -> None:
        """Write booked orders until there are so many shares of them, a purchase and its sale in turn."""
        accounts_of = {
            lead.pk: np.array(
                [lead.ledger_account_id, *Copy.objects.filter(lead=lead).values_list("ledger_account_id", flat=True)],
                dtype=np.int64,
            )
            for lead in self.leads
        }
        markets = list(Market.objects.select_related("base").order_by("pk"))
        number = written = 0
        while written < allocations:
            lead = self.leads[number // (2 * ORDERS_AT_ONCE) % len(self.leads)]
            accounts = accounts_of[lead.pk]
            count = min(2 * ORDERS_AT_ONCE, 2 * -(-(allocations - written) // (2 * len(accounts))))
            self._book(lead, accounts, [markets[turn // 2 % len(markets)] for turn in range(count)], number)
            number += 2 * ORDERS_AT_ONCE
            written += count * len(accounts)
            show(f"{written:,} of {allocations:,} shares of orders")

    def _book(self, lead: Lead, accounts: np.ndarray, markets: list[Market], number: int) -> None:
        """Write orders of one lead as booking leaves them: first bought, then sold, at one price."""
        cash = market_queries.cash_asset().pk
        venue = ledger.platform_account(LedgerAccount.Kind.VENUE, now=self.now).pk
        at = [self.now - timedelta(days=60) + timedelta(seconds=number + turn) for turn in range(len(markets))]
        cycles = SyncCycle.objects.bulk_create(
            [SyncCycle(lead=lead, status=SyncCycle.Status.DONE, opened_at=when, done_at=when) for when in at]
        )
        drafts = []
        for turn, (market, cycle, when) in enumerate(zip(markets, cycles, at, strict=True)):
            sign = 1 if turn % 2 == 0 else -1
            price = Decimal(PRICES[market.base.symbol])
            # A thousandth of a coin for each dollar of its price would be the same money everywhere: 0.10 here.
            units = max(int(10**7 / price), 1)
            paid = int(units * price)
            drafts.append(
                Order(
                    cycle=cycle, market=market, venue_account="platform", client_order_id=f"bench{number + turn}",
                    side=Order.Side.BUY if sign > 0 else Order.Side.SELL, status=Order.Status.FILLED,
                    quantity_units=units * len(accounts), filled_units=units * len(accounts),
                    value_units=paid * len(accounts), price_limit=price, price_mid=price, price_buy_max=price,
                    participant_ids=accounts.tolist(), wish_units=[sign * units] * len(accounts),
                    planned_at=when, claimed_at=when, answered_at=when, booked_at=when,
                )
            )  # fmt: skip
        orders = Order.objects.bulk_create(drafts)
        Fill.objects.bulk_create(
            [
                Fill(
                    order=order, venue_account="platform", trade_id=order.client_order_id, price=order.price_limit,
                    quantity_units=order.filled_units, value_units=order.value_units, fee_units=0,
                    executed_at=order.planned_at,
                )
                for order in orders
            ]
        )  # fmt: skip
        everybody = np.append(accounts, venue)
        for order in orders:
            sign = 1 if order.side == Order.Side.BUY else -1
            ones = np.full(len(accounts), sign, dtype=np.int64)
            quantity, value = ones * (order.filled_units // len(accounts)), -ones * (order.value_units // len(accounts))
            bulk_rows.write_columns(
                "copytrading_allocation",
                {
                    "order_id": np.full(len(accounts), order.pk, dtype=np.int64),
                    "ledger_account_id": accounts,
                    "quantity_units": quantity,
                    "value_units": value,
                    "fee_units": 0 * ones,
                    "fee_base_units": 0 * ones,
                },
            )
            with transaction.atomic():
                lock_lead(lead.pk)
                ledger.post(
                    kind=Journal.Kind.TRADE,
                    idempotency_key=f"order:{order.pk}",
                    lines=Lines.join(
                        Lines.of(everybody, cash, np.append(value, -int(value.sum()))),
                        Lines.of(everybody, order.market.base_id, np.append(quantity, -int(quantity.sum()))),
                    ),
                    now=order.planned_at,
                )

    # -- The pages -------------------------------------------------------------------------------------------------

    def addresses(self) -> list[tuple[str, str, dict[str, str]]]:
        """Return the pages that are looked at: a name, the address, and what the request carries besides."""
        own = Copy.objects.filter(follower=self.me).order_by("pk")[0]
        slug = self.leads[0].slug
        _, tokens = devices.open_device(user=self.me, now=self.now)
        bearer = {"authorization": f"Bearer {tokens.access_token}"}
        pages = {
            "discover": reverse("discover"),
            "discover, last page": f"{reverse('discover')}?sort=days&page=100",
            "lead": reverse("lead_detail", args=[slug]),
            "my copies": reverse("my_copies"),
            "copy": reverse("copy_detail", args=[own.pk]),
            "activity": reverse("activity"),
            "wallet": reverse("wallet"),
            "notices": reverse("notices"),
        }
        calls = {
            "api leads": "/api/v1/leads",
            "api leads, searched": "/api/v1/leads?search=lead%2049&sort=days",
            "api lead trades": f"/api/v1/leads/{slug}/trades",
            "api lead events": f"/api/v1/leads/{slug}/events",
            "api copies": "/api/v1/copies",
            "api copy": f"/api/v1/copies/{own.pk}",
            "api copy activity": f"/api/v1/copies/{own.pk}/activity",
            "api orders": f"/api/v1/copies/{own.pk}/orders",
            "api fills": f"/api/v1/copies/{own.pk}/fills",
            "api ledger": f"/api/v1/copies/{own.pk}/ledger",
            "api flows": f"/api/v1/copies/{own.pk}/flows",
            "api profit shares": f"/api/v1/copies/{own.pk}/profit-shares",
            "api activity": "/api/v1/activity",
            "api wallet history": "/api/v1/wallet/history",
            "api wallet orders": "/api/v1/wallet/orders",
            "api notices": "/api/v1/notices",
            "api devices": "/api/v1/devices",
        }
        return [(name, address, {}) for name, address in pages.items()] + [
            (name, address, bearer) for name, address in calls.items()
        ]

    def visit(self, name: str, address: str, **headers: str) -> PageFigures:
        """Ask for one page again and again."""
        client = Client()
        # What is looked at so often would soon be too often for one person; what is kept is kept again by warming up.
        cache.clear()
        if not headers:
            client.force_login(self.me)
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
        return PageFigures(
            name=name,
            p50_ms=float(np.percentile(seconds, 50)) * 1000,
            p95_ms=float(np.percentile(seconds, 95)) * 1000,
            processor_ms=float(np.median(processor)) * 1000,
            statements=max(statements),
            kilobytes=length / 1000,
        )


def _rows_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])
