"""Money in and out: paper money at once, real money as the exchange tells it or as two operators say."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import wallet
from accounts.models import Balance, Hold, Journal, LedgerAccount, Transfer, User
from copytrading.exchange import registry
from copytrading.exchange.paper import world as paper
from copytrading.exchange.paper.venue import PaperVenue
from copytrading.exchange.transfers import TransferState, VenueTransfer
from copytrading.models import Alarm, Correction, Halt
from copytrading.queries.market import board as market_queries
from copytrading.services.safety import corrections, reconciling
from copytrading.services.wallet import announced, transfers
from tests.cast import World, usdt
from tests.sign_in import sign_in

VENUE, MANUAL = Transfer.Channel.VENUE, Transfer.Channel.MANUAL


class TellingVenue(PaperVenue):
    """The paper venue with a history that it tells."""

    def __init__(self) -> None:
        super().__init__(account="platform")
        self.told: list[VenueTransfer] = []

    def transfers_since(self, *, since: datetime) -> list[VenueTransfer]:
        return [one for one in self.told if one.happened_at >= since]

    def transfer(self, *, asset: str, quantity: Decimal, is_deposit: bool, reference: str) -> None:
        (paper.credit if is_deposit else paper.debit)("platform", asset, quantity, reference)

    def tell(self, value: str, *, now: datetime, is_deposit: bool = True, fee: str = "0") -> VenueTransfer:
        """Let money come or go, and tell it."""
        reference = f"venue-{len(self.told) + 1}"
        total = Decimal(value) + (0 if is_deposit else Decimal(fee))
        self.transfer(asset="USDT", quantity=total, is_deposit=is_deposit, reference=reference)
        self.told.append(
            VenueTransfer(
                reference=reference, is_deposit=is_deposit, asset="USDT", quantity=Decimal(value), fee=Decimal(fee),
                state=TransferState.DONE, happened_at=now,
            )
        )  # fmt: skip
        return self.told[-1]


@pytest.fixture
def venue(world: World) -> Iterator[TellingVenue]:
    told = TellingVenue()
    with registry.use_venue(told):
        yield told


@pytest.fixture
def second_operator(db: None) -> User:
    return User.objects.create_superuser("second-operator@example.org", "correct horse battery")


def held(kind: LedgerAccount.Kind, user: User | None = None) -> int:
    found = Balance.objects.filter(ledger_account__kind=kind, ledger_account__owner=user, asset__symbol="USDT").first()
    return found.posted if found else 0


def looks(world: World, seconds: int = 150) -> None:
    """Let the beat ring for a while: history and reconciliation, every 15 s."""
    for _ in range(0, seconds, 15):
        world.wait(15)
        announced.look_at_history(now=world.now)
        reconciling.reconcile_if_due(now=world.now)


def announce(world: World, user: User, value: str, key: str = "k", *, takes_out: bool = False) -> Transfer:
    verb = transfers.withdraw if takes_out else transfers.deposit
    return verb(user=user, units=usdt(value), idempotency_key=key, channel=VENUE, now=world.now)


class TestTheFloat:
    def test_is_what_the_rule_says_and_is_brought_once(self, world: World) -> None:
        transfers.fund_dust_account(now=world.now)

        assert world.held(LedgerAccount.objects.get(kind=LedgerAccount.Kind.DUST)) == {"USDT": usdt(10_000)}


class TestAnnouncedDeposit:
    def test_is_in_the_wallet_once_the_exchange_tells_it(
        self, world: World, venue: TellingVenue, follower: User
    ) -> None:
        before = held(LedgerAccount.Kind.MAIN, follower)
        transfer = announce(world, follower, "250")
        looks(world, 60)
        assert held(LedgerAccount.Kind.MAIN, follower) == before
        venue.tell("250", now=world.now)

        looks(world)

        transfer.refresh_from_db()
        assert (transfer.status, transfer.venue_reference) == (Transfer.Status.BOOKED, "venue-1")
        assert held(LedgerAccount.Kind.MAIN, follower) == before + usdt("250")
        assert reconciling.check_ledger().is_clean
        assert not Halt.objects.exists()

    def test_of_an_amount_that_is_announced_already_gets_a_tail(
        self, world: World, venue: TellingVenue, follower: User, other_follower: User
    ) -> None:
        first, second = announce(world, follower, "250"), announce(world, other_follower, "250")

        assert (first.units, second.units) == (usdt("250"), usdt("250.000001"))

    def test_is_found_by_as_many_statements_however_long_the_history(
        self, world: World, venue: TellingVenue, follower: User
    ) -> None:
        announce(world, follower, "250", "first")
        venue.tell("250", now=world.now)
        looks(world)

        def statements() -> int:
            with CaptureQueriesContext(connection) as seen:
                announced.look_at_history(now=world.now)
            return len(seen)

        before = statements()
        # Taken, or nobody's: of neither anything is left to do.
        for number in range(30):
            venue.tell(f"{number + 1}.5", now=world.now)

        assert statements() == before

    def test_that_is_canceled_in_this_moment_stops_nothing_else(
        self, world: World, venue: TellingVenue, follower: User, other_follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = announce(world, follower, "250", "a"), announce(world, other_follower, "100", "b")
        venue.tell("250", now=world.now)
        venue.tell("100", now=world.now)
        book = wallet.book_transfer

        def cancel_and_book(*, transfer_id: int, **named: Any) -> Transfer:
            if transfer_id == first.pk:
                wallet.end_transfer(
                    transfer_id=first.pk, status=Transfer.Status.CANCELED, note="", now=named["now"]
                )  # fmt: skip
            return book(transfer_id=transfer_id, **named)

        monkeypatch.setattr(wallet, "book_transfer", cancel_and_book)

        announced.look_at_history(now=world.now)

        second.refresh_from_db()
        assert second.status == Transfer.Status.BOOKED

    @pytest.mark.parametrize("value", ["249", "250.000001"])
    def test_of_another_amount_is_nobodys_and_stops_nobody(
        self, world: World, venue: TellingVenue, follower: User, value: str
    ) -> None:
        transfer = announce(world, follower, "250")
        venue.tell(value, now=world.now + timedelta(seconds=1))

        # An open announcement explains as much as it says, so until it has ended only what is beyond that is booked.
        transfers.cancel_transfer(user=follower, transfer_id=transfer.pk, now=world.now)
        looks(world)

        assert held(LedgerAccount.Kind.UNASSIGNED) == usdt(value)
        assert not Halt.objects.exists()

    def test_that_comes_twice_is_booked_once(self, world: World, venue: TellingVenue, follower: User) -> None:
        before = held(LedgerAccount.Kind.MAIN, follower)
        announce(world, follower, "250")
        venue.tell("250", now=world.now)
        venue.tell("250", now=world.now)

        looks(world)

        assert held(LedgerAccount.Kind.MAIN, follower) == before + usdt("250")
        assert held(LedgerAccount.Kind.UNASSIGNED) == usdt("250")
        assert reconciling.check_ledger().is_clean

    def test_that_was_there_before_is_nobodys(self, world: World, venue: TellingVenue, follower: User) -> None:
        before = held(LedgerAccount.Kind.MAIN, follower)
        venue.tell("250", now=world.now)
        looks(world)
        announce(world, follower, "250")

        looks(world)

        assert held(LedgerAccount.Kind.MAIN, follower) == before
        assert held(LedgerAccount.Kind.UNASSIGNED) == usdt("250")

    def test_that_never_comes_expires(self, world: World, venue: TellingVenue, follower: User) -> None:
        transfer = announce(world, follower, "250")
        world.wait(8 * 24 * 3600)

        looks(world, 15)

        transfer.refresh_from_db()
        assert transfer.status == Transfer.Status.EXPIRED

    def test_that_the_exchange_rejects_before_it_came_is_not_booked(
        self, world: World, venue: TellingVenue, stranger: User
    ) -> None:
        transfer = announce(world, stranger, "250")
        failed = VenueTransfer(
            reference="venue-1", is_deposit=True, asset="USDT", quantity=Decimal(250), fee=Decimal(0),
            state=TransferState.FAILED, happened_at=world.now,
        )  # fmt: skip
        venue.told.append(failed)

        assert announced.look_at_history(now=world.now) == 0
        transfer.refresh_from_db()
        assert (transfer.status, held(LedgerAccount.Kind.MAIN, stranger)) == (Transfer.Status.REQUESTED, 0)

    def test_that_is_taken_back_leaves_the_wallet_and_what_was_spent_is_in_suspense(
        self, world: World, venue: TellingVenue, stranger: User
    ) -> None:
        announce(world, stranger, "250")
        told = venue.tell("250", now=world.now)
        looks(world, 30)
        transfers.withdraw(user=stranger, units=usdt("100"), idempotency_key="w", now=world.now)
        venue.told[0] = replace(told, state=TransferState.FAILED)
        venue.transfer(asset="USDT", quantity=Decimal(250), is_deposit=False, reference="taken back")

        moved = [announced.look_at_history(now=world.now) for _ in range(2)]
        looks(world)

        assert moved == [1, 0], "once"
        assert (held(LedgerAccount.Kind.MAIN, stranger), held(LedgerAccount.Kind.SUSPENSE)) == (0, usdt("-100"))
        assert "100.00000000 were spent" in Alarm.objects.get(kind=Alarm.Kind.TRANSFER_REVERSED).sentence
        assert reconciling.check_ledger().is_clean
        assert not Halt.objects.exists()


class TestAnnouncedWithdrawal:
    def test_is_held_until_the_exchange_tells_it_and_its_fee_is_the_platforms(
        self, world: World, venue: TellingVenue, follower: User
    ) -> None:
        before = held(LedgerAccount.Kind.MAIN, follower)
        transfer = announce(world, follower, "100", takes_out=True)
        assert not Hold.objects.get(key=f"transfer:{transfer.pk}").released_at
        venue.tell("100", now=world.now, is_deposit=False, fee="1")

        looks(world)

        assert held(LedgerAccount.Kind.MAIN, follower) == before - usdt("100")
        assert held(LedgerAccount.Kind.SUSPENSE) == usdt("-1")
        assert reconciling.check_ledger().is_clean
        assert not Halt.objects.exists()

    def test_whose_fee_is_taken_out_of_it_costs_nobody_else(
        self, world: World, venue: TellingVenue, follower: User
    ) -> None:
        announce(world, follower, "100", takes_out=True)
        venue.tell("99", now=world.now, is_deposit=False, fee="1")

        looks(world)

        assert held(LedgerAccount.Kind.SUSPENSE) == 0
        assert reconciling.check_ledger().is_clean

    def test_that_is_refused_is_free_again(self, world: World, venue: TellingVenue, follower: User) -> None:
        transfer = announce(world, follower, "100", takes_out=True)

        transfers.refuse_transfer(transfer_id=transfer.pk, note="No address", now=world.now)

        assert Hold.objects.get(key=f"transfer:{transfer.pk}").released_at
        with pytest.raises(transfers.TransferOver):
            transfers.refuse_transfer(transfer_id=transfer.pk, note="", now=world.now)


class TestManual:
    def test_deposit_takes_two_operators_and_money_at_the_venue(
        self, world: World, venue: TellingVenue, follower: User, operator: User, second_operator: User
    ) -> None:
        before = held(LedgerAccount.Kind.MAIN, follower)
        transfer = transfers.deposit(
            user=follower, units=usdt("500"), idempotency_key="k", channel=MANUAL, now=world.now
        )
        with pytest.raises(transfers.TransferOver):
            transfers.approve_transfer(transfer_id=transfer.pk, by=second_operator, now=world.now)
        transfers.confirm_transfer(transfer_id=transfer.pk, by=operator, units=usdt("480"), now=world.now)
        with pytest.raises(transfers.OwnTransfer):
            transfers.approve_transfer(transfer_id=transfer.pk, by=operator, now=world.now)
        with pytest.raises(transfers.TransferRefused, match="bring the USDT there first"):
            transfers.approve_transfer(transfer_id=transfer.pk, by=second_operator, now=world.now)
        venue.tell("600", now=world.now)
        looks(world)

        transfers.approve_transfer(transfer_id=transfer.pk, by=second_operator, now=world.now)

        assert held(LedgerAccount.Kind.MAIN, follower) == before + usdt("480")
        assert held(LedgerAccount.Kind.UNASSIGNED) == usdt("120")
        assert reconciling.check_ledger().is_clean

    def test_withdrawal_leaves_the_money_at_the_venue_to_the_platform(
        self, world: World, venue: TellingVenue, follower: User, operator: User, second_operator: User
    ) -> None:
        transfer = transfers.withdraw(
            user=follower, units=usdt("70"), idempotency_key="k", channel=MANUAL, now=world.now
        )
        transfers.confirm_transfer(transfer_id=transfer.pk, by=operator, now=world.now)

        for _ in range(2):
            transfers.approve_transfer(transfer_id=transfer.pk, by=second_operator, now=world.now)

        assert held(LedgerAccount.Kind.UNASSIGNED) == usdt("70")
        assert reconciling.check_ledger().is_clean

    def test_is_not_booked_by_whose_it_is(self, world: World, operator: User) -> None:
        transfer = transfers.deposit(user=operator, units=usdt("5"), idempotency_key="k", channel=MANUAL, now=world.now)

        with pytest.raises(transfers.TransferRefused, match="your own money"):
            transfers.confirm_transfer(transfer_id=transfer.pk, by=operator, now=world.now)

    def test_is_entered_and_booked_on_the_operators_pages(
        self, client: Client, world: World, venue: TellingVenue, stranger: User, operator: User, second_operator: User
    ) -> None:
        venue.tell("50", now=world.now)
        looks(world)
        sign_in(client, operator)
        entered = {
            "email": stranger.email, "direction": "DEPOSIT", "value": "50", "idempotency_key": "page",
            "reason": "A test",
        }  # fmt: skip
        client.post("/admin/accounts/transfer/enter/", entered)
        transfer = Transfer.objects.get(user=stranger)
        client.post(
            "/admin/accounts/transfer/", {"action": "confirm", "_selected_action": [transfer.pk], "reason": "A test"}
        )
        sign_in(client, second_operator)

        client.post(
            "/admin/accounts/transfer/",
            {"action": "approve", "_selected_action": [transfer.pk], "confirmed": "yes", "reason": "A test"},
        )

        assert held(LedgerAccount.Kind.MAIN, stranger) == usdt("50")


class TestOpeningBalance:
    def test_is_found_at_the_venue_and_given_to_its_owner_by_two(
        self, world: World, venue: TellingVenue, stranger: User, operator: User, second_operator: User
    ) -> None:
        venue.transfer(asset="USDT", quantity=Decimal(900), is_deposit=True, reference="before we opened")
        looks(world)
        account = LedgerAccount.objects.get_or_create(
            owner=stranger, kind=LedgerAccount.Kind.MAIN, defaults={"opened_at": world.now}
        )[0]
        asked = corrections.request_correction(
            asset_id=market_queries.cash_asset().pk, account=account.pk, units=usdt("900"), reason="Opening balance",
            by=operator, idempotency_key="k", now=world.now, against=Correction.Against.UNASSIGNED,
        )  # fmt: skip

        corrections.approve_correction(correction_id=asked.pk, by=second_operator, now=world.now)

        assert (held(LedgerAccount.Kind.MAIN, stranger), held(LedgerAccount.Kind.UNASSIGNED)) == (usdt("900"), 0)
        assert Journal.objects.filter(kind=Journal.Kind.ASSIGNMENT).count() == 1
        assert reconciling.check_ledger().is_clean


class TestNothing:
    @pytest.mark.parametrize("units", [0, -1])
    def test_can_be_brought_or_taken_out(self, world: World, follower: User, units: int) -> None:
        for move in (transfers.deposit, transfers.withdraw):
            with pytest.raises(transfers.TransferRefused):
                move(user=follower, units=units, idempotency_key=f"{units}", now=world.now)


class TestSignUp:
    def test_opens_a_main_account(self, client: Client, world: World) -> None:
        client.post(
            "/accounts/signup/",
            {"email": "new@example.org", "password1": "correct horse battery"},
        )

        assert LedgerAccount.objects.filter(owner__email="new@example.org", kind=LedgerAccount.Kind.MAIN).exists()


class TestRealMoney:
    @pytest.mark.parametrize(("said", "channel"), [("manual", MANUAL), ("venue", VENUE)])
    def test_is_announced_and_not_conjured_up(
        self, world: World, follower: User, settings: object, said: str, channel: Transfer.Channel
    ) -> None:
        before = held(LedgerAccount.Kind.MAIN, follower)
        settings.SMARTSYNC_VENUE = "binance"  # type: ignore[attr-defined]
        settings.SMARTSYNC_TRANSFERS = said  # type: ignore[attr-defined]

        transfer = transfers.deposit(user=follower, units=usdt(5), idempotency_key="k", now=world.now)

        assert (transfer.status, transfer.channel) == (Transfer.Status.REQUESTED, channel)
        assert held(LedgerAccount.Kind.MAIN, follower) == before
