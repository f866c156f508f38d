"""The books of a copy: what the API says of it is all there is, to the last unit."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from accounts.models import Balance, User
from copytrading.models import Copy, Lead
from tests.api.program import Program
from tests.cast import World, usdt


def every(program: Program, path: str, **asked: Any) -> list[dict[str, Any]]:
    """Return a whole list, page by page, three rows each."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        response = program.get(path, limit=3, cursor=cursor, **asked)
        assert response.status_code == 200, response.content
        found += response.json()["results"]
        cursor = response.json()["next"]
        if cursor is None:
            return found


def signed(row: dict[str, Any], figure: str) -> Decimal:
    return Decimal(row[figure]) * (1 if row["side"] == "BUY" else -1)


def rebuilt(program: Program, copy_id: int) -> Counter[str]:
    """Return what a copy must hold by its fills, its flows, what it shared and what was taken over."""
    held: Counter[str] = Counter()
    for fill in every(program, f"copies/{copy_id}/fills"):
        held[fill["coin"]] += signed(fill, "quantity")
        held["USDT"] -= signed(fill, "value")
        for fee in fill["fees"]:
            held[fee["coin"]] -= Decimal(fee["quantity"])
    for flow in every(program, f"copies/{copy_id}/flows"):
        held["USDT"] += Decimal(flow["value"]) if flow["status"] == "DONE" else 0
    for share in every(program, f"copies/{copy_id}/profit-shares"):
        held["USDT"] -= Decimal(share["share"])
    for receipt in every(program, f"copies/{copy_id}/activity", kind="notice"):
        notice = receipt["notice"]
        if notice["kind"] == "REST_TAKEN_OVER":
            held[notice["coin"]] -= Decimal(notice["quantity"])
            held["USDT"] += Decimal(notice["paid"])
    return Counter({coin: quantity for coin, quantity in held.items() if quantity})


def of_ledger(program: Program, copy_id: int) -> Counter[str]:
    held: Counter[str] = Counter()
    for line in every(program, f"copies/{copy_id}/ledger"):
        held[line["coin"]] += Decimal(line["quantity"])
    return Counter({coin: quantity for coin, quantity in held.items() if quantity})


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    """A copy that bought two coins, grew, was paid from and shared what it had won."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.lead_trades(lead, "ETH", "BUY", "0.7")
    world.settle()
    copy = world.start(follower, lead, "1000.03")
    world.settle()
    world.prices(BTC="61000")
    return copy


class TestBooks:
    def test_rebuild_the_ledger_of_a_copy_to_the_unit(
        self, world: World, program: Program, copy: Copy, clock: time_machine.Traveller
    ) -> None:
        clock.move_to(world.now)
        assert program.post(f"copies/{copy.pk}/reduce", {"value": "333.33"}, key="less-0001").status_code == 200
        world.settle()

        balances = {row["coin"]: Decimal(row["quantity"]) for row in program.get(f"copies/{copy.pk}/balances").json()}
        assert {share["kind"] for share in every(program, f"copies/{copy.pk}/profit-shares")} == {"REDUCTION"}
        assert set(balances) == {"BTC", "ETH", "USDT"}
        assert rebuilt(program, copy.pk) == of_ledger(program, copy.pk) == balances
        posted = Balance.objects.filter(ledger_account=copy.ledger_account).values_list("asset__symbol", "posted")
        assert {symbol: units for symbol, units in posted if units} == {
            coin: usdt(str(quantity)) for coin, quantity in balances.items()
        }

        clock.move_to(world.now)
        assert program.post(f"copies/{copy.pk}/stop", key="stop-0001").status_code == 202
        world.settle()

        assert program.get(f"copies/{copy.pk}/balances").json() == []
        assert rebuilt(program, copy.pk) == of_ledger(program, copy.pk) == Counter()

    def test_name_order_and_cycle_of_each_fill(self, program: Program, copy: Copy) -> None:
        orders = {order["id"]: order for order in every(program, f"copies/{copy.pk}/orders")}
        fills = every(program, f"copies/{copy.pk}/fills")

        assert {fill["order_id"] for fill in fills} == set(orders)
        for fill in fills:
            order = orders[fill["order_id"]]
            assert (order["cycle_id"], order["market"], order["side"]) == (
                fill["cycle_id"],
                fill["market"],
                fill["side"],
            )
            assert order["filled"] == fill["quantity"]
            assert Decimal(order["wanted"]) >= Decimal(order["filled"]) > 0
            assert (order["status"], fill["fees"][0]["coin"]) == ("FILLED", "USDT")

    def test_say_in_words_and_in_figures_what_happened(self, program: Program, copy: Copy) -> None:
        receipts = every(program, "activity")

        for receipt in receipts:
            assert [kind for kind in ("trade", "adjustment", "notice") if receipt[kind]] == [receipt["kind"]]
            assert receipt["headline"]
        trade = next(receipt["trade"] for receipt in receipts if receipt["trade"])
        assert trade in every(program, f"copies/{copy.pk}/fills")

    def test_refuse_a_cursor_of_another_list(self, program: Program, copy: Copy) -> None:
        cursor = program.get(f"copies/{copy.pk}/fills", limit=1).json()["next"]

        for path in (f"copies/{copy.pk}/orders", "wallet/history", "activity", "leads"):
            response = program.get(path, cursor=cursor)
            assert (response.status_code, response.json()["field"]) == (400, "cursor")

    def test_show_what_lies_between_two_moments(self, world: World, program: Program, copy: Copy) -> None:
        fills = every(program, f"copies/{copy.pk}/fills")
        first = min(fill["at"] for fill in fills)

        assert every(program, f"copies/{copy.pk}/fills", since=first) == fills
        assert every(program, f"copies/{copy.pk}/fills", until=first) == []


class TestTerms:
    def test_can_be_changed_while_a_copy_runs(
        self, world: World, program: Program, copy: Copy, clock: time_machine.Traveller
    ) -> None:
        clock.move_to(world.now)
        wanted = {"weight_max": "0.2"}

        response = program.send("PATCH", f"copies/{copy.pk}/terms", wanted, key="terms-0001")
        world.settle()

        assert (response.status_code, response.json()["weight_max"]) == (200, "0.2")
        positions = program.get(f"copies/{copy.pk}").json()["comparison"]["positions"]
        assert max(float(position["weight"]) for position in positions if position["coin"] == "BTC") < 0.21

    def test_that_the_mode_has_no_use_for_are_refused(self, program: Program, copy: Copy) -> None:
        response = program.send("PATCH", f"copies/{copy.pk}/terms", {"order_ratio": "0.5"}, key="terms-0001")

        assert (response.status_code, response.json()["code"]) == (409, "terms_not_possible")
        assert Copy.objects.get(pk=copy.pk).order_ratio is None
