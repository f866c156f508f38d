"""
One of the doors that people come through: announces, pays out and sells what the plan says, and writes down what it
got to know. Whoever gets no answer presses again, with the same key; a door that died begins at the first number that
is not written down.

    python -m tests.kill_transfers.door <which> <of how many> <seed> <count> <folder>
"""

import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import django

django.setup()

from django.db import close_old_connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Transfer, User  # noqa: E402
from copytrading.models import Market, Order  # noqa: E402
from copytrading.services.refusals import Refusal  # noqa: E402
from copytrading.services.wallet import spot, transfers  # noqa: E402
from tests.kill_transfers.dying import may_die_at_statements  # noqa: E402
from tests.kill_transfers.plan import EXIT_EVERY, PAYOUTS, Deed, plan_of  # noqa: E402

EXIT_UNITS = 10**5  # of BTC, a thousandth
# A minute: after a death of PostgreSQL there is no fresh price for a while.
TRIES_MAX = 240


def announce(deed: Deed, people: list[User]) -> str:
    """Return the id and the units of what was announced; nothing for what comes without a word."""
    if deed.name == "unannounced":
        return ""
    verb = transfers.withdraw if deed.name in PAYOUTS else transfers.deposit
    channel = Transfer.Channel.MANUAL if deed.name == "by bank" else Transfer.Channel.VENUE
    transfer = verb(
        user=people[deed.person], units=deed.units, idempotency_key=deed.key, now=timezone.now(), channel=channel
    )
    return f"{transfer.pk} {transfer.units}"


def sell(deed: Deed, people: list[User]) -> str:
    """
    Sell some coins by hand, and return the order that did it and how often that was tried.

    An exchange that is asked too much, or a machine that is too slow, costs a try; a halt would cost all of them.
    """
    market = Market.objects.get(symbol="BTC-USDT")
    said = ""
    for tries in range(1, TRIES_MAX + 1):
        placed = spot.place_manual_order(
            user=people[deed.number // EXIT_EVERY % len(people)], market_id=market.pk, side="SELL", units=EXIT_UNITS,
            idempotency_key=f"exit-{deed.number}-{tries}", now=timezone.now(),
        )  # fmt: skip
        said = f"{placed.order_id} {placed.order.status} {tries} {placed.order.refusal}"
        if placed.order.status == Order.Status.FILLED:
            break
        time.sleep(0.25)
    return said


def until_answered(press: Callable[[], str]) -> str:
    """Press until there is an answer: a refusal is one when it stays, a database that is away is none."""
    for _ in range(TRIES_MAX):
        try:
            return press()
        except Refusal as refusal:
            said = f"refused {type(refusal).__name__} {refusal}"
        except Exception:
            traceback.print_exc()
            close_old_connections()
            said = "refused nothing but troubles"
        time.sleep(0.25)
    return said


def main() -> None:
    which, of, seed, count = (int(word) for word in sys.argv[1:5])
    folder = Path(sys.argv[5])
    told, pace = folder / f"door-{which}.txt", folder / "pace"
    # A line that was half written when its door died is written again.
    text = told.read_text() if told.exists() else ""
    told.write_text(text[: text.rfind("\n") + 1])
    done = {line.split()[0] + line.split()[1] for line in told.read_text().splitlines()}
    people = list(User.objects.filter(email__startswith="person").order_by("pk"))
    may_die_at_statements()
    with told.open("a", buffering=1) as lines:
        for deed in plan_of(seed, count)[which::of]:
            while deed.number >= int(pace.read_text() or "0"):
                time.sleep(0.05)
            acts = {"transfer": announce} | ({"exit": sell} if deed.number % EXIT_EVERY == 0 else {})
            for name, act in acts.items():
                if f"{name}{deed.number}" not in done:
                    answer = until_answered(lambda act=act, deed=deed: act(deed, people))  # type: ignore[misc]
                    lines.write(f"{name} {deed.number} {answer}\n")
        lines.write("end 0\n")
    while True:
        time.sleep(1)


if __name__ == "__main__":
    main()
