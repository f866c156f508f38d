"""A total loss over all copies: on fresh marks, seen twice, for all copies of a person at once."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from accounts.models import User
from copytrading.models import Copy, Lead, LossLimit, Notice
from copytrading.queries.rules import platform_rules
from copytrading.services.books import stops
from copytrading.services.copies import loss_limits
from copytrading.services.copies import verbs as copies
from copytrading.services.copies.loss_limits import LossLimitFired, LossLimitNotPossible
from copytrading.services.telling import watching
from tests.cast import World, come, usdt

Kind = Notice.Kind


@dataclass
class Stage:
    """Somebody with 1,000 behind a lead in BTC, and 1,000 behind one in ETH; and somebody else behind the first."""

    world: World
    follower: User
    bitcoin: Copy
    ether: Copy
    other: Copy

    def limit(self, value: float | None = None, *, share: float | None = None) -> None:
        units = None if value is None else usdt(value)
        now = self.world.now
        loss_limits.set_loss_limit(user=self.follower, loss_units=units, loss_fraction=share, now=now)

    def look(self, seconds: float = 0, **prices: str) -> int:
        if seconds:
            self.world.wait(seconds, **prices)
        return loss_limits.check_loss_limits(now=self.world.now)

    def states(self) -> list[tuple[str, str]]:
        pks = [self.bitcoin.pk, self.ether.pk, self.other.pk]
        return list(Copy.objects.filter(pk__in=pks).order_by("pk").values_list("status", "stop_reason"))

    def told(self, kind: Notice.Kind) -> list[tuple[int | None, int | None, str]]:
        notices = Notice.objects.filter(kind=kind, user=self.follower).order_by("pk")
        return list(notices.values_list("units", "value_units", "words"))


RUNS, STOPPING = ("ACTIVE", ""), ("STOPPING", "TOTAL_LOSS")


@pytest.fixture
def stage(world: World, lead: Lead, follower: User, other_follower: User) -> Stage:
    def start() -> tuple[Copy, Copy, Copy]:
        slate = world.make_lead(User.objects.create_user("slate@example.org"), name="Slate")
        world.lead_trades(lead, "BTC", "BUY", "0.19")
        world.lead_trades(slate, "ETH", "BUY", "3.8")
        world.settle()
        started = (world.start(follower, lead), world.start(follower, slate), world.start(other_follower, lead))
        world.settle()
        return started

    return Stage(world, follower, *come("three copies of two leads", world, start))


class TestALossLimit:
    def test_stops_every_copy_of_the_person_once_the_loss_is_seen_twice(self, stage: Stage) -> None:
        stage.limit(300)

        # BTC at 40,000 takes nearly 200 of one copy, ETH at 2,200 nearly 120 of the other one.
        assert stage.look(1, BTC="40000") == 0
        assert stage.look(1, ETH="2200") == 0
        assert stage.look(4) == 0
        assert stage.states() == [RUNS, RUNS, RUNS]
        assert stage.look(6) == 1

        assert stage.states() == [STOPPING, STOPPING, RUNS]
        ((lost, limit, _),) = stage.told(Kind.LOSS_LIMIT_FIRED)
        assert usdt(300) <= (lost or 0) < usdt(330)
        assert limit == usdt(300)
        stage.world.settle()
        assert stage.states()[:2] == [("STOPPED", "TOTAL_LOSS"), ("STOPPED", "TOTAL_LOSS")]
        assert not LossLimit.objects.exists()
        assert stage.look(6) == 0

    def test_is_not_reached_by_a_wick_nor_at_prices_that_are_old(self, stage: Stage) -> None:
        stage.limit(300)

        stage.look(1, BTC="30000")
        assert LossLimit.objects.get().breached_at is not None
        stage.look(1, BTC="50000")
        assert LossLimit.objects.get().breached_at is None
        # What nobody has priced for an hour is neither at the limit nor away from it.
        stage.world.wait(1, BTC="30000")
        stage.world.now += timedelta(hours=1)
        assert stage.look() == 0
        assert LossLimit.objects.get().breached_at is None

        assert stage.states() == [RUNS, RUNS, RUNS]

    def test_lets_one_copy_make_good_what_another_loses(self, stage: Stage) -> None:
        stage.limit(300)

        for _ in range(3):
            stage.look(6, BTC="30000", ETH="3000")

        assert stage.states() == [RUNS, RUNS, RUNS]

    def test_takes_no_money_that_leaves_for_a_loss(self, stage: Stage) -> None:
        stage.limit(300)
        copies.reduce_copy(copy_id=stage.bitcoin.pk, units=usdt(700), idempotency_key="less", now=stage.world.now)

        for _ in range(3):
            assert stage.look(6) == 0
            stage.world.settle()

        assert stage.states() == [RUNS, RUNS, RUNS]

    def test_is_a_share_of_what_is_invested_now(self, stage: Stage) -> None:
        stage.limit(share=0.2)
        assert stage.told(Kind.LOSS_LIMIT_CHANGED) == [(usdt(400), None, "20 % of what is invested")]

        # Without the copy of BTC the fifth is of a thousand.
        copies.stop_copy(copy_id=stage.bitcoin.pk, now=stage.world.now)
        for _ in range(3):
            stage.look(6, ETH="1900")

        assert stage.states() == [("STOPPING", "FOLLOWER"), STOPPING, RUNS]

    def test_goes_on_where_somebody_died_after_it_fired(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        stage.limit(300)
        stage.look(1, BTC="30000")

        def die(**_: object) -> int:
            raise KeyboardInterrupt

        with monkeypatch.context() as dying:
            dying.setattr(stops, "stop_copies", die)
            with pytest.raises(KeyboardInterrupt):
                stage.look(6)
        assert stage.states() == [RUNS, RUNS, RUNS]
        with pytest.raises(LossLimitFired, match="has just fired"):
            stage.limit(500)

        assert stage.look(1, BTC="50000") == 0
        assert stage.states() == [STOPPING, STOPPING, RUNS]
        assert len(stage.told(Kind.LOSS_LIMIT_FIRED)) == 1

    def test_that_was_changed_since_the_look_does_not_fire(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        stage.limit(300)
        stage.look(1, BTC="30000")
        stage.world.wait(6)
        seen = loss_limits.loss_limits.limited_losses(now=stage.world.now, rules=platform_rules())
        stage.limit(900)
        monkeypatch.setattr(loss_limits.loss_limits, "limited_losses", lambda **_: seen)

        assert stage.look() == 0
        assert stage.states() == [RUNS, RUNS, RUNS]
        assert LossLimit.objects.get().breached_at is None

    def test_is_refused_where_it_makes_no_sense_or_would_fire_at_once(self, stage: Stage) -> None:
        stage.world.wait(1, BTC="40000")

        for value, share, sentence in (
            (100, 0.1, "either as money or as a share"),
            (0, None, "must be above zero"),
            (None, 1.0, "below 100 %"),
            (150, None, r"have lost 19\d\.\d\d USDT together already"),
            (None, 0.05, "all of them would stop at once"),
        ):
            with pytest.raises(LossLimitNotPossible, match=sentence):
                stage.limit(value, share=share)

        assert not LossLimit.objects.exists()

    def test_is_told_of_when_it_is_near_once_a_day_and_when_it_is_changed(self, stage: Stage) -> None:
        stage.limit(300)
        stage.world.wait(1, BTC="43000", ETH="2200")
        for _ in range(2):
            watching.tell_near_loss_limits(now=stage.world.now, rules=platform_rules())

        ((lost, limit, _),) = stage.told(Kind.LOSS_LIMIT_NEAR)
        assert usdt(240) < (lost or 0) < usdt(300) == limit
        stage.limit()
        assert [words for _, _, words in stage.told(Kind.LOSS_LIMIT_CHANGED)] == ["300.00 USDT", ""]
        assert not LossLimit.objects.exists()
