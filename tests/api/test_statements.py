"""Statements for programs: exact figures that sum, and a sentence for what cannot be asked."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts import program_keys
from accounts.models import User
from copytrading.models import Copy, Lead
from tests.api.program import Program
from tests.cast import World
from tests.views.scenes import copy_with_holdings


@pytest.fixture
def copy(world: World, lead: Lead, follower: User, clock: time_machine.Traveller) -> Copy:
    copy = copy_with_holdings(world, lead, follower)
    clock.move_to(world.now + timedelta(seconds=1))
    return copy


def statement(program: Program, **asked: Any) -> dict[str, Any]:
    response = program.get("statements", **{"from": "2026-01-01T00:00:00Z", **asked})
    assert response.status_code == 200, response.content
    return response.json()


class TestStatements:
    def test_sum_to_the_last_unit(self, program: Program, copy: Copy) -> None:
        for asked in ({"copy": copy.pk}, {}):
            found = statement(program, **asked)

            opening, closing = Decimal(found["opening"]["value"]), Decimal(found["closing"]["value"])
            assert opening + Decimal(found["flows_total"]) + Decimal(found["result"]) == closing
            assert sum(Decimal(part["value"]) for part in found["results"]) == Decimal(found["result"])
            held = {one["coin"]: Decimal(one["quantity"]) for one in found["closing"]["holdings"]}
            for coin in {lot["coin"] for lot in found["lots_left"]}:
                assert held[coin] == sum(Decimal(lot["quantity"]) for lot in found["lots_left"] if lot["coin"] == coin)
            assert held["BTC"] > 0

    def test_hold_the_very_balances_of_the_books(self, program: Program, copy: Copy) -> None:
        found = statement(program, copy=copy.pk)

        assert {one["coin"]: one["quantity"] for one in found["closing"]["holdings"]} == {
            one["coin"]: one["quantity"] for one in program.get(f"copies/{copy.pk}/balances").json()
        }
        fills = program.get(f"copies/{copy.pk}/fills").json()["results"]
        assert [(trade["order_id"], trade["quantity"], trade["fees"]) for trade in found["trades"]] == [
            (fill["order_id"], fill["quantity"], fill["fees"]) for fill in fills
        ]

    def test_of_this_year_until_now_is_what_is_meant_without_times(self, program: Program, copy: Copy) -> None:
        found = program.get("statements").json()

        assert found["from"] == f"{timezone.now().year}-01-01T00:00:00Z"
        assert (found["copy"], found["lots"], found["cash"]) == (None, "fifo", "USDT")

    @pytest.mark.parametrize(
        ("asked", "field", "sentence"),
        [
            ({"from": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until", "The end has to lie after"),
            ({"until": "2999-01-01T00:00:00Z"}, "until", "A statement ends now at the latest"),
            ({"from": "yesterday"}, "from", "Datetime has wrong format"),
            ({"until": "0001-01-01T00:00:00+14:00"}, "until", ""),
            ({"lots": "lifo"}, "lots", '"lifo" is not a valid choice.'),
            ({"copy": "x"}, "copy", "A valid integer is required."),
            ({"coin": "BTC"}, "coin", "There is no such field here."),
        ],
    )
    def test_are_refused_in_a_sentence(
        self, program: Program, asked: dict[str, str], field: str, sentence: str
    ) -> None:
        response = program.get("statements", **asked)

        assert (response.status_code, response.json()["field"]) == (400, field)
        assert response.json()["title"].startswith(sentence)

    def test_of_somebody_elses_copy_look_like_those_of_none(self, copy: Copy, stranger: User) -> None:
        program = Program.of(stranger)

        anothers, missing = (program.get("statements", copy=number) for number in (copy.pk, 2**62))

        assert anothers.status_code == missing.status_code == 404
        assert anothers.content == missing.content

    def test_take_a_key_that_may_read(self, copy: Copy, follower: User) -> None:
        answers = {}
        for scope in ("read", "trade"):
            _, secret = program_keys.make_key(
                user=follower, name=scope, scopes=[scope], now=timezone.now() - timedelta(seconds=1)
            )
            answers[scope] = Program(secret).get("statements", copy=copy.pk).status_code

        assert answers == {"read": 200, "trade": 403}
