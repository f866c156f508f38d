"""Leading: the application and its terms, the own account, orders with the followers' part, and what it earns."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import WholeNumberField
from copytrading.api.fields import (
    COINS_DIGITS_MAX,
    FractionField,
    FractionInputField,
    MoneyField,
    MoneyInputField,
    PriceField,
    PriceInputField,
    QuantityField,
)
from copytrading.api.shapes.books import SIDES, average_price
from copytrading.queries import statuses

TAGS_MAX, TAG_LENGTH_MAX, NOTICE_LENGTH_MAX = 5, 30, 500
FOLLOWERS_MAX = 100_000
TRADES_DELAY_HOURS_MAX = 720


class LeadTermsInput(serializers.Serializer):
    """How a lead is paid, and how much may follow."""

    profit_share_rate = FractionInputField(most=0.3, help_text="Of new highs only; copies keep the rate they began at.")
    followers_max = WholeNumberField(min_value=1, max_value=FOLLOWERS_MAX)
    money_max = MoneyInputField(allow_null=True, default=None, help_text="The most that may follow; null for any.")

    def validate_profit_share_rate(self, rate: float) -> Decimal:
        # The column has four places: 0.1 is a tenth, and not what a float comes nearest to it.
        return Decimal(str(rate)).quantize(Decimal("0.0001"))


class LeadVisibilityInput(serializers.Serializer):
    """What strangers see of your book. Whoever copies you sees all of it at once."""

    trades_delay_hours = WholeNumberField(
        min_value=0, max_value=TRADES_DELAY_HOURS_MAX, help_text="How long a trade waits; 0 for not at all."
    )
    weights_shown = serializers.ChoiceField(
        choices=statuses.WEIGHTS_SHOWN, help_text="What you hold: as of daily closes that old, or hour by hour."
    )


class LeadOwnAccountsInput(serializers.Serializer):
    """Whether copies may trade on their followers' own accounts. They pay no profit share: none can be collected."""

    takes_own_accounts = serializers.BooleanField()


class ApplyInput(LeadTermsInput):
    name = serializers.CharField(max_length=40)
    bio = serializers.CharField(max_length=500, default="", allow_blank=True)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=TAG_LENGTH_MAX), max_length=TAGS_MAX, default=list
    )
    source = serializers.ChoiceField(
        choices=statuses.LEAD_SOURCE, default="PLATFORM", help_text="Here, or in an account elsewhere that you link."
    )


class FollowingShape(serializers.Serializer):
    """How many follow, and with how much; who they are is nobody's business but theirs."""

    followers = serializers.IntegerField()
    places_left = serializers.IntegerField()
    money = MoneyField(source="money_units", help_text="At the marks.")
    invested = MoneyField(source="invested_units")
    money_left = MoneyField(source="money_left_units", allow_null=True)


class RateCountShape(serializers.Serializer):
    profit_share_rate = FractionField()
    copies = serializers.IntegerField()


class FollowersShape(FollowingShape):
    rates = RateCountShape(many=True, help_text="The profit shares that running copies were started with.")


class OwnLeadShape(serializers.Serializer):
    """Who you are as a lead."""

    slug = serializers.SlugField()
    name = serializers.CharField()
    bio = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    source = serializers.ChoiceField(choices=statuses.LEAD_SOURCE)
    status = serializers.ChoiceField(choices=statuses.LEAD)
    profit_share_rate = FractionField()
    followers_max = serializers.IntegerField()
    money_max = MoneyField(source="money_max_units", allow_null=True)
    takes_own_accounts = serializers.BooleanField(
        help_text="Whether you agreed to copies on own accounts, which pay you no share. Without a share all may."
    )
    trades_delay_hours = serializers.IntegerField(help_text="After how many hours strangers see trades.")
    weights_shown = serializers.ChoiceField(choices=statuses.WEIGHTS_SHOWN)
    public_until = serializers.DateTimeField(
        allow_null=True, help_text="What happened up to then was public before the last change, and stays so."
    )
    applied_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class OwnPositionShape(serializers.Serializer):
    coin = serializers.CharField(source="symbol")
    name = serializers.CharField()
    quantity = QuantityField()
    held = QuantityField(units="held_units", help_text="Promised to open orders.")
    value = MoneyField(source="value_units")
    weight = FractionField()


class OwnAccountShape(serializers.Serializer):
    """The lead account at the marks: coins by value, the cash last."""

    equity = MoneyField(source="equity_units")
    cash = MoneyField(source="cash_units")
    positions = OwnPositionShape(many=True)


