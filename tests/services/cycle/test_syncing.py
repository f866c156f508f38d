"""The way of a change, from a lead's order to everybody's balance."""

import pytest
from django.db import IntegrityError

from accounts.models import Posting, User
from copytrading.exchange.paper.models import PaperMarket
from copytrading.models import Adjustment, Allocation, Copy, Lead, LeadOrder, Order, SyncCycle
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import syncing
from copytrading.services.leads import verbs as leads
from copytrading.services.safety import reconciling
from tests.cast import ONE_USDT, World, usdt


def weights(world: World, account: object) -> dict[str, float]:
    held = world.held(account)
    values = {symbol: units * float(world.last.get(symbol, 1)) for symbol, units in held.items()}
    total = sum(values.values())
    return {symbol: value / total for symbol, value in values.items()}


class TestSyncLead:
    def test_a_new_copy_gets_the_ratios_of_the_lead(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()

        copy = world.start(follower, lead)
        world.settle()

        copy.refresh_from_db()
        assert copy.status == Copy.Status.ACTIVE
        assert abs(weights(world, copy.ledger_account)["BTC"] - weights(world, lead.ledger_account)["BTC"]) < 0.001
        assert reconciling.check_ledger().is_clean

    def test_lead_and_followers_trade_in_one_order_at_one_price(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        world.start(follower, lead, "1000")
        world.start(other_follower, lead, "100")
        world.settle()

        order = world.lead_trades(lead, "ETH", "BUY", "1")
        world.settle()

        order.refresh_from_db()
        assert order.status == LeadOrder.Status.FILLED
        sent = Order.objects.get()
        shares = list(Allocation.objects.filter(order=sent))
        assert len(shares) == 3
        price = sent.value_units / sent.filled_units
        for share in shares:
            assert abs(-share.value_units - share.quantity_units * price) <= 1
        assert sum(share.quantity_units for share in shares) == sent.filled_units
        assert -sum(share.value_units for share in shares) == sent.value_units
        assert sum(share.fee_units for share in shares) == sent.fee_units

    def test_a_sale_is_followed_and_a_second_look_does_nothing(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copy = world.start(follower, lead)
        world.settle()

        world.lead_trades(lead, "BTC", "SELL", "0.05")
        world.settle()
        cycles = SyncCycle.objects.count()
        world.wait(61)
        world.settle()

        assert abs(weights(world, copy.ledger_account)["BTC"] - weights(world, lead.ledger_account)["BTC"]) < 0.001
        assert SyncCycle.objects.count() == cycles

    def test_a_rotation_sells_first_and_buys_on_the_proceeds(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.19")
        world.settle()
        copy = world.start(follower, lead)
        world.settle()

        world.lead_trades(lead, "BTC", "SELL", "0.19")
        world.settle()
        world.lead_trades(lead, "SOL", "BUY", "90")
        world.settle()

        held = weights(world, copy.ledger_account)
        assert "BTC" not in held
        assert abs(held["SOL"] - weights(world, lead.ledger_account)["SOL"]) < 0.002
        assert reconciling.check_ledger().is_clean

    def test_a_late_joiner_follows_the_worked_example_to_the_unit(self, smooth_world: World, settings: object) -> None:
        settings.SMARTSYNC_FEE_RATE = 0
        world = smooth_world
        world.prices(BTC="9000", ETH="100")
        PaperMarket.objects.update(fee_rate=0)
        lead = world.make_lead(User.objects.create_user("lead@example.org"), stake="10000")
        world.lead_trades(lead, "BTC", "BUY", "1")
        world.settle()
        follower = User.objects.create_user("follower@example.org")
        world.deposit(follower, "1000")
        copy = world.start(follower, lead, "1000", buy_existing=False)
        world.settle()
        assert world.held(copy.ledger_account) == {"USDT": usdt(1000)}

        world.lead_trades(lead, "ETH", "BUY", "5")
        world.settle()
        assert world.held(copy.ledger_account) == {"USDT": usdt(950), "ETH": 5 * 10**7}

        world.lead_trades(lead, "BTC", "SELL", "0.5")
        world.settle()
        assert world.held(copy.ledger_account) == {"USDT": usdt(950), "ETH": 5 * 10**7}

        world.lead_trades(lead, "BTC", "BUY", "0.01")
        world.settle()
        assert world.held(copy.ledger_account)["BTC"] == 100_000

    @pytest.mark.parametrize("broken", ["one_open_order_per_account_and_market", "another_rule"])
    def test_goes_round_an_order_that_got_there_first_and_hides_no_other_conflict(
        self, world: World, lead: Lead, monkeypatch: pytest.MonkeyPatch, broken: str
    ) -> None:
        def conflicts(*_: object) -> SyncCycle:
            raise IntegrityError(f'duplicate key value violates unique constraint "{broken}"')

        world.lead_trades(lead, "BTC", "BUY", "0.1")
        with monkeypatch.context() as patched:
            patched.setattr(syncing, "_write_cycle", conflicts)
            if broken == "another_rule":
                with pytest.raises(IntegrityError, match="another_rule"):
                    syncing.sync_lead(lead_id=lead.pk, now=world.now)
            else:
                assert syncing.sync_lead(lead_id=lead.pk, now=world.now) is None

        assert not SyncCycle.objects.exists()
        world.settle()
        assert LeadOrder.objects.get().status == LeadOrder.Status.FILLED


class TestStopCopy:
    def test_everything_is_sold_and_the_money_is_back(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.lead_trades(lead, "SOL", "BUY", "30")
        world.settle()
        copy = world.start(follower, lead)
        world.settle()

        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()

        copy.refresh_from_db()
        assert copy.status == Copy.Status.STOPPED
        assert world.held(copy.ledger_account) == {}
        assert world.main(follower)["USDT"] == usdt(10_000) - usdt(1_000) + copy.paid_out_units
        assert usdt(990) < copy.paid_out_units < usdt(1_000)
        assert set(world.main(follower)) == {"USDT"}
        assert reconciling.check_ledger().is_clean

    def test_all_copies_are_paid_out_when_the_lead_ends(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        first, second = world.start(follower, lead), world.start(other_follower, lead, "100")
        world.settle()

        leads.end_lead(lead_id=lead.pk, now=world.now)
        world.settle()

        for copy in (first, second):
            copy.refresh_from_db()
            assert (copy.status, copy.stop_reason) == (Copy.Status.STOPPED, Copy.StopReason.LEAD_ENDED)
            assert world.held(copy.ledger_account) == {}
        assert reconciling.check_ledger().is_clean


class TestReduceCopy:
    def test_exactly_what_was_asked_for_comes_back(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.18")
        world.settle()
        copy = world.start(follower, lead, stop_loss_units=usdt(200))
        world.settle()
        before = world.main(follower)["USDT"]

        copies.reduce_copy(copy_id=copy.pk, units=usdt(500), idempotency_key="r", now=world.now)
        world.settle()

        copy.refresh_from_db()
        assert world.main(follower)["USDT"] - before == usdt(500)
        assert abs(copy.invested_units - usdt(500)) < 2 * ONE_USDT
        assert abs(copy.stop_loss_units - usdt(100)) < ONE_USDT
        assert abs(weights(world, copy.ledger_account)["BTC"] - weights(world, lead.ledger_account)["BTC"]) < 0.01

    def test_pays_out_of_a_paused_copy_without_following(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.18")
        world.settle()
        copy = world.start(follower, lead)
        world.settle()
        copies.pause_copy(copy_id=copy.pk, now=world.now)
        before = world.main(follower)["USDT"]

        copies.reduce_copy(copy_id=copy.pk, units=usdt(500), idempotency_key="r", now=world.now)
        world.settle()

        assert world.main(follower)["USDT"] - before == usdt(500)


class TestExplain:
    def test_a_thin_book_leaves_a_reason_and_the_rest_follows(self, world: World, lead: Lead, follower: User) -> None:
        world.deposit(follower, "900000")
        world.lead_trades(lead, "SOL", "BUY", "90")
        world.settle()

        copy = world.start(follower, lead, "900000")
        world.wait(1)
        syncing.sync_lead(lead_id=lead.pk, now=world.now)

        reasons = set(Adjustment.objects.filter(copy=copy).values_list("reason", flat=True))
        assert reasons == {"DEPTH_CAPPED"}
        world.settle(looks=60)
        assert abs(weights(world, copy.ledger_account)["SOL"] - weights(world, lead.ledger_account)["SOL"]) < 0.01
        assert Posting.objects.exists()
        assert reconciling.check_ledger().is_clean
