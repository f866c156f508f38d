"""What the cast's fixtures bring is put back as it was built, and built wherever anything is otherwise."""

import pytest

from accounts.models import Journal, User
from copytrading.models import Lead, Market
from copytrading.services.safety import reconciling
from tests import stage
from tests.cast import World, come, usdt


class TestStage:
    @pytest.mark.parametrize("time", ["at first, perhaps", "from what was kept"])
    def test_puts_people_back_with_a_ledger_that_adds_up(
        self, world: World, lead: Lead, follower: User, time: str
    ) -> None:
        assert world.main(follower) == {"USDT": usdt(10_000)}
        assert world.held(lead.ledger_account) == {"USDT": usdt(10_000)}
        assert reconciling.check_ledger().findings == ()
        copy = world.start(follower, lead)
        world.settle()
        assert copy.pk is not None
        assert reconciling.check_ledger().findings == ()

    def test_goes_on_behind_what_it_put_back(self, world: World, lead: Lead) -> None:
        last = Journal.objects.latest("pk").pk

        world.deposit(User.objects.create_user("new@example.org"), "5")

        assert Journal.objects.latest("pk").pk > last
        assert Journal.objects.filter(idempotency_key__startswith="transfer:").count() >= 2

    def test_keeps_what_is_asked_for_again(self, world: World, follower: User) -> None:
        kept = stage._stage.kept

        keys = [key for key in kept if key[:2] == ("world", "follower")]

        assert keys and kept[keys[0]].came["accounts_user"]
        assert kept[keys[0]].gone, "balances that everybody shares were changed"

    def test_builds_where_something_was_written_before(self, world: World) -> None:
        Market.objects.update(status=Market.Status.SUSPENDED)
        before = len(stage._stage.kept)

        person = come("somebody", world, lambda: User.objects.create_user("somebody@example.org"))

        assert person.email == "somebody@example.org"
        assert len(stage._stage.kept) == before

    @pytest.mark.parametrize("fee_rate", [0.001, 0.002])
    def test_keeps_apart_what_was_built_by_other_rules(self, world: World, settings: object, fee_rate: float) -> None:
        settings.SMARTSYNC_FEE_RATE = fee_rate  # type: ignore[attr-defined]

        come("guest", world, lambda: User.objects.create_user("guest@example.org"))

        (last,) = [key for key in stage._stage.kept if key[1] == "guest" and repr(fee_rate) in key]
        assert stage._stage.kept[last].came["accounts_user"]
