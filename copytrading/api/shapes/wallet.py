"""The main account: what it holds, what moved, orders by hand, and limit orders that wait."""

from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.paging import TimedQuery, paged
from accounts.models import Transfer
from copytrading.api.fields import (
    COINS_DIGITS_MAX,
    FractionField,
    MoneyField,
    MoneyInputField,
    PriceField,
    PriceInputField,
    QuantityField,
)
from copytrading.api.shapes.books import LedgerLineShape, average_price
from copytrading.queries import statuses
from copytrading.queries.market.degraded import Code
from copytrading.services.wallet.money_words import money_words

SIDES = ["BUY", "SELL"]


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
