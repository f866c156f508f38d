"""Markets, their prices, and why a coin cannot be acted on."""

from rest_framework import serializers

from copytrading.api.fields import MoneyField, PriceField, QuantityField
from copytrading.queries.market.degraded import Code


class TroubleShape(serializers.Serializer):
    """Why a coin cannot be acted on at the moment, in the words of the portal."""

    coin = serializers.CharField(source="symbol")
    code = serializers.ChoiceField(choices=[code.value for code in Code])
    sentence = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)


class PriceMarkShape(serializers.Serializer):
    """The price of a market that we value and decide by."""

    market = serializers.CharField(source="symbol")
    price = PriceField(source="mark.price", allow_null=True, default=None)
    as_of = serializers.DateTimeField(source="mark.as_of", allow_null=True, default=None)


class MarketShape(serializers.Serializer):
    id = serializers.IntegerField(source="pk", help_text="What `market_ids` of a Custom copy name.")
    symbol = serializers.CharField()
    coin = serializers.CharField(source="base.symbol")
    price = PriceField(source="mark.price", allow_null=True, default=None)
    as_of = serializers.DateTimeField(source="mark.as_of", allow_null=True, default=None)
    lot = QuantityField(units="lot_units", decimals="base.decimals")
    value_min = MoneyField(source="value_min_units")
