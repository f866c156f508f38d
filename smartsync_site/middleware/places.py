"""
In which language, and in the times of which zone, a request is answered.

Of a page: as the person has chosen who is signed in; else as this browser has (a cookie); else as it asks for; else in
English. Under /api/ only what the request itself asks for counts, since a program reads it. Operators read English and
UTC, as logs and alarms do.
"""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware
from django.utils.translation.trans_real import parse_accept_lang_header

from accounts.api.problems import API_PATH
from accounts.identity.places import NOWHERE, Place, in_place, is_language, place_of
from accounts.models import User

# What is the same for everybody; and the stream, which has no words and does without a connection of its own.
WORDLESS = ("/static/", "/brand/", "/health/", "/metrics", "/admin/", "/live/", "/.well-known/")
WITH_WORDS = ("text/html", "application/json", "application/problem+json", "application/manifest+json")


@sync_and_async_middleware
def in_the_readers_place(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Answer in the language and the times of who asks; it stands behind the sign-in."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            # In a thread: who is asked for there is known to the page as well, without another question.
            place = NOWHERE if _is_wordless(request) else await sync_to_async(_place_for)(request)
            with in_place(place):
                return _said(request, await get_response(request), place)

        return answer_async

    def answer(request: HttpRequest) -> HttpResponseBase:
        place = NOWHERE if _is_wordless(request) else _place_for(request)
        with in_place(place):
            return _said(request, get_response(request), place)

    return answer


def _is_wordless(request: HttpRequest) -> bool:
    return request.path.startswith(WORDLESS)


def _place_for(request: HttpRequest) -> Place:
    if request.path.startswith(API_PATH):
        return Place(language=_asked_for(request))
    # Without the cookie of a session nobody is signed in, and the database need not be asked.
    if settings.SESSION_COOKIE_NAME in request.COOKIES and isinstance(request.user, User):
        return place_of(request.user)
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return Place(language=chosen if is_language(chosen) else _asked_for(request))


def _asked_for(request: HttpRequest) -> str:
    """Return the first language of the request's own that there is."""
    for code, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        language = code.partition("-")[0]
        if is_language(language):
            return language
    return NOWHERE.language


def _said(request: HttpRequest, response: HttpResponseBase, place: Place) -> HttpResponseBase:
    """Say in which language an answer is, and by what else it differs."""
    kind = response.get("Content-Type", "").partition(";")[0]
    if kind in WITH_WORDS and not _is_wordless(request):
        response.headers.setdefault("Content-Language", place.language)
        patch_vary_headers(response, ["Accept-Language"])
    return response
