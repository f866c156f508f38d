"""Where no web unit answers the proxy says so in our words, to people and to programs."""

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.vitals.stage import AROUND

pytestmark = pytest.mark.skipif(
    shutil.which("nginx") is None or shutil.which("openssl") is None, reason="there is no nginx here"
)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Start nginx with our own site before two units that are not there, and return its port."""
    folder: Path = tmp_path_factory.mktemp("proxy")
    folder.chmod(0o755)
    keys = ["-keyout", f"{folder}/privkey.pem", "-out", f"{folder}/fullchain.pem"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", *keys]
    subprocess.run(made, check=True, stderr=subprocess.DEVNULL)
    site = (settings.BASE_DIR / "deploy" / "nginx.conf").read_text()
    https, plain = free_port(), free_port()
    for ours, here in (
        ("DOMAIN", "localhost"), ("CERTIFICATES", str(folder)), ("127.0.0.1:8001", f"127.0.0.1:{free_port()}"),
        ("127.0.0.1:8002", f"127.0.0.1:{free_port()}"), ("listen 443", f"listen {https}"),
        ("[::]:443", f"[::]:{https}"), ("listen 80;", f"listen {plain};"), ("[::]:80;", f"[::]:{plain};"),
    ):  # fmt: skip
        site = site.replace(ours, here)
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
    server = subprocess.Popen(["nginx", "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"])
    try:
        until = time.monotonic() + 30
        while socket.socket().connect_ex(("127.0.0.1", https)):
            assert server.poll() is None and time.monotonic() < until, (folder / "error.log").read_text()
            time.sleep(0.05)
        yield https
    finally:
        server.terminate()
        server.wait(30)


def answer_to(port: int, method: str, path: str) -> tuple[int, http.client.HTTPMessage, str]:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("localhost", port, timeout=30, context=trusting)
    connection.request(method, path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, text


class TestAway:
    @pytest.mark.parametrize("path", ["/", "/copies/7/", "/live/"])
    def test_is_said_to_people_in_both_languages_and_in_nobodys_name(self, port: int, path: str) -> None:
        status, headers, text = answer_to(port, "GET", path)

        assert (status, headers["Content-Type"]) == (503, "text/html; charset=utf-8")
        assert int(headers["Retry-After"]) > 0
        assert "Try again in a moment" in text and "gleich noch einmal" in text
        assert settings.SMARTSYNC_BRAND.name not in text and "nginx" not in text

    @pytest.mark.parametrize(
        ("method", "path"), [("GET", "/api/v1/leads"), ("POST", "/api/v1/copies"), ("GET", "/api/v1/live")]
    )
    def test_is_said_to_programs_in_the_words_of_the_api(self, port: int, method: str, path: str) -> None:
        status, headers, text = answer_to(port, method, path)

        assert (status, headers["Content-Type"]) == (503, "application/problem+json")
        assert int(headers["Retry-After"]) > 0
        assert (json.loads(text)["code"], json.loads(text)["status"]) == ("unavailable", 503)
