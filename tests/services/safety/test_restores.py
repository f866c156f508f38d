"""After a restore nothing is sent until ledger and venue agree once, and no client order id comes twice."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Balance, LedgerAccount, User
from copytrading.exchange import registry
from copytrading.exchange.orders import Side
from copytrading.exchange.paper.models import PaperOrder
from copytrading.models import Alarm, CustodyDifference, Halt, Lead, Order, Restore
from copytrading.queries.operating.halts import standing_halts
from copytrading.services.orders import trading
from copytrading.services.safety import corrections, halts, reconciling, restores
from tests.cast import World


def ring(world: World, *, seconds: int = 120) -> None:
    for _ in range(0, seconds, 15):
        world.wait(15)
        reconciling.reconcile_if_due(now=world.now)


class TestRestore:
    def test_halts_everything_until_ledger_and_venue_agree_once(self, world: World, lead: Lead) -> None:
        restores.note_restore(taken_at=world.now - timedelta(days=1), now=world.now)
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        assert (standing_halts().platform, PaperOrder.objects.count()) == (True, 0)

        ring(world)
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()

        assert (standing_halts().platform, PaperOrder.objects.count()) == (False, 1)
        assert Alarm.objects.get(kind=Alarm.Kind.RESTORED).cleared_at

    def test_sends_nothing_while_nobody_has_said_what_the_venue_did_meanwhile(
        self, world: World, lead: Lead, operator: User
    ) -> None:
        second = User.objects.create_superuser("second-operator@example.org", "correct horse battery")
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        # Of this the backup knows nothing.
        registry.venue().place_limit_ioc(
            client_order_id="ss999a1", symbol="BTC-USDT", side=Side.BUY, quantity=Decimal("0.01"),
            price_limit=Decimal(60_000), now=world.now,
        )  # fmt: skip
        restores.note_restore(taken_at=world.now, now=world.now)
        sent = PaperOrder.objects.count()

        ring(world, seconds=300)
        world.lead_trades(lead, "ETH", "BUY", "1")
        world.settle()
        halt = Halt.objects.get(scope=Halt.Scope.PLATFORM)
        with pytest.raises(halts.NotCleanSinceRestore):
            halts.lift_halt(halt_id=halt.pk, by=operator, now=world.now)
        assert (standing_halts().platform, PaperOrder.objects.count()) == (True, sent)

        short = CustodyDifference.objects.exclude(units=0).get()
        asked = corrections.request_correction(
            asset_id=short.asset_id, account=LedgerAccount.Kind.SUSPENSE, units=short.units, reason="After the backup",
            by=operator, idempotency_key="k", now=world.now,
        )  # fmt: skip
        corrections.approve_correction(correction_id=asked.pk, by=second, now=world.now)
        ring(world)

        assert not standing_halts().platform

    def test_sends_nothing_that_was_planned_before_it(self, world: World, lead: Lead, monkeypatch: Any) -> None:
        """It may have been sent after the backup: then its id has been at the venue, and its trade was made."""
        monkeypatch.setattr(trading, "submit_order", lambda *, order, **_: order)
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        planned = Order.objects.get(status=Order.Status.PLANNED)
        monkeypatch.undo()

        restores.note_restore(taken_at=world.now, now=world.now)
        # Whoever compares is quicker than whoever works.
        ring(world, seconds=15)
        assert not standing_halts().platform
        world.settle()

        planned.refresh_from_db()
        assert (planned.status, planned.booked_at is None) == (Order.Status.CANCELED, False)
        placed = set(PaperOrder.objects.values_list("client_order_id", flat=True))
        assert placed and planned.client_order_id not in placed, "what was wanted is decided anew"
        assert not Balance.objects.filter(held__gt=0).exists()

    def test_leaves_a_halt_of_operators_to_them(self, world: World, operator: User) -> None:
        halts.place_halt(scope=Halt.Scope.PLATFORM, reason="A look first.", by=operator, now=world.now)
        restores.note_restore(taken_at=world.now, now=world.now)

        ring(world)

        assert standing_halts().platform
        assert Restore.objects.get().clean_at

    def test_makes_other_client_order_ids_though_the_rows_come_back(self, world: World, lead: Lead) -> None:
        seen = set()
        for _ in range(3):
            restores.note_restore(taken_at=world.now, now=world.now)
            ring(world, seconds=60)
            world.lead_trades(lead, "BTC", "BUY", "0.01")
            world.settle()
            order = Order.objects.order_by("-pk")[0]
            seen.add(order.client_order_id.removeprefix(f"ss{order.pk}a1"))

        assert len(seen) == 3
        assert all(len(f"ss{2**63}a1{epoch}") <= 32 for epoch in seen)
