"""Keys for programs: listed, made and revoked by a person on a device; no key makes keys."""

from typing import Any, cast

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import program_keys
from accounts.api.endpoint import Endpoint
from accounts.api.fields import WholeNumberField
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.problems import documented
from accounts.api.scopes import JustConfirmed
from accounts.models import ProgramKey, User


class ProgramKeyInput(serializers.Serializer):
    name = serializers.CharField(max_length=60)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=ProgramKey.Scope.choices), max_length=10)
    addresses = serializers.ListField(
        child=serializers.CharField(max_length=43),
        default=list,
        max_length=program_keys.NETWORKS_MAX,
        help_text="Addresses or networks that it may come from; none named is anywhere.",
    )
    expires_at = serializers.DateTimeField(allow_null=True, default=None)
    requests_per_minute = WholeNumberField(
        default=program_keys.REQUESTS_PER_MINUTE, min_value=1, max_value=program_keys.REQUESTS_PER_MINUTE_MAX
    )


class ProgramKeyShape(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    hint = serializers.CharField(help_text="How it begins.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=ProgramKey.Scope.choices))
    addresses = serializers.ListField(child=serializers.CharField())
    requests_per_minute = serializers.IntegerField()
    made_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    last_address = serializers.CharField(allow_null=True)


class NewProgramKeyShape(ProgramKeyShape):
    key = serializers.CharField(help_text="Shown now and never again.")


class ProgramKeys(Endpoint):
    permission_classes = (*Endpoint.permission_classes, JustConfirmed)

    @extend_schema(
        operation_id="list_keys",
        tags=["keys"],
        summary="Your keys for programs",
        responses=documented({200: ProgramKeyShape(many=True)}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        return Response(ProgramKeyShape(program_keys.keys_of(cast("User", request.user)), many=True).data)

    @extend_schema(
        operation_id="make_key",
        tags=["keys"],
        summary="Make a key for a program",
        description="Takes a proof of the last five minutes that it is you. No key ever withdraws.",
        request=ProgramKeyInput,
        responses=documented({201: NewProgramKeyShape}, problems=(400, 401, 403, 429)),
    )
    def post(self, request: Request) -> Response:
        wanted: dict[str, Any] = self.read(ProgramKeyInput)
        try:
            key, secret = program_keys.make_key(user=cast("User", request.user), now=timezone.now(), **wanted)
        except program_keys.KeyNotPossible as error:
            raise exceptions.ValidationError({error.field: str(error)}) from error
        return Response({**ProgramKeyShape(key).data, "key": secret}, status=status.HTTP_201_CREATED)


class OneProgramKey(Endpoint):
    permission_classes = (*Endpoint.permission_classes, JustConfirmed)

    @extend_schema(
        operation_id="revoke_key",
        tags=["keys"],
        summary="Revoke a key, from this moment on",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=documented({204: None}, problems=(400, 401, 403, 404, 422, 429)),
    )
    @idempotent
    def delete(self, request: Request, key_id: int, *, idempotency_key: str) -> Response:
        if not program_keys.revoke_key(user=cast("User", request.user), key_id=key_id, now=timezone.now()):
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)
