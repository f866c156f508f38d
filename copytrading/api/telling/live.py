"""
The live stream of programs: what happened to somebody's copies, as data, each with a place to go on from.

    event: notice
    id: 81723.notice.4711
    data: {"kind": "notice", "id": 4711, "copy_id": 7, "at": "...", "notice": {...}}

A stream that was cut goes on after the id that came last (`Last-Event-ID`): nothing is told twice and nothing is left
out, see queries.happenings. Prices (`mark`) and halts (`halt`) are states and no history: they come without an id, and
the last one is all there is to know.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from accounts.addresses import client_address
from accounts.api.endpoint import Endpoint
from accounts.api.problems import TooManyStreams, documented
from accounts.models import User
from copytrading.api.finding import person
from copytrading.api.shapes.trades import RowShape
from copytrading.api.shapes.wallet.markets import PriceMarkShape
from copytrading.queries.happened import happenings, receipt_rows
from copytrading.queries.happened.activity import KINDS
from copytrading.queries.happened.happenings import Place, PlaceUnreadable
from copytrading.queries.happened.receipt_rows import Row
from copytrading.queries.money import wallet as wallet_queries
from copytrading.queries.operating import halts
from copytrading.services import streams
from copytrading.services.hub import PLATFORM, PRICES, hub

MARK, HALT, BEGIN, RESET = "mark", "halt", "begin", "reset"
STATES = (MARK, HALT)
HEARTBEAT_SECONDS = 15.0
# However many bells ring: so often rows are looked for, and so long after a bell that nobody heard.
LOOK_EVERY_SECONDS, LOOK_AT_LEAST_SECONDS = 0.2, 5.0
RETRY_MILLISECONDS = 3000
AT_ONCE = 50
STREAM_SECONDS_MAX = 900.0


class LiveQuery(serializers.Serializer):
    kinds = serializers.CharField(
        default=",".join((*KINDS, *STATES)), max_length=100, help_text="Which kinds, with commas between."
    )

    def validate_kinds(self, text: str) -> tuple[str, ...]:
        asked = [kind.strip() for kind in text.split(",")]
        if strange := [kind for kind in asked if kind not in (*KINDS, *STATES)]:
            raise serializers.ValidationError(
                gettext("There is no kind %(kind)s; there are %(kinds)s.")
                % {"kind": strange[0][:20], "kinds": ", ".join((*KINDS, *STATES))}
            )
        return tuple(asked)


class Live(Endpoint):
    @extend_schema(
        operation_id="listen",
        tags=["activity"],
        summary="Hear what happens to your copies, as it happens",
        description="Server-sent events. Go on after a cut by sending the last `id` as `Last-Event-ID`.",
        parameters=[LiveQuery, OpenApiParameter("Last-Event-ID", str, OpenApiParameter.HEADER)],
        responses=documented(
            {(200, "text/event-stream"): OpenApiResponse(str, description="A stream without an end.")},
            problems=(400, 401, 403, 429),
        ),
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        kinds = self.read_query(LiveQuery)["kinds"]
        told = request.headers.get("Last-Event-ID", "")
        try:
            place = Place.parse(told) if told else None
        except PlaceUnreadable as error:
            raise exceptions.ValidationError({"Last-Event-ID": str(error)}) from error
        user = person(request)
        listener = streams.Listener(person_id=user.pk, address=client_address(request._request))
        if not streams.has_room(listener):
            raise TooManyStreams(wait=streams.RETRY_AFTER_SECONDS)
        events = streams.in_place(listener, stream(user, place, kinds))
        response = StreamingHttpResponse(events, content_type="text/event-stream")
        response["X-Accel-Buffering"] = "no"
        return response


async def stream(user: User, place: Place | None, kinds: Iterable[str]) -> AsyncGenerator[bytes]:
    """Yield the events of one person from a place on, or from now on; the states first, and when they change."""
    history = [kind for kind in KINDS if kind in kinds]
    client = hub().join({PRICES, PLATFORM, f"user:{user.pk}"})
    loop = asyncio.get_running_loop()
    ends_at, beat_at = loop.time() + STREAM_SECONDS_MAX, loop.time() + HEARTBEAT_SECONDS
    try:
        now_at = await sync_to_async(happenings.place_now)()
        if place is None or place.transaction > now_at.transaction:
            # Of a place that is not there yet the database was put back to an earlier day: read everything anew.
            yield _event(BEGIN if place is None else RESET, {}, place=now_at)
            place = now_at
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        rung = {"marks", "halts"}
        while loop.time() < ends_at:
            for state, bell in ((MARK, "marks"), (HALT, "halts")):
                if state in kinds and bell in rung:
                    yield _event(state, await sync_to_async(_STATES[state])())
            while told := await sync_to_async(_happened)(user, place, history):
                for place, row in told:
                    yield _event(row.kind, RowShape(row).data, place=place)
                beat_at = loop.time() + HEARTBEAT_SECONDS
            if loop.time() >= beat_at:
                yield b":\n\n"
                beat_at = loop.time() + HEARTBEAT_SECONDS
            await sync_to_async(_let_go_of_the_database)()
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            try:
                await asyncio.wait_for(client.rung.wait(), timeout=LOOK_AT_LEAST_SECONDS)
            except TimeoutError:
                rung = set()
            else:
                rung = set(client.take())
    finally:
        hub().leave(client)
        await sync_to_async(_let_go_of_the_database)()


def _happened(user: User, place: Place, kinds: list[str]) -> list[tuple[Place, Row]]:
    found = happenings.happened_after(user, place, kinds=kinds, now=timezone.now(), count=AT_ONCE)
    rows = receipt_rows.of_ids([(happening.kind, happening.id) for happening in found])
    return [(happening.place, row) for happening, row in zip(found, rows, strict=True)]


def _marks() -> list[dict[str, Any]]:
    return list(PriceMarkShape(wallet_queries.spot_markets(), many=True).data)


def _halts() -> dict[str, Any]:
    standing = halts.standing_halts()
    return {
        "platform": standing.platform,
        "lead_ids": sorted(standing.lead_ids),
        "market_ids": sorted(standing.market_ids),
        "asset_ids": sorted(standing.asset_ids),
    }


_STATES = {MARK: _marks, HALT: _halts}


def _let_go_of_the_database() -> None:
    """Give the connection back: a stream lasts long and is mostly silent."""
    for connection in connections.all(initialized_only=True):
        # Inside a test's transaction there is nothing to give back.
        if not connection.in_atomic_block:
            connection.close()


def _event(kind: str, data: Any, *, place: Place | None = None) -> bytes:
    text = JSONRenderer().render(data).decode()
    number = f"id: {place}\n" if place is not None else ""
    return f"event: {kind}\n{number}data: {text}\n\n".encode()
