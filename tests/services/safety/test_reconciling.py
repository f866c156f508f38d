"""Ledger against custody, all day long: a moment's difference is nothing, the same one twice halts the asset."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import transaction

from accounts import wallet
from accounts.journals import ledger_audit
from accounts.models import Asset, Balance, Journal, LedgerAccount, Transfer, User
from copytrading.engine.units import coins
from copytrading.exchange.errors import VenueUnreachable
from copytrading.exchange.orders import Side
from copytrading.exchange.paper import world as paper
from copytrading.exchange.paper.models import PaperBalance
from copytrading.exchange.paper.venue import PaperVenue
from copytrading.models import Alarm, CustodyDifference, Halt, Lead, Market, Order
from copytrading.queries.operating import custody as custody_queries
from copytrading.queries.operating.halts import standing_halts
from copytrading.services.safety import alarms, corrections, halts, reconciling
from tests.cast import World, usdt

ONE_UNIT = Decimal("0.00000001")


@pytest.fixture
def traded(world: World, lead: Lead, follower: User) -> World:
    """Return a world in which a lead and a copy hold BTC, looked at and found clean."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    world.start(follower, lead)
    world.settle()
    reconciling.reconcile(now=world.now)
    return world


@pytest.fixture
def second_operator(db: None) -> User:
    return User.objects.create_superuser("second-operator@example.org", "correct horse battery")


def drift(symbol: str, quantity: Decimal) -> None:
    """Let coins appear or vanish at the venue."""
    balance = PaperBalance.objects.get(asset=symbol)
    PaperBalance.objects.filter(pk=balance.pk).update(quantity=balance.quantity + quantity)


def ring(world: World, *, seconds: int) -> Iterator[float]:
    """Let the beat ring every 15 s for so long; yields the seconds that have passed after each."""
    for passed in range(15, seconds + 1, 15):
        world.wait(15)
        reconciling.reconcile_if_due(now=world.now)
        yield passed


def asset(symbol: str) -> Asset:
    return Asset.objects.get(symbol=symbol)


class TestReconcile:
    def test_halts_an_asset_within_two_minutes_of_one_unit_that_is_missing(self, traded: World) -> None:
        drift("BTC", -ONE_UNIT)

        halted_after = next(passed for passed in ring(traded, seconds=300) if standing_halts().asset_ids)

        assert halted_after <= 120
        assert standing_halts().asset_ids == {asset("BTC").pk}
        alarm = Alarm.objects.get()
        assert (alarm.kind, alarm.key) == (Alarm.Kind.CUSTODY_DIFFERS, "custody:BTC")
        assert alarm.sentence.startswith("The venue keeps 0.00000001 BTC less than people own.")

    def test_rings_once_for_a_difference_that_stays(self, traded: World) -> None:
        drift("BTC", -ONE_UNIT)

        list(ring(traded, seconds=240))

        assert Halt.objects.count() == 1
        assert Alarm.objects.get().times_seen > 1

    def test_believes_no_difference_that_changes_or_goes(self, traded: World) -> None:
        for passed in ring(traded, seconds=240):
            if passed <= 150:
                drift("BTC", ONE_UNIT)
            elif passed == 165:
                drift("BTC", -10 * ONE_UNIT)

        assert not Halt.objects.exists()
        assert not CustodyDifference.objects.exclude(units=0).exists()

    def test_looks_once_a_minute_while_all_is_well(self, traded: World, monkeypatch: pytest.MonkeyPatch) -> None:
        looks, look = [], reconciling.reconcile
        monkeypatch.setattr(reconciling, "reconcile", lambda *, now: looks.append(now) or look(now=now))

        list(ring(traded, seconds=240))

        assert len(looks) == 4

    def test_notes_a_venue_that_does_not_answer(self, traded: World, monkeypatch: pytest.MonkeyPatch) -> None:
        def silent(self: PaperVenue) -> dict[str, Decimal]:
            raise VenueUnreachable("no answer")

        monkeypatch.setattr(PaperVenue, "balances", silent)

        list(ring(traded, seconds=120))

        assert Alarm.objects.get().kind == Alarm.Kind.VENUE_SILENT
        assert not Halt.objects.exists()


