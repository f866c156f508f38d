"""
One seed from its beginning to its end: what happens next is drawn, and after every step the rules are looked at.

    1. Leads and followers come, with their money.
    2. Something happens: time passes, somebody presses a button, a ring wakes a worker, a waiting worker goes on.
    3. Whenever something was committed, every rule must hold.
    4. In the end nothing fails any more, and everything that was begun must be finished.
"""

import logging
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from time import perf_counter
from typing import Any
from unittest.mock import patch

from celery import current_app
from django.test.utils import override_settings
from django.utils import timezone

from accounts.journals import ledger_news
from copytrading.exchange import registry
from copytrading.exchange.errors import VenueError
from copytrading.models import Halt, Lead, LeadHolding
from copytrading.queries.copies import stop_book
from copytrading.queries.copies.stop_book import StopBook
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.services import bell
from copytrading.services.refusals import Refusal
from copytrading.worlds.simulating import suspense
from copytrading.worlds.simulating.beats import Beats
from copytrading.worlds.simulating.deeds.deed import Deed
from copytrading.worlds.simulating.deeds.own_accounts import has_own_accounts
from copytrading.worlds.simulating.deeds.people import People
from copytrading.worlds.simulating.ears import Ear, place_of
from copytrading.worlds.simulating.outcome import Outcome, RuleBroken
from copytrading.worlds.simulating.rules import liveness, of_copies, of_limit_orders, of_loss_limits, of_money
from copytrading.worlds.simulating.rules.of_loss_limits import LossMemory
from copytrading.worlds.simulating.rules.of_orders import PlannedOrders
from copytrading.worlds.simulating.rules.rulebook import broken_rules
from copytrading.worlds.simulating.rules.snapshot import Snapshot, take_snapshot
from copytrading.worlds.simulating.swarm import draw_swarm
from copytrading.worlds.simulating.workers import Crashed, Crew, Worker
from copytrading.worlds.simulating.world import World, populate

STEPS = 90
LOOKS_MAX = 100
LOOKS_MIN = 3
# When operators take leads up again that were set aside, lift halts, and see to the suspense account.
OPERATOR_LOOKS = (0, 20, 40)
CREW_SIZE = 3
# Further than that clocks of one installation do not differ: the platform allows for two seconds between two of them.
CLOCK_STEP_SECONDS = 0.9
SETTINGS = {
    "SMARTSYNC_BELL": True,
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    # Keys to own accounts are sealed as anywhere; what they open is in memory.
    "SMARTSYNC_LINK_KEYS": [b64encode(bytes(32)).decode()],
}


def play(*, seed: int, crew: Crew, steps: int = STEPS) -> Outcome:
    """
    Play one seed in an empty database and return what became of it. Owns every commit.

    :param crew: the workers, all idle.
    """
    began_at = perf_counter()
    outcome = Outcome(seed=seed)
    story = Story(seed=seed, crew=crew)
    ear = Ear(note=story.world.note, troubles=story.troubles)
    logger = logging.getLogger("copytrading")
    propagates, logger.propagate = logger.propagate, False
    logger.addHandler(ear)
    try:
        with (
            override_settings(**SETTINGS),
            patch.object(timezone, "now", story.local_time),
            registry.use_venue(story.world.venue),
            bell.carried_by(story.world.rings),
        ):
            try:
                story.begin()
                for _ in range(steps):
                    story.step()
                story.end()
            except RuleBroken as broken:
                outcome.violations = broken.sentences
                story.world.note(f"BROKEN: {' | '.join(broken.sentences)}")
            finally:
                story.send_home()
    finally:
        logger.removeHandler(ear)
        logger.propagate = propagates
    outcome.events, outcome.crashes = story.events, story.world.swarm.struck["crash"]
    outcome.struck, outcome.log = dict(sorted(story.world.swarm.struck.items())), story.world.log
    outcome.seconds = perf_counter() - began_at
    return outcome


