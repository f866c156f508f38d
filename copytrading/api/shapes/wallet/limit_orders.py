"""Limit orders of the main account: what one says, what it would hold, and what became of it."""

from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.paging import TimedQuery, paged
from copytrading.api.fields import (
    COINS_DIGITS_MAX,
    FractionField,
    MoneyField,
    MoneyInputField,
    PriceField,
    PriceInputField,
    QuantityField,
)
from copytrading.api.shapes.books import SIDES, average_price
from copytrading.queries import statuses


class LimitOrderInput(serializers.Serializer):
    """
    A limit order, counted in one way: in coins, or as a value in cash, of which a BUY spends at most that with its fee.

    Without `expires_at` it is good till canceled.
    """

    market = serializers.CharField(max_length=30)
    side = serializers.ChoiceField(choices=SIDES)
    price_limit = PriceInputField(help_text="Cash for one coin; a purchase never pays more, a sale never gets less.")
    quantity = serializers.RegexField(
        rf"^[0-9]{{1,{COINS_DIGITS_MAX}}}(\.[0-9]{{1,12}})?$", required=False, help_text="In whole lots of the market."
    )
    value = MoneyInputField(required=False)
    expires_at = serializers.DateTimeField(allow_null=True, default=None)

    def validate(self, order: dict[str, Any]) -> dict[str, Any]:
        if ("quantity" in order) == ("value" in order):
            raise serializers.ValidationError({"quantity": gettext("Send one of quantity and value.")})
        return order


class LimitOrdersQuery(TimedQuery):
    """`since` and `until` are of when it was placed."""

    state = serializers.ChoiceField(choices=["all", "waiting", "done"], default="all")


class LimitPreviewShape(serializers.Serializer):
    market = serializers.CharField(source="market.symbol")
    side = serializers.ChoiceField(choices=SIDES)
    price_limit = PriceField()
    quantity = QuantityField(units="quantity_units", decimals="market.base.decimals")
    value = MoneyField(source="value_units", help_text="At the limit.")
    fee = MoneyField(source="fee_units", help_text="At the limit, about.")
    held = QuantityField(units="held_units", decimals="held_decimals", help_text="Promised to it while it waits.")
    held_coin = serializers.CharField(source="held_symbol")
    price_mark = PriceField(source="mark", help_text="The price now.")
    away = FractionField(help_text="How far the limit is from the price now, as a share of that; above is positive.")
    waits = serializers.SerializerMethodField(help_text="Whether it waits for its limit; otherwise it trades at once.")
    warning = serializers.CharField(help_text="What to think about twice; empty where it is nothing.")
    expires_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(serializers.BooleanField())
    def get_waits(self, preview: Any) -> bool:
        return not preview.is_reached


class LimitOrderShape(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    market = serializers.CharField(source="market.symbol")
    coin = serializers.CharField(source="market.base.symbol")
    side = serializers.ChoiceField(choices=SIDES)
    status = serializers.ChoiceField(choices=statuses.LIMIT_ORDER)
    ended_because = serializers.ChoiceField(
        choices=statuses.LIMIT_ENDED_BECAUSE, allow_blank=True, help_text="Of one that was ended; otherwise empty."
    )
    price_limit = PriceField()
    quantity = QuantityField(units="quantity_units", decimals="market.base.decimals")
    filled = QuantityField(units="filled_units", decimals="market.base.decimals")
    value = MoneyField(source="value_units", help_text="Of what is filled.")
    fee = MoneyField(source="fee_units")
    price = serializers.SerializerMethodField(help_text="On average; null while nothing is filled.")
    held = QuantityField(
        units="held_units",
        decimals="held_asset.decimals",
        help_text="Promised to it while it waits; what is on its way to the venue for it is held apart.",
    )
    held_coin = serializers.CharField(source="held_asset.symbol")
    placed_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Null is good till canceled.")
    finished_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(PriceField(allow_null=True))
    def get_price(self, order: Any) -> str | None:
        return average_price(order.value_units, order.filled_units, order.market)


LimitOrdersPageShape = paged(LimitOrderShape)
