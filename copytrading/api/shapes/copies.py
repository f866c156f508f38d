"""Copies: in figures, line by line, and the changes that can be made to one."""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext
from rest_framework import serializers

from accounts.api.fields import WholeNumberField
from accounts.api.paging import TimedQuery, paged
from copytrading.api.fields import (
    FractionField,
    FractionInputField,
    MoneyField,
    MoneyInputField,
    PriceField,
    QuantityField,
)
from copytrading.api.shapes.trades import PlannedTradeShape
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.sizing.custom import custom_terms
from copytrading.engine.sizing.smart_sync import SMART_SYNC
from copytrading.queries import statuses
from copytrading.queries.copies import doubts as copy_doubts
from copytrading.queries.copies import gap_pages
from copytrading.queries.copies.coin_results import Part, ResultRow
from copytrading.queries.copies.own import CopySummary
from copytrading.queries.leading.invitations import TOKEN_LENGTH_MAX
from copytrading.services.copies.cautions import RATIO_FAR_ABOVE_PROPORTION


class CopiesQuery(TimedQuery):
    """`since` and `until` are of the start."""

    state = serializers.ChoiceField(choices=["current", "ended"], default="current")


class LeadNameShape(serializers.Serializer):
    slug = serializers.SlugField()
    name = serializers.CharField()


class CopyShape(serializers.Serializer):
    """A copy in figures. `today` counts from midnight UTC; `result` is worth + paid out − paid in."""

    id = serializers.IntegerField(source="copy.pk")
    lead = LeadNameShape(source="copy.lead")
    status = serializers.ChoiceField(source="copy.status", choices=statuses.COPY)
    state = serializers.SerializerMethodField(help_text="In words.")
    doubts = serializers.SerializerMethodField(
        help_text="What the figures leave out, a sentence each: coins without a price, terms that are not known."
    )
    stop_reason = serializers.ChoiceField(
        source="copy.stop_reason", choices=[("", "it was not stopped"), *statuses.STOP_REASON]
    )
    worth = MoneyField(source="worth_units")
    invested = MoneyField(source="copy.invested_units")
    paid_in = MoneyField(source="copy.paid_in_units")
    paid_out = MoneyField(source="copy.paid_out_units")
    leaving = MoneyField(source="leaving_units", help_text="Asked to be taken out, not sold yet.")
    result = MoneyField(source="result_units")
    result_fraction = FractionField()
    today = MoneyField(source="today_units")
    stop_loss = MoneyField(source="copy.stop_loss_units", allow_null=True)
    stops_at = MoneyField(source="stops_at_units", allow_null=True, help_text="The worth at which it stops itself.")
    own_account = serializers.IntegerField(
        source="copy.own_account_id",
        allow_null=True,
        help_text="The account of your own at the exchange where its money is; null where that came from the wallet.",
    )
    mode = serializers.ChoiceField(source="copy.mode", choices=statuses.MODE)
    buy_existing = serializers.BooleanField(source="copy.buy_existing")
    weight_max = FractionField(source="copy.weight_max", allow_null=True)
    order_value = MoneyField(source="copy.order_value_units", allow_null=True)
    order_ratio = FractionField(source="copy.order_ratio", allow_null=True)
    order_value_max = MoneyField(source="copy.order_value_max_units", allow_null=True)
    total_value_max = MoneyField(source="copy.total_value_max_units", allow_null=True)
    market_ids = serializers.ListField(source="copy.market_ids", child=serializers.IntegerField())
    profit_share_rate = FractionField(source="copy.profit_share_rate")
    started_at = serializers.DateTimeField(source="copy.started_at")
    stopped_at = serializers.DateTimeField(source="copy.stopped_at", allow_null=True)

    def get_state(self, summary: CopySummary) -> str:
        return copy_doubts.state_of(summary)

    def get_doubts(self, summary: CopySummary) -> list[str]:
        return list(copy_doubts.doubts_of(summary))


class PositionShape(serializers.Serializer):
    coin = serializers.CharField(source="symbol")
    quantity = QuantityField()
    value = MoneyField(source="value_units")
    weight = FractionField()
    lead_weight = FractionField()


