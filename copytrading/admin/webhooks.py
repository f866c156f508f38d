"""People's webhooks as operators see them: where they lead and how they fare. Nothing of a secret is ever shown."""

from django.contrib import admin

from accounts.admin.tables import ReadOnlyAdmin
from copytrading.models import Webhook, WebhookAttempt, WebhookDelivery

SECRETS = ("seal_place", "sealed_secret", "seal_id", "previous_sealed_secret", "previous_seal_id")


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "address", "status", "failures", "delivered_at", "reason")
    list_filter = ("status", "created_at")
    list_select_related = ("user",)
    ordering = ("-id",)
    search_fields = ("user__email", "address")
    exclude = SECRETS


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("id", "webhook", "event_type", "event_id", "due_at", "attempts", "delivered_at", "given_up_at")
    list_filter = ("event_type", "due_at")
    list_select_related = ("webhook",)
    ordering = ("-id",)
    search_fields = ("webhook__user__email", "event_id")
    # What happened to somebody's money is theirs to read.
    exclude = ("payload",)


@admin.register(WebhookAttempt)
class WebhookAttemptAdmin(ReadOnlyAdmin):
    list_display = ("id", "delivery", "tried_at", "status", "trouble", "milliseconds")
    list_filter = ("tried_at",)
    list_select_related = ("delivery",)
    ordering = ("-id",)
    search_fields = ("delivery__event_id", "delivery__webhook__user__email")
