"""How often a program may ask, as REST framework wants to be told, and as programs are told in `RateLimit`."""

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts import rate_limits
from accounts.addresses import client_address
from accounts.models import ProgramKey

# However many people and keys are behind one address.
REQUESTS_PER_ADDRESS = 3_000


class RequestsPerMinute(BaseThrottle):
    """So many requests in a minute of the clock: of a person, of a key, of an address. All three are counted."""

    name = "requests"
    limit = 600
    counts_addresses = True

    def allow_request(self, request: Request, view: APIView) -> bool:
        # The person is the framework's finding, not the session's.
        request._request.user = request.user
        counted = [(rate_limits.who_asks(request._request), self.limit)]
        if isinstance(request.auth, ProgramKey):
            counted.append((f"key:{request.auth.pk}", min(request.auth.requests_per_minute, self.limit)))
        if self.counts_addresses and request.user.is_authenticated:
            counted.append((f"address:{client_address(request._request)}", REQUESTS_PER_ADDRESS))
        left = [
            (limit - rate_limits.count(name=f"api:{self.name}", who=who), limit)  # all of them, whatever the first says
            for who, limit in counted
        ]
        # What is tightest is what a program has to go by.
        request._request.rate_limits = [*getattr(request._request, "rate_limits", []), (self.name, *min(left))]
        return min(left)[0] >= 0

    def wait(self) -> float:
        return rate_limits.seconds_to_wait()


class LongAnswersPerMinute(RequestsPerMinute):
    """What takes a while to count is counted so often for one person; everything else goes on."""

    name = "long-answers"
    limit = 30
    counts_addresses = False


class SignInsPerMinute(RequestsPerMinute):
    """Few, because a password can be guessed."""

    name = "sign-ins"
    limit = 10
    counts_addresses = False
