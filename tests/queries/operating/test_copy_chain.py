"""What happened to a copy on a day: each order with its fills, the copy's own share and the journal that booked it."""

from datetime import timedelta

import pytest

from accounts.models import Asset, Journal, User
from copytrading.models import Adjustment, Allocation, Copy, Fill, Lead, Notice, SyncCycle
from copytrading.queries.operating import copy_chain
from copytrading.queries.operating.copy_chain import Chain
from copytrading.services.copies import verbs as copies
from tests.cast import NOON, World, usdt
from tests.views.scenes import counted_queries

DAY = NOON.date()


@pytest.fixture
def copy(world: World, lead: Lead, follower: User, other_follower: User) -> Copy:
    """One of two copies of a lead who bought something after they had started."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    copy = world.start(follower, lead)
    world.start(other_follower, lead)
    world.settle()
    world.lead_trades(lead, "ETH", "BUY", "0.5")
    world.settle()
    return Copy.objects.select_related("lead", "follower").get(pk=copy.pk)


def orders_in(chain: Chain) -> list[copy_chain.OrderStep]:
    return [order for step in chain.steps for order in step.orders]


class TestAChain:
    def test_goes_from_the_cycle_to_the_journal(self, copy: Copy) -> None:
        chain = copy_chain.chain_of(copy, day=DAY)

        orders = orders_in(chain)
        assert [order.order.market.base.symbol for order in orders] == ["BTC", "ETH"]
        for order in orders:
            assert order.share is not None
            share = Allocation.objects.get(order=order.order, ledger_account=copy.ledger_account)
            (journal,) = order.journals
            units = {line.asset.symbol: line.units for line in journal.lines}
            assert order.share.id == share.pk
            assert [fill.pk for fill in order.fills] == list(order.order.fills.values_list("pk", flat=True))
            assert units == {
                order.order.market.base.symbol: share.quantity_units,
                "USDT": share.value_units - share.fee_units,
            }
            assert order.average_price is not None
            assert 0 < (order.off_mid_fraction or 0) < 0.001

    def test_is_of_this_copy_alone_and_in_the_order_of_time(self, copy: Copy) -> None:
        chain = copy_chain.chain_of(copy, day=DAY)

        times = [step.at for step in chain.steps]
        assert times == sorted(times)
        assert {step.kind for step in chain.steps} >= {"cycle", "flow", "journal", "notice"}
        notices = [step.notice.notice for step in chain.steps if step.notice]
        assert notices == list(Notice.objects.filter(copy=copy).order_by("pk"))
        (flow,) = (step.flow for step in chain.steps if step.flow)
        assert (flow.copy_id, flow.units) == (copy.pk, usdt(1000))

    def test_has_every_line_of_the_account_once(self, copy: Copy) -> None:
        chain = copy_chain.chain_of(copy, day=DAY)

        journals = [journal for order in orders_in(chain) for journal in order.journals]
        journals += [step.journal for step in chain.steps if step.journal]
        found = sorted(journal.journal.pk for journal in journals)
        own = Journal.objects.filter(postings__ledger_account=copy.ledger_account).distinct()
        assert found == sorted(own.values_list("pk", flat=True))

    def test_says_why_a_plan_was_not_the_wish(self, world: World, lead: Lead, copy: Copy) -> None:
        cycle = SyncCycle.objects.latest("pk")
        for wanted_in in (cycle, None):
            Adjustment.objects.create(
                cycle=wanted_in, copy=copy, asset=Asset.objects.get(symbol="SOL"), reason="BELOW_MINIMUM",
                wanted_value_units=usdt(3), planned_value_units=0, noted_at=world.now,
            )  # fmt: skip

        chain = copy_chain.chain_of(copy, day=DAY)

        (in_cycle,) = (one for step in chain.steps for one in step.adjustments)
        (held_back,) = (step.adjustment for step in chain.steps if step.adjustment)
        assert in_cycle.adjustment.cycle == cycle
        assert held_back.adjustment.cycle is None
        assert in_cycle.sentence.headline
        assert "SOL" in held_back.sentence.headline

    def test_is_empty_on_a_day_without_anything(self, copy: Copy) -> None:
        assert copy_chain.chain_of(copy, day=DAY + timedelta(days=1)).steps == ()

    def test_is_cut_and_says_so(self, copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(copy_chain, "STEPS_MAX", 1)

        chain = copy_chain.chain_of(copy, day=DAY)

        assert len(orders_in(chain)) == 1
        assert "orders" in chain.cut

    def test_takes_as_many_statements_whatever_happened(self, world: World, lead: Lead, copy: Copy) -> None:
        with counted_queries() as few:
            copy_chain.chain_of(copy, day=DAY)
        for _ in range(3):
            world.lead_trades(lead, "SOL", "BUY", "2")
            world.settle()
        copies.increase_copy(copy_id=copy.pk, units=usdt(500), idempotency_key=world.key(), now=world.now)
        world.settle()

        with counted_queries() as many:
            chain = copy_chain.chain_of(copy, day=DAY)

        assert len(orders_in(chain)) > 4
        assert Fill.objects.count() > 4
        assert len(many) == len(few)
