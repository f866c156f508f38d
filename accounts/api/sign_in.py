"""Sign in with e-mail and password, and the second factor where there is one, for a token."""

from typing import cast

from allauth.account import app_settings as account_settings
from allauth.account.adapter import get_adapter
from allauth.account.utils import has_verified_email
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError as Throttled
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from accounts.api.endpoint import Endpoint
from accounts.api.problems import documented
from accounts.api.throttles import SignInsPerMinute
from accounts.api.tokens import issue_token
from accounts.models import User


class SignInRefused(exceptions.AuthenticationFailed):
    """Wrong e-mail or password; the same answer for both, so that nobody learns who is here."""

    default_code = "sign_in_refused"
    default_detail = "This e-mail and password do not belong together."


class SecondFactorNeeded(exceptions.AuthenticationFailed):
    """The password was right, the code of the second factor is missing or wrong."""

    default_code = "second_factor_needed"
    default_detail = "Send the code of your authenticator app as well."


class EmailNotConfirmed(exceptions.PermissionDenied):
    """The address was not confirmed yet."""

    default_code = "email_not_confirmed"
    default_detail = "Confirm your e-mail address first: follow the link that was sent to it."


class TooManySignIns(exceptions.Throttled):
    """This address or this e-mail was tried too often."""

    default_code = "throttled"
    default_detail = "Too many sign-ins failed. Wait a few minutes."


class SignInSerializer(serializers.Serializer):
    email = serializers.EmailField()
    password = serializers.CharField(trim_whitespace=False, max_length=200)
    code = serializers.CharField(required=False, max_length=20, help_text="Of the second factor, where there is one.")


class TokenSerializer(serializers.Serializer):
    token = serializers.CharField(help_text="Send it as `Authorization: Bearer TOKEN`. Shown once, good for 90 days.")


class Token(Endpoint):
    """The way in, and out."""

    def get_permissions(self) -> list[BasePermission]:
        return [AllowAny()] if self.request.method == "POST" else super().get_permissions()

    def get_throttles(self) -> list[BaseThrottle]:
        return [SignInsPerMinute()] if self.request.method == "POST" else super().get_throttles()

    @extend_schema(
        operation_id="sign_in",
        tags=["token"],
        summary="Sign in",
        auth=[],
        request=SignInSerializer,
        responses=documented({201: TokenSerializer}, problems=(400, 401, 403, 429)),
    )
    def post(self, request: Request) -> Response:
        said = self.read(SignInSerializer)
        user = self._person(request, email=said["email"], password=said["password"])
        if is_mfa_enabled(user) and not AuthenticateForm({"code": said.get("code", "")}, user=user).is_valid():
            raise SecondFactorNeeded
        is_mandatory = account_settings.EMAIL_VERIFICATION == account_settings.EmailVerificationMethod.MANDATORY
        if is_mandatory and not has_verified_email(user):
            raise EmailNotConfirmed
        return Response({"token": issue_token(user)}, status=status.HTTP_201_CREATED)

    def _person(self, request: Request, *, email: str, password: str) -> User:
        try:
            # Failed attempts are counted here, together with those of the portal.
            user = get_adapter(request._request).authenticate(request._request, email=email, password=password)
        except Throttled as error:
            raise TooManySignIns from error
        if user is None or not user.is_active:
            raise SignInRefused
        return cast("User", user)

    @extend_schema(
        operation_id="sign_out",
        tags=["token"],
        summary="Revoke the token that this request carries",
        request=None,
        responses=documented({204: None}, problems=(401, 429)),
    )
    def delete(self, request: Request) -> Response:
        request.auth.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
