"""One campaign: what is stopped after what, and what came of it."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psutil
from django.db import DatabaseError, connection
from django.utils import timezone

from accounts.models import ProgramKey, User
from copytrading.models import Alarm, Heartbeat, Lead, LeadOrder, Order, SyncCycle
from copytrading.services.safety import reconciling
from copytrading.worlds.demo import people, world
from tests.campaign.fleet import Fleet
from tests.outages import asking
from tests.outages.asking import AWAY, WHOLE, Door, Looker, Orderer, Page
from tests.outages.known import cookie_of, key_of
from tests.outages.outside import Outside
from tests.outages.standing import LIVE_PATH, READY_PATH, Standing, Stopped

ALARM_SECONDS, BACK_SECONDS = 60.0, 10.0
# So long everything stays away: the proxy has given up on both units by then, and its own page is seen.
HELD_SECONDS = 45.0
# Longer than that nobody waits for what should have come.
GIVEN_UP_SECONDS, REST_SECONDS = 120.0, 300.0
LEADS = 3
MARKETS = ("BTC-USDT", "ETH-USDT")
PARTS = ("worker", "beat", "feed", "web", "Redis", "PostgreSQL")
WAYS = ("frozen", "killed")
# How an alarm names what is away.
NAMED = {
    "worker": ("The worker ",), "beat": ("The beat ",), "feed": ("The market feed ",), "web": ("The web ",),
    "Redis": ("Valkey",), "PostgreSQL": ("PostgreSQL",),
}  # fmt: skip


@dataclass(kw_only=True)
class Outage:
    """
    One part that was stopped: seconds until the alarm was heard outside and until readiness was red; seconds that it
    took to be there again once it was let come back (its programs beat or answer); from then on, seconds until
    readiness was green and pages whole, and until an order was filled that was given since it was let come back.

    `given` are orders that were taken while it was away, `filled` those of them that were filled meanwhile. `answers`
    counts what pages said by status while it was away and until all was whole; `wrong` are those in other words or with
    another status than they should have, `astray` the alarms outside about what was never away.
    """

    part: str
    way: str
    alarm_seconds: float | None = None
    red_seconds: float | None = None
    return_seconds: float | None = None
    back_seconds: float | None = None
    order_seconds: float | None = None
    given: int = 0
    filled: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    slowest_seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    astray: list[str] = field(default_factory=list)

    @property
    def is_kept(self) -> bool:
        return (
            _within(self.alarm_seconds, ALARM_SECONDS)
            and _within(self.red_seconds, ALARM_SECONDS)
            and _within(self.back_seconds, BACK_SECONDS)
            and not self.wrong
        )


@dataclass(kw_only=True)
class Figures:
    """
    What came of it all. `lost` orders were taken and never filled, `doubled` ones are there twice; `unfinished` is what
    the platform still had before it when everything had been back for long; `failed` are requests without a whole
    answer while web units were restarted in turn.
    """

    outages: list[Outage] = field(default_factory=list)
    orders: int = 0
    lost: int = 0
    doubled: int = 0
    unfinished: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    restarts: int = 0
    requests: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    load: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_clean(self) -> bool:
        wrong = self.lost or self.doubled or self.unfinished or self.findings or self.failed
        return not wrong and all(outage.is_kept for outage in self.outages)


def run(fleet: Fleet, outside: Outside, *, parts: Sequence[str], ways: Sequence[str], restarts: int) -> Figures:
    """Play a campaign, and return its figures."""
    began_at, load = time.monotonic(), [psutil.getloadavg()[0]]
    say("Setting the world up ...")
    world.set_up_world(now=timezone.now(), weeks_lived=False)
    leads, pages = _leads(), _pages()
    standing = Standing(fleet, outside.surroundings())
    say("Starting the platform ...")
    standing.start()
    door = Door(standing.https)
    orderers = [
        Orderer(door, lead_id=lead.pk, headers=key_of(lead.user, ProgramKey.Scope.LEAD), markets=MARKETS)
        for lead in leads
    ]
    lookers = [Looker(door, pages[first:] + pages[:first]) for first in (0, 2)]
    for one in (*orderers, *lookers):
        one.start()
    figures = Figures()
    for part in parts:
        for way in ways:
            _wait_for_rest(standing)
            figures.outages.append(_outage(part, way, standing, outside, lookers, orderers))
            say(str(figures.outages[-1]))
    _wait_for_rest(standing)
    for looker in lookers:
        looker.stopping.set()
    if restarts:
        _restart(standing, pages, orderers, figures, restarts=restarts)
    for orderer in orderers:
        orderer.stopping.set()
    for thread in (*orderers, *lookers):
        thread.join(asking.PATIENCE_SECONDS)
    say("Comparing ...")
    _count(figures, orderers)
    figures.load = [round(one, 1) for one in (*load, psutil.getloadavg()[0])]
    figures.seconds = round(time.monotonic() - began_at, 1)
    connection.close()
    return figures


def _outage(
    part: str, way: str, standing: Standing, outside: Outside, lookers: Sequence[Looker], orderers: Sequence[Orderer]
) -> Outage:
    """Stop one part, wait until everybody knows, let it come back, and wait until all is well."""
    outage = Outage(part=part, way=way)
    say(f"{part} is {way} ...")
    began_at = time.monotonic()
    stopped = _stop(part, way, standing)
    while time.monotonic() < began_at + GIVEN_UP_SECONDS:
        if outage.red_seconds is None and any(standing.ask(port, READY_PATH)[0] != 200 for port in standing.webs):
            outage.red_seconds = _since(began_at)
        heard = outside.alarms(since=began_at, words=NAMED[part])
        if outage.alarm_seconds is None and heard:
            outage.alarm_seconds = round(heard[0][0] - began_at, 1)
        is_known = outage.red_seconds is not None and outage.alarm_seconds is not None
        if is_known and time.monotonic() >= began_at + HELD_SECONDS:
            break
        time.sleep(1)
    given = [order.key for orderer in orderers for order in list(orderer.taken) if order.given_at >= began_at]
    outage.given, outage.filled = len(given), 0 if part == "PostgreSQL" else _filled(given)
    let_go_at, let_go = time.monotonic(), timezone.now()
    stopped.come_back()
    _wait(lambda: _has_returned(part, standing, since=let_go), seconds=GIVEN_UP_SECONDS)
    returned_at = time.monotonic()
    outage.return_seconds = round(returned_at - let_go_at, 1)
    if _wait(lambda: _is_well(standing, lookers, since=let_go_at), seconds=GIVEN_UP_SECONDS):
        outage.back_seconds = _since(returned_at)
    back_at = time.monotonic()
    if _wait(lambda: _is_filled_after(orderers, let_go_at), seconds=GIVEN_UP_SECONDS):
        outage.order_seconds = _since(returned_at)
    answers = [one for looker in lookers for one in list(looker.answers) if began_at - 1 <= one.asked_at <= back_at]
    outage.answers = {str(status): count for status, count in sorted(Counter(one.status for one in answers).items())}
    outage.slowest_seconds = round(max((one.seconds for one in answers), default=0.0), 1)
    outage.wrong = [f"{one.path}: {one.kind}" for one in answers if one.kind not in (WHOLE, AWAY)]
    own = {said for _, said in outside.alarms(since=began_at, words=(*NAMED[part], *_consequences(part)))}
    outage.astray = [" ".join(said.split())[:200] for _, said in outside.alarms(since=began_at) if said not in own]
    return outage


def _stop(part: str, way: str, standing: Standing) -> Stopped:
    if part in ("Redis", "PostgreSQL"):
        server = standing.fleet.valkey if part == "Redis" else standing.fleet.postgres
        return standing.freeze_server(server) if way == "frozen" else standing.kill_server(server)
    return standing.freeze(part) if way == "frozen" else standing.kill(part)


def _consequences(part: str) -> tuple[str, ...]:
    """Return how alarms name what cannot work either while a part is away."""
    rings = "The rings of the beat"
    return {"worker": (rings,), "beat": (rings,), "Redis": (rings, "The beat"), "feed": ("price", "mark")}.get(part, ())


def _wait_for_rest(standing: Standing) -> None:
    """Wait until the platform is ready and no process is missed any more."""
    silences = Alarm.objects.filter(kind=Alarm.Kind.PROCESS_SILENT, cleared_at__isnull=True)
    _wait(lambda: standing.is_ready() and not silences.exists(), seconds=REST_SECONDS)
    # Long enough that everybody may judge the others again.
    time.sleep(20)


def _restart(
    standing: Standing, pages: list[Page], orderers: Sequence[Orderer], figures: Figures, *, restarts: int
) -> None:
    """Restart the web units in turn, while many look and leads give orders."""
    say(f"Restarting web units {restarts} times under load ...")
    door = Door(standing.https)
    crowd = [Looker(door, pages[first:] + pages[:first], pause_seconds=0.05) for first in range(4)]
    began_at = time.monotonic()
    for looker in crowd:
        looker.start()
    for number in range(restarts):
        port = standing.webs[number % len(standing.webs)]
        unit = next(one for one in standing.programs("web") if str(port) in one.cmdline())
        unit.terminate()
        unit_id = unit.pid
        _wait(
            lambda unit_id=unit_id, port=port: not _is_there(unit_id) and standing.ask(port, LIVE_PATH)[0] == 200,
            seconds=GIVEN_UP_SECONDS,
        )
        figures.restarts += 1
        time.sleep(3)
    for looker in crowd:
        looker.stopping.set()
    for looker in crowd:
        looker.join(asking.PATIENCE_SECONDS)
    answers = [one for looker in crowd for one in looker.answers]
    failures = [f"{one.path}: {one.kind}" for one in answers if one.kind != WHOLE]
    failures += [
        f"an order: {status} {text}" for orderer in orderers for at, status, text in orderer.failures if at >= began_at
    ]
    taken = sum(order.given_at >= began_at for orderer in orderers for order in orderer.taken)
    figures.requests, figures.failed, figures.failures = len(answers) + taken, len(failures), failures[:20]


def _is_there(process_id: int) -> bool:
    return psutil.pid_exists(process_id) and psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE


def _has_returned(part: str, standing: Standing, *, since: datetime) -> bool:
    """Return whether the programs of a part are there again; a server that was started anew answers already."""
    if part == "web":
        return all(standing.ask(port, LIVE_PATH)[0] == 200 for port in standing.webs)
    if part not in ("worker", "beat", "feed"):
        return True
    beats = Heartbeat.objects.filter(kind=part.upper())
    return not beats.filter(beaten_at__lt=since).exists()


def _is_well(standing: Standing, lookers: Sequence[Looker], *, since: float) -> bool:
    return standing.is_ready() and all(_is_whole(looker, since=since) for looker in lookers)


def _is_whole(looker: Looker, *, since: float) -> bool:
    """Return whether the last page that somebody asked for since a moment was whole."""
    answers = [one for one in list(looker.answers) if one.asked_at >= since]
    return bool(answers) and answers[-1].kind == WHOLE


def _filled(keys: Sequence[str]) -> int:
    """Return how many orders of these keys are filled."""
    return LeadOrder.objects.filter(idempotency_key__in=keys, status=LeadOrder.Status.FILLED).count()


def _is_filled_after(orderers: Sequence[Orderer], moment: float) -> bool:
    """Return whether an order that was given after a moment is filled."""
    keys = [order.key for orderer in orderers for order in list(orderer.taken) if order.given_at >= moment]
    try:
        return _filled(keys) > 0
    except DatabaseError:
        connection.close()
        return False


def _count(figures: Figures, orderers: Sequence[Orderer]) -> None:
    """Compare what was taken with what became of it, once everything has had the time to come to rest."""
    taken = [order for orderer in orderers for order in orderer.taken]
    keys = [order.key for order in taken]
    open_orders = LeadOrder.objects.filter(idempotency_key__in=keys, status=LeadOrder.Status.SUBMITTED)
    _wait(lambda: not open_orders.exists(), seconds=GIVEN_UP_SECONDS)
    unfinished = Order.objects.filter(status__in=(Order.Status.SUBMITTING, Order.Status.UNKNOWN))
    _wait(lambda: not unfinished.exists(), seconds=30)
    found = Counter(LeadOrder.objects.filter(idempotency_key__in=keys).values_list("idempotency_key", flat=True))
    figures.orders, figures.lost = len(keys), len(keys) - _filled(keys)
    figures.doubled = sum(count > 1 for count in found.values())
    old = timezone.now() - timedelta(seconds=60)
    figures.unfinished = unfinished.count() + SyncCycle.objects.filter(done_at=None, opened_at__lt=old).count()
    figures.refused = dict(sum((orderer.refusals for orderer in orderers), Counter[str]()))
    figures.findings = [finding.sentence for finding in reconciling.check_ledger().findings]


def _leads() -> list[Lead]:
    return list(Lead.objects.filter(status=Lead.Status.ACTIVE).select_related("user").order_by("pk")[:LEADS])


def _pages() -> list[Page]:
    """Return what is looked at: by strangers, by somebody signed in, and by a program."""
    slug = _leads()[0].slug
    follower = User.objects.get(email=people.FOLLOWERS[0].email)
    signed_in, program = cookie_of(follower), key_of(follower)
    return [
        Page(path="/", word="</html>"),
        Page(path="/copies/", word="</html>", headers=signed_in),
        Page(path=f"/leads/{slug}/", word="</html>", headers=signed_in),
        Page(path="/api/v1/copies", word="results", headers=program),
    ]


def _wait(is_done: Callable[[], bool], *, seconds: float) -> bool:
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        if is_done():
            return True
        time.sleep(0.2)
    return False


def _within(seconds: float | None, most: float) -> bool:
    return seconds is not None and seconds <= most


def _since(moment: float) -> float:
    return round(time.monotonic() - moment, 1)


def say(line: str) -> None:
    sys.stderr.write(f"outages | {line}\n")
    sys.stderr.flush()
