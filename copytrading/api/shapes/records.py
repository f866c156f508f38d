"""A lead's record in figures: by period, by week and month, trade by trade, and what copying it would have brought."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.paging import paged
from copytrading.api.fields import FractionField, MoneyField, MoneyInputField, PriceField, QuantityField, decimal_text
from copytrading.api.shapes.copies import CustomTermsInput
from copytrading.queries import statuses
from copytrading.queries.leads.returns import Span
from copytrading.services.lookback.differences import Part


class DatedFallShape(serializers.Serializer):
    """The deepest fall below an earlier peak, from the peak over the bottom to where it was made good."""

    fraction = FractionField()
    began_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()
    recovered_at = serializers.DateTimeField(allow_null=True)


class PeriodShape(serializers.Serializer):
    """The figures of some days; null where the record is too short to say."""

    days = serializers.IntegerField(allow_null=True, help_text="Null is the whole record.")
    return_fraction = FractionField(allow_null=True, help_text="Time-weighted: deposits and withdrawals lift nothing.")
    fall = DatedFallShape(allow_null=True)
    volatility = FractionField(allow_null=True, help_text="Of a year.")
    sharpe_ratio = FractionField(allow_null=True)
    sortino_ratio = FractionField(allow_null=True)
    days_won = serializers.IntegerField(source="day_count.won")
    days_lost = serializers.IntegerField(source="day_count.lost")
    days_flat = serializers.IntegerField(source="day_count.flat")


class LeadStatisticsShape(serializers.Serializer):
    """What the whole record says; `win_rate` is by closed position, `days_won` of a period by day."""

    periods = PeriodShape(many=True)
    trades = serializers.IntegerField()
    trades_a_week = FractionField(allow_null=True)
    closed_positions = serializers.IntegerField(source="positions.closed_positions")
    win_rate = FractionField(source="positions.win_rate", allow_null=True)
    holding_seconds_mean = FractionField(source="positions.holding_seconds_mean", allow_null=True)
    holding_seconds_median = FractionField(source="positions.holding_seconds_median", allow_null=True)
    coin_preferences = serializers.DictField(
        source="positions.preferences",
        child=FractionField(),
        help_text="Each coin's share of the value traded, the largest first.",
    )
    stake_lowest = FractionField(source="stake.lowest", allow_null=True, help_text="Own money by followers', ever.")
    stake_is_low = serializers.BooleanField(source="stake.is_low")


class ReturnsQuery(serializers.Serializer):
    by = serializers.ChoiceField(choices=[span.value for span in Span], default=Span.WEEK.value)


class ReturnShape(serializers.Serializer):
    first_day = serializers.DateField(help_text="A Monday, or the first of a month; UTC.")
    return_fraction = FractionField()


class SideField(serializers.ChoiceField):
    """Signed units inside, a side outside."""

    def to_representation(self, units: int) -> str:
        return "BUY" if units > 0 else "SELL"


class LeadTradeShape(serializers.Serializer):
    """One order of the lead that filled."""

    id = serializers.IntegerField(help_text="Of the lead's order, or of what was seen elsewhere.")
    at = serializers.DateTimeField(source="happened_at")
    coin = serializers.CharField(source="symbol")
    side = SideField(source="units", choices=["BUY", "SELL"])
    quantity = serializers.SerializerMethodField()
    price = PriceField(is_average=True, help_text="On average.")
    weight = FractionField(allow_null=True, help_text="Of the portfolio then.")
    is_jump = serializers.BooleanField(help_text="Far larger than this lead's orders before.")

    @extend_schema_field(QuantityField())
    def get_quantity(self, trade: Any) -> str:
        return decimal_text(abs(trade.units), decimals=trade.decimals)


class LeadEventShape(serializers.Serializer):
    """What else happened: money moved (positive came in), a status that began, or a small move elsewhere."""

    at = serializers.DateTimeField(source="happened_at")
    value = MoneyField(source="units")
    status = serializers.ChoiceField(
        choices=[("", "money moved"), ("BEGAN", "began to lead"), *statuses.LEAD_EVENT],
        help_text="Empty where money moved.",
    )
    move = serializers.ChoiceField(
        choices=[("", "no such move"), *statuses.ACCOUNT_MOVE], help_text="A small move in an account elsewhere."
    )
    symbol = serializers.CharField(allow_blank=True, help_text="The coin of such a move.")


class FollowersRecordShape(serializers.Serializer):
    """What copies that ran through the last `days` got in them, after fees and profit share; null below five copies."""

    days = serializers.IntegerField()
    copies = serializers.IntegerField(help_text="How many ran when those days began.")
    median_fraction = FractionField(allow_null=True)
    worst_tenth_fraction = FractionField(allow_null=True)
    lead_fraction = FractionField(allow_null=True, help_text="The lead's own return in the same days.")


class ClosedPositionShape(serializers.Serializer):
    coin = serializers.CharField()
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField()
    return_fraction = FractionField(help_text="The result after fees by all that was paid for it.")


ClosedPositionsPageShape = paged(ClosedPositionShape)


class LookBackInput(serializers.Serializer):
    """On which terms to have copied, and since when; without a start it is the beginning of the record."""

    investment = MoneyInputField()
    buy_existing = serializers.BooleanField(default=True)
    stop_loss = MoneyInputField(allow_null=True, default=None)
    start = serializers.DateField(allow_null=True, default=None)
    custom = CustomTermsInput(
        allow_null=True, default=None, help_text="Null is what comes nearest to the lead's ratios in Custom copy."
    )


class LookBackPointShape(serializers.Serializer):
    at = serializers.DateTimeField()
    worth = FractionField(help_text="A figure to look at, in quote currency.")

    def to_representation(self, point: Any) -> dict[str, Any]:
        at, worth = point
        return super().to_representation({"at": at, "worth": worth})


class LookBackOutcomeShape(serializers.Serializer):
    """How the investment would have ended in one mode."""

    return_fraction = FractionField()
    gap_fraction = FractionField(help_text="The return less the lead's.")
    worth = MoneyField(source="worth_units")
    cost = MoneyField(source="cost_units")
    cash_fraction = FractionField(help_text="What lay idle at the end.")
    tracking_error = FractionField(help_text="An hour.")
    skipped = serializers.IntegerField(help_text="Orders of the lead that nothing came of.")
    adjustments = serializers.DictField(child=serializers.IntegerField(), help_text="How often, by reason.")
    stopped_at = serializers.DateTimeField(allow_null=True)
    curve = LookBackPointShape(many=True)


class DifferenceLineShape(serializers.Serializer):
    part = serializers.ChoiceField(choices=[part.value for part in Part])
    label = serializers.CharField()
    detail = serializers.CharField()
    fraction = FractionField()


class DifferenceShape(serializers.Serializer):
    """Why the return was not exactly the lead's: the lines sum to `fraction`, the return less the lead's."""

    fraction = FractionField()
    sentence = serializers.CharField()
    lines = DifferenceLineShape(many=True)


class DifferencesShape(serializers.Serializer):
    smart_sync = DifferenceShape()
    custom = DifferenceShape()


class LookBackShape(serializers.Serializer):
    """Both modes beside the lead, over the same hours."""

    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()
    lead_orders = serializers.IntegerField()
    lead_return = FractionField()
    lead_curve = LookBackPointShape(many=True, help_text="The investment, had it done exactly as the lead.")
    smart_sync = LookBackOutcomeShape()
    custom = LookBackOutcomeShape()
    differences = DifferencesShape()


class QuantilesShape(serializers.Serializer):
    worst_tenth = FractionField()
    median = FractionField()
    best_tenth = FractionField()
    losing_share = FractionField()


class SpreadShape(serializers.Serializer):
    """What became of the investment from days all over the record, each held equally long."""

    held_days = FractionField()
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    starts = serializers.IntegerField()
    lead = QuantilesShape()
    smart_sync = QuantilesShape()
    custom = QuantilesShape()
