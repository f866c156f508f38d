"""Trades that would be made, and those that were; what else happened, each with its sentence and its figures."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.paging import PageShape
from copytrading.api.fields import MoneyField, PriceField, QuantityField, decimal_text
from copytrading.api.shapes.books import FillShape
from copytrading.engine.adjustments import Reason
from copytrading.queries import statuses
from copytrading.queries.happened.activity import KINDS

REASONS = [reason.value for reason in Reason]


class PlannedTradeShape(serializers.Serializer):
    market = serializers.CharField(source="symbol")
    coin = serializers.CharField(source="asset_symbol")
    side = serializers.ChoiceField(choices=["BUY", "SELL"])
    quantity = QuantityField(units="quantity_units", decimals="market.base.decimals")
    value = MoneyField(source="value_units")
    price = PriceField()
    adjustments = serializers.ListField(
        child=serializers.ChoiceField(choices=REASONS), help_text="Why it differs from what was wanted."
    )


class AdjustmentShape(serializers.Serializer):
    """Where the plan of one cycle differs from what was wanted of a coin."""

    cycle_id = serializers.IntegerField(allow_null=True, help_text="Null where it was held back before a cycle.")
    coin = serializers.CharField(source="asset.symbol")
    reason = serializers.ChoiceField(choices=REASONS)
    wanted = MoneyField(source="wanted_value_units", help_text="Positive to buy.")
    planned = MoneyField(source="planned_value_units")


class NoticeShape(serializers.Serializer):
    """A fact with its figure: money where it names no coin, else a quantity of the coin and what was paid for it."""

    kind = serializers.ChoiceField(choices=statuses.NOTICE_KIND)
    coin = serializers.CharField(source="asset.symbol", allow_null=True, default=None)
    value = serializers.SerializerMethodField()
    quantity = serializers.SerializerMethodField()
    paid = MoneyField(source="value_units", allow_null=True)
    text = serializers.CharField(
        source="lead_notice.text", allow_null=True, default=None, help_text="What the lead wrote."
    )

    @extend_schema_field(MoneyField(allow_null=True))
    def get_value(self, notice: object) -> str | None:
        units, asset = getattr(notice, "units", None), getattr(notice, "asset", None)
        return None if units is None or asset is not None else MoneyField().to_representation(units)

    @extend_schema_field(QuantityField(allow_null=True))
    def get_quantity(self, notice: object) -> str | None:
        units, asset = getattr(notice, "units", None), getattr(notice, "asset", None)
        return None if units is None or asset is None else decimal_text(units, decimals=asset.decimals)


class ReceiptShape(serializers.Serializer):
    """One thing that happened to a copy: in words, and as the figures of its kind; the other two are null."""

    kind = serializers.ChoiceField(source="receipt.kind", choices=KINDS)
    id = serializers.IntegerField(source="receipt.id")
    copy_id = serializers.IntegerField(source="receipt.copy_id")
    lead = serializers.CharField(source="receipt.lead_name")
    code = serializers.ChoiceField(
        source="receipt.code",
        choices=["BUY", "SELL", *REASONS, *(kind for kind, _ in statuses.NOTICE_KIND)],
        help_text="BUY or SELL, the reason of an adjustment, or the kind of a notice.",
    )
    at = serializers.DateTimeField(source="receipt.at")
    headline = serializers.CharField(source="receipt.sentence.headline")
    detail = serializers.CharField(source="receipt.sentence.detail")
    trade = FillShape(allow_null=True)
    adjustment = AdjustmentShape(allow_null=True)
    notice = NoticeShape(allow_null=True)


class RowShape(serializers.Serializer):
    """One thing that happened to a copy, as the figures of its kind; the other two are null."""

    kind = serializers.ChoiceField(choices=KINDS)
    id = serializers.IntegerField()
    copy_id = serializers.IntegerField()
    at = serializers.DateTimeField()
    trade = FillShape(allow_null=True)
    adjustment = AdjustmentShape(allow_null=True)
    notice = NoticeShape(allow_null=True)


class ActivityPageShape(PageShape):
    results = ReceiptShape(many=True)
    next = serializers.CharField(allow_null=True, help_text="The cursor of the next page; null at the end.")
