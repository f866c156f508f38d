"""How often somebody may ask. Counted by the cache server itself, so that parallel requests are all counted."""

import math
import time

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

WINDOW_SECONDS = 60


class RequestsPerMinute(BaseThrottle):
    """So many requests in a minute of the clock, counted for each person, or for each address before sign-in."""

    name = "requests"
    limit = 600

    def allow_request(self, request: Request, view: APIView) -> bool:
        if request.user.is_authenticated:
            who = f"user:{request.user.pk}"
        else:
            # The portal's own way to see through proxies: what a client says of itself is not believed.
            who = get_adapter().get_client_ip(request._request)
        key = f"api:{self.name}:{who}:{int(time.time() // WINDOW_SECONDS)}"
        cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
        return bool(cache.incr(key) <= self.limit)

    def wait(self) -> float:
        return math.ceil(WINDOW_SECONDS - time.time() % WINDOW_SECONDS)


class SignInsPerMinute(RequestsPerMinute):
    """Few, because a password can be guessed."""

    name = "sign-ins"
    limit = 10
