"""manage.py compare_modes: one table of what replays printed."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command


def outcome(*, lead: str = "Ann", ledger_ok: bool = True) -> str:
    ends = [
        {"investment": 100.0, "tracking_error_per_bar": 0.000012, "return_difference": -0.0051},
        {"investment": 10_000.0, "tracking_error_per_bar": 0.000011, "return_difference": 0.005},
    ]
    mode = {"followers": 100, "by_investment": ends}
    return json.dumps(
        {
            "lead": lead,
            "bars": 1_434,
            "lead_return": -0.0891,
            "ledger_ok": ledger_ok,
            "modes": {"smart-sync": mode, "custom-ratio": mode | {"followers": 50}},
        }
    )


def run(folder: Path, *lines: str) -> str:
    (folder / "replays").write_text("\n".join(lines))
    printed = StringIO()
    call_command("compare_modes", str(folder / "replays"), stdout=printed)
    return printed.getvalue()


class TestCompareModes:
    def test_prints_a_row_for_each_lead_and_mode(self, tmp_path: Path) -> None:
        rows = run(tmp_path, outcome(), outcome(lead="Bob")).splitlines()

        assert "100 USDT | 10,000 USDT" in rows[0]
        assert rows[2] == "| Ann (-8.91%) | 1,434 | Smart Sync | 100 | 0.0012% | 0.0011% | -0.510% | +0.500% | clean |"
        assert [row.split(" | ")[2] for row in rows[2:]] == ["Smart Sync", "Custom, ratio"] * 2

    def test_fails_where_a_ledger_did_not_add_up(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="did not add up: Bob"):
            run(tmp_path, outcome(), outcome(lead="Bob", ledger_ok=False))

    @pytest.mark.parametrize(
        ("line", "sentence"),
        [
            ("{", "no outcome"),
            ('{"lead": 1}', "no outcome"),
            ("[1]", "no outcome"),
            (outcome().replace("smart-sync", "martingale"), "no outcome"),
            (outcome().replace("1434", '"many"'), "no outcome"),
            (json.dumps(json.loads(outcome()) | {"modes": {}}), "no outcome"),
            ("", "no rep"),
        ],
    )
    def test_refuses_what_is_no_replay(self, tmp_path: Path, line: str, sentence: str) -> None:
        with pytest.raises(CommandError, match=sentence) as refused:
            run(tmp_path, line)

        assert refused.value.returncode == 2

    def test_refuses_what_is_no_text(self, tmp_path: Path) -> None:
        (tmp_path / "replays").write_bytes(b"\x9c\xff\x00")

        with pytest.raises(CommandError, match="no text"):
            call_command("compare_modes", str(tmp_path / "replays"))
