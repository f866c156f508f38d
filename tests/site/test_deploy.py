"""The files of deploy/ are what their readers take: as far as a reader can be had here, without starting anything."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

DEPLOY = settings.BASE_DIR / "deploy"


def read_by(*command: str | Path) -> str:
    """Return everything that a program said about a file; what it cannot take is a failure."""
    done = subprocess.run([str(one) for one in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"there is no {program} here")


def test_compose_file_follows_the_specification() -> None:
    program = Path(sys.executable).parent / "check-jsonschema"

    assert "ok" in read_by(program, "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")


@needs("systemd-analyze")
def test_systemd_takes_every_line_of_every_unit(tmp_path: Path) -> None:
    units = []
    for path in (DEPLOY / "systemd").iterdir():
        # The programs are not installed here; everything else is as it will be.
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", path.read_text(), flags=re.MULTILINE)
        units.append(tmp_path / path.name.replace("@", "@one"))
        units[-1].write_text(text)

    # A misspelt key is only said, not counted.
    assert read_by("systemd-analyze", "verify", *units) == ""


@needs("kubectl")
def test_kustomize_renders_every_part() -> None:
    kinds = re.findall(r"^kind: (\w+)$", read_by("kubectl", "kustomize", DEPLOY / "kubernetes"), flags=re.MULTILINE)

    assert (kinds.count("Deployment"), kinds.count("Job"), kinds.count("Ingress")) == (9, 1, 1)


@needs("nginx")
@needs("openssl")
def test_nginx_takes_the_proxy(tmp_path: Path) -> None:
    read_by("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=here", "-days", "1",
            "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem")  # fmt: skip
    server = (DEPLOY / "nginx.conf").read_text().replace("DOMAIN", "localhost").replace("CERTIFICATES", str(tmp_path))
    conf = tmp_path / "nginx.conf"
    conf.write_text(f"pid {tmp_path}/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{server}\n}}\n")

    assert "test is successful" in read_by("nginx", "-t", "-e", tmp_path / "error.log", "-c", conf)


def test_every_process_of_a_server_is_in_every_way_to_run_it() -> None:
    ways = [
        (DEPLOY / "compose.yaml").read_text(),
        "\n".join(path.read_text() for path in (DEPLOY / "kubernetes").iterdir()),
        "\n".join(path.read_text() for path in (DEPLOY / "systemd").iterdir()),
    ]

    for way in ways:
        for process in ("uvicorn", "worker", "beat", "feed", "standby", "tell", "call"):
            assert process in way
        for queue in ("exits", "cycles", "rest"):
            assert queue in way
