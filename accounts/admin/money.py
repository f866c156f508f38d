"""The ledger, to be read: a correction is a new journal, made by a service."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin.tables import ReadOnlyAdmin, ReadOnlyRows, link_to, list_link, whole
from accounts.models import Asset, Balance, Hold, Journal, LedgerAccount, Posting


class BalanceRows(ReadOnlyRows):
    model = Balance
    fields = ("asset", "posted_shown", "held_shown")
    readonly_fields = fields
    verbose_name_plural = "balances"

    @admin.display(description="posted")
    def posted_shown(self, balance: Balance) -> str:
        return whole(balance.posted, decimals=balance.asset.decimals)

    @admin.display(description="held")
    def held_shown(self, balance: Balance) -> str:
        return whole(balance.held, decimals=balance.asset.decimals)


class PostingRows(ReadOnlyRows):
    model = Posting
    fields = ("account_link", "asset", "units_shown")
    readonly_fields = fields
    # A journal of ten thousand copies is read in the list of postings, by its number.
    max_shown = 200

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("ledger_account", "asset")
        journal_id = request.resolver_match.kwargs.get("object_id", "") if request.resolver_match else ""
        if not journal_id.isdigit():
            return rows
        first = Posting.objects.filter(journal_id=journal_id).order_by("id").values("id")[: self.max_shown]
        return rows.filter(id__in=first)

    @admin.display(description="ledger account")
    def account_link(self, posting: Posting) -> str:
        return link_to(posting.ledger_account)

    @admin.display(description="moved")
    def units_shown(self, posting: Posting) -> str:
        return whole(posting.units, decimals=posting.asset.decimals, symbol=posting.asset.symbol)


@admin.register(Asset)
class AssetAdmin(ReadOnlyAdmin):
    list_display = ("symbol", "name", "decimals")
    search_fields = ("symbol", "name")


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "owner_link", "opened_at")
    list_filter = ("kind", "opened_at")
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__email")
    fields = ("kind", "owner_link", "opened_at", "movements")
    readonly_fields = fields
    inlines = (BalanceRows,)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "owner__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description="owner")
    def owner_link(self, account: LedgerAccount) -> str:
        return link_to(account.owner)

    @admin.display(description="movements")
    def movements(self, account: LedgerAccount) -> str:
        return list_link(Posting, label="All postings of this account", ledger_account__id__exact=account.pk)


@admin.register(Journal)
class JournalAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "idempotency_key", "posted_at")
    list_filter = ("kind", "posted_at")
    ordering = ("-id",)
    search_fields = ("=id", "idempotency_key")
    inlines = (PostingRows,)


@admin.register(Posting)
class PostingAdmin(ReadOnlyAdmin):
    list_display = ("id", "journal_link", "account_link", "asset", "moved")
    list_filter = ("asset", "journal__kind")
    list_select_related = ("journal", "ledger_account", "asset")
    ordering = ("-id",)
    search_fields = ("=ledger_account__id", "=journal__id", "journal__idempotency_key")
    fields = ("journal_link", "account_link", "asset", "moved")
    readonly_fields = fields

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "ledger_account__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description="journal")
    def journal_link(self, posting: Posting) -> str:
        return link_to(posting.journal)

    @admin.display(description="ledger account")
    def account_link(self, posting: Posting) -> str:
        return link_to(posting.ledger_account)

    @admin.display(description="moved")
    def moved(self, posting: Posting) -> str:
        return whole(posting.units, decimals=posting.asset.decimals, symbol=posting.asset.symbol)


@admin.register(Balance)
class BalanceAdmin(ReadOnlyAdmin):
    list_display = ("id", "account_link", "asset", "posted_shown", "held_shown", "may_be_negative")
    list_filter = ("ledger_account__kind", "asset")
    list_select_related = ("ledger_account", "asset")
    search_fields = ("=ledger_account__id", "ledger_account__owner__email", "asset__symbol")
    fields = ("account_link", "asset", "posted_shown", "held_shown", "may_be_negative")
    readonly_fields = fields

    @admin.display(description="ledger account")
    def account_link(self, balance: Balance) -> str:
        return link_to(balance.ledger_account)

    @admin.display(description="posted", ordering="posted")
    def posted_shown(self, balance: Balance) -> str:
        return whole(balance.posted, decimals=balance.asset.decimals, symbol=balance.asset.symbol)

    @admin.display(description="held", ordering="held")
    def held_shown(self, balance: Balance) -> str:
        return whole(balance.held, decimals=balance.asset.decimals, symbol=balance.asset.symbol)


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ("key", "asset", "held", "participants", "placed_at", "released_at")
    list_filter = (("released_at", admin.EmptyFieldListFilter), "asset", "placed_at")
    list_select_related = ("asset",)
    ordering = ("-placed_at",)
    search_fields = ("key",)
    fields = ("key", "asset", "held", "participants", "placed_at", "released_at")
    readonly_fields = fields

    @admin.display(description="held in all")
    def held(self, hold: Hold) -> str:
        return whole(sum(hold.units), decimals=hold.asset.decimals, symbol=hold.asset.symbol)

    @admin.display(description="participants")
    def participants(self, hold: Hold) -> int:
        return len(hold.ledger_account_ids)
