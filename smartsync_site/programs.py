"""What has to run beside PostgreSQL and Valkey, as command lines: on a developer's machine and on a server."""

import sys
from collections.abc import Sequence

from django.conf import settings

from smartsync_site.supervisor import Program

QUEUES = ("exits", "cycles", "rest")
# Root is what one often is in a container; the messages are JSON, so the danger it names is not there.
QUIET = {"PYTHONWARNINGS": "ignore:You're running the worker"}


def local_programs(*, host: str, port: int) -> list[Program]:
    """Return what runs on somebody's own machine; when the web ends, everything does."""
    return [
        Program("web", _web(host, port, last_seconds=2), {"DB_POOL": "8"}, vital=True),
        Program("worker", _worker("main", concurrency=2), QUIET),
        *_single_programs(),
        *_demo_gate(),
    ]


def server_programs(*, ports: Sequence[int]) -> list[Program]:
    """Return what runs on a server without an orchestrator: a web unit for each port, a worker for each queue."""
    webs = [
        Program(
            f"web-{port}",
            _web("127.0.0.1", port, last_seconds=10),
            {"DB_POOL": "8", "SMARTSYNC_PROCESS": f"web-{port}"},
        )
        for port in ports
    ]
    workers = [
        Program(
            f"worker-{queue}",
            [*_worker(queue, concurrency=2 if queue == "cycles" else 1), "-Q", queue],
            {**QUIET, "SMARTSYNC_PROCESS": f"worker-{queue}"},
        )
        for queue in QUEUES
    ]
    return [*webs, *workers, *_single_programs()]


def _single_programs() -> list[Program]:
    python = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    return [
        Program("beat", [*_celery(), "beat", "-l", "WARNING", "--pidfile="]),
        Program("standby", [*python, "standby"]),
        Program("feed", [*python, "feed"]),
        Program("tell", [*python, "tell"]),
        Program("call", [*python, "call"]),
    ]


def _demo_gate() -> list[Program]:
    """Return the check that the demo asks, where a setting wants to see one."""
    port = settings.SMARTSYNC_GATE.demo_port
    gate = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo_gate", "--port", str(port)]
    return [Program("gate", gate)] if port else []


def _web(host: str, port: int, *, last_seconds: int) -> list[str]:
    """Return a web unit; who is asked to end has so many seconds for the requests that it has begun."""
    web = [sys.executable, "-m", "uvicorn", "smartsync_site.asgi:application", "--host", host, "--port", str(port)]
    web += [
        "--lifespan",
        "off",
        "--no-access-log",
        "--log-level",
        "warning",
        "--timeout-graceful-shutdown",
        str(last_seconds),
    ]
    # The server itself would believe every X-Forwarded-For that comes from this machine: see accounts.addresses.
    web += ["--no-proxy-headers", "--no-server-header"]
    return [*web, "--http", "smartsync_site.middleware.heads:PromptHeads"]


def _worker(name: str, *, concurrency: int) -> list[str]:
    flags = ["-l", "WARNING", "-c", str(concurrency), "-n", f"{name}@%h", "--without-gossip", "--without-mingle"]
    return [*_celery(), "worker", *flags]


def _celery() -> list[str]:
    return [sys.executable, "-m", "celery", "--quiet", "-A", "smartsync_site"]
