"""For servers that speak WSGI only. They serve every page, but no live stream."""

import os

from django.core.wsgi import get_wsgi_application

from smartsync_site import endings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartsync_site.settings")

with endings.one_sentence():
    application = get_wsgi_application()
