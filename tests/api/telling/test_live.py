"""The live stream of programs: everything once and in order, wherever it is cut."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from accounts.models import User
from copytrading.api.telling import live
from copytrading.models import Adjustment, Copy, Lead, Notice
from copytrading.queries.happened import happenings
from copytrading.queries.happened.happenings import Happening, Place
from tests.api.program import Program
from tests.cast import NOON, World
from tests.other_transactions import wait_for_other_transactions

CUTS = 200


def run(coroutine: Coroutine[None, None, Any]) -> Any:
    """Run a coroutine in a thread of its own: the tests in a browser leave a loop running in this one."""

    def alone() -> Any:
        try:
            return asyncio.run(coroutine)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(alone).result()


def read(event: bytes) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in event.decode().strip().splitlines() if not line.startswith(":"))


async def heard(events: AsyncIterator[bytes], count: int) -> list[dict[str, str]]:
    """Return so many events of a history, and hang up."""
    found: list[dict[str, str]] = []
    async for event in events:
        said = read(event)
        if "id" in said:
            found.append(said)
        if len(found) == count:
            break
    await events.aclose()  # type: ignore[attr-defined]
    return found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(live, "LOOK_AT_LEAST_SECONDS", 0.01)


@pytest.fixture
def copy(transactional_db: None, quick: None, world: World, lead: Lead, follower: User) -> Copy:
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    return world.start(follower, lead)


def note(copy: Copy, kind: str = "COPY_PAUSED") -> Notice:
    return Notice.objects.create(copy=copy, kind=kind, noted_at=NOON)


def write(copy: Copy, count: int, *, seed: int) -> None:
    """Write notices and adjustments in transactions of different lengths, beside others who do the same."""
    chance = random.Random(seed)
    try:
        for _ in range(count):
            with transaction.atomic():
                note(copy)
                if chance.random() < 0.5:
                    Adjustment.objects.create(
                        copy=copy,
                        asset_id=copy.lead.orders.get().market.base_id,
                        reason="CASH_SHORT",
                        wanted_value_units=2,
                        planned_value_units=1,
                        noted_at=NOON,
                    )
                Event().wait(chance.random() / 300)
                note(copy)
    finally:
        connection.close()


class TestStream:
    def test_tells_everything_once_however_often_it_is_cut(self, copy: Copy, follower: User) -> None:
        earlier = set(Notice.objects.values_list("pk", flat=True))
        begun = happenings.place_now()
        writers = [Thread(target=write, args=(copy, 60), kwargs={"seed": number}) for number in range(4)]
        for writer in writers:
            writer.start()
        chance = random.Random(1)

        async def listen() -> list[dict[str, str]]:
            found: list[dict[str, str]] = []
            place = begun
            for _ in range(CUTS):
                events = live.stream(follower, place, ("notice", "adjustment"))
                found += await heard(events, chance.randint(1, 3))
                place = Place.parse(found[-1]["id"])
            return found

        told = run(listen())
        for writer in writers:
            writer.join()
        wait_for_other_transactions()
        rest = happenings.happened_after(
            follower, Place.parse(told[-1]["id"]), kinds=("notice", "adjustment"), now=NOON, count=10_000
        )

        seen = [(event["event"], json.loads(event["data"])["id"]) for event in told]
        seen += [(happening.kind, happening.id) for happening in rest]
        # With somebody else's transaction open on this server, what was written just before may be told again.
        seen = [one for one in seen if one[0] != "notice" or one[1] not in earlier]
        written = {("notice", row) for row in Notice.objects.exclude(pk__in=earlier).values_list("pk", flat=True)}
        written |= {("adjustment", row) for row in Adjustment.objects.values_list("pk", flat=True)}
        assert len(written) > 480
        assert len(seen) == len(set(seen))
        assert set(seen) == written

    def test_waits_for_a_writer_that_has_a_lower_id(self, copy: Copy, follower: User) -> None:
        earlier = set(Notice.objects.values_list("pk", flat=True))
        place, may_commit, has_written = happenings.place_now(), Event(), Event()

        def new() -> list[Happening]:
            found = happenings.happened_after(follower, place, kinds=("notice",), now=NOON)
            # As above: somebody else's open transaction lets what was written before come again.
            return [happening for happening in found if happening.id not in earlier]

        def write_slowly() -> None:
            with transaction.atomic():
                note(copy)
                has_written.set()
                may_commit.wait(10)
            connection.close()

        writer = Thread(target=write_slowly)
        writer.start()
        has_written.wait(10)
        later = note(copy, "COPY_RESUMED")

        before = new()
        may_commit.set()
        writer.join()
        wait_for_other_transactions()
        after = new()

        assert before == []
        assert len(after) == 2
        assert later.pk == max(happening.id for happening in after)

    def test_tells_data_of_ones_own_copies_of_the_kinds_asked_for(
        self, world: World, copy: Copy, follower: User, other_follower: User
    ) -> None:
        place = happenings.place_now()
        world.settle()
        own = [json.loads(event["data"]) for event in run(heard(live.stream(follower, place, ("trade",)), 1))]

        assert (own[0]["kind"], own[0]["copy_id"], own[0]["trade"]["market"]) == ("trade", copy.pk, "BTC-USDT")
        assert happenings.happened_after(other_follower, place, kinds=("trade", "notice"), now=NOON) == []

    def test_says_the_state_first_and_where_it_begins(self, copy: Copy, follower: User) -> None:
        async def first(count: int) -> list[dict[str, str]]:
            events = live.stream(follower, None, ("mark", "halt"))
            found = [read(await anext(events)) for _ in range(count)]
            await events.aclose()  # type: ignore[attr-defined]
            return found

        begin, _, mark, halt = run(first(4))

        assert begin["event"] == "begin"
        assert Place.parse(begin["id"]) <= happenings.place_now()
        assert {"market": "BTC-USDT", "price": "50000"}.items() <= json.loads(mark["data"])[0].items()
        assert json.loads(halt["data"]) == {"platform": False, "lead_ids": [], "market_ids": [], "asset_ids": []}


class TestListening:
    @pytest.mark.parametrize("told", ["4711", "x.notice.1", "1.notice.٣", "1.strange.1", "9" * 40 + ".notice.1"])
    def test_refuses_an_id_that_no_stream_told(self, program: Program, told: str) -> None:
        response = Client().get(
            "/api/v1/live",
            headers={"Authorization": f"Bearer {program.token}", "Last-Event-ID": told.encode().decode("latin-1")},
        )

        assert (response.status_code, response.json()["field"]) == (400, "Last-Event-ID")

    def test_refuses_a_kind_that_is_none(self, program: Program) -> None:
        assert program.get("live", kinds="trade,gossip").json()["field"] == "kinds"
