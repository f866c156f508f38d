"""What the campaign's verdict sees: each kind of difference, put there by hand, is told."""

import copy
import signal
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from copytrading.exchange.paper import world as paper
from copytrading.models import Fill, Lead, LimitOrder, Order
from tests.campaign import verdict
from tests.campaign.course import Figures
from tests.campaign.fleet import PROJECT
from tests.campaign.points import KILL, NOT_SENT, Tokens
from tests.cast import World
from tests.services.wallet.limit_stage import place


@pytest.fixture
def state(world: World, lead: Lead) -> dict[str, Any]:
    """Return what a venue would tell that did exactly what our books say."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    for number, fill in enumerate(Fill.objects.order_by("pk"), start=1001):
        Fill.objects.filter(pk=fill.pk).update(trade_id=f"BTC-USDT:{number}")
    orders = Order.objects.filter(claimed_at__isnull=False)
    return {
        "orders": [
            {
                "client_order_id": order.client_order_id,
                "account": "platform",
                "filled_quantity": str(Decimal(order.filled_units) / 10**8),
            }
            for order in orders
        ],
        "trades": [
            {"symbol": "BTC-USDT", "trade_id": 1001 + number, "account": "platform"}
            for number in range(Fill.objects.count())
        ],
    }


class TestJudge:
    def test_finds_nothing_where_all_is_right(self, state: dict[str, Any]) -> None:
        found = verdict.judge(state, stuck=[])

        assert found.sentences == []
        assert (found.orders, found.trades) == (1, Fill.objects.count())

    def test_finds_a_trade_that_is_not_booked(self, state: dict[str, Any]) -> None:
        state["trades"].append({"symbol": "BTC-USDT", "trade_id": 5000, "account": "platform"})

        assert verdict.judge(state, stuck=[]).lost == ["trade BTC-USDT:5000 is not booked"]

    def test_finds_an_order_that_nobody_knows(self, state: dict[str, Any]) -> None:
        state["orders"].append({"client_order_id": "ss999a1", "account": "platform", "filled_quantity": "0"})

        assert verdict.judge(state, stuck=[]).lost == ["order ss999a1 is at the venue and unknown here"]

    def test_finds_an_order_that_was_sent_twice(self, state: dict[str, Any]) -> None:
        state["orders"].append(copy.copy(state["orders"][0]))

        assert len(verdict.judge(state, stuck=[]).doubled) == 1

    def test_finds_a_fill_that_never_was(self, state: dict[str, Any]) -> None:
        gone = state["trades"].pop()

        found = verdict.judge(state, stuck=[])

        assert found.doubled == [f"trade BTC-USDT:{gone['trade_id']} is booked and never was"]

    def test_finds_money_that_the_ledger_does_not_know(self, state: dict[str, Any]) -> None:
        paper.credit("platform", "BTC", Decimal("0.00000001"), "found in the street")

        assert verdict.judge(state, stuck=[]).unequal == ["custody less liabilities in BTC is 0.00000001"]

    def test_finds_an_order_that_is_still_open(self, state: dict[str, Any]) -> None:
        Order.objects.update(booked_at=None)

        assert len(verdict.what_is_open()) == 1

    def test_lets_a_limit_order_wait_and_no_hold_of_one_that_is_over(self, world: World, follower: User) -> None:
        waiting = place(world, follower, "BUY", "ETH", "2000", quantity="0.1")

        assert verdict.what_is_open() == []
        LimitOrder.objects.update(hold_key="", held_units=0)
        assert verdict.what_is_open() == [f"hold limit:{waiting.pk}:0 is left of an order that is over"]

    def test_finds_a_limit_order_that_waits_for_what_is_booked(
        self, world: World, follower: User, state: dict[str, Any]
    ) -> None:
        waiting = place(world, follower, "BUY", "ETH", "2000", quantity="0.1")
        LimitOrder.objects.update(on_its_way=Order.objects.get())

        assert verdict.what_is_open() == [f"limit order {waiting.pk} waits for an order that is booked"]


class TestFigures:
    @pytest.mark.parametrize(
        "wrong", [{"never_done": ["spot or limit"]}, {"failed_requests": 1}, {"lost": 1}, {"naive_doubled": 0}]
    )
    def test_are_clean_only_where_nothing_failed_and_all_was_tried(self, wrong: dict[str, Any]) -> None:
        right = Figures(
            kills=2, kills_in_accepted_not_recorded=1, points=8, lost=0, doubled=0, stuck=0, late=0, unequal=0,
            orders=3, trades=3, rest_seconds=1.0, seconds=1.0, naive_doubled=1, never_done=[], failed_requests=0,
        )  # fmt: skip

        assert right.is_clean
        assert not replace(right, **wrong).is_clean


class TestTokens:
    def test_kill_the_one_process_that_comes_by(self, tmp_path: Path) -> None:
        tokens = Tokens(tmp_path)
        token = tokens.lay(NOT_SENT, KILL)
        passing = (
            "import sys; from pathlib import Path; from tests.campaign.points import NOT_SENT, Tokens;"
            "Tokens(Path(sys.argv[1])).obey(NOT_SENT)"
        )

        codes = [
            subprocess.run([sys.executable, "-c", passing, str(tmp_path)], cwd=PROJECT, check=False).returncode
            for _ in range(2)
        ]

        assert codes == [-signal.SIGKILL, 0]
        assert tokens.wait_until_taken(token, seconds_max=1, meanwhile=lambda: None) is not None

    def test_are_taken_back_when_nobody_comes(self, tmp_path: Path) -> None:
        tokens = Tokens(tmp_path)
        token = tokens.lay(NOT_SENT, KILL)

        taken = tokens.wait_until_taken(token, seconds_max=0.05, meanwhile=lambda: None)

        assert taken is None
        assert not token.exists()
