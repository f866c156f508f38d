"""The end of a look: what is left of a stopped copy, and who takes it over."""

from accounts.models import Journal, User
from copytrading.models import Copy, Lead
from copytrading.services import copies, reconciling
from tests.cast import World


class TestAnExit:
    def test_ends_where_no_order_can_carry_it(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.012")
        world.settle()
        copy = world.start(follower, lead, "100")
        world.settle()
        coins = world.held(copy.ledger_account)["BTC"]
        # At the mark it is worth more than the venue's minimum of 5 USDT, at the limit of an exit it is not.
        world.wait(1, BTC=f"{5.01 / coins * 10**8:.2f}")

        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle(looks=90)

        copy.refresh_from_db()
        assert copy.status == Copy.Status.STOPPED
        assert world.held(copy.ledger_account) == {}
        assert Journal.objects.filter(kind=Journal.Kind.DUST).count() == 1
        assert reconciling.check_ledger().is_clean