class LeadOrderInput(serializers.Serializer):
    """
    An order, counted in one way: in coins, in cash, or as a share of your equity; with a limit it waits for its price.
    """

    market = serializers.CharField(max_length=30)
    side = serializers.ChoiceField(choices=SIDES)
    quantity = serializers.RegexField(rf"^[0-9]{{1,{COINS_DIGITS_MAX}}}(\.[0-9]{{1,12}})?$", required=False)
    value = MoneyInputField(required=False)
    equity_share = FractionInputField(required=False, help_text="0.1 for a tenth of the lead account.")
    price_limit = PriceInputField(allow_null=True, default=None)

    def validate(self, order: dict[str, Any]) -> dict[str, Any]:
        given = [name for name in ("quantity", "value", "equity_share") if name in order]
        if len(given) != 1:
            raise serializers.ValidationError({"quantity": gettext("Send one of quantity, value and equity_share.")})
        return order


class OrderPreviewShape(serializers.Serializer):
    """The bunched order that yours would become: your part, the followers' part, and the price for all."""

    market = serializers.CharField(source="market.symbol")
    side = serializers.ChoiceField(choices=SIDES)
    price_limit = PriceField(allow_null=True)
    quantity = QuantityField(units="own_units", decimals="market.base.decimals")
    value = MoneyField(source="own_value_units")
    cost = MoneyField(source="own_cost_units", help_text="Fee and distance from the middle of the book.")
    cost_basis_points = FractionField()
    followers = serializers.IntegerField(help_text="How many trade along.")
    followers_quantity = QuantityField(units="followers_units", decimals="market.base.decimals")
    followers_value = MoneyField(source="followers_value_units")
    price = PriceField(is_average=True, help_text="On average, for everybody.")
    price_mid = PriceField()
    waits = serializers.BooleanField(help_text="Whether it waits for its limit.")
    needs_several_cycles = serializers.BooleanField()


class LeadOrderShape(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    cycle_id = serializers.IntegerField(allow_null=True, help_text="The cycle that it last took part in.")
    market = serializers.CharField(source="market.symbol")
    coin = serializers.CharField(source="market.base.symbol")
    side = serializers.ChoiceField(choices=SIDES)
    order_type = serializers.ChoiceField(choices=statuses.LEAD_ORDER_TYPE)
    status = serializers.ChoiceField(choices=statuses.LEAD_ORDER)
    quantity = QuantityField(units="quantity_units", decimals="market.base.decimals")
    filled = QuantityField(units="filled_units", decimals="market.base.decimals")
    value = MoneyField(source="value_units")
    price = serializers.SerializerMethodField(help_text="On average; null while nothing is filled.")
    price_limit = PriceField(allow_null=True)
    submitted_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(PriceField(allow_null=True))
    def get_price(self, order: Any) -> str | None:
        return average_price(order.value_units, order.filled_units, order.market)


class EarningShape(serializers.Serializer):
    """One settlement of one copy; whose it was is not told."""

    id = serializers.IntegerField(source="pk")
    kind = serializers.ChoiceField(choices=statuses.SHARE_KIND)
    share = MoneyField(source="share_units")
    platform_part = MoneyField(source="platform_units")
    earned = serializers.SerializerMethodField(help_text="The share less the platform's part.")
    settled_at = serializers.DateTimeField()

    @extend_schema_field(MoneyField())
    def get_earned(self, row: Any) -> str:
        return MoneyField().to_representation(row.share_units - row.platform_units)


class LeadNoticeInput(serializers.Serializer):
    text = serializers.CharField(max_length=NOTICE_LENGTH_MAX)


class LeadNoticeShape(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    text = serializers.CharField()
    written_at = serializers.DateTimeField()


class LinkInput(serializers.Serializer):
    """A key that can only read; it is sealed at once and never shown again."""

    exchange = serializers.CharField(max_length=30)
    key = serializers.CharField(max_length=500)
    secret = serializers.CharField(max_length=500)
    password = serializers.CharField(max_length=500, default="", allow_blank=True)


class LinkShape(serializers.Serializer):
    """What may be known of the account elsewhere."""

    exchange = serializers.CharField(source="exchange_name")
    status = serializers.ChoiceField(choices=statuses.LINK)
    reason = serializers.CharField()
    fingerprint = serializers.CharField(help_text="The last characters of the key.")
    connected_at = serializers.DateTimeField(allow_null=True)
    looked_at = serializers.DateTimeField(allow_null=True)
    unfollowed = serializers.ListField(child=serializers.CharField())
    unpriced = serializers.ListField(child=serializers.CharField())
