"""A server's settings, with the static files of this run in a folder of its own."""

import os
from pathlib import Path

from smartsync_site.settings import *  # noqa: F403

STATIC_ROOT = Path(os.environ["OUTAGES_FOLDER"]) / "static"
