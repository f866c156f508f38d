"""
How an address leaves: it is announced, served on for half a year at least, and then answers 410 with what replaced it.

    Deprecation: @1795910400                          since when (RFC 9745)
    Sunset: Tue, 01 Jun 2027 00:00:00 GMT             until when (RFC 8594)
    Link: </api/v1/devices>; rel="successor-version"  what to use instead
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http.response import HttpResponseBase
from django.utils.http import http_date
from django.utils.translation import gettext
from rest_framework import exceptions, status

SERVED_ON_FOR = timedelta(days=180)


class Gone(exceptions.APIException):
    """The address was replaced, and its last day has passed. `title` and `Link` name what takes its place."""

    status_code = status.HTTP_410_GONE
    default_code = "gone"


@dataclass(frozen=True, kw_only=True)
class Deprecation:
    """Since when an address is on its way out, until when it is served, and what takes its place."""

    since: datetime
    until: datetime
    successor: str

    def __post_init__(self) -> None:
        assert self.until - self.since >= SERVED_ON_FOR, "programs need half a year to be changed"

    def check(self, *, now: datetime) -> None:
        """
        Let a request through as long as the address is served.

        :raises Gone: from its last day on.
        """
        if now >= self.until:
            said = gettext("This address was replaced by %(successor)s and is served no more.")
            raise Gone(said % {"successor": self.successor})

    def announce(self, response: HttpResponseBase) -> None:
        """Write it into the head of an answer."""
        response["Deprecation"] = f"@{int(self.since.timestamp())}"
        response["Sunset"] = http_date(self.until.timestamp())
        response["Link"] = f'<{self.successor}>; rel="successor-version"'
