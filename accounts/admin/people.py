"""People, who may be changed, and what was done by whom, which may not."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest

from accounts.admin.tables import ReadOnlyAdmin, list_link
from accounts.models import IdempotentRequest, LedgerAccount, RequestKey, User


@admin.register(User)
class PersonAdmin(DjangoUserAdmin):
    ordering = ("email",)
    list_display = ("email", "date_joined", "last_login", "is_active", "is_staff")
    list_filter = ("is_staff", "is_active", "date_joined")
    search_fields = ("email", "first_name", "last_name")
    readonly_fields = ("last_login", "date_joined", "money")
    fieldsets = (
        (None, {"fields": ("email", "password", "money")}),
        ("Name", {"fields": ("first_name", "last_name")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),)

    @admin.display(description="money")
    def money(self, user: User) -> str:
        return list_link(LedgerAccount, label="Ledger accounts of this person", owner__id__exact=user.pk)

    def has_delete_permission(self, request: HttpRequest, user: User | None = None) -> bool:
        """Nobody is deleted: the ledger keeps their history. They are made inactive."""
        return False


@admin.register(RequestKey)
class RequestKeyAdmin(ReadOnlyAdmin):
    list_display = ("key", "user", "words", "used_at")
    list_filter = ("used_at",)
    list_select_related = ("user",)
    ordering = ("-pk",)
    search_fields = ("user__email", "=key", "words")


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(ReadOnlyAdmin):
    list_display = ("key", "user", "response_status", "created_at")
    list_filter = ("response_status", "created_at")
    list_select_related = ("user",)
    ordering = ("-created_at",)
    search_fields = ("key", "user__email")


@admin.register(LogEntry)
class AuditAdmin(ReadOnlyAdmin):
    """Who did what here, and when. Written by every action, changed by none."""

    list_display = ("action_time", "user", "content_type", "object_repr", "action_flag", "change_message")
    list_filter = ("action_flag", "content_type", "action_time")
    list_select_related = ("user", "content_type")
    ordering = ("-action_time",)
    search_fields = ("user__email", "object_repr", "change_message")
