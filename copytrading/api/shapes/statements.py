"""A statement as programs read it, and how it is asked for."""

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import WholeNumberField
from accounts.models import Journal
from copytrading.api.shapes.books import SIDES, FeeShape
from copytrading.engine.track_record.tax_lots import LotMethod
from copytrading.queries.money.statement_lines import OtherKind, Part
from copytrading.queries.money.statements import period_refusal

COPY_ID_MAX = 2**63 - 1


@extend_schema_field({"type": "string", "format": "decimal", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "example": "1000.00"})
class ExactField(serializers.CharField):
    """A decimal string, exact to the last unit."""


class StatementQuery(serializers.Serializer):
    """Which statement is asked for."""

    copy = WholeNumberField(
        required=False, min_value=1, max_value=COPY_ID_MAX, help_text="A copy of yours; everything without it."
    )
    until = serializers.DateTimeField(
        required=False, help_text="What was booked from then on is not in it; now without it, and at the latest."
    )
    lots = serializers.ChoiceField(
        choices=[method.value for method in LotMethod],
        default=LotMethod.FIFO.value,
        help_text="Which lots leave first: the oldest, the dearest, or all at their average cost.",
    )

    def get_fields(self) -> dict[str, Any]:
        # The word is Python's own, so it cannot stand above.
        first = serializers.DateTimeField(
            required=False, help_text="The first moment that is in it; the beginning of this year (UTC) without it."
        )
        return {"from": first, **super().get_fields()}

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        now = timezone.now()
        asked.setdefault("until", now)
        asked.setdefault("from", datetime(now.astimezone(UTC).year, 1, 1, tzinfo=UTC))
        if refusal := period_refusal(begins_at=asked["from"], ends_at=asked["until"], now=now):
            raise serializers.ValidationError({"until": refusal})
        return asked


class StatementHoldingShape(serializers.Serializer):
    coin = serializers.CharField()
    quantity = ExactField()
    price = ExactField(allow_null=True, help_text="The last that was recorded by then; null for cash or without any.")
    priced_at = serializers.DateTimeField(allow_null=True)
    value = ExactField()


class StandShape(serializers.Serializer):
    """What there was, before the profit share that was due then."""

    value = ExactField()
    holdings = StatementHoldingShape(many=True)
    unpriced = serializers.ListField(child=serializers.CharField(), help_text="Coins without a price count nothing.")


class ResultPartShape(serializers.Serializer):
    """A part of the result; all of them sum to it."""

    part = serializers.ChoiceField(choices=[part.value for part in Part])
    coin = serializers.CharField(allow_null=True, help_text="Of PRICES, which coin.")
    value = ExactField()


class CostsShape(serializers.Serializer):
    fees = ExactField()
    spread = ExactField(help_text="What trades were off the mid of their orders.")
    profit_share = ExactField()
    total = ExactField()
    turnover = ExactField(help_text="The value of all trades.")
    fees_fraction = ExactField(allow_null=True, help_text="Of the turnover.")
    spread_fraction = ExactField(allow_null=True, help_text="Of the turnover.")
    total_fraction = ExactField(allow_null=True, help_text="Of what was there at the beginning and put in since.")


class StatementFlowShape(serializers.Serializer):
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=Journal.Kind.choices)
    place = serializers.CharField(help_text="Which account of yours: the name of a lead, or the wallet.")
    coin = serializers.CharField()
    quantity = ExactField(help_text="Came (positive) or went.")
    value = ExactField()


class StatementTradeShape(serializers.Serializer):
    at = serializers.DateTimeField()
    place = serializers.CharField()
    market = serializers.CharField()
    coin = serializers.CharField()
    side = serializers.ChoiceField(choices=SIDES)
    quantity = ExactField()
    price = ExactField(help_text="On average.")
    mid = ExactField(allow_null=True, help_text="The middle of the book when the order was decided.")
    value = ExactField(help_text="Without the fee.")
    fees = FeeShape(many=True)
    spread = ExactField(help_text="What the price cost beside the mid; negative where it was better.")
    order_id = serializers.IntegerField(allow_null=True)
    cycle_id = serializers.IntegerField(allow_null=True, help_text="Null for orders by hand.")


class StatementShareShape(serializers.Serializer):
    at = serializers.DateTimeField()
    place = serializers.CharField()
    value = ExactField(help_text="Paid (negative) or earned.")


class OtherMoveShape(serializers.Serializer):
    """A rest that was taken over at a value, a correction, or a coin that was counted in another unit."""

    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=[kind.value for kind in OtherKind])
    place = serializers.CharField(allow_blank=True)
    coin = serializers.CharField()
    quantity = ExactField()
    value = ExactField()


class DisposalShape(serializers.Serializer):
    """A lot, or a part of one, that was sold or handed over."""

    coin = serializers.CharField()
    quantity = ExactField()
    acquired_at = serializers.DateTimeField(allow_null=True)
    disposed_at = serializers.DateTimeField()
    cost = ExactField()
    proceeds = ExactField(allow_null=True, help_text="After fees; null where it was handed over and not sold.")
    gain = ExactField(allow_null=True)


class LotShape(serializers.Serializer):
    coin = serializers.CharField()
    quantity = ExactField()
    acquired_at = serializers.DateTimeField()
    cost = ExactField(help_text="With fees.")


class YearShape(serializers.Serializer):
    year = serializers.IntegerField()
    proceeds = ExactField()
    cost = ExactField()
    gain = ExactField()


class StatementShape(serializers.Serializer):
    """`opening` + `flows_total` + `result` = `closing`, to the last unit; all values in the cash that it names."""

    copy = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    until = serializers.DateTimeField()
    lots = serializers.ChoiceField(choices=[method.value for method in LotMethod])
    cash = serializers.CharField()
    opening = StandShape()
    flows_total = ExactField()
    result = ExactField()
    closing = StandShape()
    result_fraction = ExactField(allow_null=True, help_text="Of what was there at the beginning and put in since.")
    bitcoin_fraction = ExactField(allow_null=True, help_text="What Bitcoin made in the same time.")
    results = ResultPartShape(many=True)
    costs = CostsShape()
    flows = StatementFlowShape(many=True)
    trades = StatementTradeShape(many=True)
    profit_shares = StatementShareShape(many=True)
    other_moves = OtherMoveShape(many=True)
    disposals = DisposalShape(many=True)
    lots_left = LotShape(many=True)
    years = YearShape(many=True)

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateTimeField(), **super().get_fields()}
