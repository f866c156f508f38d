"""How programs come in, as operators see it: devices, tokens and keys. Only read, and never what opens a door."""

from django.contrib import admin

from accounts.admin.tables import ReadOnlyAdmin
from accounts.models import Device, ProgramKey, RefreshToken


@admin.register(Device)
class DeviceAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "name", "address", "signed_in_at", "last_used_at", "revoked_at", "revoked_for")
    list_filter = ("revoked_for", "signed_in_at")
    list_select_related = ("user",)
    ordering = ("-id",)
    search_fields = ("user__email", "name")
    exclude = ("session_key", "password_mark")


@admin.register(RefreshToken)
class RefreshTokenAdmin(ReadOnlyAdmin):
    list_display = ("id", "device", "issued_at", "expires_at", "used_at")
    list_select_related = ("device",)
    ordering = ("-id",)
    search_fields = ("=device__id", "device__user__email")
    exclude = ("token_hash",)


@admin.register(ProgramKey)
class ProgramKeyAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "name", "hint", "scopes", "made_at", "expires_at", "last_used_at")
    list_select_related = ("user",)
    ordering = ("-id",)
    search_fields = ("user__email", "name", "hint")
    exclude = ("key_hash",)
