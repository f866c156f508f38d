"""All copies as one portfolio through the API."""

import pytest

from accounts.models import User
from copytrading.models import Copy, Lead
from tests.api.program import Program
from tests.cast import World


class TestTogether:
    def test_is_null_and_nothing_before_the_first_copy(self, program: Program, follower: User) -> None:
        told = program.get("copies/together").json()

        assert (told["began_at"], told["money_weighted"], told["time_weighted"]) == (None, None, None)
        assert (told["worth"], told["coins"], told["curve"]) == ("0.00", [], [])

    def test_says_what_copies_are_worth_and_spread_over(
        self, world: World, program: Program, follower: User, lead: Lead
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copy: Copy = world.start(follower, lead)
        world.settle()

        told = program.get("copies/together").json()

        assert told["worth"] == program.get(f"copies/{copy.pk}").json()["worth"] == told["curve"][-1]["worth"]
        assert told["put_in"] == "1000.00"
        assert {part["coin"] for part in told["coins"]} == {"BTC", "USDT"}
        assert sum(float(part["weight"]) for part in told["coins"]) == pytest.approx(1, abs=1e-6)
        assert [part["lead"] for part in told["leads"]] == [lead.name]


class TestLossLimit:
    def test_is_set_changed_and_taken_away(
        self, program: Program, world: World, lead: Lead, follower: User, old_prices_are_fine: None
    ) -> None:
        world.start(follower, lead, "1000")
        assert program.get("copies/together").json()["loss_limit"] is None

        answer = program.put("copies/together/loss-limit", {"fraction": "0.2"}, key="limit-0001")
        assert answer.json()["loss_limit"] == {
            "limit": "200.00", "fraction": "0.2", "lost": "0.00", "is_firing": False,
        }  # fmt: skip
        assert program.get("copies/together").json()["loss_limit"] == answer.json()["loss_limit"]
        assert program.put("copies/together/loss-limit", {"loss": "50.00"}, key="limit-0002").status_code == 200
        refused = program.put("copies/together/loss-limit", {"loss": "60.00", "fraction": "0.1"}, key="limit-0003")
        unsaid = program.put("copies/together/loss-limit", {}, key="limit-0004")
        kept = program.get("copies/together").json()["loss_limit"]["limit"]
        gone = program.put("copies/together/loss-limit", {"loss": None}, key="limit-0005")

        assert (refused.status_code, refused.json()["code"]) == (409, "loss_limit_not_possible")
        assert (unsaid.status_code, kept) == (400, "50.00")
        assert gone.json() == {"loss_limit": None}
