"""One campaign: what comes and goes at the venue, who dies when, and what the books say in the end."""

import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import DatabaseError, close_old_connections, connection
from django.db.models import Count, Min
from django.utils import timezone

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Asset, Balance, Journal, LedgerAccount, Transfer, User
from copytrading.models import CustodyDifference, Halt, Order
from copytrading.services.market import quotes
from copytrading.services.refusals import Refusal
from copytrading.services.safety import reconciling
from copytrading.services.wallet import transfers
from tests.campaign.fleet import ROLE, Fleet
from tests.campaign.points import KILL, Tokens
from tests.fake_venue.venue import FakeVenue
from tests.kill_transfers.dying import STATEMENT
from tests.kill_transfers.plan import BOOKED, CASH_UNIT, EXIT_EVERY, NEVER_BOOKED, PAYOUTS, PEOPLE, Deed, plan_of

DOORS, LOOKERS = ("first door", "second door"), ("first looker", "second looker")
WAYS = {STATEMENT: 10, "any moment": 6, "the venue's answer": 3, "PostgreSQL": 1}
SAVINGS, COINS = Decimal(1_000_000), Decimal("0.1")
SECONDS_TO_DIE = 15.0
PACE_SECONDS = 3.0
DRAIN_SECONDS = 600.0
# The venue lets itself be asked so often, and the lookers ask it, too.
ASK_SECONDS = 0.5
BEGAN_AT = time.monotonic()
# A difference is found and confirmed by then.
EVEN_SECONDS = timedelta(seconds=10)


@dataclass(kw_only=True)
class Figures:
    """
    What came of it. `lost` should have been booked and was not, or is not in the wallet; `doubled` was booked twice or
    should not have been booked; `halts` are coins that were ever halted; `refused_exits` are sales that were not let
    through; `unequal` are coins of which the venue keeps something else than is owed and unassigned; `astray` is the
    difference between what is unassigned and what the plan left over, in units.
    """

    transfers: int = 0
    deeds: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    kills: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    lost: int = 0
    doubled: int = 0
    halts: int = 0
    exits: int = 0
    refused_exits: int = 0
    unequal: int = 0
    astray: int = 0
    held: int = 0
    unassigned: str = ""
    troubles: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        wrong = self.lost or self.doubled or self.halts or self.refused_exits or self.unequal or self.astray
        return not (wrong or self.held or self.troubles)


