"""
manage.py whatif, on files as they come: each well-known export, and our own, with one thing wrong.

Never a traceback, never a figure that is another than the right one without a warning.
"""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.exports import bars, trades
from tests.exports.spoilings import OF_ANY_FILE, OF_BARS, OF_HEADERS, OF_TRADES, Answer, Spoiling
from tests.exports.tables import Table, lead_return

BTC_TRADE = "ts,symbol,side,quantity,price\n2024-03-01T01:00:00Z,BTC-USDT,buy,0.05,60200\n"
BTC_RETURN = (10_000 - 3_010 * 1.001 + 0.05 * 64_600) / (10_000 - 3_010 * 0.001) - 1
NAME = "BTCUSDT-1h-2024-03"

# What a sentence says when it says what to do.
REMEDY = re.compile(
    r"\b(Add|Answer|Bring|Check|Choose|Close|Complete|Convert|Correct|Download|Exchange|Export|Fetch|Give|Keep|Leave|Name|"
    r"Remove|Save|Sort|Unpack|Write|must name|sign in)\b",
    re.IGNORECASE,
)
LINE = re.compile(r", line \d+: ")


def spoiled(layouts: dict, spoilings: tuple[Spoiling, ...]) -> list:
    """Return each layout with each thing that can be wrong with it."""
    found = []
    for layout, writer in layouts.items():
        whole = writer()
        for spoiling in spoilings:
            content = spoiling.spoil(whole)
            if content is not None:
                found.append(pytest.param(whole, spoiling, content, id=f"{layout}: {spoiling.name}"))
    return found


TRADE_FILES = spoiled(trades.LAYOUTS, (*OF_ANY_FILE, *OF_HEADERS, *OF_TRADES))
BAR_FILES = [
    *spoiled(bars.LAYOUTS, (*OF_ANY_FILE, *OF_BARS)),
    *spoiled({name: writer for name, writer in bars.LAYOUTS.items() if name != "binance_vision"}, OF_HEADERS),
]


def run(prices: Path, lead: Path) -> dict:
    printed = StringIO()
    call_command("whatif", f"--prices={prices}", f"--lead-trades={lead}", "--json", stdout=printed)
    return json.loads(printed.getvalue())


def judge(prices: Path, lead: Path, *, spoiling: Spoiling, answer: Answer, right: float) -> None:
    """Fail unless the answer is the one that is right."""
    if answer is Answer.REFUSED:
        with pytest.raises(CommandError) as refused:
            run(prices, lead)
        sentence = str(refused.value)
        assert refused.value.returncode == 2
        assert REMEDY.search(sentence), sentence
        assert LINE.search(sentence) or not spoiling.has_line, sentence
        return
    outcome = run(prices, lead)
    if answer is Answer.TOLD:
        assert outcome["warnings"], outcome["lead_return"]
    else:
        assert outcome["warnings"] == []
        assert outcome["lead_return"] == pytest.approx(right, abs=1e-9)


class TestTrades:
    @pytest.fixture
    def prices(self, tmp_path: Path) -> Path:
        path = tmp_path / "prices.csv"
        path.write_text(bars.smartsync("BTC", "ETH").text())
        return path

    @pytest.mark.parametrize("writer", trades.LAYOUTS.values(), ids=trades.LAYOUTS)
    def test_of_each_layout_are_read(self, tmp_path: Path, prices: Path, writer) -> None:
        path = tmp_path / "trades.csv"
        path.write_text(writer().text())

        outcome = run(prices, path)

        assert outcome["lead_return"] == pytest.approx(lead_return(), abs=1e-9)
        assert outcome["warnings"] == []

    @pytest.mark.parametrize(("whole", "spoiling", "content"), TRADE_FILES)
    def test_with_one_thing_wrong_are_answered(
        self, tmp_path: Path, prices: Path, whole: Table, spoiling: Spoiling, content: bytes
    ) -> None:
        path = tmp_path / f"trades.{spoiling.ending}"
        path.write_bytes(content)

        judge(prices, path, spoiling=spoiling, answer=spoiling.answer(whole), right=lead_return())


class TestBars:
    @pytest.fixture
    def lead(self, tmp_path: Path) -> Path:
        path = tmp_path / "trades.csv"
        path.write_text(BTC_TRADE)
        return path

    @pytest.mark.parametrize("layout", bars.LAYOUTS)
    def test_of_each_layout_are_read(self, tmp_path: Path, lead: Path, layout: str) -> None:
        path = tmp_path / f"{NAME}.csv"
        path.write_text(bars.LAYOUTS[layout]().text())

        outcome = run(path, lead)

        assert outcome["lead_return"] == pytest.approx(BTC_RETURN, abs=1e-9)
        assert outcome["warnings"] == []

    @pytest.mark.parametrize(("whole", "spoiling", "content"), BAR_FILES)
    def test_with_one_thing_wrong_are_answered(
        self, tmp_path: Path, lead: Path, whole: Table, spoiling: Spoiling, content: bytes
    ) -> None:
        path = tmp_path / f"{NAME}.{spoiling.ending}"
        path.write_bytes(content)

        judge(path, lead, spoiling=spoiling, answer=spoiling.answer(whole), right=BTC_RETURN)


class TestTheFiles:
    def test_are_two_hundred_at_least(self) -> None:
        assert len(TRADE_FILES) + len(BAR_FILES) >= 200
