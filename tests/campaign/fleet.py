"""
The processes of the campaign: what `manage.py up` starts, but each can be killed, and is started again at once.

Everything lives in one throwaway folder. Children are started from the main thread only, so that they die with it.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

import smartsync_site
from smartsync_site.embedded import EmbeddedServers, LocalFolder, processes
from smartsync_site.embedded.postgres import EmbeddedPostgres
from smartsync_site.embedded.valkey import EmbeddedValkey
from tests.fake_venue.venue import FakeVenue

PROJECT = Path(smartsync_site.__file__).parent.parent
WORKERS = ("first worker", "second worker")
# What runs cannot rewrite history: it works under the role that `manage.py up` gives it too.
ROLE = {"DATABASE_ROLE": "smartsync_runtime"}


@dataclass
class Member:
    """One process that is kept running."""

    name: str
    command: Sequence[str]
    log: IO[bytes]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            cwd=PROJECT,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
            preexec_fn=processes.signal_on_parent_death(signal.SIGKILL),
        )
        self.starts += 1

    def kill(self) -> None:
        """Kill it and what it forked, by SIGKILL."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def family(self) -> list[psutil.Process]:
        """Return the process and its children."""
        if not self.is_running or self.process is None:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        return []


class Fleet:
    """The servers and the processes around them. `log` folder and database stay until `remove`."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="smartsync-campaign-"))
        self.home.chmod(0o711)
        self.folder = LocalFolder(self.home / "local")
        self.servers = EmbeddedServers(folder=self.folder, given={})
        self.tokens = self.home / "tokens"
        self.members: dict[str, Member] = {}
        self.port = _free_port()

    # -- servers -------------------------------------------------------------------------------------------------------

    def start_servers(self) -> None:
        assert self.servers.claim()
        self.servers.start()

    @property
    def postgres(self) -> EmbeddedPostgres:
        return next(server for server in self.servers.servers if isinstance(server, EmbeddedPostgres))

    @property
    def valkey(self) -> EmbeddedValkey:
        return next(server for server in self.servers.servers if isinstance(server, EmbeddedValkey))

    def kill_server(self, server: EmbeddedPostgres | EmbeddedValkey) -> None:
        """Kill a server by SIGKILL and start it again; it recovers from its files."""
        assert server.process is not None
        server.process.kill()
        server.process.wait()
        server.start()

    def environment(self, venue: FakeVenue, *, coins: Sequence[str]) -> dict[str, str]:
        """Return the settings of every process: live orders and live prices, both at the fake venue."""
        return {
            "DATABASE_URL": self.folder.database_url(),
            "REDIS_URL": self.folder.redis_url(),
            "SECRET_KEY": self.folder.secret("django"),
            "SMARTSYNC_LOCAL": str(self.home / "local"),
            "DJANGO_SETTINGS_MODULE": "smartsync_site.settings",
            "DEVELOPMENT": "1",
            "LOG_LEVEL": "WARNING",
            "DATABASE_ROLE": "",
            "SMARTSYNC_VENUE": venue.dialect,
            "SMARTSYNC_VENUE_LIVE": "1",
            "SMARTSYNC_VENUE_URL": venue.address,
            "SMARTSYNC_VENUE_KEY": "platform-key",
            "SMARTSYNC_VENUE_SECRET": "platform-secret",
            "SMARTSYNC_VENUE_PASSWORD": "platform-phrase",
            "SMARTSYNC_PRICES": "live",
            "SMARTSYNC_PRICE_SOURCES": venue.dialect,
            "SMARTSYNC_EXCHANGE_URLS": f"{venue.dialect}={venue.address}",
            "SMARTSYNC_COINS": ",".join(coins),
            "CAMPAIGN_TOKENS": str(self.tokens),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker",
        }

    # -- members -------------------------------------------------------------------------------------------------------

    def start_members(self) -> None:
        """Start everybody but the workers and the beat."""
        python = sys.executable
        web = [python, "-m", "uvicorn", "smartsync_site.asgi:application", "--port", str(self.port)]
        self.add(
            "web", [*web, "--lifespan", "off", "--no-access-log", "--log-level", "warning"], {"DB_POOL": "8"} | ROLE
        )
        self.add("feed", [python, "manage.py", "feed"], ROLE)

    def start_workers(self, *, are_naive: bool = False) -> None:
        """Start the workers and the beat that rings for them."""
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "tests.campaign.worker", "worker", "-l", "WARNING"]
        command += ["-c", "2", "--without-gossip", "--without-mingle"]
        for number, name in enumerate(WORKERS):
            naive = {"CAMPAIGN_NAIVE": "1" if are_naive else ""}
            self.add(name, [*command, "-n", f"worker{number}@%h"], naive | ROLE)
        self.add("beat", self.beat_command("beat"))

    def beat_command(self, name: str) -> list[str]:
        celery = [sys.executable, "-m", "celery", "--quiet", "-A", "smartsync_site", "beat", "-l", "WARNING"]
        return [*celery, "--pidfile=", "-s", str(self.home / f"{name}-schedule")]

    def add(self, name: str, command: Sequence[str], environment: dict[str, str] | None = None) -> Member:
        log = open(self.home / f"{name.replace(' ', '-')}.log", "ab")  # noqa: SIM115  the member writes into it
        member = Member(name, command, log, environment or {})
        self.members[name] = member
        member.start()
        return member

    def dismiss(self, name: str) -> None:
        """Kill a member for good."""
        member = self.members.pop(name)
        member.kill()
        member.log.close()

    def look_after(self) -> None:
        """Start again whoever has died."""
        for member in self.members.values():
            if not member.is_running:
                member.start()

    def wait_until_ready(self, *, seconds_max: float = 60) -> None:
        """Return once the web answers."""
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            self.look_after()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.1)
        raise AssertionError(f"the web never answered; see {self.home}")

    def owner_of_port(self, port: int) -> tuple[Member, psutil.Process] | None:
        """Return the process that has this port at its end of a connection, and the member it belongs to."""
        for member in self.members.values():
            for process in member.family():
                with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    if any(link.laddr and link.laddr.port == port for link in process.net_connections("tcp4")):
                        return member, process
        return None

    def stop_members(self, *names: str) -> None:
        """Ask these to end, everybody if none is named, and kill who does not."""
        chosen = [self.members[name] for name in names] or list(self.members.values())
        for member in chosen:
            if member.process and member.is_running:
                member.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and any(member.is_running for member in chosen):
            time.sleep(0.05)
        for member in chosen:
            self.dismiss(member.name)

    def stop(self) -> None:
        self.stop_members()
        self.servers.stop()

    def remove(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