class Story:
    """A seed while it is played."""

    def __init__(self, *, seed: int, crew: Crew) -> None:
        self.random = Random(f"smart sync {seed}")
        self.crew = crew
        swarm = draw_swarm(self.random)
        crew.random = self.random
        crew.crash_rate = 1.0 if "crash" in swarm.rates else 0.0
        crew.may_crash = lambda: swarm.strikes("crash")
        crew.pause_rate = self.random.choice([0.02, 0.15, 0.4])
        crew.statement_rate = self.random.choice([0.0, 0.01, 0.04])
        self.world = World(
            random=self.random,
            swarm=swarm,
            crew=crew,
            coin_random=Random(f"coins of {seed}"),
            gift_random=Random(f"gifts of {seed}"),
            limit_random=Random(f"patience of {seed}"),
            loss_random=Random(f"losses of {seed}"),
            own_random=Random(f"owners of {seed}"),
            has_own_accounts=has_own_accounts(seed),
        )
        self.people = People(self.world)
        self.events = 0
        self.troubles: list[str] = []
        self.seen: Snapshot
        self.planned = PlannedOrders()
        self.losses = LossMemory()
        self.stop_book = StopBook()
        self.beats = Beats(self.world)
        self.asked: list[Deed] = []
        self.deeds: dict[Worker, Deed] = {}

    def local_time(self) -> datetime:
        """Return the time as the process that asks has it."""
        worker = self.crew.here()
        return self.world.now + timedelta(seconds=worker.clock_offset if worker else 0.0)

    def begin(self) -> None:
        """Let people come and look for the first time."""
        populate(self.world)
        self.world.note(f"faults: {', '.join(sorted(self.world.swarm.rates)) or 'none'}")
        self.seen = take_snapshot()
        self.check()

    def step(self) -> None:
        """Let one thing happen, and look at the rules."""
        self.events += 1
        waiting, idle = self.crew.busy(), self.crew.idle()
        choices: list[tuple[float, Callable[[], None]]] = [(2.0, self._pass_time)]
        if waiting:
            choices.append((3.0 * len(waiting), lambda: self._go_on(self.random.choice(waiting))))
        if idle and self.world.rings.has_arrived():
            choices.append((7.0, lambda: self._answer_ring(idle[0])))
        if idle and self.asked:
            choices.append((4.0, lambda: self._do(idle[0], self.asked.pop(0))))
        act = self.world.fates.next_act(self.world.now) if idle else None
        if act is not None:
            choices = [(1.0, lambda: self._operate(idle[0], *act))]
        if len(self.asked) < 3 and act is None:
            choices.append((3.0, self._feel_like_something))
        deed = self.world.limit_deeds.next_deed(self.seen, asked=len(self.asked))
        if deed is not None:
            self.asked.append(deed)
        deed = self.world.loss_limit_deeds.next_deed(self.seen, asked=len(self.asked))
        if deed is not None:
            self.asked.append(deed)
        deed = self.world.own_deeds.next_deed(self.seen, asked=len(self.asked))
        if deed is not None:
            self.asked.append(deed)
        weights, acts = zip(*choices, strict=True)
        self.random.choices(acts, weights=weights)[0]()
        self.check()

    def check(self) -> None:
        """
        Look at the rules, if anything was committed since the last time.

        :raises RuleBroken: with a sentence for everything that is wrong.
        """
        broken = [*self.troubles]
        self.troubles.clear()
        if self.crew.committed:
            self.crew.committed = False
            before, self.seen = self.seen, take_snapshot()
            broken += broken_rules(
                before,
                self.seen,
                venue=self.world.venue,
                presses=self.world.presses,
                planned=self.planned,
                losses=self.losses,
                given=self.world.gifts.given,
            )
            broken += self._broken_in_stop_book()
        if broken:
            raise RuleBroken(broken)

    def end(self) -> None:
        """
        End all faults and look until everything is finished.

        :raises RuleBroken: if something never is.
        """
        self.world.note("from here on nothing fails")
        self.world.calm_down()
        self.crew.pause_rate = self.crew.statement_rate = 0.0
        self._finish_jobs()
        self.world.rings.waiting.clear()
        left, off, has_settled = ["nothing was looked at yet"], [""], False
        for look in range(LOOKS_MAX):
            # While something is on its way the venue is asked every few seconds; then money that was moved may settle,
            # and drift is repaired by the minute.
            self.world.pass_time(2 if left else 1000 if not has_settled else 61)
            has_settled |= not left
            self.beats.ring(calm_look=look)
            self.world.loss_limit_deeds.ring(is_calm=True)
            self.world.own_deeds.calm_down(look=look)
            self.world.fates.judge_all(self.world.now)
            if look in OPERATOR_LOOKS:
                Lead.objects.filter(failures__gt=0).update(failures=0)
                Halt.objects.filter(lifted_at__isnull=True).update(lifted_at=self.world.now)
                suspense.trade_level(self.world, self.world.now)
            while self.world.rings.has_arrived():
                self._answer_ring(self.crew.idle()[0])
                self._finish_jobs()
            self.check()
            left = [*liveness.unfinished(self.seen), *liveness.in_doubt(self.seen, self.world.venue)]
            left += of_money.trades_without_fill(self.seen, self.world.venue)
            left += of_money.gifts_nobody_noticed(self.seen, self.world.gifts.given)
            left += of_limit_orders.waits_for_nothing(self.seen, self.world.now)
            left += of_loss_limits.fired_and_not_stopped(self.seen)
            left += of_loss_limits.reached_and_not_fired(self.seen)
            left += [f"{one.sending.client_order_id} has not arrived yet." for one in self.world.venue.every_underway]
            off = [] if left else list(liveness.off_ratios(self.seen, self._observed_holdings()))
            if not left and not off and has_settled and look >= LOOKS_MIN:
                self.world.note(f"everything is finished after {look + 1} looks: {_summary(self.seen)}")
                return
        raise RuleBroken([f"After {LOOKS_MAX} looks without a fault: {sentence}" for sentence in left + off])

    def send_home(self) -> None:
        """Let everybody finish what they are at, whatever comes of it."""
        self.world.swarm.ended = True
        while waiting := self.crew.busy():
            self.crew.resume(waiting[0])

    def _broken_in_stop_book(self) -> list[str]:
        with ledger_news.one_moment():
            board = market_queries.load_board(now=self.world.now, rules=platform_rules())
            kept, fresh = self.stop_book.follow(board), stop_book.load_rows(board)
        return list(of_copies.stop_book_is_up_to_date(kept, fresh))

    # -- What can happen -----------------------------------------------------------------------------------------------

    def _pass_time(self) -> None:
        if self.crew.busy():
            seconds = self.random.choice([0.05, 0.3, 1.0, 2.0, 5.0])
        else:
            seconds = self.random.choice([0.3, 1.0, 2.0, 2.0, 4.0, 6.0, 15.0, 65.0])
            if self.random.random() < 0.03:
                seconds = self.random.choice([900.0, 11_000.0, 90_000.0, 604_800.0])
        self.world.pass_time(seconds)
        self.beats.ring()
        self.world.loss_limit_deeds.ring()

    def _feel_like_something(self) -> None:
        deed = self.people.next_deed(self.seen)
        if deed is None:
            return
        self.asked.append(deed)
        if deed.has_key and self.random.random() < 0.2:
            self.asked.append(deed)

    def _answer_ring(self, worker: Worker) -> None:
        ring = self.world.rings.take()
        if ring is None:
            return
        task = current_app.tasks[f"copytrading.tasks.{ring.task}"]
        arguments = [ring.row_id] if ring.row_id else []
        self._begin(worker, f"{ring.task} {ring.row_id or ''}".strip(), lambda: task(*arguments))

    def _do(self, worker: Worker, deed: Deed) -> None:
        self.deeds[worker] = deed
        self._begin(worker, deed.title, lambda: deed.call(self.local_time))

    def _operate(self, worker: Worker, act: str, row_id: int) -> None:
        self._begin(
            worker,
            f"operators {act} {row_id}",
            lambda: self.world.fates.carry_out(act, row_id, self.local_time()),
        )

    def _begin(self, worker: Worker, title: str, job: Callable[[], object]) -> None:
        worker.clock_offset = (
            self.random.uniform(-CLOCK_STEP_SECONDS, CLOCK_STEP_SECONDS)
            if self.world.swarm.strikes("clock step")
            else 0.0
        )
        if worker.clock_offset:
            self.world.note(f"{worker.name}'s clock is {worker.clock_offset:+.2f} s off")
        self.world.note(f"{worker.name} begins: {title}")
        self._told(worker, is_done=self.crew.begin(worker, title=title, job=job))

    def _go_on(self, worker: Worker) -> None:
        self.world.note(f"{worker.name} goes on")
        self._told(worker, is_done=self.crew.resume(worker))

    def _finish_jobs(self) -> None:
        while waiting := self.crew.busy():
            self._go_on(waiting[0])

    def _told(self, worker: Worker, *, is_done: bool) -> None:
        """Note what a worker says when it hands the baton back."""
        if not is_done:
            self.world.note(f"{worker.name} waits: {worker.where}")
            return
        deed = self.deeds.pop(worker, None)
        trouble = worker.trouble
        if trouble is None:
            self.world.note(f"{worker.name} is done")
        elif isinstance(trouble, Crashed):
            self.world.note(f"{worker.name} dies: {trouble}")
            # Whoever pressed a button and gets no answer presses it again.
            if deed is not None and deed.has_key and self.random.random() < 0.7:
                self.asked.append(deed)
        elif isinstance(trouble, Refusal | VenueError):
            self.world.note(f"{worker.name} is refused: {trouble}")
        else:
            self.world.note(f"{worker.name} fails: {type(trouble).__name__}: {trouble}")
            self.troubles.append(f"{worker.title} failed with {type(trouble).__name__}: {trouble}, {place_of(trouble)}")
        worker.trouble = None

    def _observed_holdings(self) -> dict[int, dict[int, int]]:
        held: dict[int, dict[int, int]] = {}
        for holding in LeadHolding.objects.order_by("pk"):
            held.setdefault(holding.lead_id, {})[holding.asset_id] = holding.units
        return held


def _summary(seen: Snapshot) -> str:
    counts: dict[str, Any] = {table: len(seen[table]) for table in ("orders", "fills", "cycles", "copies", "journals")}
    return ", ".join(f"{count} {table}" for table, count in counts.items()) + f", owed {seen.liabilities}"
