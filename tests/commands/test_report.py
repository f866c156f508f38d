"""manage.py report: the same tables as the panel's, and exit code 2 for what cannot be."""

import csv
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from copytrading.models import Lead
from tests.cast import NOON, World

DAY = f"--day={NOON:%Y-%m-%d}"


def report(*arguments: str) -> str:
    printed = StringIO()
    call_command("report", *arguments, stdout=printed)
    return printed.getvalue()


@pytest.fixture
def traded(world: World, lead: Lead) -> World:
    world.lead_trades(lead, "BTC", "BUY", "0.02")
    world.settle()
    return world


class TestReport:
    def test_prints_tables_csv_and_json(self, traded: World) -> None:
        shown = report("close", DAY)
        balances = list(csv.reader(StringIO(report("close", DAY, "--csv"))))
        document = json.loads(report("close", DAY, "--json"))
        totals = list(csv.reader(StringIO(report("execution", DAY, "--csv"))))
        orders = list(csv.reader(StringIO(report("execution", DAY, "--csv", "--table=orders"))))

        assert "Balances at the close" in shown
        assert [line[0] for line in balances] == ["coin", "BTC", "USDT"]
        assert [row[0] for row in document["balances"]["rows"]] == ["BTC", "USDT"]
        assert document["balances"]["rows"][0][11] == balances[1][11] == "0.00000000"
        assert (totals[0][0], len(totals)) == ("day", 2)
        assert (orders[0][1], len(orders)) == ("order", 2)
        assert report("rebates", DAY, "--csv").startswith("exchange,coin,fees paid")
        assert "What the rules look for" in report("suspicions")

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (("close", "--day=2999-01-01"), "not over yet"),
            (("close", "--day=soon"), "not a day"),
            (("close", DAY, "--csv", "--json"), "either"),
            (("close", DAY, "--table=x"), "balances, leads, movements"),
            (("execution", DAY, "--until=2025-01-01"), "go forward"),
            (("execution", "--day=2025-01-01", "--until=2026-01-01"), "at most 92"),
            (("execution", DAY, "--until=2026-01-06", "--day=2999-01-01"), "go forward"),
            (("rebates", DAY, "--until=2025-01-01"), "go forward"),
            (("rebates", "--day=2025-01-01", "--until=2026-01-01"), "at most 92"),
            (("suspicions", "--days=0"), "from 1 to 90"),
            (("suspicions", "--days=91"), "from 1 to 90"),
            (("everything",), "invalid choice"),
        ],
    )
    def test_ends_with_a_sentence_and_exit_code_two(
        self, world: World, arguments: tuple[str, ...], sentence: str
    ) -> None:
        with pytest.raises(CommandError, match=sentence) as refusal:
            report(*arguments)
        # What argparse says ends with 2 by itself, where there is a command line.
        assert refusal.value.returncode == 2 or "argument" in str(refusal.value)
