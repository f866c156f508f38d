"""Trades that would be made, and those that were."""

from rest_framework import serializers

from copytrading.api.fields import MoneyField, PriceField, QuantityField


class PlannedTradeShape(serializers.Serializer):
    market = serializers.CharField(source="symbol")
    coin = serializers.CharField(source="asset_symbol")
    side = serializers.ChoiceField(choices=["BUY", "SELL"])
    quantity = QuantityField(units="quantity_units", decimals="market.base.decimals")
    value = MoneyField(source="value_units")
    price = PriceField()
    adjustments = serializers.ListField(
        child=serializers.CharField(), help_text="Why it differs from what was wanted, a code each."
    )


class ReceiptShape(serializers.Serializer):
    """One thing that happened to a copy."""

    kind = serializers.ChoiceField(choices=["trade", "adjustment", "notice"])
    id = serializers.IntegerField()
    copy_id = serializers.IntegerField()
    lead = serializers.CharField(source="lead_name")
    code = serializers.CharField(help_text="BUY or SELL, the reason of an adjustment, or the kind of a notice.")
    at = serializers.DateTimeField()
    headline = serializers.CharField(source="sentence.headline")
    detail = serializers.CharField(source="sentence.detail")


class ActivityPageShape(serializers.Serializer):
    results = ReceiptShape(source="receipts", many=True)
    next = serializers.CharField(source="next_cursor", allow_null=True)