class TestSurplus:
    def unassigned(self, symbol: str) -> int:
        held = Balance.objects.filter(ledger_account__kind=LedgerAccount.Kind.UNASSIGNED, asset__symbol=symbol).first()
        return held.posted if held else 0

    @pytest.mark.parametrize("symbol", ["BTC", "USDT"])
    def test_is_unassigned_and_told_and_stops_nobody(self, traded: World, lead: Lead, symbol: str) -> None:
        drift(symbol, ONE_UNIT)

        noticed_after = next(passed for passed in ring(traded, seconds=300) if self.unassigned(symbol))

        assert noticed_after <= 120
        assert self.unassigned(symbol) == 1
        assert not Halt.objects.exists()
        assert [alarm.kind for alarm in Alarm.objects.all()] == [Alarm.Kind.SURPLUS]
        assert reconciling.check_ledger().is_clean
        list(ring(traded, seconds=120))
        assert self.unassigned(symbol) == 1

    def test_that_goes_again_is_taken_from_there(self, traded: World) -> None:
        drift("BTC", ONE_UNIT)
        list(ring(traded, seconds=120))
        drift("BTC", -ONE_UNIT)

        list(ring(traded, seconds=120))

        assert self.unassigned("BTC") == 0
        assert not Halt.objects.exists()
        assert reconciling.check_ledger().is_clean

    def test_meets_a_shortage_as_far_as_it_goes(self, traded: World) -> None:
        drift("BTC", ONE_UNIT)
        list(ring(traded, seconds=120))
        drift("BTC", -3 * ONE_UNIT)

        list(ring(traded, seconds=120))

        assert self.unassigned("BTC") == 0
        assert standing_halts().asset_ids == {asset("BTC").pk}
        assert Alarm.objects.get(kind=Alarm.Kind.CUSTODY_DIFFERS).sentence.startswith("The venue keeps 0.00000002 BTC")

    def test_beside_an_order_on_its_way_is_booked_without_the_order(self, traded: World, lead: Lead) -> None:
        TestMoneyOnItsWay().sent_and_not_booked(traded, lead)
        drift("BTC", Decimal("0.5"))

        list(ring(traded, seconds=120))

        # The order may have bought all that it asked for, so just as much is left out.
        assert self.unassigned("BTC") == 50_000_000


class TestMoneyOnItsWay:
    def sent_and_not_booked(self, world: World, lead: Lead) -> Order:
        """Send an order and lose its answer: the venue has done it, the ledger does not know yet."""
        order = Order.objects.select_related("market__base").order_by("-pk")[0]
        order.pk, order.client_order_id = None, "lost1a1"
        order.status, order.claimed_at, order.booked_at = Order.Status.UNKNOWN, world.now, None
        order.side, order.quantity_units, order.filled_units = Order.Side.BUY, 10**5, 0
        order.price_limit = Decimal("50500")
        order.save(force_insert=True)
        PaperVenue("platform").place_limit_ioc(
            client_order_id=order.client_order_id,
            symbol=order.market.symbol,
            side=Side.BUY,
            quantity=coins(order.quantity_units, order.market.base.decimals),
            price_limit=order.price_limit,
            now=world.now,
        )
        return order

    def test_of_an_order_explains_a_difference_however_long_it_lasts(self, traded: World, lead: Lead) -> None:
        self.sent_and_not_booked(traded, lead)

        list(ring(traded, seconds=240))

        assert not reconciling.check_ledger().is_clean
        assert not Halt.objects.exists()
        assert not CustodyDifference.objects.exclude(units=0).exists()

    def test_of_an_order_hides_no_loss_on_the_other_side(self, traded: World, lead: Lead) -> None:
        self.sent_and_not_booked(traded, lead)
        drift("BTC", -Decimal("0.01"))

        list(ring(traded, seconds=120))

        assert standing_halts().asset_ids == {asset("BTC").pk}

    def test_of_a_transfer_explains_a_difference_until_it_is_booked(self, traded: World, follower: User) -> None:
        Transfer.objects.create(
            user=follower, asset=asset("USDT"), direction=Transfer.Direction.DEPOSIT, units=usdt(5),
            idempotency_key="slow", requested_at=traded.now,
        )  # fmt: skip
        paper.credit("platform", "USDT", Decimal(5), "slow")

        list(ring(traded, seconds=240))

        assert not Halt.objects.exists()

    def test_that_moves_during_the_look_says_nothing(self, traded: World, monkeypatch: pytest.MonkeyPatch) -> None:
        drift("USDT", Decimal(1))
        answer = PaperVenue.balances

        def while_a_deposit_is_booked(self: PaperVenue) -> dict[str, Decimal]:
            kept = answer(self)
            traded.deposit(User.objects.get(email="follower@example.org"), "7")
            return kept

        monkeypatch.setattr(PaperVenue, "balances", while_a_deposit_is_booked)

        list(ring(traded, seconds=240))

        assert not Halt.objects.exists()


