"""What the campaign mutates, and the tests that may notice: all of them are in `make test`."""

# Where money is decided, moved and written down.
SOURCES = (
    "copytrading/engine",
    "accounts/ledger.py",
    "copytrading/services/orders",
    "copytrading/services/cycle",
    "copytrading/services/books",
    "copytrading/services/wallet/announced.py",
    "copytrading/services/wallet/limits.py",
    "copytrading/services/wallet/spot.py",
    "copytrading/services/wallet/touching.py",
    "copytrading/services/wallet/transfers.py",
)
TESTS = (
    "tests/engine",
    "tests/accounts",
    "tests/services/orders",
    "tests/services/cycle",
    "tests/services/books",
    "tests/services/copies",
    "tests/services/leads",
    "tests/services/market",
    "tests/services/wallet",
    "tests/services/safety",
    "tests/services/admission",
    "tests/services/lookback",
    "tests/queries",
    "tests/faults",
    "tests/commands/test_check_ledger.py",
    "tests/commands/test_whatif.py",
    "tests/simulation/test_random_worlds.py",
    "tests/simulation/test_gaps.py",
)
