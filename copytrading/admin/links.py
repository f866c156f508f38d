"""Accounts elsewhere that leads let us read: whether they can be read. Nothing of a key is ever shown."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.tables import ReadOnlyAdmin, link_to
from copytrading.admin.cash import in_cash
from copytrading.models import AccountMove, LinkedAccount, UntradedHolding


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
        "unpriced",
        "unread",
        "agreed_at",
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


@admin.register(UntradedHolding)
class UntradedHoldingAdmin(ReadOnlyAdmin):
    list_display = ("id", "lead", "symbol", "quantity", "price", "priced_at")
    list_select_related = ("lead",)
    search_fields = ("lead__name", "symbol")


@admin.register(AccountMove)
class AccountMoveAdmin(ReadOnlyAdmin):
    list_display = ("id", "lead", "kind", "symbol", "quantity", "value", "moved_at")
    list_filter = ("kind", "moved_at")
    list_select_related = ("lead",)
    search_fields = ("lead__name", "symbol")

    @admin.display(description="worth", ordering="value_units")
    def value(self, move: AccountMove) -> str:
        return in_cash(move.value_units)