class TestCorrection:
    def test_of_two_operators_alone_clears_a_drift(self, traded: World, operator: User, second_operator: User) -> None:
        drift("BTC", -ONE_UNIT)
        list(ring(traded, seconds=120))
        halt, alarm = Halt.objects.get(), Alarm.objects.get()
        with pytest.raises(halts.CustodyStillDiffers):
            halts.lift_halt(halt_id=halt.pk, by=operator, now=traded.now)
        with pytest.raises(alarms.AlarmStands):
            alarms.dismiss_alarm(alarm_id=alarm.pk, by=operator, now=traded.now)
        asked = corrections.request_correction(
            asset_id=asset("BTC").pk,
            account=LedgerAccount.Kind.SUSPENSE,
            units=-1,
            reason="A fee of the venue",
            by=operator,
            idempotency_key="page-1",
            now=traded.now,
        )
        with pytest.raises(corrections.OwnCorrection):
            corrections.approve_correction(correction_id=asked.pk, by=operator, now=traded.now)
        list(ring(traded, seconds=60))
        alarm.refresh_from_db()
        assert alarm.cleared_at is None

        corrections.approve_correction(correction_id=asked.pk, by=second_operator, now=traded.now)
        list(ring(traded, seconds=30))
        halts.lift_halt(halt_id=halt.pk, by=operator, now=traded.now)

        alarm.refresh_from_db()
        assert alarm.cleared_by == second_operator
        assert not standing_halts().asset_ids
        assert reconciling.check_ledger().is_clean
        assert ledger_audit.audit().sentences == ()
        assert Journal.objects.get(kind=Journal.Kind.CORRECTION).correction == asked


class TestCheckLedger:
    def test_waits_for_money_on_its_way_where_it_is_told_to(
        self, traded: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paper.credit("platform", "USDT", Decimal(5), "on its way")
        follower = User.objects.get(email="follower@example.org")
        transfer = Transfer.objects.create(
            user=follower, asset=asset("USDT"), direction=Transfer.Direction.DEPOSIT, units=usdt(5),
            idempotency_key="slow", requested_at=traded.now,
        )  # fmt: skip
        pauses = []

        def arrives(seconds: float) -> None:
            pauses.append(seconds)
            with transaction.atomic():
                wallet.book_transfer(transfer_id=transfer.pk, now=traded.now)

        monkeypatch.setattr(reconciling.time, "sleep", arrives)

        assert not reconciling.check_ledger().is_clean
        assert reconciling.check_ledger(patience_seconds=20).is_clean
        assert len(pauses) == 1

    def test_waits_for_nothing_where_nothing_moves(self, traded: World, monkeypatch: pytest.MonkeyPatch) -> None:
        drift("BTC", ONE_UNIT)
        monkeypatch.setattr(reconciling.time, "sleep", lambda _: pytest.fail("there was nothing to wait for"))

        report = reconciling.check_ledger(patience_seconds=20)

        assert report.differences["BTC"] == ONE_UNIT


class TestMovements:
    def test_bound_what_an_order_may_do_on_both_sides(self, traded: World, lead: Lead) -> None:
        order = TestMoneyOnItsWay().sent_and_not_booked(traded, lead)
        market = Market.objects.get(pk=order.market_id)

        found = {movement.asset_id: (movement.low, movement.high) for movement in custody_queries.movements()}

        assert found[market.base_id] == (0, 10**5)
        low, high = found[market.quote_id]
        assert high == 0
        assert usdt("-56") < low < usdt("-50.5")


class TestOwed:
    def test_is_what_everybody_has_and_what_was_entrusted(self, traded: World) -> None:
        owed = custody_queries.owed_by_asset()

        for asset_id, found in owed.items():
            counterparties = Balance.objects.filter(
                asset_id=asset_id, ledger_account__kind__in=LedgerAccount.COUNTERPARTIES
            )
            assert found.liabilities == found.entrusted == -sum(balance.posted for balance in counterparties)
