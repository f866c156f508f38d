"""The markets, their marks, and the periodic work that was done."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.admin.tables import ReadOnlyAdmin, whole
from copytrading.admin.acting import ActingAdmin, operator_action
from copytrading.admin.asking import ask_to_halt
from copytrading.admin.cash import in_cash
from copytrading.models import Halt, Mark, Market, MarkRange, ScheduledRun, SourcePrice
from copytrading.services.market import listings


@admin.register(Market)
class MarketAdmin(ActingAdmin):
    list_display = (
        "symbol", "base", "quote", "lot", "tick_size", "value_min", "price", "status", "status_since",
        "barred_since",
    )  # fmt: skip
    list_filter = ("status", ("barred_since", admin.EmptyFieldListFilter), "quote")
    list_select_related = ("base", "quote", "mark")
    search_fields = ("symbol", "base__name")
    actions = ("halt", "unbar")

    @admin.display(description="lot", ordering="lot_units")
    def lot(self, market: Market) -> str:
        return whole(market.lot_units, decimals=market.base.decimals, symbol=market.base.symbol)

    @admin.display(description="smallest order", ordering="value_min_units")
    def value_min(self, market: Market) -> str:
        return in_cash(market.value_min_units)

    @admin.display(description="price", ordering="mark__price")
    def price(self, market: Market) -> str | None:
        mark = getattr(market, "mark", None)
        return f"{mark.price.normalize():f}" if mark else None

    @operator_action("Halt its trading")
    def halt(self, request: HttpRequest, rows: QuerySet[Market]) -> HttpResponse:
        return ask_to_halt(Halt.Scope.MARKET, rows)

    @operator_action("The venue trades it with us again")
    def unbar(self, request: HttpRequest, rows: QuerySet[Market]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda market: listings.unbar_market(market_id=market.pk, now=now),
            done="Opened; it trades once the venue's list says so",
            tried="open",
        )


@admin.register(Mark)
class MarkAdmin(ReadOnlyAdmin):
    list_display = ("market", "price", "as_of", "source", "doubt", "doubted_price", "doubted_at")
    list_filter = ("doubt", "source", "as_of")
    list_select_related = ("market",)
    search_fields = ("market__symbol",)


@admin.register(SourcePrice)
class SourcePriceAdmin(ReadOnlyAdmin):
    list_display = ("market", "source", "price", "as_of", "taken_at")
    list_filter = ("source", "as_of")
    list_select_related = ("market",)
    search_fields = ("market__symbol", "source")


@admin.register(ScheduledRun)
class ScheduledRunAdmin(ReadOnlyAdmin):
    list_display = ("job", "slot", "done_at")
    list_filter = ("job", "slot")
    ordering = ("-slot",)
    search_fields = ("job",)


@admin.register(MarkRange)
class MarkRangeAdmin(ReadOnlyAdmin):
    list_display = ("id", "market", "began_at", "low", "high")
    list_filter = ("market",)
    list_select_related = ("market",)
    search_fields = ("market__symbol",)
