"""
The way in, and out: a device is signed in with a password (and a code), refreshed, listed, named and revoked.

Sign-up, confirmation, reset, passkeys and second factors are the sign-in library's own steps, under /api/identity/;
what comes out of them is a device like any other. See docs/api.md.
"""

from typing import Any, cast

from allauth.account import app_settings as account_settings
from allauth.account.adapter import get_adapter
from allauth.account.utils import has_verified_email
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError as Throttled
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from accounts import devices, rate_limits
from accounts.addresses import client_address
from accounts.api.endpoint import Endpoint, OpenEndpoint
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.problems import documented
from accounts.api.scopes import NotForKeys
from accounts.api.throttles import SignInsPerMinute
from accounts.api.tokens import TokenNotGood
from accounts.devices import Tokens
from accounts.models import Device, User


class SignInRefused(exceptions.AuthenticationFailed):
    """Wrong e-mail or password; the same answer for both, so that nobody learns who is here."""

    default_code = "sign_in_refused"
    default_detail = gettext_lazy("This e-mail and password do not belong together.")


class SecondFactorNeeded(exceptions.AuthenticationFailed):
    """The password was right, the code of the second factor is missing or wrong."""

    default_code = "second_factor_needed"
    default_detail = gettext_lazy("Send the code of your authenticator app as well.")


class EmailNotConfirmed(exceptions.PermissionDenied):
    """The address was not confirmed yet. Follow the link that was sent to it."""

    default_code = "email_not_confirmed"
    default_detail = gettext_lazy("Confirm your e-mail address first: follow the link that was sent to it.")


class TooManySignIns(exceptions.Throttled):
    """This address or this e-mail was tried too often. Wait a few minutes."""

    default_code = "throttled"
    default_detail = gettext_lazy("Too many sign-ins failed. Wait a few minutes.")

    def __init__(self) -> None:
        super().__init__(wait=rate_limits.WINDOW_SECONDS)
        self.detail = exceptions.ErrorDetail(self.default_detail, self.default_code)


class SignInInput(serializers.Serializer):
    email = serializers.EmailField()
    password = serializers.CharField(trim_whitespace=False, max_length=200)
    code = serializers.CharField(required=False, max_length=20, help_text="Of the second factor, where there is one.")
    device = serializers.CharField(required=False, max_length=60, help_text="What the person calls it.")


class RefreshInput(serializers.Serializer):
    refresh_token = serializers.CharField(max_length=100)


class ProofInput(serializers.Serializer):
    password = serializers.CharField(trim_whitespace=False, max_length=200, required=False)
    code = serializers.CharField(required=False, max_length=20, help_text="Of the second factor, where there is one.")


class DeviceInput(serializers.Serializer):
    name = serializers.CharField(max_length=60)


