"""An exchange turns the balances of a linked account into a new unit before anybody has quoted the coin anew."""

from decimal import Decimal

import pytest

from accounts.models import User
from copytrading.models import Alarm, CoinVerdict, Copy, Halt, Lead, LeadFlow, LinkedAccount, Market
from copytrading.services.copies import verbs as copies
from copytrading.services.leads.observing import Sight
from copytrading.services.leads.recounts import _is_another_unit
from copytrading.services.market import verdicts
from copytrading.services.market.doubts import CoinInDoubt
from copytrading.services.safety import halts
from tests.cast import World, usdt
from tests.elsewhere import Elsewhere, look, seen


@pytest.fixture
def copy(world: World, faraway: Lead, link: LinkedAccount, follower: User) -> Copy:
    copy = world.start(follower, faraway, "1000")
    world.settle()
    return copy


def standing_halts() -> list[int]:
    return list(Halt.objects.filter(lifted_at=None, scope=Halt.Scope.ASSET).values_list("target_id", flat=True))


def bitcoin() -> Market:
    return Market.objects.select_related("base").get(symbol="BTC-USDT")


class TestBalancesInANewUnit:
    @pytest.mark.parametrize("quantity", ["100", "10", "0.0001"])
    def test_stop_all_money_of_the_coin_at_the_second_look(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, copy: Copy, quantity: str
    ) -> None:
        elsewhere.holds(BTC=quantity)

        assert look(world, link) == Sight.DOUBTED
        assert standing_halts() == []
        assert look(world, link) == Sight.WAITS_FOR_PEOPLE
        assert look(world, link) == Sight.WAITS_FOR_PEOPLE

        assert standing_halts() == [bitcoin().base_id]
        alarm = Alarm.objects.get(kind=Alarm.Kind.COIN_IN_DOUBT)
        assert f"shows {quantity} BTC after 0.1, and nothing was traded" in alarm.sentence
        # Nothing was taken of it: neither a flow, nor a weight that copies would follow.
        assert LeadFlow.objects.count() == 1
        assert seen(faraway)["BTC"] == 10**7
        with pytest.raises(CoinInDoubt):
            copies.increase_copy(copy_id=copy.pk, units=usdt(100), idempotency_key="more", now=world.now)

    def test_are_taken_once_people_have_said_so(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, copy: Copy,
        operator: User, stranger: User,
    ) -> None:  # fmt: skip
        elsewhere.holds(BTC="100")
        look(world, link)
        look(world, link)
        second = User.objects.create_superuser("second@example.org", "a long passphrase")

        verdict = verdicts.request_verdict(
            market_id=bitcoin().pk, kind=CoinVerdict.Kind.NEW_UNIT, price=Decimal(50), old_count=1, new_count=1_000,
            reason="The issuer says so.", by=operator, now=world.now,
        )  # fmt: skip
        verdicts.approve_verdict(verdict_id=verdict.pk, by=second, now=world.now)
        halts.lift_halt(halt_id=Halt.objects.get(lifted_at=None).pk, by=operator, now=world.now)

        assert look(world, link, BTC="50") == Sight.UNCHANGED
        assert LeadFlow.objects.count() == 1
        assert seen(faraway)["BTC"] == 10**10
        assert not Alarm.objects.filter(kind=Alarm.Kind.COIN_IN_DOUBT, cleared_at=None).exists()

    def test_were_a_deposit_where_the_halt_is_lifted_alone(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, copy: Copy, operator: User
    ) -> None:
        elsewhere.holds(BTC="10")
        look(world, link)
        look(world, link)
        halts.lift_halt(halt_id=Halt.objects.get(lifted_at=None).pk, by=operator, now=world.now)

        assert look(world, link) == Sight.TAKEN
        assert LeadFlow.objects.count() == 2
        assert seen(faraway)["BTC"] == 10**9

    def test_are_no_such_thing_where_cash_paid_for_them(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        # All but a hundredth was sold.
        elsewhere.holds(BTC="0.001", USDT="9945")

        assert look(world, link) == Sight.TAKEN
        assert standing_halts() == []
        assert faraway.observed_trades.count() == 1

    def test_that_went_back_are_forgotten(self, world: World, link: LinkedAccount, elsewhere: Elsewhere) -> None:
        elsewhere.holds(BTC="100")
        look(world, link)
        elsewhere.holds(BTC="0.1")

        assert look(world, link) == Sight.UNCHANGED
        elsewhere.holds(BTC="100")
        assert look(world, link) == Sight.DOUBTED
        assert standing_halts() == []


class TestAnotherUnit:
    @pytest.mark.parametrize(
        ("before", "after", "expected"),
        [
            (10**7, 10**10, True),
            (10**10, 10**7, True),
            # What an exchange rounds away is less than one unit of those there are less of.
            (123_456_789, 123_457 * 10, False),
            (123_456_789, 123_456, True),
            (123_456, 123_456_789, True),
            (10**7, 2 * 10**9, False),
            (10**7, 10**8, False),
            (0, 10**9, False),
            (10**9, 0, False),
            (5, 5_000, False),
            (10**7, 10**7, False),
        ],
    )
    def test_is_a_power_of_ten_but_for_what_is_rounded(self, before: int, after: int, expected: bool) -> None:
        assert _is_another_unit(before, after) is expected
