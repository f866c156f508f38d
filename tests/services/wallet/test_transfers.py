"""Where real money is traded nobody can conjure it up."""

import pytest

from accounts.models import Transfer, User
from copytrading.services.wallet import transfers
from copytrading.services.wallet.transfers import TransferRefused
from tests.cast import World, usdt


class TestRealMoney:
    @pytest.mark.parametrize("transfer", [transfers.deposit, transfers.withdraw])
    def test_comes_and_goes_by_the_operators_only(
        self, world: World, follower: User, settings: object, transfer: object
    ) -> None:
        before = Transfer.objects.count()
        settings.SMARTSYNC_VENUE = "binance"  # type: ignore[attr-defined]

        with pytest.raises(TransferRefused, match="ask the operators"):
            transfer(user=follower, units=usdt(5), idempotency_key="k", now=world.now)  # type: ignore[operator]

        assert Transfer.objects.count() == before
