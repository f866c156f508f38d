"""A preview shows what is then done, writes nothing, and refuses what doing it would refuse."""

import pytest

from accounts.models import User
from copytrading.engine.holdings.terms import Terms
from copytrading.models import Copy, Lead, LeadWeights, Mark
from copytrading.services.copies import previews
from copytrading.services.copies import refusals as copy_refusals
from copytrading.services.leads import showing
from copytrading.services.market.doubts import CoinInDoubt
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

    def test_goes_by_the_shares_that_the_follower_may_see(self, world: World, follower: User) -> None:
        lead = world.make_lead(User.objects.create_user("late@example.org"), name="Late", shows_all=False)
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        showing.keep_weights(now=world.now)
        world.wait(26 * 3_600)
        world.lead_trades(lead, "SOL", "BUY", "20")
        world.settle()

        preview = previews.preview_copy(
            follower=follower, lead_id=lead.pk, investment_units=usdt(1_000), terms=Terms(), now=world.now
        )

        (trade,) = preview.trades
        assert (trade.asset_symbol, preview.is_shown) == ("BTC", True)
        assert abs(trade.value_units - usdt(500)) < usdt(5)
        assert preview.as_of == LeadWeights.objects.get().recorded_at

    def test_shows_no_order_while_no_shares_are_old_enough(self, world: World, follower: User) -> None:
        lead = world.make_lead(User.objects.create_user("late@example.org"), name="Late", shows_all=False)
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        showing.keep_weights(now=world.now)

        preview = previews.preview_copy(
            follower=follower, lead_id=lead.pk, investment_units=usdt(1_000), terms=Terms(), now=world.now
        )

        assert (preview.trades, preview.is_shown) == ((), False)

    def test_names_no_coin_in_doubt_to_somebody_who_may_not_see_it(self, world: World, follower: User) -> None:
        lead = world.make_lead(User.objects.create_user("late@example.org"), name="Late", shows_all=False)
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        Mark.objects.filter(market__symbol="BTC-USDT").update(doubt=Mark.Doubt.REDENOMINATION, doubted_at=world.now)

        with pytest.raises(CoinInDoubt) as refusal:
            previews.preview_copy(
                follower=follower, lead_id=lead.pk, investment_units=usdt(1_000), terms=Terms(), now=world.now
            )

        assert "BTC" not in str(refusal.value)
        assert "a coin that Late holds" in str(refusal.value)

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
