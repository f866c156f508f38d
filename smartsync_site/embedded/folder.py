"""
The local folder: where the embedded servers keep their files, and what is known about them while they are down. Each
brand that is named has one of its own.

    .local/
      secrets.json     passwords of both servers and the development secret key; mode 0600
      lock             held by the process that runs the servers; says which one it is
      users            shared lock of every command that works with servers somebody else runs
      run/             the sockets (in a shorter folder when the path would not fit into a socket address)
      pg/ valkey/      data
      *.log            what the servers said

Everything here is a fact of the folder, so settings may ask for addresses without starting anything.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote

from smartsync_site.brand import SHIPPED, brand_file

PROJECT = Path(__file__).resolve().parent.parent.parent
FREE_MEGABYTES_MIN = 200
# A socket address holds 107 bytes on Linux and 103 on macOS; PostgreSQL also writes a lock file beside it.
SOCKET_PATH_MAX = 95


class CannotStart(Exception):
    """Starting is impossible; the message is one sentence for the person at the terminal."""


def is_open_to_all(path: Path) -> bool:
    """Tell whether any user of the machine may reach this path."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents if parent.exists())


def _tag_of(brand: str) -> str:
    """Return what tells a brand that is named from others, by the place of its file; empty for the shipped one."""
    file = brand_file(brand)
    if file == SHIPPED:
        return ""
    word = re.sub(r"[^a-z0-9]+", "-", file.parent.name.lower()).strip("-")
    return f"{word}-{hashlib.sha256(str(file).encode()).hexdigest()[:8]}"


class LocalFolder:
    """
    The folder of one set of embedded servers.

    PostgreSQL refuses to be run by root. Root therefore hands its part of the folder to an unprivileged `owner`, and
    moves the folder to /var/lib when that user could not reach it below a private project folder.
    """

    def __init__(self, path: Path | None = None) -> None:
        chosen = path or os.environ.get("SMARTSYNC_LOCAL")
        self.brand = _tag_of(os.environ.get("SMARTSYNC_BRAND", ""))
        own = f".local-{self.brand}" if self.brand else ".local"
        self.path = Path(chosen).resolve() if chosen else PROJECT / own
        self.owner: pwd.struct_passwd | None = None
        if os.geteuid() == 0:
            name = os.environ.get("SMARTSYNC_EMBEDDED_USER", "nobody")
            try:
                self.owner = pwd.getpwnam(name)
            except KeyError:
                raise CannotStart(
                    f"PostgreSQL must not run as root, and there is no user {name!r} to run it."
                ) from None
            if not is_open_to_all(self.path / "run"):
                self.path = Path("/var/lib") / f"smartsync-{self._tag()}"
        self._lock: IO[str] | None = None

    def _tag(self) -> str:
        return hashlib.sha256(str(self.path).encode()).hexdigest()[:10]

    # -- addresses and secrets -----------------------------------------------------------------------------------------

    @property
    def sockets(self) -> Path:
        beside = self.path / "run"
        if len(str(beside)) + len("/.s.PGSQL.5432.lock") <= SOCKET_PATH_MAX:
            return beside
        short = Path("/run") if os.geteuid() == 0 else Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")
        return short / f"smartsync-{os.geteuid()}-{self._tag()}"

    def secret(self, name: str) -> str:
        """Return one of `postgres`, `valkey`, `django`; empty when the folder was never prepared."""
        with contextlib.suppress(FileNotFoundError, PermissionError):
            return str(json.loads((self.path / "secrets.json").read_text())[name])
        return ""

    def database_url(self) -> str:
        # The folder of the socket stands in the query: as a host, libraries would put it into small letters.
        socket = f"host={quote(str(self.sockets))}&port=5432"
        return f"postgresql://smartsync:{self.secret('postgres')}@/smartsync?{socket}"

    def redis_url(self) -> str:
        return f"unix://:{self.secret('valkey')}@{self.sockets}/valkey.sock?db=0"

    # -- preparation ---------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """
        Make the folder and its secrets, once.

        :raises CannotStart: if the disk has no room or the folder is not ours to write.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if self.owner:
                # The owner passes through to its own data; everything else in here stays closed to it.
                self.path.chmod(0o711)
            free_megabytes = shutil.disk_usage(self.path).free // 1_000_000
            if free_megabytes < FREE_MEGABYTES_MIN:
                raise CannotStart(
                    f"The disk is full: {self.path} has {free_megabytes} MB left and needs {FREE_MEGABYTES_MIN} MB."
                )
            self._write_secrets()
        except PermissionError:
            raise CannotStart(f"{self.path} cannot be written by this user.") from None
        except OSError as error:
            # A disk that can only be read, a file where a folder should be.
            raise CannotStart(f"{self.path} cannot be written: {error.strerror}.") from None

    def _write_secrets(self) -> None:
        target = self.path / "secrets.json"
        if target.exists():
            return
        draft = target.with_suffix(f".{os.getpid()}")
        made = {
            name: secrets.token_urlsafe(length) for name, length in [("postgres", 24), ("valkey", 24), ("django", 50)]
        }
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
        with contextlib.suppress(FileExistsError):
            os.link(draft, target)  # of two that start at once, the first one's secrets stand
        draft.unlink()

    def prepare_sockets(self) -> None:
        """Make the folder of the sockets and refuse one that somebody else put there first."""
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        trusted = {os.geteuid(), self.owner.pw_uid if self.owner else os.geteuid()}
        if self.sockets.is_symlink() or self.sockets.lstat().st_uid not in trusted:
            raise CannotStart(f"{self.sockets} belongs to somebody else; remove it and start again.")
        self.sockets.chmod(0o711 if self.owner else 0o700)
        self.give_to_owner(self.sockets)

    def give_to_owner(self, path: Path) -> None:
        if self.owner:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    # -- who runs the servers, who uses them ---------------------------------------------------------------------------

    def take_lock(self) -> bool:
        """Become the one process that runs these servers; False when another one is."""
        file = open(self.path / "lock", "a+")  # noqa: SIM115  held as long as the servers run
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        file.truncate(0)
        file.write(f"process {os.getpid()}, {' '.join([Path(sys.argv[0]).name, *sys.argv[1:2]])}")
        file.flush()
        self._lock = file
        return True

    def release_lock(self) -> None:
        if self._lock:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None

    def holder(self) -> str:
        """Say who runs the servers, as in `process 4711, manage.py up`."""
        with contextlib.suppress(OSError):
            return (self.path / "lock").read_text() or "another process"
        return "another process"

    @contextlib.contextmanager
    def in_use(self) -> Iterator[IO[str]]:
        """Tell the process that runs the servers to keep them until we are done."""
        with open(self.path / "users", "a+") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield file

    @staticmethod
    def wait_for_other_users(file: IO[str]) -> None:
        """Return once no other command works with our servers."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write("Another command still works with the servers of this one; waiting for it to end.\n")
            fcntl.flock(file, fcntl.LOCK_EX)
