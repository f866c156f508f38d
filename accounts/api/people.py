"""Who asks, and how that person is written to."""

from typing import Any, cast
from zoneinfo import available_timezones

from allauth.account.utils import has_verified_email
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.problems import documented
from accounts.identity.places import moved
from accounts.models import ProgramKey, User


class PersonInput(serializers.Serializer):
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False)
    time_zone = serializers.CharField(max_length=64, required=False, help_text="As Europe/Berlin.")

    def validate_time_zone(self, name: str) -> str:
        if name not in available_timezones():
            raise serializers.ValidationError(gettext("There is no such time zone; write it as Europe/Berlin."))
        return name


class AskingKeyShape(serializers.Serializer):
    """The key for programs that a request was sent with."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=ProgramKey.Scope.choices))
    expires_at = serializers.DateTimeField(allow_null=True)


class PersonShape(serializers.Serializer):
    email = serializers.EmailField()
    email_is_confirmed = serializers.SerializerMethodField()
    has_second_factor = serializers.SerializerMethodField()
    language = serializers.ChoiceField(choices=settings.LANGUAGES)
    time_zone = serializers.CharField()
    key = serializers.SerializerMethodField(help_text="Of the key that asks, what it may do; null on a device.")

    def get_email_is_confirmed(self, user: User) -> bool:
        return bool(has_verified_email(user, user.email))

    def get_has_second_factor(self, user: User) -> bool:
        return bool(is_mfa_enabled(user))

    @extend_schema_field(AskingKeyShape(allow_null=True))
    def get_key(self, user: User) -> dict[str, Any] | None:
        asking = self.context["asking"]
        return dict(AskingKeyShape(asking).data) if isinstance(asking, ProgramKey) else None


class Me(Endpoint):
    @extend_schema(
        operation_id="read_me",
        tags=["devices"],
        summary="Who you are",
        responses=documented({200: PersonShape}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        return Response(PersonShape(request.user, context={"asking": request.auth}).data)

    @extend_schema(
        operation_id="change_me",
        tags=["devices"],
        summary="Choose language and time zone",
        parameters=[IDEMPOTENCY_KEY],
        request=PersonInput,
        responses=documented({200: PersonShape}, problems=(400, 401, 403, 422, 429)),
    )
    @idempotent
    def patch(self, request: Request, *, idempotency_key: str) -> Response:
        user, chosen = cast("User", request.user), self.read(PersonInput)
        for name, value in chosen.items():
            setattr(user, name, value)
        user.save(update_fields=list(chosen))
        if "time_zone" in chosen:
            moved.send(User, user=user)
        return Response(PersonShape(user, context={"asking": request.auth}).data)
