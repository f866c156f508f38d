"""What was measured and kept for the pages: gaps, what copies hold together, price bars, trades seen elsewhere."""

from typing import Any

from django.contrib import admin

from accounts.admin.tables import ReadOnlyAdmin
from copytrading.admin.cash import in_cash
from copytrading.models import CopyGap, CopyGapRecord, LeadSnapshot, MoneyUnderCopy, ObservedTrade, PriceBar


@admin.register(LeadSnapshot)
class LeadSnapshotAdmin(ReadOnlyAdmin):
    list_display = ("lead", "measured_at", "growth_index")
    list_select_related = ("lead",)
    ordering = ("-measured_at",)
    search_fields = ("lead__name",)


class GapAdmin(ReadOnlyAdmin):
    """What a copy is worth beside what its lead's return would have made of the same money."""

    list_select_related = ("copy__lead", "copy__follower")
    search_fields = ("copy__follower__email", "copy__lead__name")

    @admin.display(description="worth", ordering="equity_units")
    def worth(self, gap: Any) -> str:
        return in_cash(gap.equity_units)

    @admin.display(description="ideal", ordering="ideal_units")
    def ideal(self, gap: Any) -> str:
        return in_cash(gap.ideal_units)


@admin.register(CopyGap)
class CopyGapAdmin(GapAdmin):
    list_display = ("copy", "worth", "ideal", "measured_at")
    ordering = ("-measured_at",)


@admin.register(CopyGapRecord)
class CopyGapRecordAdmin(GapAdmin):
    list_display = ("id", "copy", "worth", "ideal")
    ordering = ("-id",)


@admin.register(MoneyUnderCopy)
class MoneyUnderCopyAdmin(ReadOnlyAdmin):
    list_display = ("recorded_at", "copies", "worth")
    ordering = ("-recorded_at",)
    search_fields = ("=id",)

    @admin.display(description="worth", ordering="worth_units")
    def worth(self, money: MoneyUnderCopy) -> str:
        return in_cash(money.worth_units)


@admin.register(PriceBar)
class PriceBarAdmin(ReadOnlyAdmin):
    list_display = ("id", "market", "closed_at", "close")
    list_filter = ("market",)
    list_select_related = ("market",)
    ordering = ("-id",)
    search_fields = ("market__symbol",)


@admin.register(ObservedTrade)
class ObservedTradeAdmin(ReadOnlyAdmin):
    list_display = ("id", "lead", "market", "units", "traded_at")
    list_filter = ("traded_at",)
    list_select_related = ("lead", "market")
    ordering = ("-id",)
    search_fields = ("lead__name", "market__symbol")
