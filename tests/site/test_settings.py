import json
import os
import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client

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
    "passwords": [settings.DATABASES["default"]["PASSWORD"], settings.EMAIL_HOST_PASSWORD],
    "valkey": [settings.CACHES["default"]["LOCATION"], settings.CELERY_BROKER_URL],
    "database user": settings.DATABASES["default"]["USER"],
    "fallbacks": len(settings.SECRET_KEY_FALLBACKS),
}))
"""


def started_on_a_server(*, first: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
    """Read the settings as a server does, in a process of its own, and print what is asked of them below."""
    surroundings = {**os.environ, "DJANGO_SETTINGS_MODULE": "smartsync_site.settings", **ON_A_SERVER, **changes}
    return subprocess.run(
        [sys.executable, "-c", first + FACTS],
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
        assert facts["database options"]["options"].startswith("-c role=smartsync_runtime -c statement_timeout=60000")

    def test_migrate_as_the_owner_of_the_tables_and_without_limits(self) -> None:
        owner = "import sys; sys.argv = ['manage.py', 'migrate']\n"
        told = started_on_a_server(
            first=owner, DATABASE_ROLE="smartsync_runtime", DATABASE_OWNER_URL="postgresql://owner@localhost/smartsync"
        )

        facts = json.loads(told.stdout)
        assert ("options" in facts["database options"], facts["database user"]) == (False, "owner")

    def test_believe_what_keys_of_before_have_signed(self) -> None:
        assert json.loads(started_on_a_server(SECRET_KEY_FALLBACKS="old one,older one").stdout)["fallbacks"] == 2

    def test_take_passwords_of_any_characters_and_verify_the_certificates_of_their_servers(self) -> None:
        started = started_on_a_server(
            DATABASE_URL="postgresql://smartsync:p%40s%2Fs%23w%25@db:5432/smartsync",
            EMAIL_URL="smtp+tls://user:p%40s%2Fs%23w%25@mail:587",
            REDIS_URL="rediss://:p%40s%2Fs%23w@valkey:6379/0?ssl_ca_certs=/etc/ca.pem",
            CELERY_BROKER_URL="rediss://:word@broker:6379/3",
        )

        facts = json.loads(started.stdout)
        assert facts["passwords"] == ["p@s/s#w%", "p@s/s#w%"]
        assert facts["valkey"] == [
            "rediss://:p%40s%2Fs%23w@valkey:6379/0?ssl_ca_certs=/etc/ca.pem&ssl_cert_reqs=required",
            "rediss://:word@broker:6379/3?ssl_cert_reqs=required",
        ]


@pytest.mark.django_db
class TestContentSecurityPolicy:
    @pytest.mark.parametrize("address", ["/", "/accounts/login/", "/admin/login/"])
    def test_allows_nothing_unsafe(self, client: Client, address: str) -> None:
        policy = client.get(address).headers["Content-Security-Policy"]

        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"https?:|\*", policy)
