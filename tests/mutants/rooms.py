"""Which tests are near a source, and which are farther away but may notice still; all of them are in `make test`."""

# What the campaign mutates: where money is decided, moved and written down.
SOURCES = (
    "copytrading/engine",
    "accounts/ledger.py",
    "copytrading/services/orders",
    "copytrading/services/cycle",
    "copytrading/services/books",
)
SERVICES = "copytrading/services/"
# By the beginning of a path; the longest that fits counts. Near tests run first.
NEAR: dict[str, tuple[str, ...]] = {
    "copytrading/engine": ("tests/engine",),
    "copytrading/engine/deciding": ("tests/engine", "tests/services/cycle", "tests/services/copies"),
    "copytrading/engine/holdings": ("tests/engine/holdings", "tests/engine"),
    "copytrading/engine/market": ("tests/engine/market", "tests/engine", "tests/services/market/test_marking.py"),
    "copytrading/engine/orders": ("tests/engine/orders", "tests/engine"),
    "copytrading/engine/replay": ("tests/engine/replay",),
    "copytrading/engine/sizing": ("tests/engine/sizing", "tests/engine"),
    "copytrading/engine/track_record": ("tests/engine/track_record", "tests/queries/leads"),
    "accounts/ledger.py": ("tests/accounts", "tests/services/orders"),
    "copytrading/services/orders": ("tests/services/orders",),
    "copytrading/services/orders/pricing.py": ("tests/services/copies/test_previews.py", "tests/services/wallet"),
    "copytrading/services/cycle": ("tests/services/cycle", "tests/services/copies"),
    "copytrading/services/books": ("tests/services/books", "tests/services/copies"),
    "copytrading/services/books/adjustments.py": ("tests/services/cycle", "tests/queries/test_degraded.py"),
    "copytrading/services/books/positions.py": ("tests/services/copies", "tests/services/cycle"),
}
FAR: dict[str, tuple[str, ...]] = {
    "copytrading/engine": ("tests/services/cycle", "tests/services/copies", "tests/simulation/test_random_worlds.py"),
    "copytrading/engine/replay": ("tests/commands/test_whatif.py", "tests/services/lookback"),
    "copytrading/engine/track_record": ("tests/views/test_leads.py",),
    "accounts/ledger.py": ("tests/services/copies", "tests/services/wallet", "tests/faults/test_parallel.py"),
    SERVICES: ("tests/services", "tests/faults", "tests/simulation/test_random_worlds.py"),
    "copytrading/services/books": ("tests/queries", "tests/services", "tests/simulation/test_gaps.py"),
}


def near_and_far(path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the tests near a source and those farther away, each in the order in which they are run."""
    return _of(NEAR, path), _of(FAR, path)


def _of(table: dict[str, tuple[str, ...]], path: str) -> tuple[str, ...]:
    return table[max((begin for begin in table if path.startswith(begin)), key=len)]
