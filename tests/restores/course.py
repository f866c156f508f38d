"""One trial after the other: what is in the backup, what came after it, and how the platform finds its way back."""

import random
import shutil
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from statistics import median
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Asset, Journal, LedgerAccount, User
from copytrading import tasks
from copytrading.exchange.live.venue import LiveVenue
from copytrading.exchange.markets import Quote
from copytrading.models import CustodyDifference, Halt, Market, Order, Restore
from copytrading.services.market import quotes
from copytrading.services.orders import trading
from copytrading.services.refusals import Refusal
from copytrading.services.safety import corrections, halts, reconciling
from copytrading.services.wallet import spot
from tests.campaign.fleet import Fleet
from tests.fake_venue.venue import FakeVenue

PEOPLE = 4
SAVINGS = {"USDT": Decimal(100_000), "BTC": Decimal(2), "ETH": Decimal(40)}
PRICES = (("BTC-USDT", Decimal(50_000)), ("ETH-USDT", Decimal(2_500)))
MOMENTS = ("at rest", "planned", "claimed")
# Two looks so far apart believe a difference.
CONFIRM_SECONDS = 0.05
LOOKS_MAX = 40
TRIES_MAX = 15


@dataclass(kw_only=True)
class Figures:
    """
    What came of it. `early` orders came to the venue before ledger and venue agreed; `doubled` ids came there twice;
    `unexplained` are coins that differed by something else than what happened after the backup; `stuck` trials ended
    halted, `uneven` ones with a ledger that does not add up.
    """

    trials: int = 0
    moments: dict[str, int] = field(default_factory=dict)
    orders_at_the_venue: int = 0
    orders_after_the_backup: int = 0
    adopted: int = 0
    early: int = 0
    doubled: int = 0
    unexplained: int = 0
    differed: int = 0
    stuck: int = 0
    uneven: int = 0
    restore_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def is_clean(self) -> bool:
        return not (self.early or self.doubled or self.unexplained or self.stuck or self.uneven)


