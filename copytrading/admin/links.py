"""Accounts elsewhere that leads let us read: whether they can be read. Nothing of a key is ever shown."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.tables import ReadOnlyAdmin, link_to
from copytrading.models import LinkedAccount


@admin.register(LinkedAccount)
class LinkedAccountAdmin(ReadOnlyAdmin):
    list_display = ("lead", "exchange", "status", "key", "looked_at", "failures", "reason")
    list_filter = ("status", "exchange")
    list_select_related = ("lead",)
    ordering = ("-connected_at",)
    search_fields = ("=id", "lead__name", "exchange")
    fields = (
        "lead_link",
        "exchange",
        "status",
        "reason",
        "key",
        "connected_at",
        "looked_at",
        "tried_at",
        "checked_at",
        "failures",
        "unfollowed",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[LinkedAccount]:
        return super().get_queryset(request).defer("sealed_key")

    @admin.display(description="lead")
    def lead_link(self, link: LinkedAccount) -> str:
        return link_to(link.lead)

    @admin.display(description="key")
    def key(self, link: LinkedAccount) -> str:
        return f"… {link.fingerprint}" if link.fingerprint else ""
