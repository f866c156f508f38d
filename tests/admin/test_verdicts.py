"""What operators say of a coin in doubt, on their panel: one says it, another one approves."""

import pytest
from django.test import Client

from accounts.models import User
from copytrading.models import CoinVerdict, Copy, Lead, Mark
from tests.admin.safety_stage import act
from tests.cast import World
from tests.services.market.doubt_stage import copy_of_sol, leap, mark_of_sol, sol

VERDICTS, MARKS = "/admin/copytrading/coinverdict/", "/admin/copytrading/mark/"
SAY = f"{VERDICTS}request/"


@pytest.fixture
def copy(world: World, lead: Lead, follower: User, settings: object) -> Copy:
    settings.SMARTSYNC_PRICE_JUMP = 0.1  # type: ignore[attr-defined]
    copy = copy_of_sol(world, lead, follower)
    leap(world)
    return copy


def said(**changes: object) -> dict[str, object]:
    asked = {"market_id": sol().pk, "kind": "NEW_UNIT", "price": "100000", "old_count": 1000, "new_count": 1}
    return asked | {"reason": "The issuer says so."} | changes


class TestACoinInDoubt:
    def test_is_on_the_first_page(self, panel: Client, copy: Copy) -> None:
        assert "SOL-USDT is quoted at 100000, its mark is 100." in panel.get("/admin/").text

    def test_leads_from_its_mark_to_the_question(self, panel: Client, copy: Copy) -> None:
        page = act(panel, MARKS, "judge", mark_of_sol())

        assert 'value="100000"' in page.text
        assert "SOL-USDT, quoted at 100000" in page.text

    def test_is_judged_by_two_operators(self, panel: Client, second_panel: Client, copy: Copy) -> None:
        panel.post(SAY, said())
        verdict = CoinVerdict.objects.get()
        start = panel.get("/admin/").text
        alone = act(panel, VERDICTS, "approve", verdict, confirmed=True).text
        before = mark_of_sol().doubt
        asked = act(second_panel, VERDICTS, "approve", verdict).text
        act(second_panel, VERDICTS, "approve", verdict, confirmed=True)

        verdict.refresh_from_db()
        assert "Verdicts on coins that wait for a second operator" in start
        assert "it takes a second operator" in alone
        assert "Is it so?" in asked
        assert (before, mark_of_sol().doubt, mark_of_sol().price) == (Mark.Doubt.REDENOMINATION, "", 100_000)
        assert verdict.done_at is not None and verdict.journal is not None
        assert "1,000 became 1" in panel.get(VERDICTS).text

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"old_count": 10}, "check the ratio"),
            ({"price": "5"}, "look again"),
            ({"price": ""}, "Say what one coin is worth"),
            ({"price": "9e400"}, "Ensure that there are no more than"),
            ({"price": "1e30"}, "No coin is worth that much"),
            ({"price": "NaN"}, "Enter a number"),
            ({"old_count": "1000000000000000000000"}, "1 to 1,000,000,000,000"),
            ({"market_id": "0"}, "Select a valid choice"),
            ({"reason": " "}, "Another operator has to approve it"),
        ],
    )
    def test_is_not_misjudged(self, panel: Client, copy: Copy, changes: dict[str, object], words: str) -> None:
        answer = panel.post(SAY, said(**changes))

        assert answer.status_code == 200
        assert words in answer.text
        assert not CoinVerdict.objects.exists()

    def test_is_left_to_the_other_by_whoever_withdraws(self, panel: Client, copy: Copy) -> None:
        panel.post(SAY, said(kind="OTHER_COIN", price=""))
        act(panel, VERDICTS, "withdraw", CoinVerdict.objects.get())

        assert "withdrawn" in panel.get(VERDICTS).text
        assert mark_of_sol().doubt == Mark.Doubt.REDENOMINATION
