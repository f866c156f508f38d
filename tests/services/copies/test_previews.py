"""A preview shows what is then done, writes nothing, and refuses what doing it would refuse."""

import pytest

from accounts.models import User
from copytrading.engine.holdings.terms import Terms
from copytrading.models import Copy, Lead
from copytrading.services.copies import previews
from copytrading.services.copies import refusals as copy_refusals
from tests.cast import World, usdt


class TestPreviewCopy:
    def test_shows_the_orders_that_are_then_placed(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.lead_trades(lead, "SOL", "BUY", "20")
        world.settle()

        preview = previews.preview_copy(
            follower=follower,
            lead_id=lead.pk,
            investment_units=usdt(1_000),
            terms=Terms(),
            now=world.now,
        )
        copy = world.start(follower, lead, "1000")
        world.settle()

        held = world.held(copy.ledger_account)
        for trade in preview.trades:
            assert abs(held[trade.asset_symbol] / trade.quantity_units - 1) < 0.002
        assert abs(held["USDT"] - preview.cash_after_units) < usdt("1")
        assert 0 < preview.cost_units < usdt(2)

    def test_writes_nothing(self, world: World, lead: Lead, follower: User) -> None:
        previews.preview_copy(
            follower=follower,
            lead_id=lead.pk,
            investment_units=usdt(1_000),
            terms=Terms(),
            now=world.now,
        )

        assert not Copy.objects.exists()

    def test_refuses_what_a_start_would_refuse(self, world: World, lead: Lead, follower: User) -> None:
        with pytest.raises(copy_refusals.InvestmentTooSmall):
            previews.preview_copy(
                follower=follower,
                lead_id=lead.pk,
                investment_units=usdt(1),
                terms=Terms(),
                now=world.now,
            )
