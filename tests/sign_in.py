"""Somebody signed in as the sign-in leaves it: operators with a second factor, proved a moment ago."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from accounts.models import User


def sign_in(client: Client, user: User, *, seconds_ago: float = 0.0, with_factor: bool | None = None) -> Client:
    """Sign a person in and return the client; staff with a second factor unless told otherwise."""
    client.force_login(user)
    if user.is_staff if with_factor is None else with_factor:
        if not Authenticator.objects.filter(user=user).exists():
            TOTP.activate(user, generate_totp_secret())
        confirm(client, user, method="mfa", seconds_ago=seconds_ago)
    return client


def confirm(client: Client, user: User, *, method: str = "password", seconds_ago: float = 0.0) -> Client:
    """Note in the session that the person proved to be who they are."""
    session = client.session
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [
        {"method": method, "at": time.time() - seconds_ago, "reauthenticated": True}
    ]
    session.save()
    return client
