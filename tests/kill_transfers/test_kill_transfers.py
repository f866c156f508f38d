"""The short form of `make kill-transfers`, and that its verdict sees what is wrong."""

import json
import os
import subprocess
import sys

import pytest

from tests.campaign.fleet import PROJECT
from tests.campaign.test_campaign import OURS
from tests.kill_transfers.plan import BOOKED, CASH_UNIT, DEEDS, NEVER_BOOKED, SAME_AMOUNT, plan_of


class TestPlan:
    def test_is_the_same_for_all_who_read_it(self) -> None:
        assert plan_of(7, 100) == plan_of(7, 100) != plan_of(8, 100)

    def test_has_every_deed_and_each_amount_once(self) -> None:
        deeds = plan_of(1, 2_000)
        amounts = [deed.units for deed in deeds if deed.name != "same amount"]

        assert {deed.name for deed in deeds} == set(DEEDS)
        assert len(set(amounts)) == len(amounts)
        assert SAME_AMOUNT * CASH_UNIT not in amounts
        assert not BOOKED & NEVER_BOOKED


@pytest.mark.slow
class TestKillTransfers:
    def test_loses_doubles_and_halts_nothing(self) -> None:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.kill_transfers", "--kills", "3", "--transfers", "60", "--seconds", "90"],
            cwd=PROJECT,
            env={name: value for name, value in os.environ.items() if name not in OURS},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )

        assert ran.returncode == 0, ran.stderr[-4000:] + ran.stdout[-2000:]
        figures = json.loads(ran.stdout.splitlines()[-1])
        assert sum(figures["kills"].values()) >= 2
        assert (figures["transfers"], figures["lost"], figures["doubled"], figures["halts"]) == (60, 0, 0, 0)
        assert (figures["astray"], figures["unequal"], figures["refused_exits"]) == (0, 0, 0)
        assert float(figures["unassigned"]) > 0
