"""What a view is given: somebody who is signed in, perhaps by HTMX."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User

# What the number of a row can be at most.
ROW_NUMBER_MAX = 2**63 - 1


class MemberRequest(HttpRequest):
    """A request behind `login_required`, as the middleware leaves it. Only for type checkers."""

    user: User
    htmx: HtmxDetails


def row_number(text: str) -> int | None:
    """Return the number of a row that an address names; None where no row can have it."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(ROW_NUMBER_MAX))):
        return None
    return int(text) if int(text) <= ROW_NUMBER_MAX else None
