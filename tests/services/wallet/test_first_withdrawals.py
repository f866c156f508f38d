"""Withdrawals that wait: the first by a channel, and any right after a change of how somebody signs in."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import Balance, Hold, OperatorRequest, Transfer, User
from copytrading.models import Notice
from copytrading.services.safety import reconciling
from copytrading.services.telling import notices
from copytrading.services.wallet import transfers
from tests.cast import World, usdt
from tests.services.wallet.later import withdraw_later
from tests.sign_in import confirm, sign_in

MANUAL = Transfer.Channel.MANUAL
REQUESTED, BOOKED, CANCELED = Transfer.Status.REQUESTED, Transfer.Status.BOOKED, Transfer.Status.CANCELED


@pytest.fixture
def second_operator(db: None) -> User:
    return User.objects.create_superuser("second-operator@example.org", "correct horse battery")


def later(world: World, user: User, value: str = "100", **named: object) -> Transfer:
    return withdraw_later(user, usdt(value), now=world.now, key=world.key(), **named)  # type: ignore[arg-type]


def tell(user: User, kind: Notice.Kind, world: World) -> None:
    with transaction.atomic():
        notices.tell_person(user.pk, kind, world.now)


def of_main(user: User) -> tuple[int, int]:
    balance = Balance.objects.get(ledger_account__owner=user, ledger_account__kind="MAIN", asset__symbol="USDT")
    return balance.posted, balance.held


class TestTheFirstWithdrawal:
    def test_is_held_at_once_and_goes_when_its_time_is_over(self, world: World, follower: User) -> None:
        had, _ = of_main(follower)
        transfer = later(world, follower)

        assert (transfer.status, transfer.held_until) == (REQUESTED, world.now + timedelta(hours=24))
        assert of_main(follower) == (had, usdt(100))
        world.wait(24 * 3600 - 1)
        transfers.finish_transfers(now=world.now)
        transfer.refresh_from_db()
        assert transfer.status == REQUESTED

        world.wait(1)
        transfers.finish_transfers(now=world.now)

        transfer.refresh_from_db()
        assert (transfer.status, transfer.held_until) == (BOOKED, None)
        assert of_main(follower) == (had - usdt(100), 0)
        assert reconciling.check_ledger().is_clean

    def test_goes_at_once_where_nothing_is_set(self, world: World, follower: User) -> None:
        assert later(world, follower, hours=0).status == BOOKED

    def test_lets_the_second_one_go_at_once_once_it_has_gone(self, world: World, follower: User) -> None:
        first = later(world, follower)
        while_it_waits = later(world, follower)
        world.wait(24 * 3600)
        transfers.finish_transfers(now=world.now)

        assert (first.held_until is None, while_it_waits.held_until is None) == (False, False)
        assert later(world, follower).status == BOOKED
        assert later(world, follower, channel=MANUAL).held_until is not None

    def test_is_the_same_one_under_the_same_key(self, world: World, follower: User) -> None:
        first = withdraw_later(follower, usdt(100), now=world.now, key="key-0001")
        world.wait(60)
        again = withdraw_later(follower, usdt(100), now=world.now, key="key-0001")

        assert (again.pk, again.held_until) == (first.pk, first.held_until)
        assert Hold.objects.filter(key=f"transfer:{first.pk}").count() == 1

    def test_is_told_once(self, world: World, follower: User) -> None:
        transfer = withdraw_later(follower, usdt(100), now=world.now, key="key-0001")
        withdraw_later(follower, usdt(100), now=world.now, key="key-0001")
        transfers.finish_transfers(now=world.now)

        told = Notice.objects.get(user=follower, kind=Notice.Kind.WITHDRAWAL_HELD)
        assert (told.units, told.number, told.once) == (usdt(100), 24, f"transfer:{transfer.pk}:held")

    def test_is_told_by_the_sweeper_where_its_request_died(self, world: World, follower: User) -> None:
        later(world, follower)
        Notice.objects.filter(kind=Notice.Kind.WITHDRAWAL_HELD).delete()

        transfers.finish_transfers(now=world.now)

        assert Notice.objects.filter(user=follower, kind=Notice.Kind.WITHDRAWAL_HELD).count() == 1


class TestAWithdrawalAfterAChange:
    @pytest.fixture(autouse=True)
    def _has_withdrawn(self, world: World, follower: User) -> None:
        transfers.withdraw(user=follower, units=usdt(1), idempotency_key=world.key(), now=world.now)

    @pytest.mark.parametrize("kind", ["PASSWORD_CHANGED", "EMAIL_CHANGED", "SECOND_FACTOR_CHANGED"])
    def test_waits_as_long_as_the_change_is_young(self, world: World, follower: User, kind: str) -> None:
        tell(follower, Notice.Kind(kind), world)
        world.wait(23 * 3600)
        assert later(world, follower).held_until == world.now + timedelta(hours=24)

        world.wait(3600)
        assert later(world, follower).held_until is None

    def test_waits_after_operators_have_reset_the_password(
        self, world: World, follower: User, operator: User, second_operator: User
    ) -> None:
        OperatorRequest.objects.create(
            kind=OperatorRequest.Kind.PASSWORD, person=follower, reason="Lost", requested_by=operator,
            requested_at=world.now, approved_by=second_operator, approved_at=world.now,
        )  # fmt: skip

        assert later(world, follower).held_until is not None

    def test_does_not_wait_after_a_sign_in(self, world: World, follower: User) -> None:
        tell(follower, Notice.Kind.SIGNED_IN, world)

        assert later(world, follower).status == BOOKED


class TestCanceling:
    def test_gives_back_what_was_held_and_nothing_goes_later(self, world: World, follower: User) -> None:
        had, _ = of_main(follower)
        transfer = later(world, follower)
        transfers.cancel_transfer(user=follower, transfer_id=transfer.pk, now=world.now)
        world.wait(25 * 3600)
        transfers.finish_transfers(now=world.now)

        transfer.refresh_from_db()
        assert transfer.status == CANCELED
        assert of_main(follower) == (had, 0)

    def test_is_too_late_once_it_was_let_go_though_a_slow_clock_says_otherwise(
        self, world: World, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        transfer = later(world, follower)
        at_noon = world.now
        world.wait(24 * 3600)
        # The worker dies between letting it go and telling the venue.
        monkeypatch.setattr(transfers.registry, "move_paper_money", lambda **_: 1 / 0)
        transfers.finish_transfers(now=world.now)
        monkeypatch.undo()

        with pytest.raises(transfers.TransferRefused):
            transfers.cancel_transfer(user=follower, transfer_id=transfer.pk, now=at_noon)

        transfers.finish_transfers(now=world.now)
        transfer.refresh_from_db()
        assert transfer.status == BOOKED
        assert reconciling.check_ledger().is_clean

    def test_is_the_persons_alone_on_the_page(self, world: World, follower: User, other_follower: User) -> None:
        transfer = later(world, follower)
        address = f"/wallet/withdrawals/{transfer.pk}/cancel/"

        assert sign_in(Client(), other_follower).post(address).status_code == 404
        assert sign_in(Client(), follower).post(address).status_code == 302
        transfer.refresh_from_db()
        assert transfer.status == CANCELED


class TestOperators:
    def test_confirm_nothing_before(self, world: World, follower: User, operator: User, second_operator: User) -> None:
        transfer = later(world, follower, channel=MANUAL)
        with pytest.raises(transfers.TransferHeld, match="Nothing of this withdrawal moves before"):
            transfers.confirm_transfer(transfer_id=transfer.pk, by=operator, now=world.now)
        with pytest.raises(transfers.TransferHeld):
            transfers.approve_transfer(transfer_id=transfer.pk, by=second_operator, now=world.now)

        world.wait(24 * 3600)
        transfers.confirm_transfer(transfer_id=transfer.pk, by=operator, now=world.now)
        transfers.approve_transfer(transfer_id=transfer.pk, by=second_operator, now=world.now)

        transfer.refresh_from_db()
        assert (transfer.status, transfer.held_until) == (BOOKED, None)


class TestThePage:
    def test_says_until_when_and_offers_to_cancel(self, world: World, follower: User, settings: object) -> None:
        settings.SMARTSYNC_FIRST_WITHDRAWAL_HOURS = 24  # type: ignore[attr-defined]
        client = confirm(sign_in(Client(), follower), follower)
        sent = {"value": "100", "idempotency_key": "key-0001"}

        page = client.post("/wallet/withdraw/", sent, follow=True).text

        assert "are held until" in page
        assert "Cancel this withdrawal" in page
