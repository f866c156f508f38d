"""The short form of `make restores`."""

import json
import os
import subprocess
import sys

import pytest

from tests.campaign.fleet import PROJECT
from tests.campaign.test_campaign import OURS


@pytest.mark.slow
class TestRestores:
    def test_send_nothing_early_and_no_id_twice(self) -> None:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.restores", "--trials", "1", "--seed", "5"],
            cwd=PROJECT,
            env={name: value for name, value in os.environ.items() if name not in OURS},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )

        assert ran.returncode == 0, ran.stderr[-4000:] + ran.stdout[-2000:]
        figures = json.loads(ran.stdout.splitlines()[-1])
        assert figures["trials"] == 1
        assert (figures["early"], figures["doubled"], figures["unexplained"], figures["stuck"]) == (0, 0, 0, 0)
        assert figures["orders_after_the_backup"] > 0
