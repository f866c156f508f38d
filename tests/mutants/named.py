"""
Mutants that were once alive: people found them by hand, each a rule of money that no test held. All have to die.

A named mutant says which text of a source becomes which, and the tests that have to notice.
"""

from pathlib import Path
from typing import NamedTuple

BOOKING = "copytrading/services/orders/booking.py"
BUNCHING = "copytrading/engine/orders/bunching.py"
SETTLING = "copytrading/services/cycle/settling.py"
REDUCING = "copytrading/services/cycle/reducing.py"
ALLOCATION = "copytrading/engine/orders/allocation.py"
STOPS = "copytrading/services/books/stops.py"
SHARES = "copytrading/services/books/profit_shares.py"

HELD_MONEY = ("tests/services/orders/test_money_rules.py",)
SETTLED = ("tests/services/cycle/test_settling_rules.py",)


class NamedMutant(NamedTuple):
    what: str
    path: str
    before: str
    after: str
    tests: tuple[str, ...]

    def source(self, root: Path) -> str:
        """Return the source with the one thing wrong."""
        source = (root / self.path).read_text()
        assert source.count(self.before) == 1, f"{self.what}: its text is not once in {self.path} any more"
        return source.replace(self.before, self.after)


NAMED = (
    NamedMutant(
        "no second look at booked_at under the lock",
        BOOKING, "if order.booked_at is not None or order.status in Order.OPEN:", "if order.status in Order.OPEN:",
        HELD_MONEY,
    ),
    NamedMutant(
        "buyers who meet inside pay whatever the venue gave", BOOKING, "if average > dearest:", "if False:", HELD_MONEY
    ),
    NamedMutant(
        "the dearest price of who meets inside is that of who sends",
        BUNCHING,
        "max(limit, mid) if side is Side.BUY else min(mid, mark) * (1 + Decimal(str(slippage_max)))",
        "max(limit, mid)",
        ("tests/engine/orders/test_bunching.py",),
    ),
    NamedMutant(
        "a hold is rounded down",
        BUNCHING, "np.ceil(exact) + 2, 0", "np.floor(exact), 0", ("tests/engine/orders/test_bunching.py",),
    ),
    NamedMutant("a stop raises no fence", STOPS, "fence = %s,", "fence = greatest(fence, 0 * %s),", HELD_MONEY),
    NamedMutant(
        "a stop leaves reductions as they were",
        STOPS,
        "CopyFlow.objects.filter(copy_id__in=ids, status=CopyFlow.Status.REQUESTED)"
        ".update(status=CopyFlow.Status.SUPERSEDED)",
        "pass",
        SETTLED,
    ),
    NamedMutant(
        "the wish for a look that came later is forgotten",
        SETTLING, "if lead.request_count == followed:", "if True:", SETTLED,
    ),
    NamedMutant(
        "coins that were touched later count as followed",
        SETTLING, "touch_request__lte=followed", "touch_request__isnull=False", SETTLED,
    ),
    NamedMutant(
        "copies that asked later count as aligned",
        SETTLING, "align_request__lte=followed", "align_request__isnull=False", SETTLED,
    ),
    NamedMutant(
        "reductions are paid from money held for orders",
        REDUCING, "copies.cash_units - copies.cash_held_units", "copies.cash_units", SETTLED,
    ),
    NamedMutant(
        "what met inside is rounded down",
        ALLOCATION, "(2 * crossed * value + filled) // (2 * filled)", "crossed * value // filled",
        ("tests/engine/orders/test_allocation.py",),
    ),
    NamedMutant(
        "what met inside is rounded up",
        ALLOCATION, "(2 * crossed * value + filled) // (2 * filled)", "-(-crossed * value // filled)",
        ("tests/engine/orders/test_allocation.py",),
    ),
    NamedMutant(
        "the platform's part is rounded up",
        SHARES, "np.floor(payment.share_units * rules.platform_share)",
        "np.ceil(payment.share_units * rules.platform_share)",
        ("tests/services/books/test_profit_shares.py",),
    ),
    NamedMutant(
        "proceeds of a sale are rounded up in what is looked back on",
        "copytrading/engine/replay/rebalancing.py", "-np.ceil(moved", "-np.floor(moved",
        ("tests/engine/replay/test_rebalancing.py",),
    ),
)  # fmt: skip
