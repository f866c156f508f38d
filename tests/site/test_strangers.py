"""
By a clock: a stranger sees nothing of a lead's book that is younger than the lead chose, at no address of the site.

A lead buys a coin that nobody had, in a quantity that nobody else would, under a number of its own. Every address that
somebody can read is asked before, a second before the trade may be shown, and when it may: by nobody, by somebody with
money, by somebody who copied once, and by somebody who copies. An address about a lead that `READINGS` does not list
fails; any other that tells of the trade fails too.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client

from accounts.models import User
from copytrading.models import Copy, Lead, LeadOrder, PriceBar
from copytrading.queries.rules import platform_rules
from copytrading.queries.shown.visibility import visibility_of
from copytrading.services.books import price_bars, records
from copytrading.services.copies import verbs as copies
from copytrading.services.leads import showing
from copytrading.services.reference import copies as reference_copies
from tests.api.program import Program
from tests.cast import COINS, NOON, World, build_world
from tests.site.test_who_may import ABSENT, ADDRESSES, OPERATOR, Address

COIN, NAME = "ZEBRA", "Zebra"
# What is asked for, and how what comes of it begins: a market order is filled to its value.
ORDERED, QUANTITY = "3.14159", "3.1415"
# What the rows of the trade are numbered from: nothing else has such numbers.
NUMBERED_FROM = {
    "copytrading_leadorder": 987_650_000,
    "copytrading_order": 876_540_000,
    "copytrading_allocation": 765_430_000,
}
# What of the book an answer has: trades with their size, coins that were traded, what is held, figures of trades.
TRADES, TRADED, WEIGHTS, FIGURES, NOTHING = "trades", "traded", "weights", "figures", "nothing"
STRANGERS = ("nobody", "stranger", "once")
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
# An answer that has no end.
STREAMS = {"live/", "api/v1/live"}
PART = {"HX-Request": "true"}
LOOK_BACK = {"investment": "1000", "buy_existing": "on", "stop_loss_in": "cash", "order_by": "ratio"}
START = {"mode": "SMART_SYNC", "investment": "1000", "buy_existing": "on", "stop_loss_in": "cash", "order_by": "ratio"}


@dataclass(frozen=True)
class Reading:
    """One way to read an address about a lead, and what of the book is there."""

    shows: str
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    # Whether one has to be signed in, and be nobody who copies already.
    is_for_members: bool = False
    is_for_newcomers: bool = False


PARTS = [
    Reading(WEIGHTS, headers={**PART, "HX-Target": "portfolio"}),
    Reading(NOTHING, headers={**PART, "HX-Target": "curve"}),
    Reading(TRADES, headers={**PART, "HX-Target": "events"}),
]


READINGS: dict[str, list[Reading]] = {
    "": [Reading(WEIGHTS), Reading(WEIGHTS, headers={**PART, "HX-Target": "leads"})],
    "compare/": [Reading(WEIGHTS, query={"lead": ["basalt", "slate"]})],
    "leads/<slug:slug>/": [Reading(TRADES), *PARTS],
    "leads/<slug:slug>/portfolio/": [Reading(TRADED), *PARTS],
    "leads/<slug:slug>/trades/": [Reading(TRADES), Reading(NOTHING, query={"below": "1"})],
    "leads/<slug:slug>/trades.csv": [Reading(TRADES)],
    "leads/<slug:slug>/followers/": [Reading(NOTHING)],
    "leads/<slug:slug>/what-if/": [Reading(NOTHING), Reading(FIGURES, query=LOOK_BACK)],
    # A picture: its letters are no text, and it is drawn of figures that everybody sees at once.
    "leads/<slug:slug>/card-<str:language>.png": [Reading(NOTHING)],
    "leads/<slug:slug>/favourite/": [Reading(NOTHING, is_for_members=True)],
    "leads/<slug:slug>/copy/": [
        Reading(WEIGHTS, is_for_members=True, is_for_newcomers=True),
        Reading(NOTHING, query=START, headers=PART, is_for_members=True),
    ],
    "leads/<slug:slug>/copy/review/": [Reading(WEIGHTS, query=START, is_for_members=True, is_for_newcomers=True)],
    "leads/<slug:slug>/copy/start/": [Reading(NOTHING, is_for_members=True)],
    "leads/<slug:slug>/copy/money/": [Reading(NOTHING, is_for_members=True)],
    # What two hold in common is one figure, which names no coin.
    "api/v1/comparison": [Reading(NOTHING, query={"leads": "basalt,slate"})],
    "api/v1/leads/<slug:slug>": [Reading(FIGURES)],
    # Is only written.
    "api/v1/leads/<slug:slug>/favourite": [],
    "api/v1/leads/<slug:slug>/holdings": [Reading(WEIGHTS)],
    "api/v1/leads/<slug:slug>/record": [Reading(NOTHING)],
    "api/v1/leads/<slug:slug>/reference-copy": [Reading(NOTHING)],
    "api/v1/leads/<slug:slug>/statistics": [Reading(TRADED)],
    "api/v1/leads/<slug:slug>/returns": [Reading(NOTHING)],
    "api/v1/leads/<slug:slug>/trades": [Reading(TRADES), Reading(TRADES, query={"limit": "1"})],
    "api/v1/leads/<slug:slug>/closed-positions": [Reading(NOTHING)],
    "api/v1/leads/<slug:slug>/events": [Reading(NOTHING)],
    "api/v1/leads/<slug:slug>/followers-record": [Reading(NOTHING)],
    "api/v1/leads/<slug:slug>/what-if": [Reading(FIGURES, body={"investment": "1000.00"}, is_for_members=True)],
    "api/v1/leads/<slug:slug>/what-if/spread": [Reading(NOTHING, body={"investment": "1000.00"}, is_for_members=True)],
    "api/v1/leads/<slug:slug>/preview": [
        Reading(WEIGHTS, body={"investment": "1000.00"}, is_for_members=True, is_for_newcomers=True)
    ],
}  # fmt: skip
# Of a figure that is counted from trades, the names in JSON.
COUNTED = ("trades", "lead_orders", "closed_positions", "coin_preferences")


@dataclass
class Stage:
    """A lead with a past, the people who look, and the clock."""

    world: World
    clock: time_machine.Traveller
    lead: Lead
    people: dict[str, User | None]
    # Of the rows that the trade will make: the lead's order, the order at the venue, the first share of it.
    numbers: tuple[int, ...] = ()
    traded_at: datetime = NOON

    def go_to(self, when: datetime) -> None:
        """Let the time pass up to a moment; what leads hold is kept at each full hour."""
        while self.world.now < when:
            next_hour = self.world.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
            self.tick(min(when, next_hour))

    def tick(self, when: datetime) -> None:
        """Be at a moment, and do what the beat does then."""
        self.clock.move_to(when)
        self.world.wait((when - self.world.now).total_seconds())
        self.clock.move_to(self.world.now)
        showing.keep_weights(now=self.world.now)
        price_bars.record_bars(now=self.world.now)
        records.record_leads(leads=list(Lead.objects.all()), now=self.world.now, rules=platform_rules())

    def settle(self) -> None:
        self.world.settle()
        self.clock.move_to(self.world.now)

    def trade(self) -> None:
        """Let the lead buy the coin."""
        order = self.world.lead_trades(self.lead, COIN, "BUY", ORDERED)
        self.settle()
        order.refresh_from_db()
        assert (order.pk, order.status) == (self.numbers[0], LeadOrder.Status.FILLED)
        assert str(order.filled_units).startswith(QUANTITY.replace(".", ""))
        assert order.finished_at is not None
        self.traded_at = order.finished_at

    def traces_in(self, text: str) -> list[str]:
        """Return what only the trade can have left in an answer."""
        return [trace for trace in (QUANTITY, QUANTITY.replace(".", ","), *map(str, self.numbers)) if trace in text]

    def sees_all(self, who: str) -> bool:
        return visibility_of(self.lead, self.people[who], now=self.world.now).is_whole

    def read(self, who: str, route: str, reading: Reading, **of: object) -> HttpResponse | StreamingHttpResponse:
        """Return what somebody is answered at an address, of the lead or of something else that is named."""
        address = next(address for address in ADDRESSES if address.route == route)
        path, user = address.path(slug=self.lead.slug, language="en", **of), self.people[who]
        cache.clear()
        client = Client(raise_request_exception=False)
        headers = dict(reading.headers)
        if address.is_api:
            if user is not None:
                headers["Authorization"] = f"Bearer {Program.of(user).token}"
        elif user is not None:
            client.force_login(user)
        if reading.body is not None:
            return client.post(path, reading.body, content_type="application/json", headers=headers)
        return client.get(path, reading.query, headers=headers)


def text_of(response: Any) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode(errors="replace") + str(dict(response.headers))


def mentions_in(text: str) -> int:
    """Return how often the coin is named: lists of all markets name it, whoever holds it."""
    return text.count(COIN) + text.count(NAME)


def counted_in(response: Any, reading: Reading) -> dict[str, Any]:
    """Return the figures of an answer that are counted from single trades."""
    if reading.shows not in (FIGURES, TRADED) or not response["Content-Type"].startswith("application/json"):
        return {}
    body = json.loads(response.content)
    return {name: body[name] for name in COUNTED if name in body}


@pytest.fixture
def stage(db: None, old_prices_are_fine: None) -> Iterator[Stage]:
    """
    Return a lead five days old who holds BTC, a person who copies, one who copied once, and one with money alone.

    The numbers of what is to come are unmistakable.
    """
    with time_machine.travel(NOON, tick=False) as clock:
        coin = {"price": "100", "lot_size": "0.00001", "tick_size": "0.01", "level_value": "20000"}
        world = build_world(coins={**COINS, COIN: coin})
        people: dict[str, User | None] = {"nobody": None}
        for name in ("stranger", "once", "follower"):
            user = User.objects.create_user(f"{name}@example.org", "correct horse battery")
            world.deposit(user, "10000")
            people[name] = user
        lead = world.make_lead(User.objects.create_user("lead@example.org"), shows_all=False)
        slate = world.make_lead(User.objects.create_user("slate@example.org"), name="Slate", shows_all=False)
        stage = Stage(world=world, clock=clock, lead=lead, people=people)
        for one in (lead, slate):
            world.lead_trades(one, "BTC", "BUY", "0.05")
        stage.settle()
        hours = 24 * 5
        made = {**COINS, COIN: coin}
        closes = {f"{symbol}-USDT": np.full(hours, float(made[symbol]["price"])) for symbol in made}
        price_bars.write_bars(closes=closes, times=[NOON + timedelta(hours=hour) for hour in range(hours)])
        once, follower = people["once"], people["follower"]
        assert once is not None
        assert follower is not None
        left = world.start(once, lead)
        world.start(follower, lead)
        # The platform's own copies: their fees, worth and gaps tell of trades too.
        assert reference_copies.keep_reference_copies(now=world.now) == 2
        stage.settle()
        copies.stop_copy(copy_id=left.pk, now=world.now)
        stage.settle()
        assert Copy.objects.get(pk=left.pk).status == Copy.Status.STOPPED
        # Up to the fifth day at half past ten. Each close is kept.
        begins_at = NOON + timedelta(days=4, hours=22, minutes=30)
        PriceBar.objects.filter(closed_at__gt=begins_at).delete()
        for day in range(1, 6):
            stage.tick(NOON.replace(hour=0) + day * DAY)
        stage.tick(begins_at)
        stage.numbers = tuple(_count_from(table, number) for table, number in NUMBERED_FROM.items())
        yield stage


def _count_from(table: str, number: int) -> int:
    """Have a table's rows numbered from a number on, or from where an earlier test left off, and return the first."""
    sequence = f"pg_get_serial_sequence('{table}', 'id')"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT setval({sequence}, greatest(%s, nextval({sequence})))", [number])
        return int(cursor.fetchone()[0]) + 1


