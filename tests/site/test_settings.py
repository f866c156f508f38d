import json
import os
import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client

from smartsync_site.settings import broker_url

ON_A_SERVER = {
    "DEVELOPMENT": "0",
    "SECRET_KEY": "a key of a server that is long enough to be called one 0123456789",
    "DATABASE_URL": "postgresql://localhost/smartsync",
    "REDIS_URL": "redis://localhost:6379/0",
    "ALLOWED_HOSTS": "copy.example.org",
}


FACTS = """
import json
from django.conf import settings
print(json.dumps({
    "debug": settings.DEBUG,
    "cookies": [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME],
    "database options": settings.DATABASES["default"]["OPTIONS"],
}))
"""


def started_on_a_server(**changes: str) -> subprocess.CompletedProcess[str]:
    """Read the settings as a server does, in a process of its own, and print what is asked of them below."""
    surroundings = {**os.environ, "DJANGO_SETTINGS_MODULE": "smartsync_site.settings", **ON_A_SERVER, **changes}
    return subprocess.run(
        [sys.executable, "-c", FACTS],
        env=surroundings,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


class TestSettingsOfAServer:
    @pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"])
    def test_name_what_is_missing(self, name: str) -> None:
        ended = started_on_a_server(**{name: ""})

        assert ended.returncode != 0
        assert f"{name} is not set" in ended.stderr

    def test_never_debug_and_bind_the_cookies_to_the_host_and_work_under_the_role(self) -> None:
        facts = json.loads(started_on_a_server(DEBUG="1", DATABASE_ROLE="smartsync_runtime").stdout)

        assert facts["debug"] is False
        assert facts["cookies"] == ["__Host-session", "__Host-csrf"]
        assert facts["database options"]["options"] == "-c role=smartsync_runtime"


class TestBrokerUrl:
    @pytest.mark.parametrize(
        ("redis_url", "expected"),
        [
            ("redis://localhost:6379/0", "redis://localhost:6379/1"),
            ("unix://:word@/run/valkey.sock?db=4", "redis+socket://:word@/run/valkey.sock?virtual_host=5"),
        ],
    )
    def test_takes_the_database_after_the_caches(self, redis_url: str, expected: str) -> None:
        assert broker_url(redis_url) == expected


@pytest.mark.django_db
class TestContentSecurityPolicy:
    @pytest.mark.parametrize("address", ["/", "/accounts/login/", "/admin/login/"])
    def test_allows_nothing_unsafe(self, client: Client, address: str) -> None:
        policy = client.get(address).headers["Content-Security-Policy"]

        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"https?:|\*", policy)
