"""A key stands for one request: the same again is the same answer, another one is refused with what it was used for."""

import importlib
from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps

from accounts.models import RequestKey, User
from accounts.request_keys import Request
from copytrading.models import Lead
from copytrading.services.copies import verbs as copies
from copytrading.services.refusals import KeyNotSent, KeyReused, Refusal
from copytrading.services.wallet import transfers
from tests.cast import NOON, World, usdt
from tests.services.key_stage import PRESSES, Press, Stage, build_stage

EVERY_VERB = pytest.mark.parametrize("press", PRESSES.values(), ids=PRESSES)
EVERY_OTHER = pytest.mark.parametrize(
    ("press", "other"),
    [pytest.param(press, other, id=f"{name}: {other}") for name, press in PRESSES.items() for other in press.others],
)


@pytest.fixture
def stage(world: World, lead: Lead, follower: User, operator: User) -> Stage:
    return build_stage(world, lead, follower, operator)


class TestTheSameRequestAgain:
    @EVERY_VERB
    def test_has_the_same_answer_and_no_other_effect(self, stage: Stage, press: Press) -> None:
        first = press(stage, "page-1")
        effects = stage.effects()

        again = press(stage, "page-1")

        assert (type(again), again.pk) == (type(first), first.pk)
        assert stage.effects() == effects

    @EVERY_VERB
    def test_is_another_request_under_another_key(self, stage: Stage, press: Press) -> None:
        press(stage, "page-1")
        effects = stage.effects()

        try:
            press(stage, "page-2")
        except Refusal as refusal:
            # There are things that can be done once only, and that is another no.
            assert not isinstance(refusal, KeyReused)
        else:
            assert stage.effects() != effects

    @pytest.mark.parametrize("name", ["start", "increase", "order of a lead"])
    def test_may_be_tried_again_after_a_refusal(self, stage: Stage, name: str) -> None:
        Lead.objects.update(status=Lead.Status.PAUSED)
        with pytest.raises(Refusal):
            PRESSES[name](stage, "page-1")
        assert not RequestKey.objects.filter(key="page-1").exists()
        Lead.objects.update(status=Lead.Status.ACTIVE)

        PRESSES[name](stage, "page-1")

        assert RequestKey.objects.filter(key="page-1").count() == 1


class TestAnotherRequestWithTheSameKey:
    @EVERY_OTHER
    def test_is_refused_with_what_the_key_was_used_for(self, stage: Stage, press: Press, other: str) -> None:
        press(stage, "page-1")
        effects = stage.effects()

        with pytest.raises(KeyReused) as refusal:
            press(stage, "page-1", other=other)

        assert str(refusal.value) == (
            f"This key was used on 5 January for {press.words}; send a new key for another request, or open the page"
            " again."
        )
        assert stage.effects() == effects

    def test_is_refused_whatever_verb_it_is(self, stage: Stage) -> None:
        PRESSES["increase"](stage, "page-1")
        effects = stage.effects()

        for name in ("start", "reduce", "stop", "deposit", "withdraw", "trade by hand"):
            with pytest.raises(KeyReused, match="for an increase of 500"):
                PRESSES[name](stage, "page-1")

        assert stage.effects() == effects

    def test_of_somebody_else_is_no_concern(self, stage: Stage, other_follower: User) -> None:
        PRESSES["deposit"](stage, "page-1")

        transfers.deposit(user=other_follower, units=usdt(7), idempotency_key="page-1", now=NOON)

        assert RequestKey.objects.filter(key="page-1").count() == 2

    def test_after_an_increase_of_500_does_not_say_done_for_900(self, stage: Stage) -> None:
        copies.increase_copy(copy_id=stage.copy.pk, units=usdt(500), idempotency_key="page-1", now=NOON)

        with pytest.raises(KeyReused, match=r"for an increase of 500\.00 USDT"):
            copies.increase_copy(copy_id=stage.copy.pk, units=usdt(900), idempotency_key="page-1", now=NOON)


class TestNoKey:
    @pytest.mark.parametrize("key", ["", "x" * 81])
    @EVERY_VERB
    def test_is_refused_before_anything_is_done(self, stage: Stage, press: Press, key: str) -> None:
        effects = stage.effects()

        with pytest.raises(KeyNotSent, match="open the page again"):
            press(stage, key)

        assert stage.effects() == effects


class TestRequest:
    def test_is_the_same_however_its_numbers_are_written(self) -> None:
        written = [Request.of("order", "", price=price, markets=ids) for price, ids in _SAME]

        assert len({request.hash for request in written}) == 1

    def test_tells_nothing_from_none(self) -> None:
        assert Request.of("start", "", cap=None).hash != Request.of("start", "", cap=0).hash

    def test_is_not_what_it_is_called(self) -> None:
        assert Request.of("start", "one").hash == Request.of("start", "another").hash


_SAME = [(Decimal("100"), (1, 2)), (Decimal("100.00"), [1, 2])]


class TestKeysOfBefore:
    """What was asked for before keys were kept with all of the request: the migration fills in what is known."""

    def fill(self) -> None:
        RequestKey.objects.all().delete()
        importlib.import_module("copytrading.migrations.0023_fill_request_keys").fill(apps, None)  # type: ignore[arg-type]

    # Limit orders of wallets came later: there is none of before.
    @pytest.mark.parametrize(
        "press",
        [press for name, press in PRESSES.items() if name != "limit order by hand"],
        ids=lambda press: press.words,
    )
    def test_are_filled_in_and_move_nothing_twice(self, stage: Stage, press: Press) -> None:
        first = press(stage, "page-1")
        self.fill()
        effects = stage.effects()

        try:
            again = press(stage, "page-1")
        except KeyReused:
            # Too little is known of an order by hand, so it is refused.
            assert press is PRESSES["trade by hand"]
        except Refusal:
            # A stop leaves no key, and a second one is refused as it always was.
            assert press is PRESSES["stop"]
        else:
            assert again.pk == first.pk

        assert stage.effects() == effects

    def test_refuse_another_value(self, stage: Stage) -> None:
        PRESSES["increase"](stage, "page-1")
        self.fill()

        with pytest.raises(KeyReused, match=r"for an increase of 500\.00 USDT"):
            PRESSES["increase"](stage, "page-1", other="value")

    def test_say_when_it_was(self, stage: Stage) -> None:
        stage.world.now += timedelta(days=3)
        PRESSES["withdraw"](stage, "page-1")
        self.fill()

        assert RequestKey.objects.get(key="page-1").used_at == NOON + timedelta(days=3)
