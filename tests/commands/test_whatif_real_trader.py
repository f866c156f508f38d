"""manage.py whatif, on what a real trader did at recorded prices."""

import json
from functools import cache
from io import StringIO

import pytest
from django.core.management import call_command

from copytrading.services.lookback import recordings


class TestRealTrader:
    def test_is_followed_alike_by_a_small_and_a_large_copy(self, recorded_data, monkeypatch):
        # Reading 295,000 bars takes longest, and nothing can write to the table: it is read once for both.
        monkeypatch.setattr(recordings, "read_prices", cache(recordings.read_prices))

        def copy_return(investment: int) -> float:
            printed = StringIO()
            call_command(
                "whatif",
                f"--prices={recorded_data}/prices/prices_1h_2021_trader_coins.csv.gz",
                f"--prices={recorded_data}/prices/prices_1h_2020-01_2022-04.csv.gz",
                f"--lead-trades={recorded_data}/trades/trader_ft_live_01.csv",
                "--lead-cash=5000",
                f"--investment={investment}",
                "--end=2021-11-30",
                "--json",
                stdout=printed,
            )
            outcome = json.loads(printed.getvalue())
            assert outcome["skipped_rows"] == 37
            assert len(outcome["final_holdings"]) > 10
            return outcome["copy_return"]

        small, large = copy_return(100), copy_return(10_000)

        assert small != 0
        assert small == pytest.approx(large, abs=1e-9)
