"""What follows from what somebody did with their sign-in: what ends with a change of security, and what is kept."""

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import get_language

from accounts.identity.places import is_language
from accounts.models import User


def end_everything_of(user: User) -> None:
    """End all sessions and tokens of a person, wherever they are."""
    User.objects.filter(pk=user.pk).update(sessions_ended=F("sessions_ended") + 1)
    user.refresh_from_db(fields=["sessions_ended"])


def end_others(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """A second factor was added, taken away or made anew: whoever changed it goes on, all others sign in again."""
    end_everything_of(user)
    if request.user.pk == user.pk:
        request.user.sessions_ended = user.sessions_ended
        update_session_auth_hash(request, user)


def remember_language(sender: object, user: User, **_: Any) -> None:
    """Write to somebody who has just signed up in the language that they signed up in."""
    language = get_language() or ""
    if is_language(language) and language != user.language:
        user.language = language
        user.save(update_fields=["language"])
