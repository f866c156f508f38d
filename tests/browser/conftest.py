"""A real browser, Debian's chromium, against a real ASGI server on the test database."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.db import connections
from playwright.sync_api import expect

from smartsync_site.middleware.heads import PromptHeads

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")

# What is expected comes sooner or later: how soon is measured elsewhere, and no slow machine fails a test.
expect.set_options(timeout=60_000)
# Playwright's synchronous interface runs an event loop in the test's own thread; Django would refuse the ORM there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session", autouse=True)
def _chromium() -> None:
    if not CHROMIUM:
        pytest.skip("no chromium here: `apt-get install chromium`, or name one in CHROMIUM")


def chromium_options() -> dict[str, Any]:
    """Return how the browser is started: Debian's, and without anything that it does for itself."""
    quiet = ["--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run", "--disable-sync"]
    quiet += ["--disable-background-networking", "--disable-component-update"]
    if os.geteuid() == 0:
        quiet.append("--no-sandbox")  # chromium's sandbox refuses root
    return {"executable_path": CHROMIUM, "args": quiet}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, **chromium_options()}


@pytest.fixture
def site_url(transactional_db: None) -> Iterator[str]:
    """
    Return the address of the site, served from the test database.

    Django's `live_server` speaks WSGI, where a live stream never yields; so uvicorn runs in a thread instead.
    """
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    application = ASGIStaticFilesHandler(get_asgi_application())
    server = uvicorn.Server(
        uvicorn.Config(application, http=PromptHeads, lifespan="off", log_level="warning", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)

    yield f"http://127.0.0.1:{listener.getsockname()[1]}"

    server.should_exit = True
    thread.join(10)
    listener.close()
    connections.close_all()
