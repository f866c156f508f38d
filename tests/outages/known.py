"""How somebody is known to a server without signing in there: a session, or a key for a program."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone

from accounts import program_keys
from accounts.models import ProgramKey, User

# On a server a session's cookie is for this host alone.
COOKIE = "__Host-session"


def cookie_of(user: User) -> dict[str, str]:
    """Return the header of somebody who has just signed in with a browser."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {"Cookie": f"{COOKIE}={session.session_key}"}


def key_of(user: User, *scopes: ProgramKey.Scope) -> dict[str, str]:
    """Return the header of somebody's program, which may read and do what the scopes say."""
    _, secret = program_keys.make_key(
        user=user,
        name="campaign",
        scopes=(ProgramKey.Scope.READ, *scopes),
        now=timezone.now(),
        requests_per_minute=program_keys.REQUESTS_PER_MINUTE_MAX,
    )
    return {"Authorization": f"Bearer {secret}"}
