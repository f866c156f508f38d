"""What people are told and how, as operators see it: where each message is, and what somebody chose. Only read."""

from django.contrib import admin

from accounts.admin.tables import ReadOnlyAdmin
from copytrading.models import (
    Delivery,
    Favourite,
    KnownDevice,
    LeadOutline,
    NoticeHabits,
    NoticeSwitch,
    PushSubscription,
)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("id", "notice", "channel", "status", "due_at", "attempts", "finished_at", "answer")
    list_filter = ("channel", "status", "due_at")
    list_select_related = ("notice",)
    ordering = ("-id",)
    search_fields = ("=notice__id", "notice__user__email", "message_id")


@admin.register(PushSubscription)
class PushSubscriptionAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "device", "subscribed_at", "retired_at", "retired_because")
    list_filter = ("subscribed_at",)
    list_select_related = ("user",)
    ordering = ("-id",)
    search_fields = ("user__email",)
    exclude = ("secret",)


@admin.register(NoticeHabits)
class NoticeHabitsAdmin(ReadOnlyAdmin):
    list_display = ("user", "time_zone", "mail_rhythm", "quiet_from", "quiet_until")
    list_select_related = ("user",)
    ordering = ("user",)
    search_fields = ("user__email",)


@admin.register(NoticeSwitch)
class NoticeSwitchAdmin(ReadOnlyAdmin):
    list_display = ("user", "topic", "channel", "is_on")
    list_filter = ("topic", "channel", "is_on")
    list_select_related = ("user",)
    ordering = ("user", "topic")
    search_fields = ("user__email",)


@admin.register(KnownDevice)
class KnownDeviceAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "seen_at")
    list_select_related = ("user",)
    ordering = ("-seen_at",)
    search_fields = ("user__email",)
    exclude = ("name_hash",)


@admin.register(LeadOutline)
class LeadOutlineAdmin(ReadOnlyAdmin):
    list_display = ("lead", "noted_at")
    list_select_related = ("lead",)
    ordering = ("-noted_at",)
    search_fields = ("lead__name",)


@admin.register(Favourite)
class FavouriteAdmin(ReadOnlyAdmin):
    list_display = ("user", "lead", "chosen_at")
    list_select_related = ("user", "lead")
    ordering = ("-chosen_at",)
    search_fields = ("user__email", "lead__name")
