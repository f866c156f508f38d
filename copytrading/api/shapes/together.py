"""All copies of a person as one portfolio."""

from typing import Any

from django.utils.translation import gettext
from rest_framework import serializers

from copytrading.api.fields import FractionField, FractionInputField, MoneyField, MoneyInputField
from copytrading.api.shapes.copies import CopyRecordShape
from copytrading.api.shapes.leads import LikenessShape


class CoinShareShape(serializers.Serializer):
    coin = serializers.CharField(source="symbol")
    value = MoneyField(source="value_units")
    weight = FractionField(help_text="Of all that the current copies hold, cash among it.")


class LeadShareShape(serializers.Serializer):
    lead = serializers.CharField(source="name")
    worth = MoneyField(source="value_units")
    weight = FractionField()


class MoneyMoveShape(serializers.Serializer):
    at = serializers.DateTimeField()
    value = MoneyField(source="units", help_text="Positive into copies, negative out of them.")


class LossLimitShape(serializers.Serializer):
    """The loss over all running copies together at which every one of them stops, beside the loss of now."""

    limit = MoneyField(source="limit_units")
    fraction = FractionField(
        source="loss_fraction", allow_null=True, help_text="Of what is invested, where it was set so."
    )
    lost = MoneyField(source="lost_units", help_text="Below zero for a gain.")
    is_firing = serializers.BooleanField(help_text="Whether it has fired, and the copies are being stopped by it.")


class LossLimitSetShape(serializers.Serializer):
    loss_limit = LossLimitShape(allow_null=True)


class LossLimitInput(serializers.Serializer):
    """One of both; null, and nothing beside it, takes the limit away."""

    loss = MoneyInputField(allow_null=True, required=False)
    fraction = FractionInputField(
        least=0.0001, most=0.9999, allow_null=True, required=False, help_text="Of what is invested, 0.2 for 20 %."
    )

    def validate(self, wanted: dict[str, Any]) -> dict[str, Any]:
        if not wanted:
            raise serializers.ValidationError(gettext("Name the loss or the fraction; null takes the limit away."))
        return {"loss": None, "fraction": None} | wanted


class TogetherShape(serializers.Serializer):
    """
    All copies together, the ended ones among them.

    `money_weighted` is what the money made for as long as each sum was in, `time_weighted` what one unit made that was
    in all the time; both over the whole time since `began_at`, null before the first copy.
    """

    began_at = serializers.DateTimeField(allow_null=True)
    worth = MoneyField(source="overview.worth_units")
    invested = MoneyField(source="overview.invested_units")
    result = MoneyField(source="overview.result_units")
    today = MoneyField(source="overview.today_units")
    money_weighted = FractionField(allow_null=True)
    time_weighted = FractionField(allow_null=True)
    put_in = MoneyField(source="put_in_units")
    taken_out = MoneyField(source="taken_out_units")
    fees = MoneyField(source="fee_units", help_text="Taken by venues; in the result already.")
    profit_share = MoneyField(source="profit_share_units", help_text="Paid and due; in the result already.")
    coins = CoinShareShape(many=True)
    leads = LeadShareShape(many=True)
    alike = LikenessShape(many=True, help_text="Leads who are nearly one bet to you.")
    loss_limit = LossLimitShape(source="loss", allow_null=True)
    curve = CopyRecordShape(many=True, source="points")
    moves = MoneyMoveShape(many=True)
