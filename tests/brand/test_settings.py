"""A process that starts under another brand: no setting has a word of the first one; a spoilt brand ends the start."""

import json
import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from smartsync_site.brand import read_brand
from tests.brand.conftest import branded

ASK = """
import json, re
from django.conf import settings
names = [name for name in dir(settings) if name.isupper()]
first = re.compile("smart[ -]sync|smartsync(?![_.:])", re.I)
print(json.dumps({
    "left": [name for name in names if first.search(str(getattr(settings, name)).replace(str(settings.BASE_DIR), ""))],
    "decided": {name: getattr(settings, name) for name in ASKED},
    "cookie": settings.SESSION_COOKIE_NAME,
}))
"""


def started(brand: Path, asks: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", asks],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "smartsync_site.settings", "SMARTSYNC_BRAND": str(brand),
             "DEVELOPMENT": "1", "DATABASE_URL": "postgresql://localhost/x", "REDIS_URL": "redis://localhost/0"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip


def test_settings_have_no_word_of_the_first_brand(nordlicht_file: Path) -> None:
    expected = branded(read_brand(nordlicht_file))
    del expected["SMARTSYNC_BRAND"]

    answer = started(nordlicht_file, ASK.replace("ASKED", repr(list(expected))))

    facts = json.loads(answer.stdout)
    assert facts["left"] == []
    assert facts["decided"] == expected
    assert facts["cookie"].startswith("sessionid-nordlicht-")


def test_start_ends_in_one_sentence_at_a_brand_that_is_wrong(nordlicht_file: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "brand.toml"
    spoilt.write_text(nordlicht_file.read_text().replace("#6b3fa0", "#eeeeee"))
    ended = subprocess.run(
        [sys.executable, "manage.py", "up", "--port", "8099"],
        env={**os.environ, "SMARTSYNC_BRAND": str(spoilt)}, cwd=settings.BASE_DIR, capture_output=True, text=True,
        check=False,
    )  # fmt: skip

    assert ended.returncode == 2
    assert ended.stderr.startswith("The settings do not fit: colours.light.accent of ")
    assert ended.stderr.count("\n") == 1
