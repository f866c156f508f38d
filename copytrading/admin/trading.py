"""Cycles, orders, fills and shares: what was decided, what the venue did, and who got what."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.tables import ReadOnlyAdmin, ReadOnlyRows, link_to, list_link, whole
from copytrading.admin.cash import in_cash
from copytrading.models import Adjustment, Allocation, Fill, LimitOrder, ManualOrder, Order, SyncCycle


class OrderRows(ReadOnlyRows):
    model = Order
    fields = ("market", "side", "status", "value", "planned_at", "booked_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        # The wishes of ten thousand participants are not shown, so they are not loaded.
        return super().get_queryset(request).select_related("market").defer("participant_ids", "wish_units")

    @admin.display(description="value filled")
    def value(self, order: Order) -> str:
        return in_cash(order.value_units)


class FillRows(ReadOnlyRows):
    model = Fill
    fields = ("trade_id", "price", "value", "fee", "executed_at")
    readonly_fields = fields

    @admin.display(description="value")
    def value(self, fill: Fill) -> str:
        return in_cash(fill.value_units)

    @admin.display(description="fee")
    def fee(self, fill: Fill) -> str:
        return in_cash(fill.fee_units)


@admin.register(SyncCycle)
class SyncCycleAdmin(ReadOnlyAdmin):
    list_display = ("id", "lead", "status", "opened_at", "done_at")
    list_filter = ("status", "opened_at", "lead")
    list_select_related = ("lead",)
    ordering = ("-id",)
    search_fields = ("=id", "lead__name")
    inlines = (OrderRows,)
    fields = ("lead", "status", "opened_at", "done_at", "request_count", "adjustments_link")
    readonly_fields = fields

    @admin.display(description="adjustments")
    def adjustments_link(self, cycle: SyncCycle) -> str:
        return list_link(Adjustment, label="Where plans differ from wishes", q=cycle.pk)


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ("client_order_id", "market", "side", "status", "quantity", "filled", "value", "planned_at")
    list_filter = ("status", "side", "market", ("booked_at", admin.EmptyFieldListFilter), "planned_at")
    list_select_related = ("market__base",)
    ordering = ("-id",)
    search_fields = ("client_order_id", "=id", "=cycle__id", "venue_account")
    inlines = (FillRows,)
    fields = (
        "cycle_link",
        "market",
        "venue_account",
        "client_order_id",
        "side",
        "status",
        "quantity",
        "filled",
        "value",
        "fee",
        "price_limit",
        "price_mid",
        "participants",
        "shares_link",
        "refusal",
        "planned_at",
        "claimed_at",
        "asked_at",
        "answered_at",
        "booked_at",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        orders = super().get_queryset(request).select_related("market__base", "cycle")
        return orders.defer("participant_ids", "wish_units")

    @admin.display(description="cycle")
    def cycle_link(self, order: Order) -> str:
        return link_to(order.cycle)

    @admin.display(description="to send")
    def quantity(self, order: Order) -> str:
        return whole(order.quantity_units, decimals=order.market.base.decimals, symbol=order.market.base.symbol)

    @admin.display(description="filled")
    def filled(self, order: Order) -> str:
        return whole(order.filled_units, decimals=order.market.base.decimals, symbol=order.market.base.symbol)

    @admin.display(description="value filled", ordering="value_units")
    def value(self, order: Order) -> str:
        return in_cash(order.value_units)

    @admin.display(description="fee")
    def fee(self, order: Order) -> str:
        return in_cash(order.fee_units)

    @admin.display(description="participants")
    def participants(self, order: Order) -> int:
        return len(order.participant_ids)

    @admin.display(description="shares")
    def shares_link(self, order: Order) -> str:
        return list_link(Allocation, label="Who got what", order__id__exact=order.pk)


@admin.register(Fill)
class FillAdmin(ReadOnlyAdmin):
    list_display = ("trade_id", "order_link", "price", "quantity", "value", "fee", "executed_at", "late_at")
    list_filter = (("late_at", admin.EmptyFieldListFilter), "executed_at", "order__market")
    list_select_related = ("order__market__base",)
    ordering = ("-id",)
    search_fields = ("trade_id", "order__client_order_id")
    fields = ("order_link", "venue_account", "trade_id", "price", "quantity", "value", "fee", "executed_at", "late_at")
    readonly_fields = fields

    @admin.display(description="order")
    def order_link(self, fill: Fill) -> str:
        return link_to(fill.order)

    @admin.display(description="quantity")
    def quantity(self, fill: Fill) -> str:
        asset = fill.order.market.base
        return whole(fill.quantity_units, decimals=asset.decimals, symbol=asset.symbol)

    @admin.display(description="value")
    def value(self, fill: Fill) -> str:
        return in_cash(fill.value_units)

    @admin.display(description="fee")
    def fee(self, fill: Fill) -> str:
        return in_cash(fill.fee_units)


@admin.register(Allocation)
class AllocationAdmin(ReadOnlyAdmin):
    list_display = ("id", "order_link", "account_link", "quantity", "value", "fee")
    list_filter = ("order__market", "order__side")
    list_select_related = ("order__market__base", "ledger_account")
    ordering = ("-id",)
    search_fields = ("=ledger_account__id", "=order__id", "order__client_order_id")
    fields = ("order_link", "account_link", "quantity", "value", "fee")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Allocation]:
        return super().get_queryset(request).defer("order__participant_ids", "order__wish_units")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        linked = ("ledger_account__id__exact", "order__id__exact")
        return lookup in linked or super().lookup_allowed(lookup, value, request)

    @admin.display(description="order")
    def order_link(self, share: Allocation) -> str:
        return link_to(share.order)

    @admin.display(description="whose")
    def account_link(self, share: Allocation) -> str:
        return link_to(share.ledger_account)

    @admin.display(description="quantity", ordering="quantity_units")
    def quantity(self, share: Allocation) -> str:
        asset = share.order.market.base
        return whole(share.quantity_units, decimals=asset.decimals, symbol=asset.symbol)

    @admin.display(description="value", ordering="value_units")
    def value(self, share: Allocation) -> str:
        return in_cash(share.value_units)

    @admin.display(description="fee", ordering="fee_units")
    def fee(self, share: Allocation) -> str:
        return in_cash(share.fee_units)


@admin.register(ManualOrder)
class ManualOrderAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "order_link", "limit_order_link", "idempotency_key")
    list_select_related = ("user", "order", "limit_order")
    ordering = ("-id",)
    search_fields = ("=id", "user__email", "order__client_order_id")

    @admin.display(description="order")
    def order_link(self, manual: ManualOrder) -> str:
        return link_to(manual.order)

    @admin.display(description="came of")
    def limit_order_link(self, manual: ManualOrder) -> str:
        return link_to(manual.limit_order)


@admin.register(LimitOrder)
class LimitOrderAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "market", "side", "price", "quantity", "filled", "held", "status", "placed_at")
    list_filter = ("status", "side", "market", "placed_at")
    list_select_related = ("user", "market__base", "market__quote")
    ordering = ("-id",)
    search_fields = ("=id", "user__email")

    @admin.display(description="limit", ordering="price_limit")
    def price(self, own: LimitOrder) -> str:
        return f"{own.price_limit.normalize():f}"

    @admin.display(description="quantity")
    def quantity(self, own: LimitOrder) -> str:
        return whole(own.quantity_units, decimals=own.market.base.decimals, symbol=own.market.base.symbol)

    @admin.display(description="filled")
    def filled(self, own: LimitOrder) -> str:
        return whole(own.filled_units, decimals=own.market.base.decimals, symbol=own.market.base.symbol)

    @admin.display(description="held")
    def held(self, own: LimitOrder) -> str:
        return whole(own.held_units, decimals=own.held_asset.decimals, symbol=own.held_asset.symbol)
