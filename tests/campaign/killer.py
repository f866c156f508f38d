"""
Who dies next, and how: half of the deaths while the venue holds back the answer to an order that it has accepted.

A death is counted when a process was really killed at the moment meant; what did not come about is tried again.
"""

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil
import redis

from tests.campaign import points
from tests.campaign.fleet import WORKERS, Fleet
from tests.campaign.points import KILL, SLEEP, Tokens
from tests.fake_venue.venue import FakeVenue

BROKER = 1
HELD_SECONDS_MAX = 12
TOKEN_SECONDS_MAX = 8
TELL_EVERY = 20


@dataclass
class Killer:
    """Kills, one after the other, in the main thread; `deaths` counts them by kind."""

    fleet: Fleet
    venue: FakeVenue
    random: random.Random
    tell: Callable[[str], None]
    sleep_seconds: float = 30
    queue_max: int = 0
    deaths: Counter[str] = field(default_factory=Counter)
    disturbances: Counter[str] = field(default_factory=Counter)
    _asleep: list[tuple[float, int]] = field(default_factory=list)
    _extra_beats_until: float = 0
    _queue_looked_at: float = 0

    @property
    def kills(self) -> int:
        return sum(self.deaths.values())

    @property
    def kills_in_accepted(self) -> int:
        return self.deaths[points.NOT_RECORDED]

    def run(self, *, kills: int) -> None:
        """Kill so often, at least half of it inside "accepted, not recorded"."""
        named = [point for point in points.POINTS if point != points.NOT_RECORDED]
        others: list[Callable[[], bool]] = [lambda point=point: self.kill_at(point) for point in named]
        others += [self.kill_worker, self.kill_beat, self.kill_web, self.kill_valkey, self.kill_postgres, self.kill_any]
        others += [self.flush, self.three_beats, self.sleep_before_sending, self.sleep_anywhere]
        round_left: list[Callable[[], bool]] = []
        told = 0
        while self.kills < kills:
            if self.kills >= told + TELL_EVERY:
                told = self.kills
                self.tell(f"{self.kills} kills, {self.kills_in_accepted} of them while the venue held an answer")
            # The next of the others only when the moment that matters has had its half.
            if self.kills_in_accepted * 2 <= self.kills or self.kills + 1 == kills:
                self.kill_while_held()
            else:
                if not round_left:
                    round_left = self.random.sample(others, len(others))
                round_left.pop()()
            self.look_after()

    def finish(self) -> None:
        """Wake who sleeps, and send the extra beats home."""
        for _, process_id in self._asleep:
            _wake(process_id)
        self._asleep.clear()
        self._extra_beats_until = 0
        self.look_after()

    def look_after(self) -> None:
        """Start again who died, wake who has slept long enough."""
        now = time.monotonic()
        for entry in list(self._asleep):
            if now >= entry[0]:
                _wake(entry[1])
                self._asleep.remove(entry)
        if self._extra_beats_until and now >= self._extra_beats_until:
            self._extra_beats_until = 0
        if not self._extra_beats_until:
            for name in [name for name in self.fleet.members if name.startswith("extra")]:
                self.fleet.dismiss(name)
        self.fleet.look_after()
        if now >= self._queue_looked_at + 1:
            self._queue_looked_at = now
            with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.fleet.folder.redis_url()) as client:
                client.select(BROKER)
                self.queue_max = max(self.queue_max, client.llen("celery"))

    # -- the moment that matters ---------------------------------------------------------------------------------------

    def kill_while_held(self) -> bool:
        """Let the venue accept an order and hold the answer, and kill the process that waits for it."""
        # Some orders pass first, or nothing but orders of the dead would ever be traded.
        self.venue.disturb(fault="hold", endpoint="place", nth=self.random.randint(1, 3))
        deadline = time.monotonic() + HELD_SECONDS_MAX
        while time.monotonic() < deadline:
            for held in self.venue.held():
                owner = self.fleet.owner_of_port(held["peer_port"])
                if owner is None or held["status"] != 200:
                    self.venue.release(number=held["number"])
                    continue
                member, process = owner
                if member.name in WORKERS and self.random.random() < 0.15:
                    member.kill()
                else:
                    _kill(process)
                self.deaths[points.NOT_RECORDED] += 1
                return True
            self.look_after()
            time.sleep(0.05)
        self.venue.calm(fault="hold")
        self.disturbances["nothing was held"] += 1
        return False

    # -- the other moments ---------------------------------------------------------------------------------------------

    def kill_at(self, point: str) -> bool:
        tokens = Tokens(self.fleet.tokens)
        token = tokens.lay(point, KILL)
        taken = tokens.wait_until_taken(token, seconds_max=TOKEN_SECONDS_MAX, meanwhile=self.look_after)
        self.deaths[point] += taken is not None
        return taken is not None

    def kill_worker(self) -> bool:
        return self._kill_member(self.random.choice(WORKERS))

    def kill_beat(self) -> bool:
        return self._kill_member("beat")

    def kill_web(self) -> bool:
        return self._kill_member("web")

    def kill_any(self) -> bool:
        """Kill any process of any member, whatever it is doing."""
        processes = [process for member in self.fleet.members.values() for process in member.family()]
        if not processes:
            return False
        _kill(self.random.choice(processes))
        self.deaths["any process"] += 1
        return True

    def kill_valkey(self) -> bool:
        self.fleet.kill_server(self.fleet.valkey)
        self.deaths["Valkey"] += 1
        return True

    def kill_postgres(self) -> bool:
        self.fleet.kill_server(self.fleet.postgres)
        self.deaths["PostgreSQL"] += 1
        return True

    def _kill_member(self, name: str) -> bool:
        self.fleet.members[name].kill()
        self.deaths[name] += 1
        return True

    # -- what is no death ----------------------------------------------------------------------------------------------

    def flush(self) -> bool:
        """Let Valkey forget everything: messages, cache, budget."""
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.fleet.folder.redis_url()) as client:
            client.flushall()
            self.disturbances["FLUSHALL"] += 1
        return False

    def three_beats(self) -> bool:
        """Let three beats ring at once for a while."""
        if not self._extra_beats_until:
            for name in ("extra beat", "extra second beat"):
                self.fleet.add(name, self.fleet.beat_command(name.replace(" ", "-")))
            self._extra_beats_until = time.monotonic() + 15
            self.disturbances["three beats"] += 1
        return False

    def sleep_before_sending(self) -> bool:
        """Put a worker to sleep between claim and sending, until others have long asked about its order."""
        tokens = Tokens(self.fleet.tokens)
        token = tokens.lay(points.NOT_SENT, SLEEP)
        taken = tokens.wait_until_taken(token, seconds_max=TOKEN_SECONDS_MAX, meanwhile=self.look_after)
        if taken is not None:
            self._asleep.append((time.monotonic() + self.sleep_seconds, taken.process_id))
            self.disturbances["asleep before sending"] += 1
        return False

    def sleep_anywhere(self) -> bool:
        """Put a whole worker to sleep, whatever it is doing."""
        for process in self.fleet.members[self.random.choice(WORKERS)].family():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()
                self._asleep.append((time.monotonic() + self.sleep_seconds, process.pid))
        self.disturbances["worker asleep"] += 1
        return False


def _kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()


def _wake(process_id: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process_id, signal.SIGCONT)
