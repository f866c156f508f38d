"""What deposits may come to in a day and in all, and that one bad row stops no other."""

from typing import Any

import pytest

from accounts.models import Asset, Balance, Transfer, User
from copytrading.models import Alarm
from copytrading.services.wallet import transfers
from copytrading.services.wallet.transfers import TransferRefused
from tests.cast import ONE_USDT, World, usdt


class TestSums:
    def test_of_a_days_deposits_are_bounded(self, world: World, stranger: User, settings: Any) -> None:
        settings.SMARTSYNC_DEPOSIT_DAY_MAX = 100
        world.deposit(stranger, "60")
        with pytest.raises(TransferRefused, match="of one day can bring at most 100 USDT"):
            world.deposit(stranger, "40.01")
        world.deposit(stranger, "40")
        world.wait(86_401)
        world.deposit(stranger, "100")

        assert world.main(stranger) == {"USDT": usdt(200)}

    def test_of_everybody_are_bounded_before_the_venue_is_told(
        self, world: World, stranger: User, follower: User, settings: Any
    ) -> None:
        kept = ledger_total()
        settings.SMARTSYNC_DEPOSIT_TOTAL_MAX = kept // ONE_USDT + 10

        with pytest.raises(TransferRefused, match="No more money is taken"):
            world.deposit(stranger, "10.01")
        world.deposit(stranger, "10")

        assert ledger_total() == kept + usdt(10)
        assert Transfer.objects.filter(status=Transfer.Status.REQUESTED).count() == 0


class TestTheSweeper:
    def test_goes_past_a_row_that_cannot_be_finished(self, world: World, stranger: User) -> None:
        bad, good = (
            Transfer.objects.create(
                user=stranger, asset=Asset.objects.get(symbol="USDT"), direction="DEPOSIT", units=units,
                idempotency_key=f"stuck {units}", requested_at=world.now,
            )
            for units in (2**63 - 1, usdt(5))
        )  # fmt: skip
        world.wait(20)

        transfers.finish_transfers(now=world.now)

        bad.refresh_from_db()
        good.refresh_from_db()
        assert (bad.status, good.status) == (Transfer.Status.REQUESTED, Transfer.Status.BOOKED)
        assert Alarm.objects.get(kind=Alarm.Kind.TRANSFER_STUCK).key == f"transfer:{bad.pk}"


def ledger_total() -> int:
    """Return what came in from outside, in units of cash."""
    return -Balance.objects.get(ledger_account__kind="EXTERNAL", asset__symbol="USDT").posted
