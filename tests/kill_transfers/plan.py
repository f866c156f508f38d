"""
What everybody will do, decided by a seed before anything starts: doors and the world outside read the same plan.

No two announcements have the same amount, but for those that are meant to, so that what the venue tells can be told
apart by whoever counts in the end.
"""

from dataclasses import dataclass
from decimal import Decimal
from random import Random

PEOPLE = 20
DEEDS = (
    "announced", "announced", "same amount", "unannounced", "late", "too late", "doubled", "wrong amount", "reversed",
    "paid out", "paid out and reversed", "canceled", "by bank",
)  # fmt: skip
# What must be booked in the end, and what must not.
BOOKED = {"announced", "same amount", "late", "doubled", "paid out", "by bank"}
NEVER_BOOKED = {"unannounced", "too late", "wrong amount"}
PAYOUTS = {"paid out", "paid out and reversed"}
SAME_AMOUNT = 500
CASH_UNIT, SIX_DECIMALS = 10**8, 100
# Somebody sells coins so often: an exit, which nothing that comes in may halt.
EXIT_EVERY = 25


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One transfer: who, how, and how much in units of cash; `fee` is what the venue takes of a withdrawal."""

    number: int
    name: str
    person: int
    units: int
    fee: Decimal

    @property
    def key(self) -> str:
        return f"transfer-{self.number}"


def plan_of(seed: int, count: int) -> list[Deed]:
    """Return the plan of a seed."""
    chance, deeds = Random(seed), []
    for number in range(count):
        name = chance.choice(DEEDS)
        units = SAME_AMOUNT * CASH_UNIT
        if name != "same amount":
            units = chance.randint(10, 400) * CASH_UNIT + (number + 1) * SIX_DECIMALS
        fee = Decimal(chance.choice(["0", "0.5"]))
        deeds.append(Deed(number=number, name=name, person=chance.randrange(PEOPLE), units=units, fee=fee))
    return deeds
