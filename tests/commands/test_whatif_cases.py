"""manage.py whatif, on small files made after public bug reports and real exports, with the answers that are right."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

BASE = "base-prices"
TRADES = "base-trades"

# Lead's return, what became of 1,000 USDT, and a part of the one warning that is wanted ("" for none).
READ = [
    ("01-binance-trade-export", BASE, 0.027679, 1027.38, ""),
    ("04a-epoch-ms-trades", BASE, 0.027679, 1027.38, ""),
    ("04b-epoch-us-trades", BASE, 0.046014, 1045.71, ""),
    ("04c-epoch-s-trades", BASE, 0.046014, 1045.71, ""),
    ("06b-same-second-sell-first", BASE, 0.0, 1000.00, ""),
    ("07a-duplicate-rows", BASE, 0.046014, 1045.71, "line 3 repeats a trade by its trade_id, and 1 more do"),
    ("08b-trades-crossquote", "08a-prices-crossquote", 0.077956, 1076.33, "ETH-BTC is a trade of two coins"),
    ("08f-trades-buy-usdc-sell-usdt", "08f-prices-two-quotes", 0.018686, 1018.38, "BTC-USDC is paid in cash"),
    ("09a-canceled-partial", BASE, 0.006954, 1006.71, ""),
    ("09c-binance-status-words", BASE, 0.008693, 1008.39, ""),
    ("10d-plus0000", BASE, 0.046014, 1045.71, ""),
    ("11d-header-case", BASE, 0.046014, 1045.71, ""),
    ("11h-sep-line", BASE, 0.046014, 1045.71, ""),
    ("13-scientific", BASE, 0.023682, 1023.38, ""),
    ("14a-fee-okx-negative", BASE, 0.046014, 1045.71, ""),
    ("14b-fee-bnb", BASE, 0.046014, 1045.71, ""),
    ("14c-fee-base-then-sell-all", BASE, 0.027698, 1027.40, ""),
    ("14d-fee-base-sell-gross", BASE, 0.027679, 1027.38, ""),
    ("15t-trades-2025", "15b-vision-with-header-us", 0.000205, 999.74, ""),
    ("18e-trades", "18e-dead-coin-name-reused", -0.017090, 982.89, "MOON-USDT has no bars between 2024-03-01 11:00"),
    ("19a-trades", "19a-tiny-prices", 0.01, 1009.99, ""),
    (TRADES, BASE, 0.045880, 1045.58, ""),
]

REFUSED = [
    ("02-semicolon-decimal-comma", BASE, "line 1: The columns are separated by semicolons, and a comma is the decimal"),
    ("02b-comma-as-decimal-quoted", BASE, "line 2: quantity '0,05' is not a number. Write a point"),
    ("03-utf16", BASE, "written in UTF-16. Save it as CSV in UTF-8"),
    ("05a-pair-slash", BASE, "line 2: symbol 'BTC/USDT' is not a pair. Write it as BTC-USDT"),
    ("05b-pair-nodash", BASE, "line 2: symbol 'BTCUSDT' is not a pair. Write it as BTC-USDT"),
    ("05c-pair-swap", BASE, "line 2: symbol 'BTC-USDT-SWAP' is a contract, and only spot pairs are read"),
    ("05d-pair-ccxt-swap", BASE, "line 2: symbol 'BTC-USDT:USDT' is a contract, and only spot pairs are read"),
    ("06a-newest-first", BASE, "line 3: The trade is older than the one above it. Sort the trades by time"),
    ("08e-trades", "08e-prices-usdc-only", "line 2: MATIC-USDC is quoted in USDC, and nothing says what a USDC costs"),
    ("08g-trades", "08g-prices-usd-and-usdt", "line 26: The bar of BTC-USDT at 2024-03-01T00:00:00Z differs from"),
    ("09d-coinbase-done", BASE, "line 2: The status 'done' is unknown"),
    ("10a-utc8", BASE, r"line 2: ts .2024-03-01 09:00:00\+08:00. is not in UTC"),
    ("10b-utc-suffix", BASE, "line 2: ts '2024-03-01 01:00:00 UTC' is not a time"),
    ("10c-us-date", BASE, "line 2: ts '03/01/2024 01:00' is not a time"),
    ("10e-hh-mm-dash", BASE, "line 2: ts '2024-03-01 09-30' is not a time"),
    ("10f-hh-dash-00", BASE, "line 2: ts '2024-03-01 09-00' is not a time"),
    ("10g-cdd-12h", BASE, "line 2: ts '2024-03-01 01-PM' is not a time"),
    ("11a-trailing-comma", BASE, "line 2: The row has 5 values where the header names 6"),
    ("11b-total-row", BASE, "line 3: ts 'Total' is not a time"),
    ("11c-spaces-rows", BASE, "line 3: The row has 1 values where the header names 5"),
    ("11e-nul", BASE, "line 3: The line holds NUL bytes"),
    ("11f-dup-header", BASE, "line 1: Two columns are called price"),
    ("11g-quantity-formula", BASE, "line 2: quantity '=\"0.05\"' is not a number"),
    ("12a-side-neg-quantity", BASE, "line 3: quantity '-0.05' must be above zero"),
    ("12b-side-b-s", BASE, "line 2: side 'B' is unknown. Write buy or sell"),
    (
        "15t-trades-2025",
        "15a-binance-vision-us",
        "line 1: These are bars of Binance Vision, which do not name",
    ),
    (TRADES, "16a-cdd", "16a-cdd.csv is read as cryptodatadownload"),
    (TRADES, "17d-high-below-low", "line 7: The bar of BTC-USDT cannot be: the high of 60000 lies below the low"),
    (TRADES, "17f-zero-price", "line 7: open '0' must be above zero"),
    (TRADES, "17g-nan-close", "line 7: open '' is not a number"),
    (TRADES, "17i-duplicate-differs", "line 8: The bar of BTC-USDT at 2024-03-01T05:00:00Z differs"),
    ("18a-trades", "18a-redenominated-1000", "line 26: SUN-USDT opens at 20 after a close of 0.02"),
    ("18b-trades-sell-after", "18a-redenominated-1000", "line 26: SUN-USDT opens at 20 after a close of 0.02"),
    ("18c-trades", "18c-renamed", "line 3: .* Nothing was bought under this name before.* A coin that was renamed"),
    ("18d-trade-off-market", BASE, "line 2: The price of 60.2 lies outside of the bars of BTC-USDT there"),
]

# Only BTC is in these, so the purchase of ETH is left out; what they say besides does not change the figure.
BTC_PRICES = [
    "16a-cdd", "17a-descending", "17b-zero-volume-flat", "17c-gap", "17h-duplicate-same",
    "17j-duplicate-differs-volume", "17k-trailing-unfinished-bar",
]  # fmt: skip


@pytest.fixture
def cases(recorded_data: Path) -> Path:
    folder = recorded_data / "cases"
    if not folder.is_dir():
        pytest.skip(f"no cases in {recorded_data}")
    return folder


def run(prices: Path, trades: Path, *arguments: str) -> dict:
    printed = StringIO()
    call_command("whatif", f"--prices={prices}", f"--lead-trades={trades}", *arguments, "--json", stdout=printed)
    return json.loads(printed.getvalue())


class TestCases:
    @pytest.mark.parametrize(("trades", "prices", "lead_return", "copy", "warning"), READ, ids=[row[0] for row in READ])
    def test_are_read_as_they_are_meant(
        self, cases: Path, trades: str, prices: str, lead_return: float, copy: float, warning: str
    ) -> None:
        outcome = run(cases / f"{prices}.csv", cases / f"{trades}.csv")

        assert outcome["lead_return"] == pytest.approx(lead_return, abs=1e-6)
        assert outcome["equity_curve"][-1]["copy"] == pytest.approx(copy, abs=0.01)
        assert any(warning in told for told in outcome["warnings"]) if warning else outcome["warnings"] == []

    @pytest.mark.parametrize(
        ("trades", "prices", "sentence"), REFUSED, ids=[f"{trades} {prices}" for trades, prices, _ in REFUSED]
    )
    def test_are_refused_with_their_line(self, cases: Path, trades: str, prices: str, sentence: str) -> None:
        with pytest.raises(CommandError, match=sentence) as refused:
            run(cases / f"{prices}.csv", cases / f"{trades}.csv")

        assert refused.value.returncode == 2

    @pytest.mark.parametrize("prices", BTC_PRICES)
    def test_of_bars_are_read_whatever_their_order(self, cases: Path, tmp_path: Path, prices: str) -> None:
        trades = tmp_path / "trades.csv"
        trades.write_text("ts,symbol,side,quantity,price\n2024-03-01T01:00:00Z,BTC-USDT,buy,0.05,60200\n")

        outcome = run(cases / f"{prices}.csv", trades)

        assert outcome["warnings"] == []
        # Held from 60,200 to the last bar.
        last = 60_400 if prices == "16a-cdd" else 69_400
        equity = 10_000 - 3_010 * 1.001
        assert outcome["lead_return"] == pytest.approx((equity + 0.05 * last) / (equity + 3_010) - 1, abs=1e-9)
