"""What was traded before a coin was counted anew, as it is read afterwards."""

import pytest

from accounts.models import User
from copytrading.models import Allocation, CoinVerdict, Copy, Lead
from copytrading.queries.copies import coin_results, portfolios
from copytrading.queries.copies import own as copies
from copytrading.queries.leads import history, trades
from copytrading.queries.shown.visibility import EVERYTHING
from tests.cast import World
from tests.services.market.doubt_stage import copy_of_sol, judge, leap, sol


@pytest.fixture
def copy(world: World, lead: Lead, follower: User, operator: User, settings: object) -> Copy:
    settings.SMARTSYNC_PRICE_JUMP = 0.1  # type: ignore[attr-defined]
    copy = copy_of_sol(world, lead, follower)
    leap(world)
    second = User.objects.create_superuser("second@example.org")
    judge(world, operator, second, CoinVerdict.Kind.NEW_UNIT, old_count=1_000)
    world.wait(1)
    # Bought in the new unit as well, by both.
    world.lead_trades(lead, "SOL", "BUY", "0.006")
    world.settle()
    return copy


def held(account_id: int) -> int:
    return sum(
        share.quantity_units for share in Allocation.objects.filter(ledger_account=account_id, order__market=sol())
    )


class TestRecounts:
    def test_leave_history_in_the_unit_it_was_made_in(self, world: World, lead: Lead, copy: Copy) -> None:
        assert lead.ledger_account_id is not None
        assert held(lead.ledger_account_id) == 66 * 10**8 + 600_000

    def test_turn_what_a_lead_traded(self, world: World, lead: Lead, copy: Copy) -> None:
        quantities = [
            trade.quantity_units for trade in trades.made_by(lead, visibility=EVERYTHING) if trade.asset == "SOL"
        ]
        moves = [
            move.units
            for move in history.account_of(lead, until=world.now).moves
            if move.units and abs(move.units) < 10**8
        ]

        assert quantities == [6_600_000, 600_000]
        assert 6_600_000 in moves and 600_000 in moves

    def test_turn_the_average_price_of_a_copy(self, world: World, copy: Copy) -> None:
        prices = portfolios.price_list()
        summary = copies.summary_of(copy, now=world.now, prices=prices)

        row = next(one for one in coin_results.result_rows(summary, prices=prices) if one.symbol == "SOL")

        assert row.average_price is not None
        assert float(row.average_price) == pytest.approx(100_000, rel=0.01)
