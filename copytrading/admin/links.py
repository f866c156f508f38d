"""
Accounts elsewhere that leads let us read, and followers' own that copies trade on: whether they can be used. Nothing of
a key is ever shown.
"""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.tables import ReadOnlyAdmin, link_to, list_link
from copytrading.admin.cash import in_cash
from copytrading.models import AccountMove, Copy, LinkedAccount, OwnAccount, OwnHolding, OwnSeat, UntradedHolding


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


@admin.register(OwnAccount)
class OwnAccountAdmin(ReadOnlyAdmin):
    """Accounts of people's own at the exchange that copies trade on."""

    list_display = ("id", "user", "exchange", "status", "key", "looked_at", "reason")
    list_filter = ("status", "exchange")
    list_select_related = ("user",)
    ordering = ("-id",)
    search_fields = ("=id", "user__email")
    fields = (
        "person",
        "exchange",
        "status",
        "reason",
        "key",
        "money",
        "copies_link",
        "connected_at",
        "looked_at",
        "tried_at",
        "checked_at",
        "doubted_at",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[OwnAccount]:
        return super().get_queryset(request).select_related("user", "ledger_account").defer("sealed_key")

    @admin.display(description="person")
    def person(self, account: OwnAccount) -> str:
        return link_to(account.user)

    @admin.display(description="mirror in the ledger")
    def money(self, account: OwnAccount) -> str:
        return link_to(account.ledger_account)

    @admin.display(description="copies")
    def copies_link(self, account: OwnAccount) -> str:
        return list_link(Copy, label="All copies on this account", own_account__id__exact=account.pk)

    @admin.display(description="key")
    def key(self, account: OwnAccount) -> str:
        return f"… {account.fingerprint}" if account.fingerprint else ""


@admin.register(OwnHolding)
class OwnHoldingAdmin(ReadOnlyAdmin):
    list_display = ("id", "account", "asset", "beyond_units", "looked_at")
    list_select_related = ("account", "asset")
    search_fields = ("=account__id", "asset__symbol")


@admin.register(OwnSeat)
class OwnSeatAdmin(ReadOnlyAdmin):
    list_display = ("copy", "phase", "has_rest", "looked_at", "next_look_at", "failures")
    list_filter = ("phase",)
    list_select_related = ("copy",)
    search_fields = ("=copy__id",)


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
