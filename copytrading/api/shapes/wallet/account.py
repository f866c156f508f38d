"""The main account: what it holds, what moved, and orders by hand."""

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.paging import paged
from accounts.models import Transfer
from copytrading.api.fields import MoneyField, MoneyInputField, PriceField, QuantityField
from copytrading.api.shapes.books import SIDES, LedgerLineShape
from copytrading.queries import statuses
from copytrading.services.wallet.money_words import money_words


class WalletLineShape(serializers.Serializer):
    coin = serializers.CharField(source="symbol")
    quantity = QuantityField()
    held = QuantityField(units="held_units", help_text="Promised to orders and withdrawals.")
    value = MoneyField(source="value_units")


class TransferShape(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    direction = serializers.ChoiceField(choices=Transfer.Direction.choices)
    coin = serializers.CharField(source="asset.symbol")
    quantity = QuantityField(decimals="asset.decimals")
    status = serializers.ChoiceField(choices=Transfer.Status.choices)
    requested_at = serializers.DateTimeField()
    booked_at = serializers.DateTimeField(allow_null=True)
    held_until = serializers.DateTimeField(
        allow_null=True,
        help_text="Of a withdrawal that waits: nothing moves before, and it can be canceled.",
    )
    verdict = serializers.ChoiceField(
        choices=Transfer.Verdict.choices,
        help_text="Of a deposit: while it is WAITING for somebody to look at it, it is held once it has come.",
    )


class WalletShape(serializers.Serializer):
    money = serializers.SerializerMethodField(help_text="Whether the money that is traded with here is real.")
    worth = MoneyField(source="worth_units")
    available = MoneyField(source="available_units", help_text="Cash that can be used now.")
    lines = WalletLineShape(many=True)
    on_the_way = TransferShape(many=True)

    @extend_schema_field(serializers.ChoiceField(choices=["PAPER", "REAL"]))
    def get_money(self, wallet: object) -> str:
        return "PAPER" if money_words().is_paper else "REAL"


class MovementShape(LedgerLineShape):
    """A line of the main account's ledger, with its sentence."""

    sentence = serializers.CharField()


HistoryPageShape = paged(MovementShape)


class TransferInput(serializers.Serializer):
    value = MoneyInputField()


class SpotOrderInput(serializers.Serializer):
    """A market order: cash to spend for a BUY (`value`), coins to sell for a SELL (`quantity`)."""

    market = serializers.CharField(max_length=30)
    side = serializers.ChoiceField(choices=SIDES)
    value = MoneyInputField(required=False)
    quantity = serializers.RegexField(r"^[0-9]{1,10}(\.[0-9]{1,12})?$", required=False)

    def validate(self, order: dict[str, object]) -> dict[str, object]:
        wanted, other = ("value", "quantity") if order["side"] == "BUY" else ("quantity", "value")
        if wanted not in order:
            raise serializers.ValidationError({wanted: gettext("A %(side)s needs it.") % {"side": order["side"]}})
        if other in order:
            raise serializers.ValidationError({other: gettext("A %(side)s does without it.") % {"side": order["side"]}})
        return order


class SpotPreviewShape(serializers.Serializer):
    side = serializers.ChoiceField(choices=SIDES)
    quantity = QuantityField(units="quantity_units", decimals="market.base.decimals")
    value = MoneyField(source="value_units")
    price = PriceField()
    cost = MoneyField(source="cost_units")


class SpotOrderShape(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    market = serializers.CharField(source="order.market.symbol")
    side = serializers.ChoiceField(source="order.side", choices=SIDES)
    status = serializers.ChoiceField(source="order.status", choices=statuses.ORDER)
    filled = QuantityField(units="order.filled_units", decimals="order.market.base.decimals")
    value = MoneyField(source="order.value_units")
    fee = MoneyField(source="order.fee_units")
    planned_at = serializers.DateTimeField(source="order.planned_at")
    booked_at = serializers.DateTimeField(source="order.booked_at", allow_null=True)


SpotOrdersPageShape = paged(SpotOrderShape)
