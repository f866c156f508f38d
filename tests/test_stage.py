"""What the cast's fixtures bring is put back as it was built, and built wherever anything is otherwise."""

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from accounts.models import Journal, User
from copytrading.models import Lead, Market
from copytrading.services.safety import reconciling
from tests import stage
from tests.cast import World, come, usdt


@pytest.fixture
def begun_anew(db: None) -> None:
    """Journals are numbered from 1 on again, as after a test that emptied everything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('accounts_journal', 'id'), 1, false)")


def brought() -> list[tuple[list[str], stage.Scenery]]:
    """Return what is kept in this process, by the names of what came one after the other."""
    return [([name.partition(",")[0] for name in chain], kept) for (chain, _), kept in stage._stage.kept.items()]


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

    def test_goes_on_behind_what_it_put_back(self, begun_anew: None, world: World, lead: Lead) -> None:
        last = Journal.objects.latest("pk").pk

        world.deposit(User.objects.create_user("new@example.org"), "5")

        assert Journal.objects.latest("pk").pk == last + 1

    def test_keeps_what_is_asked_for_again(self, world: World, follower: User) -> None:
        (kept,) = [scenery for names, scenery in brought() if names == ["world", "follower"]]

        assert kept.came["accounts_user"]
        assert kept.gone, "balances that everybody shares were changed"

    def test_builds_where_something_was_written_before(self, world: World) -> None:
        Market.objects.update(status=Market.Status.SUSPENDED)
        before = len(stage._stage.kept)

        person = come("somebody", world, lambda: User.objects.create_user("somebody@example.org"))

        assert person.email == "somebody@example.org"
        assert len(stage._stage.kept) == before

    def test_keeps_apart_what_was_built_by_other_rules(self, world: World, settings: Settings) -> None:
        def guest() -> None:
            stage._stage.clear()
            come("guest", world, lambda: User.objects.create_user(f"guest{settings.SMARTSYNC_FEE_RATE}@example.org"))

        for fee_rate in (0.001, 0.002, 0.003):
            settings.SMARTSYNC_FEE_RATE = fee_rate
            guest()

        assert sum(names == ["guest"] for names, _ in brought()) == 3

    def test_keeps_two_of_one_name_apart(self, world: World) -> None:
        stage._stage.clear()
        first = come("a namesake", world, lambda: User.objects.create_user("first@example.org"))
        stage._stage.clear()
        second = come("a namesake", world, lambda: User.objects.create_user("second@example.org"))

        assert (first.email, second.email) == ("first@example.org", "second@example.org")
