"""
Random transfers, and a process that dies at any statement: nothing is lost or doubled, and no surplus halts anything.

`TRANSFERS=10000 KILLS=200 pytest tests/services/wallet/test_transfer_campaign.py` is the campaign.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import connection

from accounts.models import Balance, LedgerAccount, Transfer, User
from copytrading.exchange import registry
from copytrading.exchange.transfers import TransferState
from copytrading.models import Halt
from copytrading.services.refusals import Refusal
from copytrading.services.safety import reconciling
from copytrading.services.wallet import announced, transfers
from tests.cast import World, usdt
from tests.services.wallet.test_transfers import TellingVenue, held

TRANSFERS, KILLS = int(os.environ.get("TRANSFERS", "40")), int(os.environ.get("KILLS", "8"))
DEEDS = ("announced", "unannounced", "late", "doubled", "wrong amount", "reversed", "paid out")


class Killed(BaseException):
    """The process is gone; nothing catches it."""


class Killer:
    """Ends what runs at a statement that a seed decides, so many times."""

    def __init__(self, random: Random, kills: int, chance: float) -> None:
        self.random, self.left, self.chance, self.kills = random, kills, chance, 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.left and self.random.random() < self.chance:
            self.left, self.kills = self.left - 1, self.kills + 1
            raise Killed
        return execute(sql, params, many, context)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with connection.execute_wrapper(self):
            try:
                yield
            except (Killed, Refusal):
                return


class Days:
    """Days of transfers: what people announce, what comes and goes at the venue, and what the platform sees of it."""

    def __init__(self, world: World, people: list[User], *, seed: int) -> None:
        self.world, self.people, self.random = world, people, Random(seed)
        self.venue, self.killer = TellingVenue(), Killer(self.random, KILLS, chance=0.02)
        # Keys of what was announced, came as announced and stayed: all of it must be booked in the end.
        self.exact: list[str] = []

    def ring(self, times: int = 1) -> None:
        """Let time pass and the beat ring."""
        for _ in range(times):
            self.world.wait(15)
            for look in (announced.look_at_history, reconciling.reconcile_if_due):
                with self.killer.at_work():
                    look(now=self.world.now)

    def live(self, number: int) -> None:
        """Let somebody bring or take out money, in one of the ways that people do."""
        deed, key = self.random.choice(DEEDS), f"transfer-{number}"
        value = str(self.random.randint(10, 400))
        row = None if deed == "unannounced" else self._announce(key, value, takes_out=deed == "paid out")
        amount = f"{Decimal(row.units).scaleb(-8):f}" if row else value
        if deed == "paid out":
            if row is not None:
                fee = self.random.choice(["0", "0.5"])
                self.venue.tell(amount, now=self.world.now, is_deposit=False, fee=fee)
                self.exact.append(key)
        elif deed == "wrong amount":
            self.venue.tell(f"{Decimal(amount) + Decimal('0.37')}", now=self.world.now)
        elif deed == "reversed":
            self._send_and_take_back(amount, number)
        else:
            if deed == "late":
                self.world.wait(8 * 24 * 3600)
                self.ring()
            for _ in range(2 if deed == "doubled" else 1):
                self.venue.tell(amount, now=self.world.now)
            if row is not None and deed != "late":
                self.exact.append(key)
        self.ring(self.random.randint(1, 3))

    def end(self) -> None:
        """Let nobody die any more, refuse what never came, and look until all has been seen."""
        self.killer.left = 0
        waiting = Transfer.objects.filter(channel=Transfer.Channel.VENUE, status=Transfer.Status.REQUESTED)
        for transfer in waiting.exclude(idempotency_key__in=self.exact):
            transfers.refuse_transfer(transfer_id=transfer.pk, note="The day is over.", now=self.world.now)
        self.ring(16)

    def _announce(self, key: str, value: str, *, takes_out: bool) -> Transfer | None:
        verb, user = transfers.withdraw if takes_out else transfers.deposit, self.random.choice(self.people)
        # Whoever gets no answer presses again, with the same key.
        for _ in range(3):
            with self.killer.at_work():
                verb(
                    user=user, units=usdt(value), idempotency_key=key, channel=Transfer.Channel.VENUE,
                    now=self.world.now,
                )  # fmt: skip
        return Transfer.objects.filter(idempotency_key=key).first()

    def _send_and_take_back(self, amount: str, number: int) -> None:
        told = self.venue.tell(amount, now=self.world.now)
        self.ring(self.random.randint(0, 3))
        self.venue.told[self.venue.told.index(told)] = replace(told, state=TransferState.FAILED)
        self.venue.transfer(asset="USDT", quantity=told.quantity, is_deposit=False, reference=f"back-{number}")


@pytest.mark.django_db(transaction=True)
def test_random_transfers_with_kills_lose_and_double_nothing(
    world: World, follower: User, other_follower: User, stranger: User
) -> None:
    people = [follower, other_follower, stranger]
    days = Days(world, people, seed=7)
    begun_with = {person.pk: held(LedgerAccount.Kind.MAIN, person) for person in people}

    with registry.use_venue(days.venue):
        for number in range(TRANSFERS):
            days.live(number)
        days.end()
        report = reconciling.check_ledger()

    assert report.is_clean
    statuses = Transfer.objects.filter(idempotency_key__in=days.exact).values_list("idempotency_key", "status")
    assert dict(statuses) == dict.fromkeys(days.exact, Transfer.Status.BOOKED)
    for person in people:
        booked = Transfer.objects.filter(user=person, channel=Transfer.Channel.VENUE, status=Transfer.Status.BOOKED)
        moved = sum(one.units if one.direction == Transfer.Direction.DEPOSIT else -one.units for one in booked)
        assert held(LedgerAccount.Kind.MAIN, person) == begun_with[person.pk] + moved
    assert not Balance.objects.filter(held__gt=0).exists()
    assert not Halt.objects.exists()
    assert days.killer.kills >= min(KILLS, TRANSFERS // 10)
