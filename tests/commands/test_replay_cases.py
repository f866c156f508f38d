"""manage.py replay, on the same small files as the what-if: the same sentences, and the same end."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

REFUSED = [
    ("08e-trades", "08e-prices-usdc-only", [], "line 2: MATIC-USDC is quoted in USDC, and nothing says what a USDC"),
    ("14a-fee-okx-negative", "base-prices", ["--lead-fees"], "line 2: fee '-0.00005' is below zero.*Write costs as"),
    ("18b-trades-sell-after", "18a-redenominated-1000", [], "line 26: SUN-USDT opens at 20 after a close of 0.02"),
    ("05d-pair-ccxt-swap", "base-prices", [], "line 2: symbol 'BTC-USDT:USDT' is a contract"),
]


@pytest.fixture
def cases(recorded_data: Path) -> Path:
    folder = recorded_data / "cases"
    if not folder.is_dir():
        pytest.skip(f"no cases in {recorded_data}")
    return folder


def run(cases: Path, trades: str, prices: str, *arguments: str) -> str:
    printed = StringIO()
    files = f"--prices={cases / prices}.csv", f"--lead-trades={cases / trades}.csv"
    call_command("replay", *files, "--followers=1", *arguments, stdout=printed)
    return printed.getvalue()


class TestCases:
    @pytest.mark.parametrize(("trades", "prices", "arguments", "sentence"), REFUSED, ids=[row[0] for row in REFUSED])
    def test_are_refused_with_their_line(
        self, cases: Path, trades: str, prices: str, arguments: list[str], sentence: str
    ) -> None:
        with pytest.raises(CommandError, match=sentence) as refused:
            run(cases, trades, prices, *arguments)

        assert refused.value.returncode == 2

    def test_with_a_pair_of_two_coins_end_as_the_what_if_says(self, cases: Path, django_db_blocker: object) -> None:
        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            outcome = json.loads(run(cases, "08b-trades-crossquote", "08a-prices-crossquote", "--json"))

        assert outcome["ledger_ok"] is True
        assert outcome["whatif_difference"] <= 1e-5
        assert outcome["lead_return"] == pytest.approx(0.077956, abs=1e-5)
