"""
The course of a campaign: trade, kill, rest, compare; then once more with naive workers.
"""

import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.management import call_command
from django.db import DatabaseError, connections
from django.utils import timezone

from tests.campaign import verdict as verdicts
from tests.campaign.fleet import WORKERS, Fleet
from tests.campaign.killer import Killer
from tests.campaign.points import POINTS
from tests.campaign.town import Town, found_town
from tests.campaign.town_map import COINS
from tests.campaign.traders import Crowd
from tests.campaign.verdict import Verdict
from tests.fake_venue.venue import FakeVenue

GRACE_SECONDS = 60
NAIVE_SECONDS_MAX = 60
BEGAN_AT = time.monotonic()

# A campaign in which nobody does these proves nothing about them.
ACTS = ("lead BUY", "spot", "limit")

# What a venue does to its clients on a bad day, without anybody dying.
NOISE: list[dict[str, Any]] = [
    {"fault": "cut", "endpoint": "place", "probability": 0.04},
    {"fault": "lost", "endpoint": "place", "probability": 0.04},
    {"fault": "late", "endpoint": "place", "probability": 0.03, "seconds": 3},
    {"fault": "answer", "endpoint": "place", "probability": 0.03, "status": 503, "body": "{}", "performed": True},
    {"fault": "answer", "endpoint": "place", "probability": 0.03, "status": 503, "body": "{}"},
    {"fault": "truncated", "endpoint": "place", "probability": 0.03},
    {"fault": "partial", "endpoint": "place", "probability": 0.1, "fraction": "0.5"},
    {"fault": "lag", "endpoint": "find", "probability": 0.1, "seconds": 3},
    {"fault": "lag", "endpoint": "trades", "probability": 0.1, "seconds": 3},
    {"fault": "cut", "endpoint": "*", "probability": 0.01},
]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a campaign measured: `points` of the eight were died at, `seconds` has the start of the servers in it."""

    kills: int
    kills_in_accepted_not_recorded: int
    points: int
    lost: int
    doubled: int
    stuck: int
    late: int
    unequal: int
    orders: int
    trades: int
    rest_seconds: float
    seconds: float
    naive_doubled: int | None
    never_done: list[str]
    failed_requests: int

    @property
    def is_clean(self) -> bool:
        """Return whether nothing went wrong, all was tried, and the naive arm, where it ran, did double."""
        wrong = self.lost or self.doubled or self.stuck or self.late or self.unequal
        wrong = wrong or self.never_done or self.failed_requests
        enough = self.kills_in_accepted_not_recorded * 2 >= self.kills and self.orders > self.kills
        return not wrong and enough and self.naive_doubled != 0


class Course:
    """One campaign over one fleet and one venue, both running; Django is set up for them."""

    def __init__(self, *, fleet: Fleet, venue: FakeVenue, seed: int, began_at: float) -> None:
        self.fleet = fleet
        self.venue = venue
        self.seed = seed
        self.began_at = began_at

    def run(
        self,
        *,
        kills: int,
        leads: int,
        followers: int,
        naive_kills: int,
        sleep_seconds: float,
        has_noise: bool = False,
    ) -> Figures:
        """Run both arms and return the figures; every difference is written out."""
        say("bringing the tables up to date")
        call_command("migrate", interactive=False, verbosity=0)
        town = found_town(self.venue, leads_count=leads, followers_count=followers, now=timezone.now())
        say(f"{leads} leads, {followers} followers, {len(COINS)} markets; starting the processes")
        self.fleet.start_members()
        self.fleet.start_workers()
        self.fleet.wait_until_ready()
        for seed, rule in enumerate(NOISE if has_noise else [], start=self.seed):
            self.venue.disturb(**rule, seed=seed, times=0)
        killer, crowd = self._trade_and_kill(town, kills=kills, sleep_seconds=sleep_seconds)
        say(f"deaths: {dict(killer.deaths)}; also: {dict(killer.disturbances)}; queue up to {killer.queue_max}")
        say(f"acts: {dict(sorted(crowd.done.items()))}")
        rest_seconds, stuck = self._rest()
        verdict = verdicts.judge(self.venue.state(), stuck=stuck)
        for sentence in verdict.sentences:
            say(f"WRONG: {sentence}")
        naive_doubled = self._naive(town, kills=naive_kills) if naive_kills else None
        return self._figures(killer, crowd, verdict, rest_seconds=rest_seconds, naive_doubled=naive_doubled)

    def _trade_and_kill(self, town: Town, *, kills: int, sleep_seconds: float) -> tuple[Killer, Crowd]:
        crowd = Crowd(town, address=f"http://127.0.0.1:{self.fleet.port}", seed=self.seed)
        killer = Killer(
            fleet=self.fleet, venue=self.venue, random=random.Random(self.seed), tell=say, sleep_seconds=sleep_seconds
        )
        crowd.start()
        self.venue.wait_until(lambda state: len(state["orders"]) > 2 * len(town.leads), seconds_max=300)
        say("trading; the killing begins")
        killer.run(kills=kills)
        crowd.stop()
        killer.finish()
        crowd.leave()
        self.venue.calm()
        return killer, crowd

    def _rest(self) -> tuple[float, list[str]]:
        """
        Wait until all is finished that was begun when the faults stopped, and return how long it took and what is not.

        Then wait for a moment at which nothing at all is open, and stop who could open something: money can only be
        counted while nobody moves it.
        """
        faults_ended_at = timezone.now()
        rest_seconds, stuck = self._wait(lambda: verdicts.what_is_open(until=faults_ended_at))
        say(f"at rest after {rest_seconds:.1f} s")
        self._wait(verdicts.what_is_open)
        self.fleet.stop_members(*WORKERS, "beat")
        return rest_seconds, stuck

    def _wait(self, look: Callable[[], list[str]]) -> tuple[float, list[str]]:
        began_at = time.monotonic()
        left = ["the database does not answer"]
        while left and time.monotonic() - began_at < GRACE_SECONDS:
            self.fleet.look_after()
            try:
                left = look()
            except DatabaseError:
                connections.close_all()
            time.sleep(0.1)
        return time.monotonic() - began_at, left

    def _naive(self, town: Town, *, kills: int) -> int:
        """Return how many orders workers double that send again what they do not know."""
        say("once more, with workers that send again what they do not know")
        before = verdicts.doubled_orders(self.venue.state())
        killer = Killer(fleet=self.fleet, venue=self.venue, random=random.Random(self.seed), tell=say)
        killer.flush()
        self.fleet.start_workers(are_naive=True)
        crowd = Crowd(town, address=f"http://127.0.0.1:{self.fleet.port}", seed=self.seed + 7)
        crowd.start()
        deadline = time.monotonic() + NAIVE_SECONDS_MAX
        while time.monotonic() < deadline and len(verdicts.doubled_orders(self.venue.state())) == len(before):
            if killer.kills < kills:
                killer.kill_while_held()
            killer.look_after()
            time.sleep(0.2)
        crowd.stop()
        crowd.leave()
        self.venue.calm()
        doubled = len(verdicts.doubled_orders(self.venue.state())) - len(before)
        say(f"{killer.kills} kills doubled {doubled} orders of naive workers")
        return doubled

    def _figures(
        self, killer: Killer, crowd: Crowd, verdict: Verdict, *, rest_seconds: float, naive_doubled: int | None
    ) -> Figures:
        return Figures(
            kills=killer.kills,
            kills_in_accepted_not_recorded=killer.kills_in_accepted,
            points=sum(killer.deaths[point] > 0 for point in POINTS),
            lost=len(verdict.lost),
            doubled=len(verdict.doubled),
            stuck=len(verdict.stuck),
            late=len(verdict.late),
            unequal=len(verdict.unequal),
            orders=verdict.orders,
            trades=verdict.trades,
            rest_seconds=round(rest_seconds, 1),
            seconds=round(time.monotonic() - self.began_at, 1),
            naive_doubled=naive_doubled,
            never_done=[act for act in ACTS if not crowd.done[act]],
            # Whatever is killed: what cannot be done just now is a 503, and never a fault of ours.
            failed_requests=sum(times for act, times in crowd.done.items() if act.endswith(" 500")),
        )


def say(line: str) -> None:
    sys.stderr.write(f"campaign | {time.monotonic() - BEGAN_AT:6.1f} s | {line}\n")
    sys.stderr.flush()
