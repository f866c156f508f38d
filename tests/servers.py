"""
A pytest plugin: throwaway PostgreSQL and Valkey for the whole run, unless DATABASE_URL and REDIS_URL name others.

It is a plugin and not part of conftest.py because the addresses must be known before Django's settings are read.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from smartsync_site.embedded import EmbeddedServers, LocalFolder

_servers: EmbeddedServers | None = None


def _use_databases_of(worker: str) -> None:
    """Give each parallel worker Valkey databases of its own: an even one for the cache, the next for the broker."""
    address, _, _ = os.environ["REDIS_URL"].rpartition("=" if os.environ["REDIS_URL"].startswith("unix:") else "/")
    separator = os.environ["REDIS_URL"][len(address)]
    os.environ["REDIS_URL"] = f"{address}{separator}{2 + 2 * int(worker.removeprefix('gw'))}"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    global _servers
    os.environ["DEVELOPMENT"] = "1"
    os.environ["DATABASE_ROLE"] = ""  # the tests own their tables; those of the role name it themselves
    os.environ["DB_POOL"] = "0"
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        _use_databases_of(worker)  # the servers were started by the first process, which we inherit from
        return
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    home = Path(tempfile.mkdtemp(prefix="smartsync-test-"))
    home.chmod(0o711)
    folder = LocalFolder(home / "local")
    servers = EmbeddedServers(folder=folder, durable=False)
    servers.claim()
    servers.start()
    _servers = servers
    os.environ.setdefault("DATABASE_URL", folder.database_url())
    os.environ.setdefault("REDIS_URL", folder.redis_url())


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    global _servers
    if _servers:
        _servers.stop()
        shutil.rmtree(_servers.folder.path.parent, ignore_errors=True)
        _servers = None
