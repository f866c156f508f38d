"""Invitations by program: made, seen by who has the token, used once they are sent with a start, and withdrawn."""

import pytest

from accounts.models import User
from copytrading.models import Copy, Lead
from tests.api.program import Program
from tests.cast import World

WANTED = {"label": "Friends", "copies_max": 1, "days": 7, "profit_share_rate": "0.04"}
START = {"lead": "basalt", "investment": "500.00"}


@pytest.fixture
def leading(lead: Lead) -> Program:
    return Program.of(lead.user)


class TestInvitations:
    def test_go_from_making_to_a_copy_and_to_the_end(
        self, world: World, leading: Program, program: Program, other_follower: User
    ) -> None:
        made = leading.post("lead/invitations", WANTED, key="invite-0001").json()
        offered = Program().get(f"leads/basalt?invitation={made['token']}").json()["invitation"]
        begun = program.post("copies", {**START, "invitation": made["token"]}, key="start-0001")
        late = Program.of(other_follower).post("copies", {**START, "invitation": made["token"]}, key="start-0001")
        (listed,) = leading.get("lead/invitations").json()["results"]
        withdrawn = leading.send("DELETE", f"lead/invitations/{made['id']}", key="withdraw-0001").json()

        assert (offered["state"], offered["profit_share_rate"]) == ("OPEN", "0.04")
        assert (begun.status_code, begun.json()["profit_share_rate"]) == (201, "0.04")
        assert (late.status_code, late.json()["code"]) == (409, "invitation_not_open")
        assert (listed["state"], listed["copies"], listed["invested"]) == ("USED_UP", 1, "500.00")
        assert withdrawn["state"] == "WITHDRAWN"
        assert Copy.objects.count() == 1

    @pytest.mark.parametrize(
        "wrong", [{"copies_max": 0}, {"days": 0}, {"profit_share_rate": "0.2"}, {"label": "x" * 61}]
    )
    def test_say_which_field_is_wrong(self, leading: Program, wrong: dict) -> None:
        answer = leading.post("lead/invitations", {**WANTED, **wrong}, key="invite-0001")

        assert answer.status_code in (400, 409)
        assert next(iter(wrong)) in answer.content.decode()

    def test_of_nobody_offer_what_everybody_pays(self, leading: Program) -> None:
        offered = Program().get("leads/basalt?invitation=of-nobody").json()["invitation"]

        assert offered == {"state": "UNKNOWN", "profit_share_rate": "0.1", "expires_at": None}
        assert Program().get("leads/basalt").json()["invitation"] is None


class TestGrowth:
    def test_tells_how_it_stood_day_by_day(self, world: World, leading: Program, program: Program) -> None:
        program.post("copies", START, key="start-0001")

        days = leading.get("lead/growth").json()

        assert [day["copies"] for day in days] == [0, 1]
        assert days[-1]["earned"] == "0.00"
