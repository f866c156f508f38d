"""The demo, and before it a web process and a proxy as on a server, for as long as somebody measures."""

import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from smartsync_site.embedded import LocalFolder

PROJECT = Path(__file__).resolve().parents[2]
STARTED_WITHIN_SECONDS = 600
# What stands around a server block of deploy/nginx.conf, as deploy/server.sh has it where there is no systemd.
AROUND = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off; include /etc/nginx/mime.types;
  client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  include {folder}/site.conf;
}}
"""


@contextmanager
def standing(address: str = "") -> Iterator[str]:
    """Let the demo stand as on a server and return its address; one that stands already is left as it is."""
    if address:
        yield address.rstrip("/")
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smartsync-vitals-")))
        folder.chmod(0o711)
        demo, web, plain, https = (_free_port() for _ in range(4))
        surroundings = {**os.environ, "SMARTSYNC_LOCAL": str(folder / "local"), "PYTHONUNBUFFERED": "1"}
        run = [sys.executable, "manage.py", "up", "--port", str(demo)]
        _start(stack, run, surroundings, log=folder / "up.log")
        _wait_for(f"http://localhost:{demo}/health/live", folder / "up.log")
        _start_web(stack, surroundings, folder, port=web, https=https)
        _start_proxy(stack, folder, web=web, plain=plain, https=https)
        yield f"https://localhost:{https}"


def _start_web(stack: ExitStack, surroundings: Mapping[str, str], folder: Path, *, port: int, https: int) -> None:
    """Start a web process on the demo's database, with a server's settings and the static files built."""
    demo = LocalFolder(folder / "local")
    server = {
        **surroundings,
        "DEVELOPMENT": "0",
        "DJANGO_SETTINGS_MODULE": "tests.vitals.settings",
        "VITALS_FOLDER": str(folder),
        "SECRET_KEY": demo.secret("django"),
        "DATABASE_URL": demo.database_url(),
        "REDIS_URL": demo.redis_url(),
        "ALLOWED_HOSTS": "localhost",
        # The proxy hands the host on without its port, which is another one here than browsers leave out.
        "CSRF_TRUSTED_ORIGINS": f"https://localhost:{https}",
        "ACCOUNT_EMAIL_VERIFICATION": "optional",
        "TRUSTED_PROXY_COUNT": "1",
        "DB_POOL": "8",
    }
    built = [sys.executable, "-m", "django", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(built, cwd=PROJECT, env=server, check=True)
    web = [sys.executable, "-m", "uvicorn", "smartsync_site.asgi:application", "--port", str(port), "--lifespan", "off"]
    web += ["--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "2", "--no-proxy-headers"]
    _start(stack, web, server, log=folder / "web.log")
    _wait_for(f"http://localhost:{port}/health/live", folder / "web.log")


def _start_proxy(stack: ExitStack, folder: Path, *, web: int, plain: int, https: int) -> None:
    """Start nginx with our own site, at ports of this run and with a certificate that nobody believes."""
    keys = ["-keyout", f"{folder}/privkey.pem", "-out", f"{folder}/fullchain.pem"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", *keys]
    subprocess.run(made, check=True, stderr=subprocess.DEVNULL)
    site = (PROJECT / "deploy" / "nginx.conf").read_text()
    for ours, here in (
        ("DOMAIN", "localhost"),
        ("CERTIFICATES", str(folder)),
        ("    server 127.0.0.1:8002 max_fails=0;\n", ""),
        ("127.0.0.1:8001", f"127.0.0.1:{web}"),
        ("listen 443", f"listen {https}"),
        ("[::]:443", f"[::]:{https}"),
        ("listen 80;", f"listen {plain};"),
        ("[::]:80;", f"[::]:{plain};"),
    ):
        site = site.replace(ours, here)
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
    nginx = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    _start(stack, nginx, os.environ, log=folder / "error.log")
    _wait_for(f"https://localhost:{https}/", folder / "error.log")


def _start(stack: ExitStack, command: list[str], surroundings: Mapping[str, str], *, log: Path) -> None:
    """Start a program that ends with the stack."""
    output = stack.enter_context(log.open("a"))
    program = subprocess.Popen(command, cwd=PROJECT, env=surroundings, stdout=output, stderr=subprocess.STDOUT)

    def stop() -> None:
        program.terminate()
        program.wait(60)

    stack.callback(stop)


def _wait_for(url: str, log: Path) -> None:
    """Wait until an address answers, whoever signed its certificate."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    until = time.monotonic() + STARTED_WITHIN_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=5, context=trusting).close()
        except OSError:
            if time.monotonic() > until:
                raise SystemExit(f"{url} does not answer:\n{log.read_text()[-2_000:]}") from None
            time.sleep(0.2)
        else:
            return


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
