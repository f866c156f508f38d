"""A platform as it stands on a server: `manage.py serve` behind nginx, and the ways in which its parts are stopped."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import psutil

from smartsync_site.embedded.postgres import EmbeddedPostgres
from smartsync_site.embedded.valkey import EmbeddedValkey
from tests.campaign.fleet import PROJECT, ROLE, Fleet
from tests.vitals.stage import AROUND

READY_PATH, LIVE_PATH = "/health/ready", "/health/live"
# A probe waits so long, as Kubernetes' and systemd's do not wait for ever either.
PROBE_SECONDS = 8.0
START_SECONDS_MAX = 240.0
# What tells a program of `manage.py serve` from the others, as a word of its command line.
WORDS = {"web": "uvicorn", "worker": "worker", "beat": "beat", "feed": "feed"}
SERVE = "serve"


@dataclass
class Stopped:
    """Something that stands still, and how it comes back."""

    come_back: Callable[[], None]


@dataclass
class Standing:
    """The platform: the ports of its two web units and of the proxy before them."""

    fleet: Fleet
    surroundings: Mapping[str, str]
    webs: tuple[int, ...] = field(default_factory=lambda: (free_port(), free_port()))
    https: int = field(default_factory=lambda: free_port())

    def start(self) -> None:
        """Start everything, and return once both units are ready."""
        server = {
            **ROLE,
            **self.surroundings,
            "DEVELOPMENT": "0",
            "DJANGO_SETTINGS_MODULE": "tests.outages.settings",
            "OUTAGES_FOLDER": str(self.fleet.home),
            "ALLOWED_HOSTS": "localhost",
            "TRUSTED_PROXY_COUNT": "1",
            "LOG_LEVEL": "WARNING",
            "PYTHONPATH": str(PROJECT),
        }
        built = [sys.executable, "-m", "django", "collectstatic", "--noinput", "--verbosity", "0"]
        subprocess.run(built, cwd=PROJECT, env={**os.environ, **server}, check=True)
        self.fleet.add(
            SERVE, [sys.executable, "manage.py", "serve", "--ports", *(str(port) for port in self.webs)], server
        )
        self._start_proxy()
        ends_at = time.monotonic() + START_SECONDS_MAX
        while not self.is_ready():
            if time.monotonic() > ends_at:
                raise AssertionError(f"it was never ready: {[self.ask(port, READY_PATH) for port in self.webs]}")
            time.sleep(0.5)

    def _start_proxy(self) -> None:
        """Start nginx with our own site, at ports of this run and with a certificate that nobody believes."""
        folder = self.fleet.home / "proxy"
        folder.mkdir(mode=0o755)
        keys = ["-keyout", f"{folder}/privkey.pem", "-out", f"{folder}/fullchain.pem"]
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        subprocess.run([*made, *keys], check=True, stderr=subprocess.DEVNULL)
        plain = free_port()
        site = (PROJECT / "deploy" / "nginx.conf").read_text()
        for ours, here in (
            ("DOMAIN", "localhost"),
            ("CERTIFICATES", str(folder)),
            ("127.0.0.1:8001", f"127.0.0.1:{self.webs[0]}"),
            ("127.0.0.1:8002", f"127.0.0.1:{self.webs[1]}"),
            ("listen 443", f"listen {self.https}"),
            ("[::]:443", f"[::]:{self.https}"),
            ("listen 80;", f"listen {plain};"),
            ("[::]:80;", f"[::]:{plain};"),
        ):
            site = site.replace(ours, here)
        (folder / "site.conf").write_text(site)
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
        self.fleet.add("proxy", ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")])

    # -- asked ---------------------------------------------------------------------------------------------------------

    def ask(self, port: int, path: str) -> tuple[int, str]:
        """Return what one unit says to a probe; status 0 where nothing comes in time."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PROBE_SECONDS)
        try:
            connection.request("GET", path, headers={"Host": "localhost"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as trouble:
            return 0, type(trouble).__name__
        finally:
            connection.close()

    def is_ready(self) -> bool:
        """Return whether both units say that the platform can work."""
        return all(self.ask(port, READY_PATH)[0] == 200 for port in self.webs)

    # -- stopped -------------------------------------------------------------------------------------------------------

    @property
    def supervisor(self) -> psutil.Process:
        process = self.fleet.members[SERVE].process
        assert process is not None, "it was started"
        return psutil.Process(process.pid)

    def programs(self, kind: str) -> list[psutil.Process]:
        """Return the processes that the supervisor runs of a kind, those that they forked not among them."""
        return [child for child in self.supervisor.children() if WORDS[kind] in _command(child)]

    def freeze(self, kind: str) -> Stopped:
        """Let all programs of a kind stand still, as one does that waits for a disk for ever."""
        return _frozen([one for program in self.programs(kind) for one in _family(program)])

    def kill(self, kind: str) -> Stopped:
        """Kill all programs of a kind by SIGKILL, and keep them away: nobody starts them meanwhile."""
        supervisor = self.supervisor
        supervisor.suspend()
        for one in [one for program in self.programs(kind) for one in _family(program)]:
            one.kill()
        return Stopped(supervisor.resume)

    def freeze_server(self, server: EmbeddedPostgres | EmbeddedValkey) -> Stopped:
        """Let a server stand still: it takes connections, as the system does that for it, and answers nothing."""
        assert server.process is not None, "it was started"
        return _frozen(_family(psutil.Process(server.process.pid)))

    def kill_server(self, server: EmbeddedPostgres | EmbeddedValkey) -> Stopped:
        """Kill a server by SIGKILL and keep it away; it comes back from its files."""
        assert server.process is not None, "it was started"
        server.process.kill()
        server.process.wait()
        return Stopped(server.start)


def _frozen(processes: list[psutil.Process]) -> Stopped:
    for one in processes:
        one.suspend()

    def come_back() -> None:
        for one in processes:
            one.resume()

    return Stopped(come_back)


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