def readings(*, who: str) -> Iterator[tuple[str, Reading]]:
    """Yield what somebody can read of leads."""
    for route, listed in READINGS.items():
        for reading in listed:
            if reading.is_for_members and who == "nobody":
                continue
            if reading.is_for_newcomers and who == "follower":
                continue
            yield route, reading


def is_asked(address: Address) -> bool:
    """Return whether an address is asked besides those about a lead: all that is nobody's own and not for operators."""
    return (
        address.route not in READINGS
        and address.route not in STREAMS
        and address.access not in (OPERATOR, ABSENT)
        and not address.kind
    )


Seen = dict[tuple[str, str, int], tuple[int, dict[str, Any]]]


def seen_by(stage: Stage, *viewers: str) -> Seen:
    """Return how often each answer about a lead names the coin, and what it counts of trades, by who, where and how."""
    return {
        (who, route, place): (mentions_in(text_of(answer)), counted_in(answer, reading))
        for who in viewers
        for place, (route, reading) in enumerate(readings(who=who))
        for answer in [stage.read(who, route, reading)]
    }


def shows_coin(stage: Stage, who: str, *kinds: str, before: Seen) -> set[bool]:
    """Return whether the answers of some kinds name the coin more often than before."""
    return {
        mentions_in(text_of(stage.read(who, route, reading))) > before[who, route, place][0]
        for place, (route, reading) in enumerate(readings(who=who))
        if reading.shows in kinds
    }


