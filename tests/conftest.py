"""What every test may ask for. The cast (follower, lead, NOON ...) is in cast.py, the servers in servers.py."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import override_settings

PROJECT = Path(__file__).resolve().parent.parent
RECORDED = Path(os.environ.get("SMARTSYNC_DATA") or PROJECT.parent / "shared" / "data")

pytest_plugins = [
    "tests.emptying",
    "tests.stage",
    "tests.cast",
    "tests.own_databases",
    "tests.elsewhere",
    "tests.fake_venue.fixtures",
    "tests.hook_receiver",
    "tests.services.admission.check",
]


@pytest.fixture(scope="session")
def recorded_data() -> Path:
    """Return the folder of the recorded prices, trades and wire payloads."""
    if not (RECORDED / "prices").is_dir():
        pytest.skip(f"no recorded data in {RECORDED}: set SMARTSYNC_DATA to their folder")
    return RECORDED


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Argon2 is slow on purpose; tests that are not about passwords need not pay for it."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """Forget rate limits and cached figures after every test that had a database."""
    yield
    if {"db", "transactional_db"} & set(request.fixturenames):
        cache.clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser's tests last: it keeps an event loop running in this thread, and async tests need their own."""
    items.sort(key=lambda item: "browser" in item.path.parts)
