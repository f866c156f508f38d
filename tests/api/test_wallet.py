"""The main account through the API."""

import pytest

from accounts.models import User
from copytrading.models import Copy, Lead, ManualOrder
from tests.api.program import Program
from tests.cast import World, usdt


class TestWallet:
    def test_shows_what_came_and_went(self, program: Program) -> None:
        program.post("wallet/deposits", {"value": "500.00"}, key="deposit-0001")
        program.post("wallet/withdrawals", {"value": "200.00"}, key="withdraw-0001")

        wallet, history = program.get("wallet").json(), program.get("wallet/history").json()

        assert wallet["available"] == "10300.00"
        assert [movement["quantity"] for movement in history["results"]] == ["-200", "500", "10000"]
        assert [line["kind"] for line in history["results"]] == ["WITHDRAWAL", "DEPOSIT", "DEPOSIT"]
        assert (history["results"][0]["balance"], history["results"][0]["sentence"]) == ("10300", "You withdrew")

    def test_turns_the_page_of_the_history(self, world: World, program: Program, follower: User) -> None:
        for _ in range(30):
            world.deposit(follower, "1")

        first = program.get("wallet/history", limit=25).json()
        second = program.get("wallet/history", cursor=first["next"], since="2026-01-01T00:00:00Z").json()

        ids = [movement["id"] for page in (first, second) for movement in page["results"]]
        assert len(ids) == len(set(ids)) == 31
        assert second["next"] is None

    def test_refuses_to_pay_out_more_than_there_is(self, world: World, program: Program, follower: User) -> None:
        response = program.post("wallet/withdrawals", {"value": "10000.01"}, key="withdraw-0001")

        assert response.status_code == 409
        assert world.main(follower)["USDT"] == usdt(10_000)

    @pytest.mark.parametrize("value", ["0", "0.00"])
    def test_refuses_to_move_nothing(self, program: Program, value: str) -> None:
        assert program.post("wallet/deposits", {"value": value}, key="deposit-0001").status_code == 409


class TestSpotOrders:
    def test_buy_on_the_main_account_and_leave_copies_alone(
        self, world: World, program: Program, lead: Lead, follower: User
    ) -> None:
        copy = world.start(follower, lead)
        wanted = {"market": "ETH-USDT", "side": "BUY", "value": "100.00"}
        before = world.held(copy.ledger_account)

        preview = program.post("wallet/orders/preview", wanted).json()
        placed = program.post("wallet/orders", wanted, key="order-0001")

        assert placed.status_code == 201
        assert placed.json()["filled"] == preview["quantity"]
        assert world.main(follower)["ETH"] > 0
        assert world.held(copy.ledger_account) == before
        assert program.get(f"wallet/orders/{placed.json()['id']}").json() == placed.json()
        assert program.get("wallet/orders").json()["results"] == [placed.json()]

    def test_sell_a_quantity(self, world: World, program: Program, follower: User) -> None:
        program.post("wallet/orders", {"market": "ETH-USDT", "side": "BUY", "value": "100.00"}, key="order-0001")

        response = program.post(
            "wallet/orders", {"market": "ETH-USDT", "side": "SELL", "quantity": "0.02"}, key="order-0002"
        )

        assert response.status_code == 201
        assert response.json()["filled"] == "0.02"

    @pytest.mark.parametrize(
        ("wanted", "field"),
        [
            ({"market": "ETH-USDT", "side": "BUY", "quantity": "1"}, "value"),
            ({"market": "ETH-USDT", "side": "SELL", "quantity": "1", "value": "1"}, "value"),
            ({"market": "GOLD-USDT", "side": "BUY", "value": "1"}, "market"),
            ({"market": "ETH-USDT", "side": "SELL", "quantity": "0.000000001"}, "quantity"),
        ],
    )
    def test_say_what_they_lack(self, program: Program, wanted: dict[str, str], field: str) -> None:
        response = program.post("wallet/orders", wanted, key="order-0001")

        assert (response.status_code, response.json()["field"]) == (400, field)
        assert not ManualOrder.objects.exists()

    def test_cannot_sell_what_only_a_copy_has(self, world: World, program: Program, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copy = world.start(follower, lead)
        world.settle()

        response = program.post(
            "wallet/orders", {"market": "BTC-USDT", "side": "SELL", "quantity": "0.005"}, key="order-0001"
        )

        assert response.status_code == 409
        assert Copy.objects.get(pk=copy.pk).status == Copy.Status.ACTIVE
        assert world.held(copy.ledger_account)["BTC"] > 0


class TestMarkets:
    def test_are_listed_with_their_price(self, world: World, program: Program) -> None:
        markets = {market["symbol"]: market for market in program.get("markets").json()}

        assert markets["BTC-USDT"]["price"] == "50000"
        assert markets["BTC-USDT"]["lot"] == "0.00001"
