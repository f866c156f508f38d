"""A look that finds nothing to trade costs no transaction, unless there is something to settle all the same."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from accounts.models import User
from copytrading.models import Copy, CopyFlow, Lead, LeadOrder, LeadPosition, Market
from copytrading.queries.rules import platform_rules
from copytrading.services.cycle import syncing
from copytrading.services.cycle.scene import load_scene
from copytrading.services.leads import verbs as leads
from tests.cast import World, come, usdt
from tests.services.leads.lead_stage import give


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    def start() -> Copy:
        copy = world.start(follower, lead, "1000")
        world.settle()
        return copy

    return come("copy of 1,000 at rest", world, start)


def is_quiet(world: World, lead: Lead) -> bool:
    return syncing._is_quiet(load_scene(Lead.objects.get(pk=lead.pk), now=world.now, rules=platform_rules()))


def touch(world: World, lead: Lead) -> None:
    LeadPosition.objects.create(lead=lead, asset_id=Market.objects.get(symbol="BTC-USDT").base_id, touch_request=1)


def owe(world: World, lead: Lead) -> None:
    CopyFlow.objects.create(
        copy=lead.copies.get(), kind=CopyFlow.Kind.REDUCE, units=-usdt(1), status=CopyFlow.Status.REQUESTED,
        idempotency_key="owed", moved_at=world.now, request=1,
    )  # fmt: skip


class TestAQuietLook:
    def test_is_one_at_a_lead_with_whose_copies_all_is_well(self, world: World, lead: Lead, copy: Copy) -> None:
        assert is_quiet(world, lead)

    @pytest.mark.parametrize(
        "happens",
        [
            lambda world, lead: Lead.objects.update(sync_wanted_at=world.now),
            lambda world, lead: Lead.objects.update(status=Lead.Status.ENDED),
            lambda world, lead: Copy.objects.update(align_request=1),
            lambda world, lead: Copy.objects.update(status=Copy.Status.STARTING),
            lambda world, lead: Copy.objects.update(status=Copy.Status.STOPPING, stopping_at=world.now),
            lambda world, lead: give(world, lead, "BUY", 10**6, "30000"),
            touch,
            owe,
        ],
        ids=["a wish", "the end", "aligning", "starting", "stopping", "an order", "a touch", "a reduction"],
    )
    def test_is_none_where_something_is_to_be_settled(
        self, world: World, lead: Lead, copy: Copy, happens: Callable[[World, Lead], object]
    ) -> None:
        happens(world, lead)
        if happens is not touch:
            Lead.objects.exclude(status=Lead.Status.ENDED).filter(orders__isnull=False).update(sync_wanted_at=None)

        assert not is_quiet(world, lead)

    def test_is_one_at_a_lead_elsewhere_who_gives_no_orders_here(self, world: World, follower: User) -> None:
        lead = leads.apply_as_lead(
            user=User.objects.create_user("elsewhere@example.org"), name="Elsewhere", bio="", tags=[],
            profit_share_rate=Decimal(0), followers_max=10, now=world.now, source=Lead.Source.OBSERVED,
        )  # fmt: skip
        leads.approve_lead(lead_id=lead.pk, now=world.now)
        Lead.objects.update(sync_wanted_at=None)

        assert is_quiet(world, lead)


class TestALook:
    def test_ends_an_order_that_has_run_out_though_nothing_is_to_be_traded(
        self, world: World, lead: Lead, copy: Copy
    ) -> None:
        own = give(world, lead, "BUY", 10**6, "30000")
        world.settle()
        world.now = own.expires_at
        world.prices()

        assert syncing.sync_lead(lead_id=lead.pk, now=world.now) is None

        own.refresh_from_db()
        assert (own.status, own.finished_at) == (LeadOrder.Status.CANCELED, world.now)
        assert is_quiet(world, lead)
