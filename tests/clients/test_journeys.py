"""The examples of the generated clients go a follower's whole way, as programs of their own, against a real server."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts.models import Device, User
from copytrading.api.schema import description_for_clients
from copytrading.models import Copy, Lead
from copytrading.services.cycle import syncing
from copytrading.services.safety import reconciling
from tests.cast import World, build_world
from tests.conftest import PROJECT
from tests.pasts import give_past

BIN = Path(sys.executable).parent
PYTHON_JOURNEY = PROJECT / "docs" / "clients" / "python" / "journey.py"
TYPESCRIPT_JOURNEY = PROJECT / "build" / "clients" / "typescript" / "out" / "journey.js"
SECONDS_MAX = 240


@pytest.fixture
def market(transactional_db: None) -> tuple[World, Lead]:
    """A lead with a past who holds two coins, at prices of this moment: the programs have the clock on the wall."""
    settings.SMARTSYNC_BELL = True
    world = build_world()
    world.now = timezone.now() - timedelta(minutes=5)
    world.prices()
    lead = give_past(world, world.make_lead(User.objects.create_user("lead@example.org")))
    for symbol, quantity in (("BTC", "0.08"), ("ETH", "1.2")):
        world.lead_trades(lead, symbol, "BUY", quantity)
    world.settle()
    look(world)
    return world, lead


def look(world: World) -> None:
    """Look at every lead once, at the hour of the wall clock: a world that ran ahead would book what is not yet."""
    world.now = timezone.now()
    world.prices()
    for lead_id in syncing.leads_to_sync(now=world.now):
        syncing.sync_lead(lead_id=lead_id, now=world.now)


@pytest.fixture(scope="session")
def python_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the generated Python client."""
    folder = tmp_path_factory.mktemp("clients")
    (folder / "openapi.json").write_bytes(description_for_clients())
    command = [str(BIN / "openapi-python-client"), "generate", "--path", str(folder / "openapi.json")]
    command += ["--config", str(PYTHON_JOURNEY.with_name("generator.yml")), "--output-path", str(folder / "python")]
    generated = subprocess.run(
        [*command, "--fail-on-warning"],
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
    )
    assert generated.returncode == 0, generated.stdout + generated.stderr
    return folder / "python"


def go(command: Sequence[str], world: World, **surroundings: str) -> str:
    """Return what a journey prints; meanwhile the world goes on, and its mail is read."""
    journey = subprocess.Popen(
        command,
        env={**os.environ, **surroundings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert journey.stdin is not None
    assert journey.stdout is not None
    until = time.monotonic() + SECONDS_MAX
    is_confirmed = False
    try:
        while journey.poll() is None and time.monotonic() < until:
            look(world)
            if mail.outbox and not is_confirmed:
                (key,) = re.findall(r"/confirm-email/([^/\s]+)/", mail.outbox[-1].body)
                journey.stdin.write(f"{key}\n")
                journey.stdin.flush()
                is_confirmed = True
            time.sleep(0.2)
    finally:
        journey.kill()
    said = journey.stdout.read()
    assert journey.wait() == 0, said
    return said


def check_the_way(said: str, lead: Lead) -> None:
    """Look at the end of it: what was printed, and what is in the books."""
    copy = Copy.objects.get()
    assert copy.lead == lead
    assert copy.status == Copy.Status.STOPPED
    assert copy.paid_in_units == 1_500 * 10**8
    assert copy.weight_max == 0.5
    assert not Device.objects.filter(revoked_at=None).exists()
    assert reconciling.check_ledger().is_clean
    assert "second factor: t" in said.lower()
    assert re.search(r"Looked back: -?0\.\d", said)
    assert "Would BUY" in said
    assert re.search(r"paid out; [1-9]\d* trades, result -\d", said)
    assert "This token is not good any more" in said


class TestPythonClient:
    def test_goes_a_followers_whole_way(
        self, live_server: LiveServer, market: tuple[World, Lead], python_client: Path, settings: object
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"  # type: ignore[attr-defined]
        world, lead = market

        said = go(
            [sys.executable, str(PYTHON_JOURNEY), live_server.url, "journey@example.org"],
            world,
            PYTHONPATH=str(python_client),
        )

        check_the_way(said, lead)


class TestTypeScriptClient:
    def test_goes_a_followers_whole_way(
        self, live_server: LiveServer, market: tuple[World, Lead], settings: object
    ) -> None:
        node = shutil.which("node", path=f"{BIN}:{os.environ['PATH']}")
        if node is None or not TYPESCRIPT_JOURNEY.exists():
            pytest.skip("the TypeScript client is not compiled here: `make clients`")
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"  # type: ignore[attr-defined]
        world, lead = market

        said = go([node, str(TYPESCRIPT_JOURNEY), live_server.url, "journey@example.org"], world)

        check_the_way(said, lead)
