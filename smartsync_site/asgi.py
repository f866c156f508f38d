"""The web process: pages, API and live streams."""

import os
import warnings
from importlib import import_module

from django.core.asgi import get_asgi_application

from smartsync_site import endings
from smartsync_site.middleware.doors import BoundedBodies

# WhiteNoise hands out small files as plain iterators, and Django warns of each process's first one.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartsync_site.settings")

with endings.one_sentence():
    application = BoundedBodies(get_asgi_application())

import_module("smartsync_site.watching.hearts").start("WEB")
