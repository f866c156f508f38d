"""One day: who does what, and what is measured meanwhile."""

import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import psutil
from django.conf import settings
from django.db import connection
from django.db.models.functions import TruncHour
from django.test.utils import override_settings
from django.utils import timezone

from accounts.models import ProgramKey, User
from copytrading.models import Copy, Lead, LeadOrder, LeadRecord
from copytrading.services import bell
from copytrading.services.books import records
from copytrading.services.personal import retention
from copytrading.services.safety import reconciling
from copytrading.worlds.benchmarking.resting import SETTINGS, Rest
from tests.campaign.fleet import Fleet
from tests.day.memory import Memory
from tests.day.streams import Streams
from tests.outages.asking import PATIENCE_SECONDS, WHOLE, Answer, Door, Looker, Orderer, Page
from tests.outages.known import cookie_of, key_of
from tests.outages.standing import Standing

# A day of one lead, and of one follower.
ORDERS_A_LEAD, VIEWS_A_COPY = 20, 2
ORDER_VALUES = range(500, 2_000)
MARKETS = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "LTC-USDT")
LOOKERS, READERS = 4, 40
LOOK_SECONDS = 5.0
# What grows until everything was touched once is no leak.
WARM_UP_SHARE, WARM_UP_SECONDS_MIN = 0.1, 60.0
MEMORY_GROWTH_MAX, PAGE_SECONDS_MAX = 0.05, 0.2
REST_SECONDS = 180.0
# What an hour keeps: the last with and without what its followers made, the highest, the lowest, the deepest fall.
RECORDS_AN_HOUR = 6
# Rows that say what is, not what was: a day adds none.
STANDING_TABLES = tuple(f"copytrading_{name}" for name in ("heartbeat", "mark", "copy", "lead", "leadposition"))


@dataclass(kw_only=True)
class Figures:
    """
    What a day came to. `memory` has megabytes in the first and the last third and the growth, by process; `pages` the
    middle and the slowest twentieth in milliseconds and how often, by address; `tables` the rows when everything was
    warm, in the end, and after the walk that forgets, of tables that changed.

    `lost` are orders that no cycle looked at, `unfilled` those that one decided on and that ended without a fill.

    `grown` are processes beyond five percent, `kept_too_long` rows that the walk should have taken, `swollen` tables
    that say what is and have more rows than before.
    """

    copies: int
    leads: int
    streams: int
    minutes: float
    orders: int = 0
    lost: int = 0
    unfilled: int = 0
    views: int = 0
    page_p95_ms: float = 0.0
    wrong: list[str] = field(default_factory=list)
    pages: dict[str, tuple[float, float, int]] = field(default_factory=dict)
    memory: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    grown: list[str] = field(default_factory=list)
    tables: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    swollen: list[str] = field(default_factory=list)
    kept_too_long: dict[str, int] = field(default_factory=dict)
    streams_open: int = 0
    streams_refused: int = 0
    streams_ended: int = 0
    bells: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    load: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_clean(self) -> bool:
        wrong = self.lost or self.wrong or self.grown or self.swollen or self.kept_too_long or self.findings
        return not wrong and not self.streams_refused and self.page_p95_ms <= PAGE_SECONDS_MAX * 1000


def run(fleet: Fleet, *, copies: int, leads: int, streams: int, minutes: int) -> Figures:
    """Play a day in so many minutes, and return its figures."""
    began_at, loads = time.monotonic(), [psutil.getloadavg()[0]]
    figures = Figures(copies=copies, leads=leads, streams=streams, minutes=minutes)
    say(f"{leads} leads with {copies:,} copies ...")
    rest = Rest(now=timezone.now())
    with override_settings(**SETTINGS), bell.carried_by(rest):
        rest.gather(leads=leads, copies=copies, show=say)
    standing = Standing(
        fleet, {"SMARTSYNC_REFERENCE_COPY_AMOUNT": "0", "STREAMS_PER_ADDRESS": "100000", "EMAIL_URL": "dummymail://"}
    )
    say("Starting the platform ...")
    standing.start()
    door = Door(standing.https)
    orderers = _orderers(door, minutes=minutes)
    lookers = _lookers(door, views_a_second=copies * VIEWS_A_COPY / (minutes * 60))
    held = Streams(ports=standing.webs, cookies=_cookies(streams))
    for thread in (*orderers, *lookers, held):
        thread.start()
    say(f"A day in {minutes} minutes ...")
    memory, day_began_at = Memory(), time.monotonic()
    warm_at = day_began_at + max(minutes * 60 * WARM_UP_SHARE, WARM_UP_SECONDS_MIN)
    ends_at = warm_at + minutes * 60
    warm: dict[str, int] = {}
    while (now := time.monotonic()) < ends_at:
        servers = {"PostgreSQL": _id_of(fleet.postgres), "Valkey": _id_of(fleet.valkey)}
        memory.look(at=now, programs=standing.supervisor.children(), servers=servers)
        if not warm and now >= warm_at:
            warm = _rows()
            loads.append(psutil.getloadavg()[0])
        time.sleep(LOOK_SECONDS)
    loads.append(psutil.getloadavg()[0])
    figures.streams_open = held.open
    held.stop()
    for thread in (*orderers, *lookers):
        thread.stopping.set()
    for thread in (*orderers, *lookers, held):
        thread.join(PATIENCE_SECONDS)
    figures.memory = memory.figures(since=warm_at, until=ends_at)
    figures.grown = [name for name, (_, _, growth) in figures.memory.items() if abs(growth) > MEMORY_GROWTH_MAX]
    _count_pages(figures, [one for looker in lookers for one in looker.answers if one.asked_at >= warm_at])
    _count_orders(figures, orderers)
    figures.streams_refused, figures.streams_ended, figures.bells = held.refused, held.ended, held.bells
    fleet.stop_members()
    _count_tables(figures, warm)
    figures.findings = [finding.sentence for finding in reconciling.check_ledger().findings]
    figures.load = [round(one, 1) for one in loads]
    figures.seconds = round(time.monotonic() - began_at, 1)
    connection.close()
    return figures


