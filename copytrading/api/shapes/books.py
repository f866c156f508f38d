"""The books of an account: orders, fills, lines of the ledger, what is left, and what moved in and out of a copy."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Journal
from copytrading.api.fields import MoneyField, PriceField, QuantityField, decimal_text
from copytrading.queries import statuses

SIDES = ["BUY", "SELL"]


class FeeShape(serializers.Serializer):
    """What a fill cost besides, and in which coin; the fee in coins is taken from what was bought."""

    coin = serializers.CharField()
    quantity = serializers.RegexField(r"^-?[0-9]+(\.[0-9]+)?$")


class FillShape(serializers.Serializer):
    """The account's exact share of what one order did at the market."""

    id = serializers.IntegerField(source="pk")
    order_id = serializers.IntegerField()
    cycle_id = serializers.IntegerField(source="order.cycle_id", allow_null=True, help_text="Null for orders by hand.")
    market = serializers.CharField(source="order.market.symbol")
    coin = serializers.CharField(source="order.market.base.symbol")
    side = serializers.SerializerMethodField()
    quantity = serializers.SerializerMethodField()
    value = serializers.SerializerMethodField(help_text="Without the fee.")
    price = serializers.SerializerMethodField(help_text="On average, the same for all who took part; null for nothing.")
    fees = serializers.SerializerMethodField()
    at = serializers.DateTimeField(source="order.booked_at", allow_null=True)

    @extend_schema_field(serializers.ChoiceField(choices=SIDES))
    def get_side(self, row: Any) -> str:
        return "BUY" if row.quantity_units > 0 else "SELL"

    @extend_schema_field(QuantityField())
    def get_quantity(self, row: Any) -> str:
        return decimal_text(abs(row.quantity_units), decimals=row.order.market.base.decimals)

    @extend_schema_field(MoneyField())
    def get_value(self, row: Any) -> str:
        return MoneyField().to_representation(abs(row.value_units))

    @extend_schema_field(PriceField(allow_null=True))
    def get_price(self, row: Any) -> str | None:
        return average_price(row.value_units, row.quantity_units, row.order.market)

    @extend_schema_field(FeeShape(many=True))
    def get_fees(self, row: Any) -> list[dict[str, str]]:
        market = row.order.market
        fees = ((row.fee_units, market.quote), (row.fee_base_units, market.base))
        return [
            {"coin": asset.symbol, "quantity": decimal_text(units, decimals=asset.decimals)}
            for units, asset in fees
            if units
        ]


class CopyOrderShape(serializers.Serializer):
    """An order that the copy takes part in: what it wants of it, and what it got so far."""

    id = serializers.IntegerField(source="pk")
    cycle_id = serializers.IntegerField()
    market = serializers.CharField(source="market.symbol")
    coin = serializers.CharField(source="market.base.symbol")
    side = serializers.SerializerMethodField(help_text="Of the copy: wishes meet inside before the rest is ordered.")
    status = serializers.ChoiceField(choices=statuses.ORDER)
    wanted = serializers.SerializerMethodField()
    filled = serializers.SerializerMethodField()
    value = serializers.SerializerMethodField()
    price_limit = PriceField()
    refusal = serializers.CharField(help_text="Why the venue refused it, in its words; empty where it did not.")
    planned_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(source="claimed_at", allow_null=True)
    booked_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(serializers.ChoiceField(choices=SIDES))
    def get_side(self, order: Any) -> str:
        return "BUY" if order.wish > 0 else "SELL"

    @extend_schema_field(QuantityField())
    def get_wanted(self, order: Any) -> str:
        return decimal_text(abs(order.wish), decimals=order.market.base.decimals)

    @extend_schema_field(QuantityField())
    def get_filled(self, order: Any) -> str:
        return decimal_text(abs(order.share or 0), decimals=order.market.base.decimals)

    @extend_schema_field(MoneyField())
    def get_value(self, order: Any) -> str:
        return MoneyField().to_representation(abs(order.share_value or 0))


class LedgerLineShape(serializers.Serializer):
    """One line of the account's ledger: all lines of a coin sum to its balance."""

    id = serializers.IntegerField(source="pk")
    journal_id = serializers.IntegerField()
    kind = serializers.ChoiceField(source="journal.kind", choices=Journal.Kind.choices)
    at = serializers.DateTimeField(source="journal.posted_at")
    coin = serializers.CharField(source="asset.symbol")
    quantity = QuantityField(decimals="asset.decimals", help_text="Came (positive) or went.")
    balance = QuantityField(units="balance_units", decimals="asset.decimals", help_text="Of this coin, afterwards.")


class BalanceShape(serializers.Serializer):
    coin = serializers.CharField(source="asset.symbol")
    quantity = QuantityField(units="posted", decimals="asset.decimals")
    held = QuantityField(units="held", decimals="asset.decimals", help_text="Promised to open orders.")


class FlowShape(serializers.Serializer):
    """Money between the wallet and a copy: positive into the copy."""

    id = serializers.IntegerField(source="pk")
    kind = serializers.ChoiceField(choices=statuses.FLOW_KIND)
    status = serializers.ChoiceField(choices=statuses.FLOW)
    value = MoneyField(source="units")
    at = serializers.DateTimeField(source="moved_at")


class ProfitShareShape(serializers.Serializer):
    """What was paid to the lead, and on what: `share` = rate × (equity − mark), where that is positive."""

    id = serializers.IntegerField(source="pk")
    kind = serializers.ChoiceField(choices=statuses.SHARE_KIND)
    began_at = serializers.DateTimeField(source="period.lower")
    ended_at = serializers.DateTimeField(source="period.upper")
    equity = MoneyField(source="equity_units")
    mark = MoneyField(source="mark_value_units")
    share = MoneyField(source="share_units")
    platform_part = MoneyField(source="platform_units", help_text="Of the share, what the platform keeps.")
    settled_at = serializers.DateTimeField()


def average_price(value_units: int, quantity_units: int, market: Any) -> str | None:
    """Return the quote currency for one coin that a value and a quantity come to, to eight digits."""
    if not quantity_units:
        return None
    exact = abs(Decimal(value_units) / Decimal(quantity_units))
    price = exact.scaleb(market.base.decimals - market.quote.decimals)
    return PriceField(is_average=True).to_representation(price)
