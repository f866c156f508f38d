"""Behind real proxies: whatever a client says of itself, limits count the address that it came from."""

import http.client
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.api.throttles import SignInsPerMinute

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no nginx here"),
]

TRIES = 25
# Of the same network card, so that nothing else has to be set up for two clients.
ONE, ANOTHER = "127.0.0.2", "127.0.0.3"
# As ours writes it (deploy/nginx.conf); and with what was said before, as one behind another has to, and many do.
FIRST, SECOND = "$remote_addr", "$proxy_add_x_forwarded_for"
CONF = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://{behind};
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For {said};
      proxy_set_header X-Forwarded-Proto https;
    }}
  }}
}}
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Callable[[str, str], str]]:
    """Put an nginx before an address, which says so of who asks; its own address comes back."""
    with ExitStack() as stack:

        def proxy(behind: str, said: str) -> str:
            port = free_port()
            folder = tmp_path / str(port)
            folder.mkdir()
            folder.chmod(0o777)
            conf = folder / "nginx.conf"
            conf.write_text(CONF.format(folder=folder, port=port, behind=behind, said=said))
            server = stack.enter_context(subprocess.Popen(["nginx", "-p", folder, "-c", conf]))
            stack.callback(server.terminate)
            until = time.monotonic() + 30
            while socket.socket().connect_ex(("127.0.0.1", port)):
                assert server.poll() is None and time.monotonic() < until, (folder / "error.log").read_text()
                time.sleep(0.05)
            return f"127.0.0.1:{port}"

        yield proxy


def sign_in(at: str, *, source: str, forged: str) -> int:
    """Try a password from an address, with another one in the headers, and return the status."""
    connection = http.client.HTTPConnection(at, timeout=30, source_address=(source, 0))
    body = '{"email": "nobody@example.org", "password": "not the password"}'
    headers = {"Content-Type": "application/json", "X-Forwarded-For": forged, "X-Real-IP": forged}
    connection.request("POST", "/api/v1/token", body, headers | {"Forwarded": f"for={forged}"})
    status = connection.getresponse().status
    connection.close()
    return status


class TestThrottles:
    @pytest.mark.parametrize(("proxies", "outermost"), [(0, FIRST), (1, FIRST), (1, SECOND), (2, FIRST), (2, SECOND)])
    def test_count_who_came_and_not_who_they_say_they_are(
        self,
        proxies: int,
        outermost: str,
        proxy: Callable[[str, str], str],
        live_server: LiveServer,
        settings: Settings,
    ) -> None:
        settings.TRUSTED_PROXY_COUNT, settings.ALLOWED_HOSTS = proxies, ["*"]
        at = f"127.0.0.1:{live_server.thread.port}"
        for number in range(proxies):
            # The outermost is the last that is put up.
            at = proxy(at, outermost if number == proxies - 1 else SECOND)

        answers = [sign_in(at, source=ONE, forged=f"203.0.113.{number}") for number in range(TRIES)]
        another = sign_in(at, source=ANOTHER, forged=ONE)

        # Should a minute of the clock end on the way, it is counted anew once.
        assert answers[0] == another == 401
        assert answers.count(429) >= TRIES - 2 * SignInsPerMinute.limit and set(answers) == {401, 429}