class TestEveryAddress:
    def test_about_a_lead_is_in_the_table(self) -> None:
        about_leads = {address.route for address in ADDRESSES if "<slug:slug>" in address.route}

        assert about_leads | {"", "compare/", "api/v1/comparison"} == set(READINGS)
        assert len([address for address in ADDRESSES if is_asked(address)]) > 100

    def test_shows_followers_everything_at_once_and_lets_nobody_keep_it(self, stage: Stage) -> None:
        before = seen_by(stage, "follower")

        stage.trade()

        for place, (route, reading) in enumerate(readings(who="follower")):
            answer = stage.read("follower", route, reading)
            text = text_of(answer)
            assert answer.status_code in (200, 302), (route, answer.status_code)
            # A card that goes along with a link is the same for everybody.
            assert ("public" if route.endswith(".png") else "private") in answer["Cache-Control"], route
            if reading.shows in (TRADES, TRADED, WEIGHTS):
                assert mentions_in(text) > before["follower", route, place][0], route
            if reading.shows == TRADES:
                assert QUANTITY in text, route

    def test_about_a_lead_shows_strangers_nothing_a_second_before_its_time(self, stage: Stage) -> None:
        before = seen_by(stage, *STRANGERS)
        stage.trade()

        stage.go_to(stage.traded_at + DAY - SECOND)

        for who in STRANGERS:
            for place, (route, reading) in enumerate(readings(who=who)):
                answer = stage.read(who, route, reading)
                text, seen = text_of(answer), (who, route, reading)
                assert answer.status_code in (200, 302, 405), (seen, answer.status_code, text[:300])
                assert not stage.traces_in(text), (seen, stage.traces_in(text))
                assert (mentions_in(text), counted_in(answer, reading)) == before[who, route, place], seen

    def test_about_anything_else_shows_strangers_nothing_of_it_at_all(self, stage: Stage) -> None:
        stage.trade()

        for address in ADDRESSES:
            if is_asked(address):
                for who in STRANGERS:
                    text = text_of(stage.read(who, address.route, Reading(NOTHING)))
                    assert not stage.traces_in(text), (who, address, stage.traces_in(text))

    def test_shows_strangers_trades_and_weights_when_it_is_time(self, stage: Stage) -> None:
        before = seen_by(stage, *STRANGERS)
        stage.trade()

        stage.go_to(stage.traded_at + DAY)
        for who in STRANGERS:
            assert shows_coin(stage, who, TRADES, TRADED, before=before) == {True}
            # The close of the day in which it was traded is not a day old.
            assert shows_coin(stage, who, WEIGHTS, before=before) == {False}
        close = (stage.traded_at + DAY).replace(hour=0, minute=0, second=0, microsecond=0)
        stage.go_to(close + showing.READ_WITHIN + DAY - SECOND)
        assert shows_coin(stage, "stranger", WEIGHTS, before=before) == {False}
        stage.go_to(close + showing.READ_WITHIN + DAY)
        assert shows_coin(stage, "stranger", WEIGHTS, before=before) == {True}

    def test_shows_strangers_weights_by_the_hour_where_the_lead_chose_so(self, stage: Stage) -> None:
        hourly = Lead.WeightsShown.WITH_TRADES
        showing.choose_shown(lead_id=stage.lead.pk, trades_delay_hours=1, weights_shown=hourly, now=stage.world.now)
        before = seen_by(stage, "stranger")
        stage.trade()

        shown_at = stage.traded_at.replace(minute=0, second=0) + 2 * HOUR + showing.READ_WITHIN
        stage.go_to(stage.traded_at + HOUR - SECOND)
        assert shows_coin(stage, "stranger", TRADES, TRADED, WEIGHTS, before=before) == {False}
        stage.go_to(stage.traded_at + HOUR)
        assert shows_coin(stage, "stranger", TRADES, TRADED, before=before) == {True}
        stage.go_to(shown_at - SECOND)
        assert shows_coin(stage, "stranger", WEIGHTS, before=before) == {False}
        stage.go_to(shown_at)
        assert shows_coin(stage, "stranger", WEIGHTS, before=before) == {True}

    def test_of_an_ended_copy_tells_nothing_of_what_came_after_it(self, stage: Stage) -> None:
        ended = Copy.objects.get(follower=stage.people["once"])
        routes = [address.route for address in ADDRESSES if address.kind == "copy"]

        def texts() -> dict[str, str]:
            return {route: text_of(stage.read("once", route, Reading(NOTHING), copy_id=ended.pk)) for route in routes}

        before = texts()
        stage.trade()

        for route, text in texts().items():
            assert not stage.traces_in(text), route
            assert mentions_in(text) == mentions_in(before[route]), route
        assert len(routes) > 15

    def test_tells_who_stops_copying_no_more_than_a_stranger(self, stage: Stage) -> None:
        before = seen_by(stage, "once")
        stage.trade()
        leaving = Copy.objects.get(lead=stage.lead, follower=stage.people["follower"])

        copies.stop_copy(copy_id=leaving.pk, now=stage.world.now)
        assert stage.sees_all("follower")
        stage.settle()

        assert Copy.objects.get(pk=leaving.pk).status == Copy.Status.STOPPED
        assert not stage.sees_all("follower")
        stage.people["once"] = stage.people["follower"]
        assert shows_coin(stage, "once", TRADES, TRADED, WEIGHTS, before=before) == {False}