class Outside:
    """The world outside: reads what the doors wrote down, and lets money come and go at the venue accordingly."""

    def __init__(self, venue: FakeVenue, folder: Path, deeds: list[Deed], chance: random.Random) -> None:
        self.venue, self.folder, self.deeds, self.chance = venue, folder, deeds, chance
        self.places = [0] * len(DOORS)
        self.ended = 0
        self.announced: dict[int, tuple[int, int]] = {}
        self.refusals: list[str] = []
        self.exits: dict[int, str] = {}
        self.due: list[tuple[float, int, Callable[[], None]]] = []
        self.waits_for_expiry: dict[int, Deed] = {}
        # All that came and went at the venue, in units of cash.
        self.balance = 0

    @property
    def is_done(self) -> bool:
        return self.ended == len(DOORS) and not self.due and not self.waits_for_expiry

    def look(self) -> None:
        """Read on, and let happen what is due by now."""
        for which in range(len(DOORS)):
            self._read(which)
        now = time.monotonic()
        for one in sorted((one for one in self.due if one[0] <= now), key=lambda one: one[:2]):
            # What the database was away for happens the next time.
            one[2]()
            self.due.remove(one)

    def see_what_expired(self) -> None:
        """Send the money of who announced it too long ago; called where the database can be asked."""
        ids = {self.announced[number][0]: deed for number, deed in self.waits_for_expiry.items()}
        ended = Transfer.objects.filter(pk__in=ids, status=Transfer.Status.EXPIRED).values_list("pk", flat=True)
        for transfer_id in ended:
            deed = self.waits_for_expiry.pop(ids[transfer_id].number)
            self._comes(deed, deed.units)

    def _read(self, which: int) -> None:
        told = self.folder / f"door-{which}.txt"
        if not told.exists():
            return
        text = told.read_text()
        whole = text[: text.rfind("\n") + 1]
        lines = whole[self.places[which] :].splitlines()
        self.places[which] = max(len(whole), self.places[which])
        for line in lines:
            name, number, *words = line.split()
            if name == "end":
                self.ended += 1
            elif name == "exit":
                self.exits[int(number)] = " ".join(words)
            elif words[:1] == ["refused"]:
                self.refusals.append(line)
            elif int(number) not in self.announced:
                # A door that died before it wrote an answer down tells it twice.
                self._begin(self.deeds[int(number)], words)

    def _begin(self, deed: Deed, words: list[str]) -> None:
        self.announced[deed.number] = (int(words[0]), int(words[1])) if words else (0, deed.units)
        units = self.announced[deed.number][1]
        if deed.name == "too late":
            self.waits_for_expiry[deed.number] = deed
            self._soon(deed, lambda: _announced_a_week_ago(int(words[0])))
        elif deed.name in PAYOUTS:
            self._soon(deed, lambda: self._goes(deed, units))
        elif deed.name == "by bank":
            self._soon(deed, lambda: self._moves(units))
        elif deed.name == "wrong amount":
            self._soon(deed, lambda: self._comes(deed, units + 37 * CASH_UNIT // 100))
        elif deed.name == "canceled":
            self._soon(deed, lambda: self._comes(deed, units))
            self._soon(deed, lambda: _cancel(int(words[0])))
        else:
            self._soon(deed, lambda: self._comes(deed, units), longest=30.0 if deed.name == "late" else 2.0)
            if deed.name == "doubled":
                self._soon(deed, lambda: self._comes(deed, units, again="again"), longest=4.0)

    def _soon(self, deed: Deed, happens: Callable[[], None], *, longest: float = 2.0) -> None:
        self.due.append((time.monotonic() + self.chance.uniform(0, longest), deed.number, happens))

    def _moves(self, units: int) -> None:
        self.venue.deposit("platform", USDT=f"{Decimal(units) / CASH_UNIT:f}")
        self.balance += units

    def _comes(self, deed: Deed, units: int, *, again: str = "") -> None:
        self._moves(units)
        row = self._row(f"in-{deed.number}{again}", units, status=1)
        self.venue.tell_transfers("platform", deposits=[row])
        if deed.name == "reversed":
            self._soon(deed, lambda: self._is_taken_back(row, units), longest=30.0)

    def _goes(self, deed: Deed, units: int) -> None:
        fee = int(deed.fee * CASH_UNIT)
        self._moves(-units - fee)
        row = self._row(f"out-{deed.number}", units, status=6) | {"fee": f"{deed.fee}"}
        self.venue.tell_transfers("platform", withdrawals=[row])
        if deed.name == "paid out and reversed":
            self._soon(deed, lambda: self._comes_back(row, units + fee), longest=30.0)

    def _is_taken_back(self, row: dict[str, Any], units: int) -> None:
        self.venue.retell_transfer("platform", row["id"], status=2)
        self._moves(-units)

    def _comes_back(self, row: dict[str, Any], units: int) -> None:
        self._moves(units)
        self.venue.retell_transfer("platform", row["id"], status=5)

    def _row(self, name: str, units: int, *, status: int) -> dict[str, Any]:
        amount = f"{Decimal(units) / CASH_UNIT:f}"
        return {"id": name, "coin": "USDT", "amount": amount, "status": status, "at_ms": int(time.time() * 1000)}


def run(fleet: Fleet, venue: FakeVenue, *, kills: int, count: int, seed: int, seconds_max: float) -> Figures:
    """Play a campaign, and return its figures."""
    chance, deeds = random.Random(seed), plan_of(seed, count)
    _found_town(venue)
    began_with = _wallets()
    outside, tokens, died = Outside(venue, fleet.home, deeds, chance), Tokens(fleet.tokens), Counter[str]()
    pace = fleet.home / "pace"
    pace.write_text("0")
    began_at = time.monotonic()
    for which, name in enumerate(DOORS):
        words = [str(word) for word in (which, len(DOORS), seed, count, fleet.home)]
        fleet.add(name, [sys.executable, "-m", "tests.kill_transfers.door", *words], ROLE)
    for name in LOOKERS:
        fleet.add(name, [sys.executable, "-m", "tests.kill_transfers.looker"], ROLE)
    fleet.add("feed", [sys.executable, "manage.py", "feed"], ROLE)

    def go_on() -> None:
        fleet.look_after()
        _where_it_can(outside.look)
        time.sleep(0.05)

    while sum(died.values()) < kills and time.monotonic() - began_at < seconds_max:
        # Some are on their way at every death; the last ones with the last, or when time is over.
        share = max((sum(died.values()) + 1) / kills, (time.monotonic() - began_at) / seconds_max)
        allowed = min(count, int(count * share))
        _replace(pace, str(allowed))
        _wait(go_on, lambda allowed=allowed: len(outside.announced) >= allowed - count // kills, seconds=PACE_SECONDS)
        way = chance.choices(list(WAYS), WAYS.values())[0]
        if _somebody_dies(fleet, venue, tokens, way, chance, go_on):
            died[way] += 1
        _where_it_can(outside.see_what_expired)
    _replace(pace, str(count))
    say(f"{sum(died.values())} have died; waiting until everybody is through")
    for asked in (outside.see_what_expired, lambda: _missing(outside)):
        if not _wait(go_on, lambda asked=asked: not _where_it_can(asked) and outside.is_done, seconds=DRAIN_SECONDS):
            say(f"still not there: {_missing(outside)}, {len(outside.due)} due, {list(outside.waits_for_expiry)}")
    say("comparing")
    _refuse_what_never_came()
    refused_at = timezone.now()
    _wait(go_on, lambda: bool(_where_it_can(lambda: _is_even(refused_at))), seconds=DRAIN_SECONDS)
    for name in (*LOOKERS, "feed"):
        fleet.dismiss(name)
    time.sleep(ASK_SECONDS)
    figures = _count(outside, began_with)
    figures.kills, figures.seconds = dict(died), round(time.monotonic() - began_at, 1)
    connection.close()
    return figures


def _somebody_dies(
    fleet: Fleet, venue: FakeVenue, tokens: Tokens, way: str, chance: random.Random, go_on: Callable[[], None]
) -> bool:
    """Kill somebody in one of the ways; return whether somebody died."""
    if way == STATEMENT:
        token = tokens.lay(STATEMENT, KILL)
        return tokens.wait_until_taken(token, seconds_max=SECONDS_TO_DIE, meanwhile=go_on) is not None
    if way == "any moment":
        ends_at = time.monotonic() + chance.uniform(0.0, 1.5)
        _wait(go_on, lambda: time.monotonic() >= ends_at, seconds=2)
        fleet.members[chance.choice((*DOORS, *LOOKERS))].kill()
        return True
    if way == "PostgreSQL":
        fleet.kill_server(fleet.postgres)
        return True
    # Somebody has asked the venue, and dies over the answer.
    venue.disturb(fault="hold", endpoint=chance.choice(["deposits", "withdrawals", "balances"]))
    _wait(go_on, lambda: bool(venue.held()), seconds=SECONDS_TO_DIE)
    killed = False
    for held in venue.held():
        owner = fleet.owner_of_port(held["peer_port"])
        if owner is not None and owner[0].name in LOOKERS:
            owner[0].kill()
            killed = True
    venue.calm()
    return killed


def _wait(meanwhile: Callable[[], None], is_done: Callable[[], bool], *, seconds: float) -> bool:
    ends_at, asks_at = time.monotonic() + seconds, 0.0
    while time.monotonic() < ends_at:
        if time.monotonic() >= asks_at:
            if is_done():
                return True
            asks_at = time.monotonic() + ASK_SECONDS
        meanwhile()
    return False


def say(sentence: str) -> None:
    """Tell whoever waits what happens; standard output is for the figures."""
    sys.stderr.write(f"campaign | {time.monotonic() - BEGAN_AT:6.1f} s  {sentence}\n")


def _where_it_can(ask: Callable[[], Any]) -> Any:
    """Return what is asked of the database; None where it was just killed."""
    try:
        return ask()
    except DatabaseError:
        close_old_connections()
        return None


def _replace(path: Path, text: str) -> None:
    """Write a file that others read at any moment."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


def _announced_a_week_ago(transfer_id: int) -> None:
    Transfer.objects.filter(pk=transfer_id).update(requested_at=timezone.now() - timedelta(days=8))


def _cancel(transfer_id: int) -> None:
    user = Transfer.objects.select_related("user").get(pk=transfer_id).user
    try:
        transfers.cancel_transfer(user=user, transfer_id=transfer_id, now=timezone.now())
    except Refusal:
        # It has come in the meantime.
        return


def _found_town(venue: FakeVenue) -> None:
    """Open the markets, and bring people with money and coins in; at the venue lies what they own."""
    quotes.list_markets()
    now = timezone.now()
    external = ledger.platform_account(LedgerAccount.Kind.EXTERNAL, now=now)
    for number in range(PEOPLE):
        person = User.objects.create_user(f"person{number:02}@example.org")
        main = ledger.main_account(user=person, now=now)
        for symbol, value in (("USDT", SAVINGS), ("BTC", COINS)):
            asset = Asset.objects.get(symbol=symbol)
            units = int(value.scaleb(asset.decimals))
            ledger.post(
                kind=Journal.Kind.DEPOSIT, idempotency_key=f"savings:{symbol}:{person.pk}",
                lines=Lines.of([external.pk, main.pk], asset.pk, [-units, units]), now=now,
            )  # fmt: skip
    for number in range(2):
        operator = User.objects.create_superuser(f"operator{number}@example.org", None)
        # Nobody approves who came only lately.
        User.objects.filter(pk=operator.pk).update(date_joined=now - timedelta(days=30))
    venue.deposit("platform", USDT=str(SAVINGS * PEOPLE), BTC=str(COINS * PEOPLE))


def _wallets() -> dict[int, int]:
    """Return what each person has in cash, by id."""
    found = Balance.objects.filter(ledger_account__kind=LedgerAccount.Kind.MAIN, asset__symbol="USDT")
    return dict(found.values_list("ledger_account__owner_id", "posted"))


def _missing(outside: Outside) -> list[int]:
    """Return the numbers of what should be booked, or reversed, by now and is not."""
    status = dict(Transfer.objects.values_list("pk", "status"))
    wanted = {
        **{name: {Transfer.Status.BOOKED} for name in BOOKED},
        "canceled": {Transfer.Status.CANCELED, Transfer.Status.BOOKED},
        # What is taken back before it was seen never was.
        "reversed": {Transfer.Status.REVERSED, Transfer.Status.REQUESTED, Transfer.Status.REFUSED},
        "paid out and reversed": {Transfer.Status.REVERSED, Transfer.Status.REQUESTED, Transfer.Status.REFUSED},
    }
    return [
        deed.number
        for deed in outside.deeds
        if deed.name in wanted
        and deed.number in outside.announced
        and status.get(outside.announced[deed.number][0]) not in wanted[deed.name]
    ]


def _refuse_what_never_came() -> None:
    waiting = Transfer.objects.filter(channel=Transfer.Channel.VENUE, status=Transfer.Status.REQUESTED)
    for transfer_id in waiting.values_list("pk", flat=True):
        try:
            transfers.refuse_transfer(transfer_id=transfer_id, note="The day is over.", now=timezone.now())
        except Refusal:
            continue


def _is_even(since: datetime) -> bool:
    """Return whether the lookers have looked since a moment, and found and booked every difference."""
    looked_at = CustodyDifference.objects.aggregate(first=Min("looked_at"))["first"]
    is_even = not CustodyDifference.objects.exclude(units=0).exists()
    return is_even and looked_at is not None and looked_at > since + EVEN_SECONDS


def _count(outside: Outside, began_with: dict[int, int]) -> Figures:
    """Compare the plan, the transfers, the journals and the wallets."""
    statuses = dict(Transfer.objects.values_list("pk", "status"))
    figures = Figures(
        transfers=len(outside.announced),
        deeds=dict(Counter(deed.name for deed in outside.deeds if deed.number in outside.announced)),
        statuses=dict(Counter(statuses.values())),
    )
    figures.troubles = outside.refusals[:20]
    missing = _missing(outside)
    figures.lost = len(missing) + len(outside.deeds) - len(outside.announced)
    for deed in outside.deeds:
        if deed.name in NEVER_BOOKED and deed.number in outside.announced:
            figures.doubled += statuses.get(outside.announced[deed.number][0]) == Transfer.Status.BOOKED
    # One journal each, and one row for each key.
    rows = Transfer.objects.values("idempotency_key").annotate(count=Count("pk")).filter(count__gt=1)
    figures.doubled += rows.count()
    moved: Counter[int] = Counter()
    booked = Transfer.objects.filter(status=Transfer.Status.BOOKED).select_related("asset")
    for transfer in booked:
        moved[transfer.user_id] += (
            transfer.units if transfer.direction == Transfer.Direction.DEPOSIT else -transfer.units
        )
    for person, sold in _sold().items():
        moved[person] += sold
    for person, units in _wallets().items():
        difference = units - began_with[person] - moved[person]
        figures.lost += difference < 0
        figures.doubled += difference > 0
    report = reconciling.check_ledger()
    figures.unequal = sum(difference != 0 for difference in report.differences.values())
    figures.troubles += [finding.sentence for finding in report.findings]
    figures.halts = Halt.objects.count()
    figures.exits = sum(words.split()[1] == Order.Status.FILLED for words in outside.exits.values())
    figures.troubles += [f"exit {number}: {words}" for number, words in outside.exits.items() if "FILLED" not in words]
    figures.refused_exits = len(range(0, len(outside.deeds), EXIT_EVERY)) - figures.exits
    figures.held = Balance.objects.filter(held__gt=0).count()
    unassigned = Balance.objects.filter(
        ledger_account__kind=LedgerAccount.Kind.UNASSIGNED, asset__symbol="USDT"
    ).first()
    left_over = unassigned.posted if unassigned is not None else 0
    suspense = Balance.objects.filter(ledger_account__kind=LedgerAccount.Kind.SUSPENSE, asset__symbol="USDT").first()
    costs = -suspense.posted if suspense is not None else 0
    figures.unassigned = f"{Decimal(left_over) / CASH_UNIT:f}"
    transferred = sum(moved.values()) - sum(_sold().values())
    figures.astray = left_over - (outside.balance - transferred + costs)
    return figures


def _sold() -> dict[int, int]:
    """Return what each person got for coins, after fees, in units of cash."""
    sold: Counter[int] = Counter()
    for order in Order.objects.filter(manual_order__isnull=False).select_related("manual_order"):
        sold[order.manual_order.user_id] += order.value_units - order.fee_units
    return dict(sold)