class Platform:
    """A few people with money at the fake venue, and the hands of operators and of the beat."""

    def __init__(self, fleet: Fleet, venue: FakeVenue, *, seed: int) -> None:
        self.folder, self.venue, self.chance = fleet.home / "backups", venue, random.Random(seed)
        self.keys, self.figures = 0, Figures()
        self.restores: list[float] = []
        quotes.list_markets()
        now = timezone.now()
        external = ledger.platform_account(LedgerAccount.Kind.EXTERNAL, now=now)
        for number in range(PEOPLE):
            person = User.objects.create_user(f"person{number}@example.org")
            main = ledger.main_account(user=person, now=now)
            for symbol, value in SAVINGS.items():
                asset = Asset.objects.get(symbol=symbol)
                units = int(value.scaleb(asset.decimals))
                ledger.post(
                    kind=Journal.Kind.DEPOSIT, idempotency_key=f"savings:{symbol}:{person.pk}",
                    lines=Lines.of([external.pk, main.pk], asset.pk, [-units, units]), now=now,
                )  # fmt: skip
        for number in range(2):
            operator = User.objects.create_superuser(f"operator{number}@example.org", None)
            User.objects.filter(pk=operator.pk).update(date_joined=now - timedelta(days=30))
        venue.deposit("platform", **{symbol: str(value * PEOPLE) for symbol, value in SAVINGS.items()})

    # -- what people do ------------------------------------------------------------------------------------------------

    def trade(self, count: int) -> None:
        """Let people trade by hand."""
        for _ in range(count):
            self._press(key=self._key())

    def backed_up_at(self, moment: str) -> Path:
        """Take a backup at a moment of an order's life, and let that order go on afterwards."""
        if moment == "at rest":
            return self._backup()
        taken: list[Path] = []
        room, name = (trading, "_claim") if moment == "planned" else (LiveVenue, "place_limit_ioc")
        with _first(room, name, lambda: taken.append(self._backup())):
            # Not every press is let in, as somebody may have too little by now.
            while not taken:
                self._press(key=self._key())
        return taken[0]

    def the_venue_goes_on(self) -> None:
        """Let orders, and money that comes and goes, be that no backup knows of."""
        self.trade(self.chance.randint(1, 3))
        if self.chance.random() < 0.5:
            symbol, value = self.chance.choice([("USDT", "123.45"), ("BTC", "0.01"), ("USDT", "-77.7")])
            self.venue.deposit("platform", **{symbol: value})

    # -- what comes after it -------------------------------------------------------------------------------------------

    def restore(self, backup: Path) -> None:
        began_at = time.monotonic()
        call_command("restore", backup, replace=True, stdout=StringIO())
        self.restores.append(time.monotonic() - began_at)

    def work(self) -> None:
        """Do what workers do all the time."""
        connection.close_if_unusable_or_obsolete()
        for look in (tasks.work_off_orders, tasks.compare_trades):
            look()

    def find_the_way_back(self, *, kept_before: dict[str, Decimal]) -> None:
        """
        Look until ledger and venue agree, booking as operators what differs, and count what should not be.

        :param kept_before: what the venue kept when the backup was taken.
        """
        arrived, is_explained = len(self.venue.orders()), False
        # Sometimes the workers are slower than whoever compares, as long as there is nothing to ask about.
        is_slow = self.chance.random() < 0.5 and self._has_asked()
        for _ in range(LOOKS_MAX):
            # People press all the time.
            self._press(key=self._key())
            if not is_slow:
                self.work()
            has_asked = self._has_asked()
            self.figures.early += len(self.venue.orders()) - arrived
            arrived = len(self.venue.orders())
            time.sleep(CONFIRM_SECONDS)
            reconciling.reconcile(now=timezone.now())
            if has_asked and not is_explained:
                self._explain(kept_before)
                is_explained = True
            if not Restore.objects.filter(clean_at__isnull=True).exists():
                break
            if has_asked:
                self._correct()
        self.work()
        for halt in Halt.objects.filter(lifted_at__isnull=True):
            try:
                halts.lift_halt(halt_id=halt.pk, by=self._operator(0), now=timezone.now())
            except Refusal as refusal:
                say(f"{halt}: {refusal}")
                self.figures.stuck += 1

    def goes_on(self) -> None:
        """Trade until an order arrives, and see that everything adds up; a venue that is busy is waited for."""
        before = len(self.venue.orders())
        for _ in range(TRIES_MAX):
            self.trade(2)
            self.work()
            if len(self.venue.orders()) > before:
                break
            say(f"nothing arrived: {Order.objects.latest('pk').refusal or Order.objects.latest('pk').status}")
            time.sleep(1)
        else:
            self.figures.stuck += 1
        self.figures.uneven += not reconciling.check_ledger().is_clean

    def kept(self) -> dict[str, Decimal]:
        return {symbol: Decimal(total) for symbol, total in self.venue.state()["balances"]["platform"].items()}

    def _explain(self, kept_before: dict[str, Decimal]) -> None:
        """Hold every difference against what moved at the venue after the backup and was not adopted from there."""
        moved = defaultdict(Decimal)
        for symbol, total in self.kept().items():
            moved[symbol] = total - kept_before.get(symbol, Decimal(0))
        adopted = self._adopted()
        for row in CustodyDifference.objects.select_related("asset"):
            found = Decimal(row.units + self._unassigned(row.asset)).scaleb(-row.asset.decimals)
            expected = moved[row.asset.symbol] - adopted[row.asset.symbol]
            self.figures.differed += expected != 0
            if found != expected:
                say(f"{row.asset.symbol} differs by {found} and not by {expected}")
                self.figures.unexplained += 1

    def _adopted(self) -> dict[str, Decimal]:
        """Return what orders of the backup turned out to have moved: they were asked about and booked."""
        moved: dict[str, Decimal] = defaultdict(Decimal)
        restore = Restore.objects.latest("pk")
        for order in Order.objects.filter(booked_at__gte=restore.restored_at, filled_units__gt=0).select_related(
            "market__base", "market__quote"
        ):
            sign = 1 if order.side == Order.Side.BUY else -1
            base, quote = order.market.base, order.market.quote
            moved[base.symbol] += Decimal(sign * order.filled_units - order.fee_base_units).scaleb(-base.decimals)
            moved[quote.symbol] += Decimal(-sign * order.value_units - order.fee_units).scaleb(-quote.decimals)
            self.figures.adopted += 1
        return moved

    def _has_asked(self) -> bool:
        """Return whether what became of every order of the backup that may have been sent is known."""
        return not Order.objects.filter(status__in=[Order.Status.SUBMITTING, Order.Status.UNKNOWN]).exists()

    def _correct(self) -> None:
        """Book what is missing, as two operators who have looked at the venue's list of trades."""
        for row in CustodyDifference.objects.filter(units__lt=0):
            asked = corrections.request_correction(
                asset_id=row.asset_id, account=LedgerAccount.Kind.SUSPENSE, units=row.units,
                reason="After the backup", by=self._operator(0), idempotency_key=self._key(), now=timezone.now(),
            )  # fmt: skip
            corrections.approve_correction(correction_id=asked.pk, by=self._operator(1), now=timezone.now())

    def _unassigned(self, asset: Asset) -> int:
        """Return what was found unassigned since the restore."""
        restore = Restore.objects.latest("pk")
        lines = Journal.objects.filter(kind=Journal.Kind.SURPLUS, posted_at__gte=restore.restored_at)
        found = lines.filter(
            postings__asset=asset, postings__ledger_account__kind=LedgerAccount.Kind.UNASSIGNED
        ).values_list("postings__units", flat=True)
        return sum(found)

    def _press(self, *, key: str) -> None:
        """Let somebody buy or sell a little, where that is let in."""
        now = timezone.now()
        quotes.record_quotes(
            quotes=[Quote(symbol=symbol, price=price, as_of=now, source="test") for symbol, price in PRICES], now=now
        )
        market = Market.objects.get(symbol=self.chance.choice(["BTC-USDT", "ETH-USDT"]))
        side = self.chance.choice(["BUY", "SELL"])
        units = self.chance.randint(100, 500) * 10**8 if side == "BUY" else 10**6
        person = self.chance.choice(User.objects.filter(email__startswith="person").order_by("pk"))
        try:
            spot.place_manual_order(
                user=person, market_id=market.pk, side=side, units=units, idempotency_key=key, now=timezone.now()
            )
        except Refusal as refusal:
            if Restore.objects.filter(clean_at__isnull=True).first() is None:
                say(f"not let in: {refusal}")

    def _backup(self) -> Path:
        shutil.rmtree(self.folder, ignore_errors=True)
        call_command("backup", to=self.folder, stdout=StringIO())
        (made,) = self.folder.iterdir()
        return made

    def _operator(self, number: int) -> User:
        return User.objects.get(email=f"operator{number}@example.org")

    def _key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"


