"""
A token stands for a session of its own, as a browser's cookie does, and ends as one: when it is revoked, when it is
old, when the password changes.

The token is the key of the session, signed. So the database alone makes no token, and because the person is kept
under other names than a browser's session uses, the key alone is no cookie either.
"""

from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.utils.crypto import constant_time_compare
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import User

TOKEN_AGE_MAX = timedelta(days=90)
USER_ID, PASSWORD_MARK = "api_user_id", "api_password_mark"
_signer = signing.Signer(salt="accounts.api.tokens")


def issue_token(user: User) -> str:
    """Return a new token of a person. Earlier ones stay good: each program has its own."""
    session = _session(None)
    session[USER_ID], session[PASSWORD_MARK] = user.pk, user.get_session_auth_hash()
    session.set_expiry(TOKEN_AGE_MAX)
    session.save()
    assert session.session_key is not None, "a saved session has a key"
    return _signer.sign(session.session_key)


class BearerAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer TOKEN`. The browser's own session is no way in, so no page writes for anybody."""

    def authenticate(self, request: Request) -> tuple[User, SessionBase] | None:
        words = get_authorization_header(request).decode("latin-1").split()
        if not words or words[0].lower() != "bearer":
            return None
        session = _find_session(words[1]) if len(words) == 2 else None
        user = session and User.objects.filter(pk=session[USER_ID], is_active=True).first()
        if not session or not user or not constant_time_compare(session[PASSWORD_MARK], user.get_session_auth_hash()):
            raise AuthenticationFailed("This token is not good any more. Sign in again.")
        return user, session

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class BearerAuthenticationScheme(OpenApiAuthenticationExtension):
    """Tells the schema what a token looks like."""

    target_class = BearerAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def _find_session(token: str) -> SessionBase | None:
    try:
        session = _session(_signer.unsign(token))
    except signing.BadSignature:
        return None
    return session if USER_ID in session else None


def _session(key: str | None) -> SessionBase:
    return import_module(settings.SESSION_ENGINE).SessionStore(key)
