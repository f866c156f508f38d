"""One budget for all: what it gives, what it keeps back, and what is left of it while Valkey is away."""

import threading
from uuid import uuid4

import pytest
from django.conf import settings

from copytrading.exchange.live.budget import LOOKS, ORDINARY, URGENT, Allowance, OwnBucket, RateBudget

TEN = Allowance(capacity=10, per_second=0.001)
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
def name() -> str:
    return f"test-{uuid4()}"


def budget(name: str, *, allowance: Allowance = TEN, redis_url: str | None = None) -> RateBudget:
    return RateBudget(name=name, allowance=allowance, redis_url=redis_url or settings.REDIS_URL)


def taken(budget: RateBudget, *, kept_share: float, times: int = 20) -> int:
    """Return how many of so many weights of one are given."""
    return sum(budget.take(weight=1, kept_share=kept_share) == 0 for _ in range(times))


class TestRateBudget:
    def test_keeps_a_fifth_for_exits_and_questions(self, name):
        ours = budget(name)

        assert taken(ours, kept_share=ORDINARY) == 8
        assert taken(ours, kept_share=LOOKS) == 1
        assert taken(ours, kept_share=URGENT) == 1

    def test_is_one_for_all_processes(self, name):
        ours, theirs = budget(name), budget(name)

        given = taken(ours, kept_share=URGENT, times=6), taken(theirs, kept_share=URGENT)

        assert given == (6, 4)

    def test_gives_no_more_than_it_has_to_many_at_once(self, name):
        given: list[int] = []
        askers = [
            threading.Thread(target=lambda: given.append(taken(budget(name), kept_share=URGENT, times=5)))
            for _ in range(8)
        ]

        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()

        assert sum(given) == 10

    def test_says_how_long_it_takes_to_fill(self, name):
        ours = budget(name, allowance=Allowance(capacity=10, per_second=2))
        ours.take(weight=10, kept_share=URGENT)

        assert 1.8 < ours.take(weight=4, kept_share=URGENT) <= 2
        assert 2.8 < ours.take(weight=4, kept_share=ORDINARY) <= 3

    def test_is_closed_for_everybody_for_as_long_as_the_venue_says(self, name):
        ours, theirs = budget(name), budget(name)

        ours.close(seconds=30)
        ours.close(seconds=5)

        assert 29 < theirs.take(weight=1, kept_share=URGENT) <= 30

    def test_gives_half_while_valkey_is_away(self, name):
        ours = budget(name, redis_url=NOBODY)

        assert taken(ours, kept_share=ORDINARY) == 4
        assert taken(ours, kept_share=URGENT) == 1

    def test_stays_closed_while_valkey_is_away(self, name):
        ours = budget(name, redis_url=NOBODY)

        ours.close(seconds=30)

        assert 29 < ours.take(weight=1, kept_share=URGENT) <= 30


class TestOwnBucket:
    def test_fills_with_time(self, monkeypatch):
        moments = iter([0.0, 0.0, 0.0, 2.0])
        monkeypatch.setattr("copytrading.exchange.live.budget.time.monotonic", lambda: next(moments))
        bucket = OwnBucket(Allowance(capacity=4, per_second=1))

        assert bucket.take(weight=4, kept_share=0) == 0
        assert bucket.take(weight=1, kept_share=0) == 1
        assert bucket.take(weight=2, kept_share=0) == 0
