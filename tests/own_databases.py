"""
Databases of their own for commands under test: the first of a process is migrated as always, the others are its copies.

Every replay and every benchmark works in a database of its own, and to migrate one takes longer than most of them.
"""

import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from django.db import connection
from psycopg import sql

from copytrading.worlds import own_database

COPY = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
_create, _migrate = own_database._create, own_database._migrate


class Template:
    """A migrated database that nobody is connected to: `name` once there is one."""

    def __init__(self) -> None:
        self.name = ""

    def create(self, name: str) -> None:
        if self.name:
            own_database._tell_server(COPY, name, self.name)
        else:
            _create(name)

    def migrate(self) -> None:
        if self.name:
            return
        _migrate()
        migrated, name = connection.settings_dict["NAME"], f"smartsync_migrated_{os.getpid()}"
        connection.close()
        own_database._tell_server(COPY, name, migrated)
        self.name = name


@pytest.fixture(scope="session", autouse=True)
def _copied_databases() -> Iterator[None]:
    template = Template()
    with patch.multiple(own_database, _create=template.create, _migrate=template.migrate):
        yield
    if template.name:
        own_database._drop(template.name, connection.settings_dict["OPTIONS"])
