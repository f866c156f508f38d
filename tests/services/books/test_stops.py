"""The total stop loss: on fresh marks, seen twice, for everybody at once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from accounts.models import User
from copytrading.models import Copy, Lead, Mark
from copytrading.queries.copies.stop_book import StopBook, load_rows
from copytrading.queries.market.board import load_board
from copytrading.queries.rules import platform_rules
from copytrading.services.books import stops
from copytrading.services.copies import verbs as copies
from copytrading.services.safety import reconciling
from tests.cast import World, usdt


def invested_copy(world: World, lead: Lead, follower: User, **wishes: object) -> Copy:
    world.lead_trades(lead, "BTC", "BUY", "0.19")
    world.settle()
    copy = world.start(follower, lead, "1000", **wishes)
    world.settle()
    return copy


def status(copy: Copy) -> str:
    return Copy.objects.get(pk=copy.pk).status


class TestABook:
    def test_names_who_started_traded_or_changed_since_it_was_loaded(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        book = StopBook()
        first = invested_copy(world, lead, follower, stop_loss_units=usdt(150))
        assert book.suspect_ids(now=world.now, rules=platform_rules()) == []

        second = world.start(other_follower, lead, "500", stop_loss_units=usdt(400))
        world.lead_trades(lead, "BTC", "SELL", "0.1")
        world.settle()
        copies.change_stop_loss(copy_id=second.pk, stop_loss_units=usdt(20), now=world.now)
        copies.reduce_copy(copy_id=first.pk, units=usdt(300), idempotency_key="less", now=world.now)
        world.settle()

        board = load_board(now=world.now, rules=platform_rules())
        kept, fresh = book.follow(board), load_rows(board)
        assert kept.ids.tolist() == sorted([first.pk, second.pk])
        assert (kept.units == fresh.units).all()
        assert (kept.gross_at_stop == fresh.gross_at_stop).all()

    def test_stops_whom_the_rows_would_stop_and_nobody_else(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        book = StopBook()
        careful = invested_copy(world, lead, follower, stop_loss_units=usdt(150))
        bold = world.start(other_follower, lead, "1000", stop_loss_units=usdt(900))
        world.settle()

        for _ in range(2):
            world.wait(6, BTC="40000")
            stops.check_stop_losses(now=world.now, book=book)

        assert (status(careful), status(bold)) == (Copy.Status.STOPPING, Copy.Status.ACTIVE)

    def test_that_names_a_copy_wrongly_stops_nobody(
        self, world: World, lead: Lead, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        copy = invested_copy(world, lead, follower, stop_loss_units=usdt(150))
        book = StopBook()
        monkeypatch.setattr(book, "suspect_ids", lambda *, now, rules: [copy.pk])

        for _ in range(3):
            world.wait(6)
            stops.check_stop_losses(now=world.now, book=book)

        assert status(copy) == Copy.Status.ACTIVE


class TestNobodyNearAStop:
    def test_is_stopped_and_counted(self, world: World, lead: Lead, follower: User) -> None:
        invested_copy(world, lead, follower, stop_loss_units=usdt(900))

        assert stops.check_stop_losses(now=world.now, book=StopBook()) == 0


class TestStopCopies:
    def test_asks_for_no_look_where_there_is_nobody_to_stop(self, world: World, lead: Lead) -> None:
        before = Lead.objects.filter(pk=lead.pk).values().get()

        with transaction.atomic():
            stopped = stops.stop_copies(lead_id=lead.pk, copy_ids=None, reason=Copy.StopReason.FOLLOWER, now=world.now)

        assert (stopped, Lead.objects.filter(pk=lead.pk).values().get()) == (0, before)


class TestCheckStopLosses:
    def test_a_confirmed_loss_stops_sells_and_pays_out(self, world: World, lead: Lead, follower: User) -> None:
        copy = invested_copy(world, lead, follower, stop_loss_units=usdt(150))
        world.wait(1, BTC="42000")

        first = stops.check_stop_losses(now=world.now)
        world.wait(6)
        second = stops.check_stop_losses(now=world.now)
        world.settle()

        assert (first, second) == (0, 1)
        copy.refresh_from_db()
        assert (copy.status, copy.stop_reason) == (Copy.Status.STOPPED, Copy.StopReason.STOP_LOSS)
        assert world.main(follower)["USDT"] == usdt(9_000) + copy.paid_out_units
        assert reconciling.check_ledger().is_clean

    def test_judges_again_while_nobody_else_has_the_lead(
        self, world: World, lead: Lead, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        invested_copy(world, lead, follower, stop_loss_units=usdt(150))
        world.wait(1, BTC="42000")
        stops.check_stop_losses(now=world.now)
        world.wait(6)
        versions = []
        judge = stops._judge

        def judges(**about: object) -> object:
            versions.append(Lead.objects.get(pk=lead.pk).book_version)
            return judge(**about)

        monkeypatch.setattr(stops, "_judge", judges)

        assert stops.check_stop_losses(now=world.now) == 1

        # Every lock counts the version of a lead's book up.
        first, second = versions
        assert second == first + 1

    def test_a_wick_stops_nobody(self, world: World, lead: Lead, follower: User) -> None:
        copy = invested_copy(world, lead, follower, stop_loss_units=usdt(150))

        for price in ("5000", "50000", "5000", "50000"):
            world.wait(4, BTC=price)
            stops.check_stop_losses(now=world.now)

        assert status(copy) == Copy.Status.ACTIVE

    @pytest.mark.parametrize(("doubted", "is_forgotten"), [("50000", True), ("41000", False)])
    def test_a_breach_is_forgotten_where_a_price_in_doubt_may_mean_that_it_is_over(
        self, world: World, lead: Lead, follower: User, doubted: str, is_forgotten: bool
    ) -> None:
        copy = invested_copy(world, lead, follower, stop_loss_units=usdt(150))
        world.wait(1, BTC="42000")
        stops.check_stop_losses(now=world.now)
        seen_at = Copy.objects.get(pk=copy.pk).breached_at
        assert seen_at is not None

        marks = Mark.objects.filter(market__symbol="BTC-USDT")
        marks.update(doubt=Mark.Doubt.JUMP, doubted_price=Decimal(doubted), doubted_at=world.now)
        stops.check_stop_losses(now=world.now)

        assert Copy.objects.get(pk=copy.pk).breached_at == (None if is_forgotten else seen_at)

    def test_a_stale_price_stops_nobody(self, world: World, lead: Lead, follower: User) -> None:
        copy = invested_copy(world, lead, follower, stop_loss_units=usdt(150))
        world.wait(1, BTC="30000")

        stops.check_stop_losses(now=world.now + timedelta(seconds=60))
        stops.check_stop_losses(now=world.now + timedelta(seconds=70))

        assert status(copy) == Copy.Status.ACTIVE

    def test_a_smaller_loss_or_no_stop_loss_goes_on(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        guarded = invested_copy(world, lead, follower, stop_loss_units=usdt(400))
        free = world.start(other_follower, lead, "1000")
        world.settle()

        for _ in range(3):
            world.wait(6, BTC="35000")
            stops.check_stop_losses(now=world.now)

        assert (status(guarded), status(free)) == (Copy.Status.ACTIVE, Copy.Status.ACTIVE)

    def test_guards_a_paused_copy_too(self, world: World, lead: Lead, follower: User) -> None:
        copy = invested_copy(world, lead, follower, stop_loss_units=usdt(150))
        copies.pause_copy(copy_id=copy.pk, now=world.now)

        for _ in range(2):
            world.wait(6, BTC="40000")
            stops.check_stop_losses(now=world.now)

        assert status(copy) == Copy.Status.STOPPING
