"""Webhooks by API: a person on a device does all of it, after a proof; a key may look and nothing else."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.paging import TimedQuery, paged
from accounts.api.problems import documented
from accounts.api.scopes import JustConfirmed
from copytrading.api.finding import person
from copytrading.api.shapes.webhooks import (
    NewWebhookShape,
    RotationInput,
    WebhookChangeInput,
    WebhookDeliveryShape,
    WebhookInput,
    WebhookShape,
)
from copytrading.queries.hooks.listing import deliveries_of, webhooks_of
from copytrading.services.hooks import webhooks

PROBLEMS = (400, 401, 403, 404, 409, 422, 429)


def own_webhook(request: Request, webhook_id: int) -> Any:
    return get_object_or_404(webhooks_of(person(request)), pk=webhook_id)


class Webhooks(Endpoint):
    permission_classes = (*Endpoint.permission_classes, JustConfirmed)

    @extend_schema(
        operation_id="list_webhooks",
        tags=["webhooks"],
        summary="Your webhooks",
        responses=documented({200: WebhookShape(many=True)}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        return Response(WebhookShape(webhooks_of(person(request)), many=True).data)

    @extend_schema(
        operation_id="add_webhook",
        tags=["webhooks"],
        summary="Be told at an address of yours what happens",
        description="Takes a proof of the last five minutes that it is you. Signed as Standard Webhooks are; five at"
        " most. The answer has the secret, which is shown this once.",
        request=WebhookInput,
        responses=documented({201: NewWebhookShape}, problems=(400, 401, 403, 409, 429)),
    )
    def post(self, request: Request) -> Response:
        wanted = self.read(WebhookInput)
        webhook, secret = webhooks.add_webhook(user=person(request), now=timezone.now(), **wanted)
        return Response({**WebhookShape(webhook).data, "secret": secret}, status=status.HTTP_201_CREATED)


class OneWebhook(Endpoint):
    permission_classes = (*Endpoint.permission_classes, JustConfirmed)

    @extend_schema(
        operation_id="read_webhook",
        tags=["webhooks"],
        summary="One webhook",
        responses=documented({200: WebhookShape}, problems=(401, 403, 404, 429)),
    )
    def get(self, request: Request, webhook_id: int) -> Response:
        return Response(WebhookShape(own_webhook(request, webhook_id)).data)

    @extend_schema(
        operation_id="change_webhook",
        tags=["webhooks"],
        summary="Change an address, what is told, or let it rest and go on",
        description="Takes a proof of the last five minutes that it is you.",
        parameters=[IDEMPOTENCY_KEY],
        request=WebhookChangeInput,
        responses=documented({200: WebhookShape}, problems=PROBLEMS),
    )
    @idempotent
    def patch(self, request: Request, webhook_id: int, *, idempotency_key: str) -> Response:
        webhook = own_webhook(request, webhook_id)
        changed = webhooks.change_webhook(webhook=webhook, now=timezone.now(), **self.read(WebhookChangeInput))
        return Response(WebhookShape(changed).data)

    @extend_schema(
        operation_id="remove_webhook",
        tags=["webhooks"],
        summary="Remove a webhook; its secret is worth nothing any more",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=documented({204: None}, problems=PROBLEMS),
    )
    @idempotent
    def delete(self, request: Request, webhook_id: int, *, idempotency_key: str) -> Response:
        webhooks.remove_webhook(webhook=own_webhook(request, webhook_id), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class RotateWebhook(Endpoint):
    permission_classes = (*Endpoint.permission_classes, JustConfirmed)

    @extend_schema(
        operation_id="rotate_webhook",
        tags=["webhooks"],
        summary="Get a new secret; the one before signs as well for a while",
        description="Takes a proof of the last five minutes that it is you.",
        request=RotationInput,
        responses=documented({200: NewWebhookShape}, problems=(400, 401, 403, 404, 409, 429)),
    )
    def post(self, request: Request, webhook_id: int) -> Response:
        webhook = own_webhook(request, webhook_id)
        rotated, secret = webhooks.rotate_secret(webhook=webhook, now=timezone.now(), **self.read(RotationInput))
        return Response({**WebhookShape(rotated).data, "secret": secret})


class TryWebhook(Endpoint):
    @extend_schema(
        operation_id="test_webhook",
        tags=["webhooks"],
        summary="Send an event that says nothing, once",
        description="Look at the deliveries for what came of it.",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=documented({202: WebhookDeliveryShape}, problems=PROBLEMS),
    )
    @idempotent
    def post(self, request: Request, webhook_id: int, *, idempotency_key: str) -> Response:
        webhook = own_webhook(request, webhook_id)
        delivery = webhooks.send_test(webhook=webhook, now=timezone.now())
        return _on_its_way(webhook, delivery.pk)


class WebhookDeliveries(Endpoint):
    @extend_schema(
        operation_id="list_webhook_deliveries",
        tags=["webhooks"],
        summary="What was sent to a webhook, with every attempt, latest first",
        parameters=[TimedQuery],
        responses=documented({200: paged(WebhookDeliveryShape)}, problems=(400, 401, 403, 404, 429)),
    )
    def get(self, request: Request, webhook_id: int) -> Response:
        webhook = own_webhook(request, webhook_id)
        of = f"deliveries of {webhook.pk}"
        return self.page(deliveries_of(webhook), WebhookDeliveryShape, of=of, at="queued_at")


class SendAgain(Endpoint):
    @extend_schema(
        operation_id="send_webhook_again",
        tags=["webhooks"],
        summary="Send an event once more, under its id",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=documented({202: WebhookDeliveryShape}, problems=PROBLEMS),
    )
    @idempotent
    def post(self, request: Request, webhook_id: int, delivery_id: int, *, idempotency_key: str) -> Response:
        webhook = own_webhook(request, webhook_id)
        delivery = get_object_or_404(deliveries_of(webhook), pk=delivery_id)
        webhooks.send_again(webhook=webhook, delivery=delivery, now=timezone.now())
        return _on_its_way(webhook, delivery.pk)


def _on_its_way(webhook: Any, delivery_id: int) -> Response:
    delivery = deliveries_of(webhook).get(pk=delivery_id)
    return Response(WebhookDeliveryShape(delivery).data, status=status.HTTP_202_ACCEPTED)
