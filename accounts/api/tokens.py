"""Who sends `Authorization: Bearer ...`: a device that somebody is signed in on, or a program with a key."""

from django.utils import timezone
from django.utils.translation import gettext_lazy
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts import devices, program_keys
from accounts.addresses import client_address
from accounts.models import Device, ProgramKey, User


class KeyExpired(AuthenticationFailed):
    """The key for programs was good until a day that has passed. Make a new one."""

    default_code = "key_expired"


class AddressNotListed(PermissionDenied):
    """The key for programs may not be used from this address. Add the address to the key, or make another key."""

    default_code = "address_not_listed"


class TokenNotGood(AuthenticationFailed):
    """The token or key is unknown, revoked or too old. Refresh it, or sign in again."""

    default_code = "token_not_good"
    default_detail = gettext_lazy("This token is not good any more. Refresh it, or sign in again.")


class BearerAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer TOKEN`. The browser's own session is no way in, so no page writes for anybody."""

    def authenticate(self, request: Request) -> tuple[User, Device | ProgramKey] | None:
        words = get_authorization_header(request).decode("latin-1").split()
        if not words or words[0].lower() != "bearer":
            return None
        if len(words) != 2:
            raise TokenNotGood
        found = _key(words[1], request) if words[1].startswith(program_keys.PREFIX) else _device(words[1])
        if found is None:
            raise TokenNotGood
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class BearerAuthenticationScheme(OpenApiAuthenticationExtension):
    """Tells the schema what a token looks like."""

    target_class = BearerAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "The access token of a device that somebody is signed in on, or a key for programs.",
        }


def _device(token: str) -> Device | None:
    return devices.find_device(token, now=timezone.now())


def _key(secret: str, request: Request) -> ProgramKey | None:
    try:
        return program_keys.find_key(secret, address=client_address(request._request), now=timezone.now())
    except program_keys.KeyExpired as error:
        raise KeyExpired(str(error)) from error
    except program_keys.AddressNotListed as error:
        raise AddressNotListed(str(error)) from error
