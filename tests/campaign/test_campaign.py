"""The short form of the kill campaign, with fewer people than `make kill` has."""

import json
import os
import subprocess
import sys

import pytest

from tests.campaign.fleet import PROJECT

# The campaign has servers of its own; those of the tests stay out of it.
OURS = ("DATABASE_URL", "REDIS_URL", "DATABASE_ROLE", "DB_POOL", "SMARTSYNC_LOCAL")


@pytest.mark.slow
class TestCampaign:
    def test_loses_and_doubles_nothing_and_the_naive_arm_does(self) -> None:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.campaign", "--kills", "12", "--leads", "6", "--followers", "18"],
            cwd=PROJECT,
            env={name: value for name, value in os.environ.items() if name not in OURS},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

        assert ran.returncode == 0, ran.stderr[-4000:]
        figures = json.loads(ran.stdout.splitlines()[-1])
        assert figures["kills"] >= 12
        assert figures["kills_in_accepted_not_recorded"] * 2 >= figures["kills"]
        assert (figures["lost"], figures["doubled"], figures["stuck"]) == (0, 0, 0)
        assert figures["naive_doubled"] > 0
