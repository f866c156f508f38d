"""The frame around the platform: settings, addresses, the bell, and the one command that starts it all."""

from smartsync_site.celery import app as celery_app

__all__ = ["celery_app"]