def _orderers(door: Door, *, minutes: int) -> list[Orderer]:
    """Return the leads, each with a key and a pace of so many orders in the time."""
    every_seconds = minutes * 60 / ORDERS_A_LEAD
    leads = list(Lead.objects.select_related("user").order_by("pk"))
    return [
        Orderer(
            door,
            lead_id=lead.pk,
            headers=key_of(lead.user, ProgramKey.Scope.LEAD),
            markets=MARKETS,
            values=ORDER_VALUES,
            every_seconds=every_seconds,
            # Not all at once.
            first_seconds=every_seconds * place / len(leads),
        )
        for place, lead in enumerate(leads)
    ]


def _lookers(door: Door, *, views_a_second: float) -> list[Looker]:
    """Return who looks at pages: some readers with copies of their own, at a pace of all of them together."""
    pages: list[Page] = []
    for copy in Copy.objects.select_related("follower", "lead").order_by("pk")[:READERS]:
        cookie = cookie_of(copy.follower)
        paths = ("/", "/copies/", f"/copies/{copy.pk}/", f"/leads/{copy.lead.slug}/")
        pages += [Page(path=path, word="</html>", headers=cookie) for path in paths]
        pages.append(Page(path="/api/v1/copies", word="results", headers=key_of(copy.follower)))
    apart = max(len(pages) // LOOKERS, 1)
    return [
        Looker(door, pages[place * apart :] + pages[: place * apart], pause_seconds=LOOKERS / views_a_second)
        for place in range(LOOKERS)
    ]


def _cookies(count: int) -> list[str]:
    people = User.objects.filter(copies__isnull=False).order_by("pk").distinct()[:count]
    return [cookie_of(person)["Cookie"] for person in people]


def _count_pages(figures: Figures, answers: list[Answer]) -> None:
    by_address: dict[str, list[float]] = {}
    for one in answers:
        address = re.sub(r"\d+", "N", one.path.replace("/api/v1/", "/api/v/"))
        by_address.setdefault(address, []).append(one.seconds * 1000)
    figures.views = len(answers)
    figures.wrong = [f"{one.path}: {one.kind}" for one in answers if one.kind != WHOLE][:20]
    figures.pages = {
        address: (round(float(np.median(times)), 1), round(float(np.percentile(times, 95)), 1), len(times))
        for address, times in sorted(by_address.items())
    }
    everything = [one.seconds * 1000 for one in answers]
    figures.page_p95_ms = round(float(np.percentile(everything, 95)), 1) if everything else 0.0


def _count_orders(figures: Figures, orderers: list[Orderer]) -> None:
    keys = [order.key for orderer in orderers for order in orderer.taken]
    given = LeadOrder.objects.filter(idempotency_key__in=keys)
    ends_at = time.monotonic() + REST_SECONDS
    while given.filter(status=LeadOrder.Status.SUBMITTED).exists() and time.monotonic() < ends_at:
        time.sleep(1)
    figures.orders = len(keys)
    unfilled = given.exclude(status=LeadOrder.Status.FILLED)
    figures.lost = len(keys) - given.count() + unfilled.filter(cycle=None).count()
    figures.unfilled = unfilled.exclude(cycle=None).count()
    figures.refused = dict(sum((orderer.refusals for orderer in orderers), Counter[str]()))


def _count_tables(figures: Figures, warm: dict[str, int]) -> None:
    """Compare rows, let the clock be years later, forget, and look at what is left that should have gone."""
    end = _rows()
    figures.swollen = [name for name in STANDING_TABLES if end.get(name, 0) > warm.get(name, 0)]
    in_three_days, in_ten_years = timezone.now() + timedelta(days=3), timezone.now() + timedelta(days=3_650)
    records.thin_records(now=in_three_days)
    retention.forget_what_is_old(now=in_ten_years)
    for kept in retention.KEPT:
        until = in_ten_years - timedelta(days=getattr(settings, kept.setting))
        if rows := kept.rows(until).count():
            figures.kept_too_long[kept.setting] = rows
    old = LeadRecord.objects.filter(recorded_at__lt=in_three_days - records.KEPT_WHOLE - timedelta(hours=1))
    hours = Counter(old.annotate(hour=TruncHour("recorded_at")).values_list("lead_id", "hour"))
    if too_many := sum(max(count - RECORDS_AN_HOUR, 0) for count in hours.values()):
        figures.kept_too_long["records of leads"] = too_many
    left = _rows()
    figures.tables = {
        name: (warm.get(name, 0), count, left.get(name, 0))
        for name, count in sorted(end.items())
        if count != warm.get(name, 0) or left.get(name, 0) != count
    }


def _rows() -> dict[str, int]:
    """Return the rows of each table."""
    found: dict[str, int] = {}
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")
            found[name] = int(cursor.fetchone()[0])
    return found


def _id_of(server: object) -> int:
    process = getattr(server, "process", None)
    assert process is not None, "it was started"
    return int(process.pid)


def say(line: str) -> None:
    sys.stderr.write(f"day | {line}\n")
    sys.stderr.flush()
