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
