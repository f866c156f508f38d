"""What a view is given: somebody who is signed in, perhaps by HTMX."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class MemberRequest(HttpRequest):
    """A request behind `login_required`, as the middleware leaves it. Only for type checkers."""

    user: User
    htmx: HtmxDetails
