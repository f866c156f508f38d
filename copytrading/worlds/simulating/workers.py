"""
Workers are threads that pass one baton: exactly one of them, or the story itself, runs at any time.

A worker hands the baton back at *points*, where the seed decides whether it goes on, waits, or dies. Points lie only
where no lock is held, so that whoever gets the baton can always run. Each worker has its own connection, as each
process has.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from django.db import connections

from copytrading.worlds.simulating import database_points

HANGS_SECONDS = 60


class Crashed(BaseException):
    """The process that worked here was killed; nothing below may catch it."""


class WorkerHangs(Exception):
    """A worker waits for a lock that another one holds: points must lie where no lock is held."""


@dataclass(eq=False)
class Worker:
    """One thread with the job it is at. `name` is what the log calls it, `clock_offset` how wrong its clock is."""

    number: int
    job: Callable[[], object] | None = None
    title: str = ""
    where: str = ""
    trouble: BaseException | None = None
    result: object = None
    clock_offset: float = 0.0
    baton: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        return f"worker {self.number}"


class Crew:
    """
    The workers of one process, kept from seed to seed.

    `committed` says whether anything was committed since it was last asked.
    """

    def __init__(self, *, count: int) -> None:
        self.workers = [Worker(number) for number in range(1, count + 1)]
        self.random = Random(0)
        self.crash_rate = 0.0
        self.pause_rate = 0.0
        self.statement_rate = 0.0
        self.may_crash: Callable[[], bool] = lambda: False
        self.committed = False
        self._here: dict[int, Worker] = {}
        self._back = threading.Semaphore(0)
        self._closing = False

    def idle(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.job is None]

    def busy(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.job is not None]

    def begin(self, worker: Worker, *, title: str, job: Callable[[], object]) -> bool:
        """Give a worker a job and the baton; return whether it has finished when the baton comes back."""
        assert worker.job is None, "a worker does one thing at a time"
        worker.job, worker.title, worker.where, worker.trouble, worker.result = job, title, "", None, None
        if worker.thread is None:
            worker.thread = threading.Thread(target=self._work, args=[worker], name=worker.name, daemon=True)
            worker.thread.start()
        return self.resume(worker)

    def resume(self, worker: Worker) -> bool:
        """Give a waiting worker the baton; return whether it has finished when it comes back."""
        worker.baton.release()
        if not self._back.acquire(timeout=HANGS_SECONDS):
            raise WorkerHangs(f"{worker.name} has not come back from {worker.title!r} for {HANGS_SECONDS} s.")
        return worker.job is None

    def point(self, name: str, *, rate: float | None = None, may_crash: bool = True) -> None:
        """
        Pass a place where this worker may wait or die. Outside of workers it is no place at all.

        :raises Crashed: where the seed lets it die.
        """
        worker = self.here()
        if worker is None:
            return
        draw = self.random.random()
        if may_crash and draw < self.crash_rate and self.may_crash():
            worker.where = name
            raise Crashed(name)
        if 1 - draw < (self.pause_rate if rate is None else rate):
            worker.where = name
            self._back.release()
            worker.baton.acquire()

    def here(self) -> Worker | None:
        """Return the worker that the calling thread is; None outside of workers."""
        return self._here.get(threading.get_ident())

    def close(self) -> None:
        """Send everybody home. All must be idle."""
        self._closing = True
        for worker in self.workers:
            if worker.thread is not None:
                worker.baton.release()
                worker.thread.join()
                worker.thread = None

    def _work(self, worker: Worker) -> None:
        self._here[threading.get_ident()] = worker
        try:
            with database_points.watched(self):
                while True:
                    worker.baton.acquire()
                    if self._closing:
                        return
                    assert worker.job is not None, "the baton comes with a job"
                    try:
                        worker.result = worker.job()
                    # Whatever ends a job ends it as the story sees it; nothing is swallowed.
                    except BaseException as trouble:
                        worker.trouble = trouble
                    worker.job = None
                    self._back.release()
        finally:
            connections.close_all()
            del self._here[threading.get_ident()]
