"""
A server's settings, with the static files of this run in a folder of its own, and a sign-in that takes the demo's
password: a server's own refuses what is published.
"""

import os
from pathlib import Path

from smartsync_site.settings import *  # noqa: F403

STATIC_ROOT = Path(os.environ["VITALS_FOLDER"]) / "static"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