def run(fleet: Fleet, venue: FakeVenue, *, trials: int, seed: int, seconds_max: float) -> Figures:
    """Play so many trials, one after the other at one venue, and return the figures."""
    reconciling.CONFIRM_SECONDS = CONFIRM_SECONDS  # type: ignore[assignment]
    began_at = time.monotonic()
    platform = Platform(fleet, venue, seed=seed)
    figures, moments = platform.figures, Counter[str]()
    for number in range(trials):
        if time.monotonic() - began_at > seconds_max:
            break
        moment = platform.chance.choice(MOMENTS)
        moments[moment] += 1
        platform.trade(platform.chance.randint(0, 2))
        kept_before = platform.kept()
        backup = platform.backed_up_at(moment)
        known = len(venue.orders())
        platform.the_venue_goes_on()
        figures.orders_after_the_backup += len(venue.orders()) - known
        platform.restore(backup)
        platform.find_the_way_back(kept_before=kept_before)
        platform.goes_on()
        ids = Counter(order["client_order_id"] for order in venue.orders())
        figures.doubled = sum(count > 1 for count in ids.values())
        figures.trials, figures.orders_at_the_venue = number + 1, len(ids)
        say(f"trial {number + 1} ({moment}): {figures.orders_at_the_venue} orders, {figures.doubled} doubled,"
            f" {figures.early} early, {figures.unexplained} unexplained")  # fmt: skip
    figures.moments = dict(moments)
    figures.restore_seconds = round(median(platform.restores), 2)
    figures.seconds = round(time.monotonic() - began_at, 1)
    connection.close()
    return figures


@contextmanager
def _first(room: Any, name: str, happens: Callable[[], object]) -> Iterator[None]:
    """Let something happen before the first call of a function."""
    original, has_happened = getattr(room, name), False

    def watched(*arguments: Any, **named: Any) -> Any:
        nonlocal has_happened
        if not has_happened:
            has_happened = True
            happens()
        return original(*arguments, **named)

    setattr(room, name, watched)
    try:
        yield
    finally:
        setattr(room, name, original)


def say(sentence: str) -> None:
    """Tell whoever waits what happens; standard output is for the figures."""
    sys.stderr.write(f"restores | {sentence}\n")
