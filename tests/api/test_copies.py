"""A person's copies through the API: started, read, changed and stopped."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from copytrading.models import Copy, Lead
from tests.api.program import Program
from tests.cast import World, come, usdt


def terms(behind: Lead, **changes: object) -> dict[str, object]:
    return {"lead": behind.slug, "investment": "1000.00", "stop_loss": "150.00"} | changes


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    def start() -> Copy:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copy = world.start(follower, lead)
        world.settle()
        return copy

    return come("copy with half in BTC", world, start)


class TestStartCopy:
    def test_moves_the_investment_into_a_copy(self, world: World, program: Program, lead: Lead, follower: User) -> None:
        response = program.post("copies", terms(lead), key="start-0001")

        assert response.status_code == 201
        copy = Copy.objects.get()
        assert (copy.follower, copy.lead, copy.invested_units) == (follower, lead, usdt(1000))
        assert response.json()["id"] == copy.pk
        assert response.json()["stops_at"] == "850.00"
        assert world.main(follower)["USDT"] == usdt(9000)

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"investment": "99.99", "stop_loss": None}, "investment_below_minimum", "investment"),
            ({"investment": "10000.01"}, "not_enough_cash", "investment"),
            ({"stop_loss": "1000.00"}, "stop_loss_too_high", "stop_loss"),
        ],
    )
    def test_is_refused_with_a_code_a_field_and_a_sentence(
        self, program: Program, lead: Lead, changes: dict[str, object], code: str, field: str
    ) -> None:
        response = program.post("copies", terms(lead, **changes), key="start-0001")

        assert response.status_code == 409
        assert response["Content-Type"] == "application/problem+json"
        assert (response.json()["code"], response.json()["field"]) == (code, field)
        assert response.json()["title"].endswith(".")
        assert not Copy.objects.exists()

    @pytest.mark.parametrize(("ratio", "codes"), [(0.1, ["ratio_far_above_proportion"]), (0.015, [])])
    def test_warns_before_it_starts_far_above_the_proportion(
        self, world: World, program: Program, lead: Lead, ratio: float, codes: list[str]
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.01")
        world.settle()

        preview = program.post(
            f"leads/{lead.slug}/preview", {"investment": "150.00", "custom": {"order_ratio": str(ratio)}}
        ).json()

        assert [caution["code"] for caution in preview["cautions"]] == codes
        assert all("6.7 times what is in proportion" in caution["sentence"] for caution in preview["cautions"])

    def test_takes_the_terms_of_a_custom_copy(self, program: Program, lead: Lead) -> None:
        custom = {"order_ratio": "0.05", "order_value_max": "40.00"}

        preview = program.post(f"leads/{lead.slug}/preview", {"investment": "1000.00", "custom": custom})
        response = program.post("copies", terms(lead, custom=custom), key="start-0001")

        assert (preview.status_code, preview.json()["trades"]) == (200, [])
        assert response.status_code == 201
        assert (response.json()["mode"], response.json()["order_ratio"]) == ("CUSTOM_RATIO", "0.05")
        assert Copy.objects.get().order_value_max_units == usdt(40)

    @pytest.mark.parametrize(
        ("custom", "field"),
        [
            ({}, "order_value"),
            ({"order_ratio": "101"}, "order_ratio"),
            ({"order_ratio": "1", "market_ids": [999]}, "markets"),
        ],
    )
    def test_refuses_custom_terms_that_make_no_sense(
        self, program: Program, lead: Lead, custom: dict[str, object], field: str
    ) -> None:
        response = program.post("copies", terms(lead, custom=custom), key="start-0001")

        assert (response.status_code, response.json()["code"]) == (409, "terms_not_possible")
        assert response.json()["field"] == field
        assert not Copy.objects.exists()

    def test_is_refused_exactly_as_its_preview(self, program: Program, lead: Lead) -> None:
        wanted = {"investment": "20000.00", "buy_existing": True}

        preview = program.post(f"leads/{lead.slug}/preview", wanted)
        start = program.post("copies", {**wanted, "lead": lead.slug}, key="start-0001")

        assert preview.status_code == start.status_code == 409
        assert preview.json() == start.json()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"investment": 1000.0}, "investment"),
            ({"investment": "a lot"}, "investment"),
            ({"stop_loss": "-1"}, "stop_loss"),
            ({"lead": "nobody"}, "lead"),
            ({"weight_max": "2"}, "weight_max"),
            ({"weight_max": 0.5}, "weight_max"),
        ],
    )
    def test_says_which_field_is_not_valid(
        self, program: Program, lead: Lead, changes: dict[str, object], field: str
    ) -> None:
        response = program.post("copies", terms(lead, **changes), key="start-0001")

        assert response.status_code == 400
        assert response.json()["field"] == field
        assert list(response.json()["fields"]) == [field]

    def test_is_refused_a_second_time(self, program: Program, lead: Lead) -> None:
        program.post("copies", terms(lead), key="start-0001")

        response = program.post("copies", terms(lead), key="start-0002")

        assert (response.status_code, response.json()["code"]) == (409, "already_copying")


class TestCopies:
    def test_lists_the_current_and_the_ended_apart(self, world: World, program: Program, copy: Copy) -> None:
        before = program.get("copies").json()
        program.post(f"copies/{copy.pk}/stop", key="stop-0001")
        world.settle()

        assert [found["id"] for found in before["results"]] == [copy.pk]
        assert program.get("copies").json() == {"results": [], "next": None}
        assert [found["status"] for found in program.get("copies", state="ended").json()["results"]] == ["STOPPED"]

    def test_asks_the_database_as_often_for_many_as_for_one(
        self, world: World, program: Program, lead: Lead, follower: User
    ) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as seen:
                assert program.get("copies").status_code == 200
            return len(seen)

        world.start(follower, lead, "100")
        for_one = statements()
        for number in range(3):
            other = world.make_lead(User.objects.create_user(f"lead-{number}@example.org"), name=f"Lead {number}")
            world.start(follower, other, "100")

        assert statements() == for_one


class TestCopy:
    def test_stands_beside_its_lead(self, program: Program, copy: Copy) -> None:
        body = program.get(f"copies/{copy.pk}").json()

        bitcoin, cash = body["comparison"]["positions"]
        assert (bitcoin["coin"], cash["coin"]) == ("BTC", "USDT")
        assert float(bitcoin["weight"]) == pytest.approx(float(bitcoin["lead_weight"]), abs=0.001)
        assert isinstance(bitcoin["quantity"], str)
        assert body["result"].startswith("-0.")

    def test_says_what_each_coin_brought(self, world: World, program: Program, copy: Copy) -> None:
        world.prices(BTC="45000")

        rows = program.get(f"copies/{copy.pk}/coins").json()

        results = {row["coin"]: row["result"] for row in rows}
        assert results["USDT"] is None
        assert float(results["BTC"]) < 0
        assert sum(float(row["weight"]) for row in rows) == pytest.approx(1, abs=1e-5)

    @pytest.mark.parametrize("price", ["45000", "55000"])
    def test_says_all_that_its_result_is_made_of(self, world: World, program: Program, copy: Copy, price: str) -> None:
        world.prices(BTC=price)

        rows = program.get(f"copies/{copy.pk}/coins").json()

        result = program.get(f"copies/{copy.pk}").json()["result"]
        assert sum(Decimal(row["result"] or 0) for row in rows) == Decimal(result)
        assert ("PROFIT_SHARE" in {row["part"] for row in rows}) == (price == "55000")
        assert [row["coin"] for row in rows if row["part"] == "PROFIT_SHARE"] in ([], [None])

    def test_tells_what_happened_page_by_page(self, program: Program, copy: Copy) -> None:
        every = program.get(f"copies/{copy.pk}/activity").json()["results"]
        trades = program.get(f"copies/{copy.pk}/activity", kind="trade").json()["results"]

        assert {receipt["kind"] for receipt in every} >= {"trade", "notice"}
        assert [receipt["code"] for receipt in trades] == ["BUY"]
        assert program.get("activity").json()["results"] == every

    def test_refuses_a_cursor_that_no_page_gave(self, program: Program, copy: Copy) -> None:
        response = program.get(f"copies/{copy.pk}/activity", cursor="elsewhere")

        assert (response.status_code, response.json()["field"]) == (400, "cursor")


class TestChanges:
    def test_an_increase_does_what_its_preview_said(self, program: Program, copy: Copy) -> None:
        preview = program.post(f"copies/{copy.pk}/change-preview", {"change": "increase", "value": "500.00"}).json()

        after = program.post(f"copies/{copy.pk}/increase", {"value": "500.00"}, key="more-0001").json()

        assert preview["invested_after"] == after["invested"] == "1500.00"
        assert [trade["coin"] for trade in preview["trades"]] == ["BTC"]

    def test_a_reduction_leaves_by_itself(self, world: World, program: Program, copy: Copy, follower: User) -> None:
        before = world.main(follower)["USDT"]

        after = program.post(f"copies/{copy.pk}/reduce", {"value": "300.00"}, key="less-0001").json()
        world.settle()

        assert after["leaving"] == "300.00"
        assert world.main(follower)["USDT"] == before + usdt(300)

    def test_a_reduction_below_the_minimum_is_refused(self, program: Program, copy: Copy) -> None:
        response = program.post(f"copies/{copy.pk}/reduce", {"value": "950.00"}, key="less-0001")

        assert (response.status_code, response.json()["code"]) == (409, "reduction_too_large")

    def test_the_stop_loss_can_be_set_and_taken_away(self, program: Program, copy: Copy) -> None:
        with_it = program.put(f"copies/{copy.pk}/stop-loss", {"stop_loss": "200.00"}, key="loss-0001").json()
        without = program.put(f"copies/{copy.pk}/stop-loss", {"stop_loss": None}, key="loss-0002").json()

        assert (with_it["stop_loss"], with_it["stops_at"]) == ("200.00", "800.00")
        assert (without["stop_loss"], without["stops_at"]) == (None, None)

    def test_a_pause_ends_with_a_resume(self, program: Program, copy: Copy) -> None:
        paused = program.post(f"copies/{copy.pk}/pause", key="pause-0001").json()
        again = program.post(f"copies/{copy.pk}/pause", key="pause-0002").json()
        resumed = program.post(f"copies/{copy.pk}/resume", key="resume-0001").json()

        assert (paused["status"], again["status"], resumed["status"]) == ("PAUSED", "PAUSED", "ACTIVE")

    def test_a_stop_pays_out_what_was_quoted(self, world: World, program: Program, copy: Copy, follower: User) -> None:
        quote = program.get(f"copies/{copy.pk}/stop-quote").json()

        response = program.post(f"copies/{copy.pk}/stop", key="stop-0001")
        world.settle()

        assert (response.status_code, response.json()["status"]) == (202, "STOPPING")
        ended = program.get(f"copies/{copy.pk}").json()
        assert (ended["status"], ended["comparison"]) == ("STOPPED", None)
        assert float(ended["paid_out"]) == pytest.approx(float(quote["payout"]), rel=1e-4)
