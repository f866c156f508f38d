"""Leading by program: everything that a lead presses on the pages, and a robot that does it by itself."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings

from accounts.models import User
from copytrading.models import Copy, Lead, LeadOrder
from copytrading.services.leads import verbs as leads
from tests.api.program import Program
from tests.cast import World, usdt

TERMS = {"profit_share_rate": "0.1", "followers_max": 50}


@pytest.fixture
def leading(lead: Lead) -> Program:
    return Program.of(lead.user)


class TestBecomingALead:
    def test_goes_from_the_application_to_the_first_stake(self, world: World, program: Program, follower: User) -> None:
        applied = program.post("lead", {"name": "Granite", "tags": ["slow"], **TERMS}, key="apply-0001")
        waiting = program.post("lead/deposits", {"value": "500.00"}, key="stake-0001")
        leads.approve_lead(lead_id=Lead.objects.get(user=follower).pk, now=world.now)
        paid_in = program.post("lead/deposits", {"value": "500.00"}, key="stake-0002")
        paid_out = program.post("lead/withdrawals", {"value": "100.00"}, key="stake-0003")

        assert (applied.status_code, applied.json()["status"]) == (201, "APPLIED")
        assert (waiting.status_code, waiting.json()["code"]) == (409, "lead_not_active")
        assert (paid_in.json()["cash"], paid_out.json()["equity"]) == ("500.00", "400.00")
        assert [line["kind"] for line in program.get("lead/ledger").json()["results"]] == [
            "LEAD_WITHDRAWAL",
            "LEAD_DEPOSIT",
        ]

    def test_is_nothing_for_somebody_who_does_not_lead(self, program: Program) -> None:
        assert program.get("lead").status_code == program.get("lead/orders").status_code == 404

    def test_can_change_its_terms_within_the_bounds(self, leading: Program) -> None:
        changed = leading.put("lead/terms", {**TERMS, "profit_share_rate": "0.2"}, key="terms-0001")
        too_much = leading.put("lead/terms", {**TERMS, "profit_share_rate": "0.31"}, key="terms-0002")

        assert changed.json()["profit_share_rate"] == "0.2"
        assert (too_much.status_code, too_much.json()["field"]) == (400, "profit_share_rate")

    def test_chooses_what_strangers_see(self, leading: Program, lead: Lead) -> None:
        late = {"trades_delay_hours": 24, "weights_shown": "DAILY"}

        changed = leading.put("lead/visibility", late, key="shown-0001").json()
        too_late = leading.put("lead/visibility", {**late, "trades_delay_hours": 721}, key="shown-0002")
        unknown = leading.put("lead/visibility", {**late, "weights_shown": "NEVER"}, key="shown-0003")

        assert {name: changed[name] for name in late} == late
        assert changed["public_until"] is not None
        assert (too_late.status_code, too_late.json()["field"]) == (400, "trades_delay_hours")
        assert (unknown.status_code, unknown.json()["field"]) == (400, "weights_shown")
        shown = Program().get(f"leads/{lead.slug}").json()["visibility"]
        assert (shown["delay_hours"], shown["sentence"][:32]) == (24, "Trades are shown after 24 hours,")


class TestOrders:
    @pytest.mark.parametrize("size", [{"quantity": "0.02"}, {"value": "1000.00"}, {"equity_share": "0.1"}])
    def test_are_previewed_given_filled_and_followed(
        self, world: World, leading: Program, lead: Lead, follower: User, size: dict[str, str]
    ) -> None:
        copy = world.start(follower, lead)
        order = {"market": "BTC-USDT", "side": "BUY", **size}

        preview = leading.post("lead/orders/preview", order).json()
        given, again = (leading.post("lead/orders", order, key="order-0001") for _ in range(2))
        world.settle()

        assert (given.status_code, given.json()) == (201, again.json())
        assert LeadOrder.objects.count() == 1
        assert given.json()["quantity"] == preview["quantity"]
        assert 0.0198 < float(preview["quantity"]) <= 0.02
        assert preview["followers"] == 1
        done = leading.get(f"lead/orders/{given.json()['id']}").json()
        fill = leading.get("lead/fills").json()["results"][0]
        assert (done["status"], done["cycle_id"], done["filled"]) == ("FILLED", fill["cycle_id"], fill["quantity"])
        assert world.held(copy.ledger_account)["BTC"] > 0

    def test_wait_for_their_limit_and_can_be_taken_back(self, world: World, leading: Program) -> None:
        order = {"market": "BTC-USDT", "side": "BUY", "quantity": "0.01", "price_limit": "40000"}

        given = leading.post("lead/orders", order, key="order-0001").json()
        canceled, again = (leading.send("DELETE", f"lead/orders/{given['id']}", key=f"no-{n:06}") for n in range(2))

        assert (given["order_type"], given["price_limit"], given["status"]) == ("LIMIT", "40000", "SUBMITTED")
        assert canceled.json()["status"] == again.json()["status"] == "CANCELED"

    @pytest.mark.parametrize(
        ("order", "field"),
        [
            ({"quantity": "1", "value": "1"}, "quantity"),
            ({}, "quantity"),
            ({"quantity": "1e400"}, "quantity"),
            ({"equity_share": "1.1"}, "equity_share"),
            ({"value": "NaN"}, "value"),
            ({"quantity": "1", "market": "GOLD-USDT"}, "market"),
            ({"quantity": "1", "price_limit": "٣"}, "price_limit"),
        ],
    )
    def test_say_what_is_wrong_with_them(self, leading: Program, order: dict[str, str], field: str) -> None:
        response = leading.post("lead/orders", {"market": "BTC-USDT", "side": "BUY", **order}, key="order-0001")

        assert (response.status_code, response.json()["field"]) == (400, field)

    def test_of_another_lead_look_like_none(self, world: World, lead: Lead, other_follower: User) -> None:
        order = world.lead_trades(lead, "BTC", "BUY", "0.01")
        world.make_lead(other_follower, name="Slate", stake="1000")

        response = Program.of(other_follower).get(f"lead/orders/{order.pk}")

        assert response.status_code == 404


class TestLeading:
    def test_knows_who_follows_and_what_is_earned_and_writes(
        self, world: World, leading: Program, lead: Lead, follower: User, clock: time_machine.Traveller
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copy = world.start(follower, lead)
        world.settle()
        world.prices(BTC="65000")
        clock.move_to(world.now)
        Program.of(follower).post(f"copies/{copy.pk}/reduce", {"value": "300.00"}, key="less-0001")
        world.settle()

        followers = leading.get("lead/followers").json()
        (earning,) = leading.get("lead/earnings").json()["results"]
        written = leading.post("lead/notices", {"text": "Less for a while."}, key="notice-0001")

        assert (followers["followers"], followers["rates"][0]["profit_share_rate"]) == (1, "0.1")
        assert earning["kind"] == "REDUCTION"
        assert float(earning["share"]) == float(earning["earned"]) + float(earning["platform_part"]) > 0
        assert written.status_code == 201
        notices = Program.of(follower).get("activity", kind="notice").json()["results"]
        assert "Less for a while." in [receipt["notice"]["text"] for receipt in notices]

    def test_pauses_goes_on_and_ends(self, world: World, leading: Program, lead: Lead, follower: User) -> None:
        world.start(follower, lead)

        statuses = [
            leading.post(f"lead/{change}", key=f"change-{number:04}").json()["status"]
            for number, change in enumerate(["pause", "pause", "resume", "resume", "end"])
        ]
        world.settle()

        assert statuses == ["PAUSED", "PAUSED", "ACTIVE", "ACTIVE", "ENDED"]
        assert Copy.objects.get().status == Copy.Status.STOPPED


def robot() -> Any:
    """Return the robot of the documentation."""
    path = Path(settings.BASE_DIR) / "docs/robot.py"
    spec = importlib.util.spec_from_file_location("robot", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestRobot:
    def test_leads_a_follower_to_its_weights_and_comes_to_rest(
        self, world: World, leading: Program, lead: Lead, follower: User, clock: time_machine.Traveller
    ) -> None:
        def send(method: str, path: str, body: dict[str, Any] | None, key: str) -> tuple[int, Any]:
            response = leading.send(method, path, body, key=key)
            return response.status_code, response.json()

        copy = world.start(follower, lead)
        program = robot()

        given = program.look(send)
        world.settle()
        clock.move_to(world.now)

        assert {order["market"] for order in given} == {"BTC-USDT", "ETH-USDT"}
        assert program.look(send) == []
        held = world.held(copy.ledger_account)
        assert held["BTC"] * 50_000 == pytest.approx(usdt(500), rel=0.02)
        assert held["ETH"] * 2_500 == pytest.approx(usdt(250), rel=0.02)
