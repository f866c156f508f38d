"""Limit orders of the main account through the API."""

import pytest

from accounts import program_keys
from accounts.models import User
from copytrading.models import LimitOrder
from tests.api.program import Program
from tests.cast import World
from tests.services.wallet.limit_stage import held, look

WANTED = {"market": "BTC-USDT", "side": "BUY", "price_limit": "45000.00", "value": "500.00"}


class TestLimitOrders:
    def test_wait_and_are_held_for_and_listed_by_state(self, world: World, program: Program, follower: User) -> None:
        preview = program.post("wallet/orders/limit/preview", WANTED).json()
        placed, again = (program.post("wallet/orders/limit", WANTED, key="limit-0001") for _ in range(2))

        assert (placed.status_code, placed.json()) == (201, again.json())
        own = placed.json()
        assert (own["status"], own["filled"], own["expires_at"]) == ("WAITING", "0", None)
        assert (own["held"], own["held_coin"]) == (preview["held"], "USDT")
        assert (preview["waits"], preview["away"], preview["quantity"]) == (True, "-0.1", own["quantity"])
        assert program.get(f"wallet/orders/limit/{own['id']}").json() == own
        states = ("all", "waiting", "done")
        assert [len(program.get("wallet/orders/limit", state=state).json()["results"]) for state in states] == [1, 1, 0]

    def test_become_orders_by_hand(self, world: World, program: Program) -> None:
        own = program.post("wallet/orders/limit", WANTED, key="limit-0001").json()

        look(world, 0, BTC="44000")

        done = program.get(f"wallet/orders/limit/{own['id']}").json()
        (order,) = program.get("wallet/orders").json()["results"]
        assert (done["status"], done["filled"], done["held"]) == ("FILLED", own["quantity"], "0")
        assert (order["filled"], order["value"]) == (done["filled"], done["value"])
        assert float(done["price"]) <= 45_000

    def test_are_taken_back_and_an_order_that_is_done_stays(
        self, world: World, program: Program, follower: User
    ) -> None:
        own = program.post("wallet/orders/limit", WANTED, key="limit-0001").json()

        canceled, again = (
            program.send("DELETE", f"wallet/orders/limit/{own['id']}", key=f"cancel-{number:04}") for number in range(2)
        )

        assert (canceled.status_code, canceled.json()["status"], held(follower)) == (200, "CANCELED", {})
        assert again.json() == canceled.json()

    def test_sell_a_quantity_until_a_time(self, world: World, program: Program, follower: User) -> None:
        program.post("wallet/orders", {"market": "ETH-USDT", "side": "BUY", "value": "100.00"}, key="order-0001")

        own = program.post(
            "wallet/orders/limit",
            {
                "market": "ETH-USDT", "side": "SELL", "price_limit": "3000", "quantity": "0.02",
                "expires_at": "2026-01-06T12:00:00Z",
            },
            key="limit-0001",
        ).json()  # fmt: skip

        assert (own["expires_at"], own["held"], own["held_coin"]) == ("2026-01-06T12:00:00Z", "0.02", "ETH")
        assert held(follower) == {"ETH": 2 * 10**6}

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"quantity": "1"}, 400, "invalid"),
            ({"price_limit": "-1"}, 400, "invalid"),
            ({"market": "GOLD-USDT"}, 400, "invalid"),
            ({"price_limit": "45000.001"}, 409, "limit_not_possible"),
            ({"price_limit": "1"}, 409, "limit_not_possible"),
            ({"value": "4.00"}, 409, "order_too_small"),
            ({"value": "10000000.00"}, 409, "not_enough_cash"),
            ({"side": "SELL"}, 409, "not_enough_held"),
            ({"expires_at": "2020-01-01T00:00:00Z"}, 409, "expiry_not_possible"),
        ],
    )
    def test_are_refused_with_a_code_and_a_sentence(
        self, program: Program, changes: dict[str, str], status: int, code: str
    ) -> None:
        response = program.post("wallet/orders/limit", WANTED | changes, key="limit-0001")

        assert (response.status_code, response.json()["code"]) == (status, code)
        assert not LimitOrder.objects.exists()

    def test_need_the_scope_of_trading(self, world: World, follower: User) -> None:
        _, token = program_keys.make_key(user=follower, name="Reader", scopes=["read"], now=world.now)
        reader = Program(token=token)

        assert reader.post("wallet/orders/limit/preview", WANTED).status_code == 200
        assert reader.post("wallet/orders/limit", WANTED, key="limit-0001").status_code == 403
