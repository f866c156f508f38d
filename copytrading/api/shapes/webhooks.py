"""Webhooks, what was sent to them, and what became of each attempt."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import WholeNumberField
from copytrading.queries.hooks.wanted import DELIVERY_STATES, EVENTS, STATUSES, topic_labels
from copytrading.services.hooks.targets import ADDRESS_LENGTH_MAX
from copytrading.services.hooks.webhooks import DESCRIPTION_LENGTH_MAX, OVERLAP_HOURS, OVERLAP_HOURS_MAX

WANTED_MAX = 50


def _events(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.ChoiceField(choices=EVENTS), max_length=WANTED_MAX, **options)


def _topics(**options: Any) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.ChoiceField(choices=topic_labels()),
        max_length=WANTED_MAX,
        help_text="Topics of notices.",
        **options,
    )


class WebhookInput(serializers.Serializer):
    address = serializers.CharField(max_length=ADDRESS_LENGTH_MAX, help_text="https, and a public machine.")
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH_MAX, allow_blank=True, default="")
    events = _events(default=list)
    topics = _topics(default=list)


class WebhookChangeInput(serializers.Serializer):
    """What is to be otherwise; what is not named stays."""

    address = serializers.CharField(max_length=ADDRESS_LENGTH_MAX, required=False)
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH_MAX, allow_blank=True, required=False)
    events = _events(required=False)
    topics = _topics(required=False)
    is_active = serializers.BooleanField(
        required=False, help_text="False lets it rest; true lets it go on, with what happens from then on."
    )


class RotationInput(serializers.Serializer):
    overlap_hours = WholeNumberField(
        default=OVERLAP_HOURS,
        min_value=0,
        max_value=OVERLAP_HOURS_MAX,
        help_text="How long the secret before signs as well.",
    )


class WebhookShape(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    address = serializers.CharField()
    description = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(choices=EVENTS))
    topics = serializers.ListField(child=serializers.ChoiceField(choices=topic_labels()))
    status = serializers.ChoiceField(choices=STATUSES)
    reason = serializers.CharField(help_text="Why it is not active.")
    created_at = serializers.DateTimeField()
    failures = serializers.IntegerField(help_text="Attempts in a row that were not taken.")
    delivered_at = serializers.DateTimeField(allow_null=True, help_text="When something was taken last.")
    previous_secret_until = serializers.DateTimeField(
        source="previous_until", allow_null=True, help_text="Until then the secret before signs as well."
    )


class NewWebhookShape(WebhookShape):
    secret = serializers.CharField(help_text="Shown now and never again.")


class WebhookAttemptShape(serializers.Serializer):
    at = serializers.DateTimeField(source="tried_at")
    status = serializers.IntegerField(allow_null=True, help_text="Of the answer; null where there was none.")
    trouble = serializers.CharField(help_text="Why there was no answer.")
    milliseconds = serializers.IntegerField()


class WebhookDeliveryShape(serializers.Serializer):
    """One event on its way, with every attempt."""

    id = serializers.IntegerField(source="pk")
    event_id = serializers.CharField(help_text="The `webhook-id` that it is sent under, always.")
    event_type = serializers.CharField()
    payload = serializers.SerializerMethodField(help_text="What is sent.")
    state = serializers.SerializerMethodField()
    queued_at = serializers.DateTimeField()
    next_attempt_at = serializers.SerializerMethodField(help_text="Null where it is over.")
    attempts = WebhookAttemptShape(source="tries", many=True)

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_payload(self, delivery: Any) -> Any:
        return json.loads(delivery.payload)

    @extend_schema_field(serializers.ChoiceField(choices=DELIVERY_STATES))
    def get_state(self, delivery: Any) -> str:
        return str(delivery.state)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_attempt_at(self, delivery: Any) -> Any:
        is_over = delivery.delivered_at or delivery.given_up_at
        return None if is_over else serializers.DateTimeField().to_representation(delivery.due_at)
