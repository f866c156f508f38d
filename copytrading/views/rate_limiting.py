"""Pages that cost a lot to answer are answered so often a minute, and then with a sentence."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import rate_limits


def at_most_a_minute(limit: int, *, name: str) -> Callable[..., Callable[..., HttpResponse]]:
    """
    Let a view be asked so often a minute by each person, or each address; beyond that it is a 429 with a sentence.

    :param name: of the page in the counts, and of the part of it that HTMX replaces where it names none.
    """

    def limited(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if rate_limits.is_within(limit, name=f"page:{name}", who=rate_limits.who_asks(request)):
                return view(request, *args, **kwargs)
            seconds = rate_limits.seconds_to_wait()
            # What asked for one part of the page is answered in its place.
            part = request.htmx.target or name  # type: ignore[attr-defined]
            page = render(
                request, "429.html", {"part": part, "seconds": seconds, "address": request.get_full_path()}, status=429
            )
            page["Retry-After"] = str(seconds)
            return page

        return answer

    return limited
