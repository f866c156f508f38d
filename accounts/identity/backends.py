"""Who belongs to an e-mail and a password."""

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser

# What is written where everybody can read it: the demo world's. On a server nobody signs in with it.
PUBLISHED_PASSWORD = "paper money only"


class PasswordBackend(AuthenticationBackend):
    """The library's, and besides: a password that was published opens nothing on a server."""

    def _check_password(self, user: AbstractBaseUser | None, password: str) -> AbstractBaseUser | None:
        found = super()._check_password(user, password)
        return None if password == PUBLISHED_PASSWORD and not settings.DEVELOPMENT else found