class ResultRowShape(serializers.Serializer):
    """
    One part of a copy's result, a coin or what is none; over all rows `result` sums to the result of the copy.

    A coin brought what it is worth now, plus sold and taken over, less bought, less fees. Coins that were sold again
    are behind the cash, then come the profit share and what is no coin.
    """

    part = serializers.ChoiceField(choices=[part.value for part in Part])
    coin = serializers.SerializerMethodField(help_text="Null where the part is no coin.")
    quantity = QuantityField()
    value = MoneyField(source="value_units")
    weight = FractionField()
    lead_weight = FractionField()
    average_price = PriceField(is_average=True, allow_null=True, help_text="Of what was bought.")
    sold_price = PriceField(is_average=True, allow_null=True, help_text="Of what was sold, on average.")
    is_priced = serializers.BooleanField(help_text="Whether the coin has a price; without one it counts as nothing.")
    taken_over_quantity = QuantityField(
        units="taken_over_units", help_text="What was left at the end and went to the platform at the mark."
    )
    taken_over_value = MoneyField(source="taken_over_value_units", help_text="What was paid for that.")
    handed_over_quantity = QuantityField(
        units="handed_over_units", help_text="What could not be sold and went to the wallet as coins."
    )
    result = MoneyField(source="result_units", allow_null=True, help_text="Null for cash.")

    def get_coin(self, row: ResultRow) -> str | None:
        return row.symbol or None


class ComparisonShape(serializers.Serializer):
    """The copy beside its lead; cash is the last line. `distance_left` is how far it is from what it aims at."""

    distance = FractionField()
    distance_left = FractionField()
    unpriced = serializers.ListField(child=serializers.CharField(), help_text="Coins nobody has named a price for.")
    priced_at = serializers.DateTimeField(allow_null=True)
    positions = PositionShape(many=True)


class CopyDetailShape(CopyShape):
    comparison = ComparisonShape(allow_null=True, help_text="Null once the copy has stopped.")


CopiesPageShape = paged(CopyShape)


class CopyRecordShape(serializers.Serializer):
    at = serializers.DateTimeField()
    worth = MoneyField(source="worth_units")
    invested = MoneyField(source="invested_units")
    result = MoneyField(source="result_units", help_text="Since the start, with all that was taken out.")


class GapLineShape(serializers.Serializer):
    part = serializers.ChoiceField(choices=[part.name.lower() for part in gap_pages.LABELS])
    value = MoneyField(source="units")
    fraction = FractionField()


class CopyGapShape(serializers.Serializer):
    """
    Why a copy did not make exactly its lead's return: the parts sum to `value`, to the last unit.

    `lead_return` is what the investment would have made with the lead; fractions are of `invested`.
    """

    measured_at = serializers.DateTimeField()
    invested = MoneyField(source="invested_units")
    lead_return = FractionField()
    copy_return = FractionField()
    value = MoneyField(source="units")
    fraction = FractionField()
    parts = GapLineShape(source="lines", many=True)


class CustomTermsInput(serializers.Serializer):
    """How a Custom copy answers each order of the lead: either by a value or by a ratio of the order's value."""

    order_value = MoneyInputField(allow_null=True, default=None)
    order_ratio = FractionInputField(
        most=10**9 - 1, allow_null=True, default=None, help_text="0.02 for a fiftieth; 100 at most."
    )
    order_value_max = MoneyInputField(allow_null=True, default=None)
    total_value_max = MoneyInputField(allow_null=True, default=None, help_text="The most in coins.")
    market_ids = serializers.ListField(
        child=WholeNumberField(min_value=1, max_value=2**63 - 1),
        default=list,
        max_length=1_000,
        help_text="Only these markets are bought; none named is all of them.",
    )

    def validate(self, wanted: dict[str, Any]) -> Terms:
        return custom_terms(
            order_value_units=wanted["order_value"],
            order_ratio=wanted["order_ratio"],
            order_value_max_units=wanted["order_value_max"],
            total_value_max_units=wanted["total_value_max"],
            market_ids=tuple(wanted["market_ids"]),
        )