class DeviceShape(serializers.Serializer):
    """Where somebody is signed in with a program."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    agent = serializers.CharField()
    address = serializers.CharField(allow_null=True)
    signed_in_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(help_text="When the person last proved to be it.")
    is_this = serializers.SerializerMethodField(help_text="Whether this request came from it.")

    def get_is_this(self, device: Device) -> bool:
        return bool(device.pk == self.context.get("device_id"))


class TokensShape(serializers.Serializer):
    """Shown once. Send the access token as `Authorization: Bearer TOKEN`; use the refresh token once."""

    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds that are left to the access token.")
    device = DeviceShape()


class Token(Endpoint):
    def get_permissions(self) -> list[BasePermission]:
        return [AllowAny()] if self.request.method == "POST" else super().get_permissions()

    def get_throttles(self) -> list[BaseThrottle]:
        return [SignInsPerMinute()] if self.request.method == "POST" else super().get_throttles()

    @extend_schema(
        operation_id="sign_in",
        tags=["devices"],
        summary="Sign in on a device",
        auth=[],
        request=SignInInput,
        responses=documented({201: TokensShape}, problems=(400, 401, 403, 429)),
    )
    def post(self, request: Request) -> Response:
        said = self.read(SignInInput)
        user = _by_password(request, said)
        if is_mfa_enabled(user) and not _is_code_right(user, said.get("code", "")):
            raise SecondFactorNeeded
        is_mandatory = account_settings.EMAIL_VERIFICATION == account_settings.EmailVerificationMethod.MANDATORY
        if is_mandatory and not has_verified_email(user):
            raise EmailNotConfirmed
        device, tokens = devices.open_device(
            user=user,
            name=said.get("device", ""),
            agent=request.headers.get("User-Agent", ""),
            address=client_address(request._request),
            now=timezone.now(),
        )
        return _told(device, tokens, status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="sign_out",
        tags=["devices"],
        summary="Revoke the device that this request comes from",
        request=None,
        responses=documented({204: None}, problems=(401, 403, 429)),
    )
    def delete(self, request: Request) -> Response:
        own = Device.objects.filter(pk=this_device(request).pk)
        devices.revoke(own, reason=Device.RevokedFor.SIGNED_OUT, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Refresh(OpenEndpoint):
    is_personal = True

    @extend_schema(
        operation_id="refresh_token",
        tags=["devices"],
        summary="Get new tokens for a refresh token, once",
        description="A token that comes a second time revokes its device: somebody else has it. So never send it twice"
        " at once, and sign in again when an answer was lost.",
        auth=[],
        request=RefreshInput,
        responses=documented({200: TokensShape}, problems=(400, 401, 429)),
    )
    def post(self, request: Request) -> Response:
        found = devices.refresh(self.read(RefreshInput)["refresh_token"], now=timezone.now())
        if found is None:
            raise TokenNotGood
        return _told(*found, status.HTTP_200_OK)


class Devices(Endpoint):
    @extend_schema(
        operation_id="list_devices",
        tags=["devices"],
        summary="Where you are signed in with a program",
        responses=documented({200: DeviceShape(many=True)}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        found = devices.devices_of(cast("User", request.user)).order_by("-last_used_at", "-pk")
        return Response(DeviceShape(found, many=True, context={"device_id": request.auth.pk}).data)

    @extend_schema(
        operation_id="revoke_other_devices",
        tags=["devices"],
        summary="Revoke every device but this one",
        request=None,
        parameters=[IDEMPOTENCY_KEY],
        responses=documented({204: None}, problems=(400, 401, 403, 422, 429)),
    )
    @idempotent
    def delete(self, request: Request, *, idempotency_key: str) -> Response:
        others = devices.devices_of(cast("User", request.user)).exclude(pk=this_device(request).pk)
        devices.revoke(others, reason=Device.RevokedFor.PERSON, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class OneDevice(Endpoint):
    @extend_schema(
        operation_id="name_device",
        tags=["devices"],
        summary="Call a device something",
        parameters=[IDEMPOTENCY_KEY],
        request=DeviceInput,
        responses=documented({200: DeviceShape}, problems=(400, 401, 403, 404, 422, 429)),
    )
    @idempotent
    def patch(self, request: Request, device_id: int, *, idempotency_key: str) -> Response:
        device = _own(request, device_id)
        device.name = self.read(DeviceInput)["name"]
        device.save(update_fields=["name"])
        return Response(DeviceShape(device, context={"device_id": this_device(request).pk}).data)

    @extend_schema(
        operation_id="revoke_device",
        tags=["devices"],
        summary="Revoke a device",
        request=None,
        parameters=[IDEMPOTENCY_KEY],
        responses=documented({204: None}, problems=(400, 401, 403, 404, 422, 429)),
    )
    @idempotent
    def delete(self, request: Request, device_id: int, *, idempotency_key: str) -> Response:
        own = Device.objects.filter(pk=_own(request, device_id).pk)
        devices.revoke(own, reason=Device.RevokedFor.PERSON, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Confirm(Endpoint):
    def get_throttles(self) -> list[BaseThrottle]:
        return [SignInsPerMinute()]

    @extend_schema(
        operation_id="confirm_identity",
        tags=["devices"],
        summary="Prove again that it is you, for five minutes",
        description="With the code of the second factor where there is one, else with the password.",
        request=ProofInput,
        responses=documented({200: DeviceShape}, problems=(400, 401, 403, 429)),
    )
    def post(self, request: Request) -> Response:
        said, device, user = self.read(ProofInput), this_device(request), cast("User", request.user)
        if is_mfa_enabled(user):
            if not _is_code_right(user, said.get("code", "")):
                raise SecondFactorNeeded
        elif _by_password(request, {"email": user.email, "password": said.get("password", "")}).pk != user.pk:
            raise SignInRefused
        now = timezone.now()
        devices.confirm(device, now=now)
        device.confirmed_at = now
        return Response(DeviceShape(device, context={"device_id": device.pk}).data)


def this_device(request: Request) -> Device:
    """Return the device that a request comes from; a key for programs is none."""
    if not isinstance(request.auth, Device):
        raise NotForKeys
    return request.auth


def _own(request: Request, device_id: int) -> Device:
    return get_object_or_404(devices.devices_of(cast("User", request.user)), pk=device_id)


def _told(device: Device, tokens: Tokens, status_code: int) -> Response:
    context = {"device_id": device.pk}
    body: dict[str, Any] = {name: getattr(tokens, name) for name in tokens.__dataclass_fields__}
    return Response({**body, "device": DeviceShape(device, context=context).data}, status=status_code)


def _by_password(request: Request, said: dict[str, str]) -> User:
    """
    Return who an e-mail and a password belong to.

    :raises TooManySignIns: if too many failed; they are counted together with those of the portal.
    :raises SignInRefused: if they are nobody's.
    """
    try:
        user = get_adapter(request._request).authenticate(
            request._request, email=said["email"], password=said["password"]
        )
    except Throttled as error:
        raise TooManySignIns from error
    if user is None or not user.is_active:
        raise SignInRefused
    return cast("User", user)


def _is_code_right(user: User, code: str) -> bool:
    """
    Return whether this is the code of the second factor now, or a recovery code.

    :raises TooManySignIns: if too many codes failed.
    """
    form = AuthenticateForm({"code": code}, user=user)
    if form.is_valid():
        return True
    if form.has_error("code", "too_many_login_attempts"):
        raise TooManySignIns
    return False
