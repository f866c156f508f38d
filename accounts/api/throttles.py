"""How often a program may ask, as REST framework wants to be told."""

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts import rate_limits


class RequestsPerMinute(BaseThrottle):
    """So many requests in a minute of the clock, counted for each person, or for each address before sign-in."""

    name = "requests"
    limit = 600

    def allow_request(self, request: Request, view: APIView) -> bool:
        # The person is the framework's finding, not the session's.
        request._request.user = request.user
        who = rate_limits.who_asks(request._request)
        return rate_limits.is_within(self.limit, name=f"api:{self.name}", who=who)

    def wait(self) -> float:
        return rate_limits.seconds_to_wait()


class LongAnswersPerMinute(RequestsPerMinute):
    """What takes a while to count is counted so often for one person; everything else goes on."""

    name = "long-answers"
    limit = 30


class SignInsPerMinute(RequestsPerMinute):
    """Few, because a password can be guessed."""

    name = "sign-ins"
    limit = 10