class PreviewInput(serializers.Serializer):
    """How much to put behind a lead, and how."""

    investment = MoneyInputField()
    buy_existing = serializers.BooleanField(default=True)
    stop_loss = MoneyInputField(allow_null=True, default=None, help_text="The loss at which it stops itself.")
    weight_max = FractionInputField(
        least=0.01, allow_null=True, default=None, help_text="The most of one coin, 0.25 for a quarter."
    )

    mode = serializers.ChoiceField(
        choices=statuses.RATIO_MODE,
        default=SMART_SYNC.name,
        help_text="How ratios are kept; of no account with `custom`.",
    )
    custom = CustomTermsInput(
        allow_null=True, default=None, help_text="Answer each order of the lead by itself; null keeps ratios."
    )
    own_account = WholeNumberField(
        min_value=1,
        max_value=2**63 - 1,
        allow_null=True,
        default=None,
        help_text="One of `wallet/own-accounts`, to trade there with cash that is free there; null for the wallet.",
    )

    invitation = serializers.CharField(
        default="", allow_blank=True, max_length=TOKEN_LENGTH_MAX,
        help_text="The token of a lead's invitation, which gives the copy its profit share; empty for none.",
    )  # fmt: skip

    def validate(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Add the terms as one value, which is all that a service asks for."""
        answers: Terms | None = wanted["custom"]
        common = {"stop_loss_units": wanted["stop_loss"], "weight_max": wanted["weight_max"]}
        kept = Terms(mode=wanted["mode"], buy_existing=wanted["buy_existing"], **common)
        return wanted | {"terms": kept if answers is None else replace(answers, **common)}


class StartInput(PreviewInput):
    lead = serializers.SlugField(max_length=50)


class ValueInput(serializers.Serializer):
    value = MoneyInputField()


class ChangeInput(ValueInput):
    change = serializers.ChoiceField(choices=["increase", "reduce"])


class TermsInput(serializers.Serializer):
    """What is to change of the terms; what is not named stays, and null takes a limit away."""

    weight_max = FractionInputField(least=0.01, allow_null=True, required=False)
    order_value = MoneyInputField(source="order_value_units", allow_null=True, required=False)
    order_ratio = FractionInputField(most=10**9 - 1, allow_null=True, required=False)
    order_value_max = MoneyInputField(source="order_value_max_units", allow_null=True, required=False)
    total_value_max = MoneyInputField(source="total_value_max_units", allow_null=True, required=False)
    market_ids = serializers.ListField(
        child=WholeNumberField(min_value=1, max_value=2**63 - 1), max_length=1_000, required=False
    )

    def validate(self, wanted: dict[str, Any]) -> dict[str, Any]:
        if not wanted:
            raise serializers.ValidationError(gettext("Name at least one term to change."))
        if "market_ids" in wanted:
            wanted["market_ids"] = tuple(wanted["market_ids"])
        return wanted


class StopLossInput(serializers.Serializer):
    stop_loss = MoneyInputField(allow_null=True)


class StartCautionShape(serializers.Serializer):
    """What a start is not refused for and yet should not be made without reading."""

    code = serializers.ChoiceField(choices=[RATIO_FAR_ABOVE_PROPORTION])
    field = serializers.CharField(help_text="Of `custom` in the request.")
    sentence = serializers.CharField()


class ObstacleShape(serializers.Serializer):
    """What stands before a start, as the start itself would say it."""

    code = serializers.CharField(help_text="One of the codes of problems.")
    title = serializers.CharField(source="*")


class CopyPreviewShape(serializers.Serializer):
    """The trades that a start would make now, by the shares of the lead that are shown to you."""

    as_of = serializers.DateTimeField(
        allow_null=True, help_text="The time of those shares; null is now, and then these are the very trades."
    )
    is_shown = serializers.BooleanField(help_text="False where no shares are old enough to be shown to you yet.")
    trades = PlannedTradeShape(many=True)
    cash_after = MoneyField(source="cash_after_units")
    cost = MoneyField(source="cost_units", help_text="Fees and spread.")
    equity = MoneyField(source="equity_units")
    cautions = StartCautionShape(many=True, help_text="What to read before the start; empty where all is as expected.")
    risk_warning = serializers.CharField(
        allow_blank=True, help_text="What your jurisdiction wants said beside a lead; show it. Empty is nothing."
    )
    before_start = ObstacleShape(
        many=True, help_text="What your jurisdiction puts before a start of this lead, whatever the amount."
    )


class ChangePreviewShape(serializers.Serializer):
    """The trades that a change would make now, and what changes with it."""

    trades = PlannedTradeShape(many=True)
    cost = MoneyField(source="cost_units")
    invested_before = MoneyField(source="invested_before_units")
    invested_after = MoneyField(source="invested_after_units")
    stop_loss_before = MoneyField(source="stop_loss_before_units", allow_null=True)
    stop_loss_after = MoneyField(source="stop_loss_after_units", allow_null=True)
    stops_at_before = MoneyField(source="level_before_units", allow_null=True)
    stops_at_after = MoneyField(source="level_after_units", allow_null=True)


class StopQuoteShape(serializers.Serializer):
    """What stopping now would bring."""

    trades = PlannedTradeShape(many=True)
    equity = MoneyField(source="equity_units")
    cost = MoneyField(source="cost_units")
    payout = MoneyField(source="payout_units")
