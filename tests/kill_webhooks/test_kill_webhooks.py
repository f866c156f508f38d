"""The short form of `make kill-webhooks`."""

import json
import os
import subprocess
import sys

import pytest

from tests.campaign.fleet import PROJECT
from tests.campaign.test_campaign import OURS


@pytest.mark.slow
class TestKillWebhooks:
    def test_loses_doubles_and_disorders_nothing(self) -> None:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.kill_webhooks", "--kills", "4", "--events", "80", "--seconds", "120"],
            cwd=PROJECT,
            env={name: value for name, value in os.environ.items() if name not in OURS},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

        assert ran.returncode == 0, ran.stderr[-4000:] + ran.stdout[-2000:]
        figures = json.loads(ran.stdout.splitlines()[-1])
        assert sum(figures["kills"].values()) >= 2
        assert figures["taken"] == figures["events"] == 80
        assert figures["posts"] > figures["events"]
