"""What the end of a look leaves alone: what was asked for later, money that is held, and what a stop has taken over."""

from unittest.mock import patch

import pytest
from django.db import transaction

from accounts.models import User
from copytrading.models import Copy, CopyFlow, Lead, LeadPosition
from copytrading.queries.rules import platform_rules
from copytrading.services.books import positions
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import reducing, settling, syncing
from copytrading.services.cycle.scene import load_scene
from copytrading.services.orders import trading
from tests.cast import World, come, usdt


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    def start() -> Copy:
        copy = world.start(follower, lead, "1000")
        world.settle()
        return copy

    return come("copy of 1,000 at rest", world, start)


def settle(world: World, lead: Lead, *, followed: int) -> None:
    settling.settle_lead(
        lead_id=lead.pk, now=world.now, cycle=None, followed=followed, has_rest=False, rules=platform_rules()
    )
    lead.refresh_from_db()


class TestWhatCameLater:
    def test_still_wants_a_look(self, world: World, lead: Lead, copy: Copy) -> None:
        lead.refresh_from_db()
        known = lead.request_count
        copies.increase_copy(copy_id=copy.pk, units=usdt(100), idempotency_key="more", now=world.now)

        settle(world, lead, followed=known)

        copy.refresh_from_db()
        assert lead.sync_wanted_at is not None
        assert copy.align_request == lead.request_count == known + 1

    def test_is_done_with_once_a_look_knew_of_it(self, world: World, lead: Lead, copy: Copy) -> None:
        copies.increase_copy(copy_id=copy.pk, units=usdt(100), idempotency_key="more", now=world.now)
        lead.refresh_from_db()

        settle(world, lead, followed=lead.request_count)

        copy.refresh_from_db()
        assert (lead.sync_wanted_at, copy.align_request) == (None, None)

    def test_is_a_touch_of_a_coin_as_well(self, world: World, lead: Lead, copy: Copy) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.05")
        world.settle()
        lead.refresh_from_db()
        known = lead.request_count
        LeadPosition.objects.filter(lead=lead).update(touch_request=known + 1, pending_units=7)

        settle(world, lead, followed=known)
        position = LeadPosition.objects.get(lead=lead)
        assert (position.touch_request, position.pending_units) == (known + 1, 7)

        settle(world, lead, followed=known + 1)
        position.refresh_from_db()
        assert (position.touch_request, position.pending_units) == (None, 0)


class TestAnswers:
    @pytest.mark.parametrize(("pending", "selling"), [(-5, True), (5, False)])
    def test_are_given_in_the_phase_of_their_side_alone(
        self, world: World, lead: Lead, copy: Copy, pending: int, selling: bool
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.05")
        world.settle()
        LeadPosition.objects.filter(lead=lead).update(pending_units=pending, pending_orders=1)
        lead.refresh_from_db()
        scene = load_scene(lead, now=world.now, rules=platform_rules())

        left = []
        for phase in (not selling, selling):
            with transaction.atomic():
                positions.answer_pending(lead=lead, board=scene.board, portfolio=scene.portfolio, selling=phase)
            left.append(LeadPosition.objects.values_list("pending_units", "pending_orders").get(lead=lead))

        assert left == [(pending, 1), (0, 0)]


class TestReductions:
    def test_are_not_paid_from_money_that_is_held_for_an_order(self, world: World, lead: Lead, copy: Copy) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        with patch.object(trading, "work_off", return_value=False):
            world.wait(1)
            syncing.sync_lead(lead_id=lead.pk, now=world.now)
        held = copy.ledger_account.balances.get(asset__symbol="USDT").held
        assert held > usdt(400)
        copies.reduce_copy(copy_id=copy.pk, units=usdt(700), idempotency_key="much", now=world.now)
        lead.refresh_from_db()
        Copy.objects.update(align_request=None)

        with transaction.atomic():
            reducing.pay_reductions(
                lead, world.now, followed=lead.request_count, has_rest=False, rules=platform_rules()
            )

        flow = CopyFlow.objects.get(idempotency_key="much")
        assert (flow.status, flow.units) == (CopyFlow.Status.DONE, -(usdt(1_000) - held))
        assert world.held(copy.ledger_account) == {"USDT": held}

    def test_go_out_with_the_rest_where_the_copy_is_stopped(self, world: World, lead: Lead, copy: Copy) -> None:
        copies.reduce_copy(copy_id=copy.pk, units=usdt(300), idempotency_key="some", now=world.now)

        copies.stop_copy(copy_id=copy.pk, now=world.now)
        assert CopyFlow.objects.get(idempotency_key="some").status == CopyFlow.Status.SUPERSEDED
        world.settle()

        copy.refresh_from_db()
        assert (copy.status, copy.paid_out_units) == (Copy.Status.STOPPED, usdt(1_000))
        assert world.main(copy.follower) == {"USDT": usdt(10_000)}
        assert CopyFlow.objects.get(idempotency_key="some").status == CopyFlow.Status.SUPERSEDED
