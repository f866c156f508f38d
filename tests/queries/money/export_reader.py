"""A statement counted again, from what `export_journal` prints and the recorded closes: no figure of ours is in it."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from io import StringIO

from django.core.management import call_command

from copytrading.engine.track_record.tax_lots import LotEvent, LotEventKind

HEAD = re.compile(r'\d{4}-\d\d-\d\d \* "(?P<kind>[^"]*)" "(?P<key>[^"]*)"')
LINE = re.compile(r"  (?P<account>[A-Z]\S+)  (?P<quantity>-?[\d.]+) (?P<coin>\S+)")
CASH, UNIT = "USDT", Decimal("1e-8")
# What the book calls the ways in and out of a copy.
COPY_FLOWS = {"copy started", "investment increased", "investment reduced", "copy paid out"}
OUTSIDE_FLOWS = {"deposit", "withdrawal", "transfer taken back", "unassigned money given to its owner"}


@dataclass
class ExportedJournal:
    """One transaction of the book, with what came to each account of people (positive) as they own it."""

    kind: str
    key: str
    at: datetime
    lines: list[tuple[str, str, Decimal]] = field(default_factory=list)


def exported() -> list[ExportedJournal]:
    """Return the transactions of the whole book."""
    printed = StringIO()
    call_command("export_journal", stdout=printed)
    journals: list[ExportedJournal] = []
    head: tuple[str, str] | None = None
    for text in printed.getvalue().splitlines():
        if found := HEAD.match(text):
            head = found["kind"], found["key"]
        elif text.startswith("  posted_at:") and head:
            journals.append(ExportedJournal(*head, datetime.fromisoformat(text.split('"')[1])))
        elif (found := LINE.match(text)) and journals:
            # The book says what is owed as negative.
            journals[-1].lines.append((found["account"], found["coin"], -Decimal(found["quantity"])))
    return journals


@dataclass
class Recomputed:
    """What a statement has to say, in coins and cash."""

    opening: dict[str, Decimal]
    closing: dict[str, Decimal]
    flows: Decimal
    traded: dict[str, Decimal]
    cash_of_trades: Decimal
    shares: Decimal
    trades: int


def recomputed(accounts: set[str], *, begins_at: datetime, ends_at: datetime, flows: set[str]) -> Recomputed:
    """Return the sums of some accounts of the book for [begins_at, ends_at)."""
    found = Recomputed({}, {}, Decimal(0), {}, Decimal(0), Decimal(0), 0)
    for journal in exported():
        own = [(coin, quantity) for account, coin, quantity in journal.lines if account in accounts]
        for coin, quantity in own:
            if journal.at < begins_at:
                found.opening[coin] = found.opening.get(coin, Decimal(0)) + quantity
            if journal.at < ends_at:
                found.closing[coin] = found.closing.get(coin, Decimal(0)) + quantity
        if not (own and begins_at <= journal.at < ends_at):
            continue
        cash = sum((quantity for coin, quantity in own if coin == CASH), Decimal(0))
        if journal.kind in flows:
            found.flows += cash
        elif journal.kind == "trade":
            found.trades += 1
            found.cash_of_trades += cash
            for coin, quantity in own:
                if coin != CASH:
                    found.traded[coin] = found.traded.get(coin, Decimal(0)) + quantity
        elif journal.kind == "profit share":
            found.shares += cash
    return found


def lot_events(accounts: set[str]) -> list[LotEvent]:
    """Return what some accounts bought and sold, by the book: a trade is one coin against cash, fees within it."""
    events = []
    for journal in exported():
        own = [(coin, quantity) for account, coin, quantity in journal.lines if account in accounts]
        if journal.kind == "trade" and own:
            cash = sum((quantity for coin, quantity in own if coin == CASH), Decimal(0))
            ((coin, quantity),) = [line for line in own if line[0] != CASH]
            kind = LotEventKind.ACQUIRE if quantity > 0 else LotEventKind.SELL
            units, value = int(abs(quantity) / UNIT), int(abs(cash) / UNIT)
            events.append(LotEvent(kind=kind, at=journal.at, coin=coin, units=units, value_units=value))
    return events


def value_of(held: dict[str, Decimal], closes: dict[str, Decimal]) -> Decimal:
    """Return what is held at some closes, each coin cut to whole units of cash."""
    return sum(
        (
            quantity if coin == CASH else (quantity * closes[coin]).quantize(UNIT, rounding=ROUND_DOWN)
            for coin, quantity in held.items()
            if quantity
        ),
        Decimal(0),
    )
