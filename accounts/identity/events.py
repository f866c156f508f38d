"""What ends with a change of somebody's security: every other session and every token."""

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.db.models import F
from django.http import HttpRequest

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
