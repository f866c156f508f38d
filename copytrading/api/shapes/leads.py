"""Leads: the figures of a card, the record, and what is held as ratios."""

from typing import Any

from django.utils.translation import gettext, gettext_lazy
from rest_framework import serializers

from accounts.api.fields import WholeNumberField
from accounts.api.paging import PageQuery, paged
from copytrading.api.fields import FractionField, FractionInputField, MoneyField, MoneyInputField, PriceField
from copytrading.api.shapes.inviting import OfferShape
from copytrading.engine.track_record import risk
from copytrading.queries import statuses
from copytrading.queries.leading.invitations import TOKEN_LENGTH_MAX
from copytrading.queries.leads.listing import Sorting, Standing
from copytrading.queries.leads.overlaps import SIDE_BY_SIDE_MAX
from copytrading.queries.leads.pages import PERIODS


class LeadsQuery(PageQuery):
    sort = serializers.ChoiceField(
        choices=[sorting.value for sorting in Sorting],
        default=Sorting.RETURN.value,
        help_text="The best first; score is the ranking of the portal.",
    )
    search = serializers.CharField(default="", allow_blank=True, max_length=60)
    days_min = WholeNumberField(default=0, min_value=0, max_value=36_500, help_text="Days leading.")
    fall_max = FractionInputField(required=False, help_text="Deepest fall, 0.2 for 20 %.")
    stake_min = FractionInputField(most=1e6, required=False, help_text="Own money by followers'.")
    risk_max = WholeNumberField(
        required=False, min_value=risk.LEAST, max_value=risk.MOST, help_text="1 to 10, where Bitcoin is 7."
    )
    profit_share_max = FractionInputField(required=False, help_text="0 for those who take none.")
    copies_min = WholeNumberField(default=0, min_value=0, max_value=10**9, help_text="Copies that run now.")
    own_money_min = MoneyInputField(source="own_units_min", default=0)
    following_money_min = MoneyInputField(source="following_units_min", default=0)
    has_vacancies = serializers.BooleanField(default=False)
    with_ended = serializers.BooleanField(default=False)
    favourites = serializers.BooleanField(default=False, help_text="Yours only; takes a sign-in.")


class ScorePartShape(serializers.Serializer):
    name = serializers.CharField()
    weight = FractionField()
    value = FractionField(help_text="0 to 1.")
    points = FractionField(help_text="100 × weight × value.")
    formula = serializers.CharField()


class FollowersGotShape(serializers.Serializer):
    """
    What copies that ran through the last `days` got in them, after fees and profit share, beside the lead's own return.

    The longest of 90, 30 and 7 days that five copies ran through; the fractions are null while there are fewer.
    """

    days = serializers.IntegerField()
    copies = serializers.IntegerField(help_text="How many ran when those days began.")
    median_fraction = FractionField(allow_null=True)
    worst_tenth_fraction = FractionField(allow_null=True)
    lead_fraction = FractionField(allow_null=True, help_text="The lead's return in the same days.")


class LeadShape(serializers.Serializer):
    """A lead in figures of the last 90 days; null where it is too early to say."""

    slug = serializers.SlugField(source="lead.slug")
    name = serializers.CharField(source="lead.name")
    bio = serializers.CharField(source="lead.bio")
    tags = serializers.ListField(source="lead.tags", child=serializers.CharField())
    status = serializers.ChoiceField(source="lead.status", choices=statuses.LEAD)
    score = FractionField(source="score.points", help_text="0 to 100: what `sort=score` goes by.")
    return_fraction = FractionField(allow_null=True)
    fall_fraction = FractionField(allow_null=True)
    risk = serializers.IntegerField(allow_null=True, help_text="1 to 10, where Bitcoin is 7.")
    kept_per_risk = FractionField(
        allow_null=True, help_text="What followers kept in 90 days, in points of percent, for each point of risk."
    )
    followers_got = FollowersGotShape(source="got")
    days_leading = serializers.IntegerField()
    followers = serializers.IntegerField()
    followers_max = serializers.IntegerField(source="lead.followers_max")
    own_money = MoneyField(source="own_units")
    following_money = MoneyField(source="following_units")
    stake_fraction = FractionField(allow_null=True, help_text="Own money by the money that follows.")
    profit_share_rate = FractionField(source="lead.profit_share_rate")
    takes_own_accounts = serializers.BooleanField(
        source="lead.takes_copies_on_own_accounts",
        help_text="Whether a copy may trade on your own account at the exchange, where it pays no profit share.",
    )


LeadsPageShape = paged(LeadShape)


class FallShape(serializers.Serializer):
    fraction = FractionField()
    began_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()


class VisibilityShape(serializers.Serializer):
    """Up to when you see the lead's book; null is as it happens. Whoever copies sees all of it at once."""

    trades_until = serializers.DateTimeField(allow_null=True)
    weights_until = serializers.DateTimeField(allow_null=True)
    delay_hours = serializers.IntegerField(help_text="How long a trade waits.")
    sentence = serializers.CharField(allow_blank=True, help_text="The same in words; empty where you see everything.")


class LeadDetailShape(LeadShape):
    standing = serializers.ChoiceField(
        choices=[standing.value for standing in Standing], help_text="OPEN, or why you cannot copy this lead now."
    )
    score_parts = ScorePartShape(source="score.parts", many=True, help_text="They sum to the score.")
    deepest_fall = FallShape(source="statistics.fall", allow_null=True, help_text="Of the whole record.")
    volatility = FractionField(source="statistics.volatility", allow_null=True)
    trades = serializers.IntegerField(source="statistics.trades")
    trades_a_week = FractionField(source="statistics.trades_a_week", allow_null=True)
    started_at = serializers.DateTimeField(source="lead.started_at", allow_null=True)
    ended_at = serializers.DateTimeField(source="lead.ended_at", allow_null=True)
    visibility = VisibilityShape()
    is_favourite = serializers.BooleanField(help_text="Whether you keep an eye on it; false for nobody in particular.")
    invitation = OfferShape(allow_null=True, help_text="What the invitation offers that you named; null without one.")


class LeadQuery(serializers.Serializer):
    invitation = serializers.CharField(
        default="", allow_blank=True, max_length=TOKEN_LENGTH_MAX, help_text="The token of an invitation."
    )


class FavouriteShape(serializers.Serializer):
    lead = serializers.SlugField()
    is_favourite = serializers.BooleanField()


class ComparisonQuery(serializers.Serializer):
    leads = serializers.RegexField(
        r"^[-a-zA-Z0-9_]{1,50}(,[-a-zA-Z0-9_]{1,50})+$",
        max_length=51 * SIDE_BY_SIDE_MAX,
        error_messages={
            "invalid": gettext_lazy("Send the slugs of two to four leads with commas between, as basalt,slate.")
        },
        help_text="The slugs of two to four leads, with commas between.",
    )

    def validate_leads(self, text: str) -> list[str]:
        slugs = text.split(",")
        if len(slugs) > SIDE_BY_SIDE_MAX:
            raise serializers.ValidationError(
                gettext("There can be %(most)s leads at most.") % {"most": SIDE_BY_SIDE_MAX}
            )
        if len({*slugs}) < len(slugs):
            raise serializers.ValidationError(gettext("Name each lead once."))
        return slugs


class LikenessShape(serializers.Serializer):
    """Two leads: how much they hold the same, and how alike they moved in the days of the last 90 that both have."""

    one = serializers.SlugField(source="one.slug")
    other = serializers.SlugField(source="other.slug")
    overlap = FractionField(
        source="overlap_shown",
        allow_null=True,
        help_text="The share of both in the same coins; null where what they hold is not shown to you yet.",
    )
    correlation = FractionField(
        allow_null=True, help_text="Of their daily returns, −1 to 1; null where it is too early."
    )
    together = FractionField(allow_null=True, help_text="The share of days on which both went the same way.")


class LeadsComparisonShape(serializers.Serializer):
    """Leads side by side, in the order in which they were named, and each two of them beside each other."""

    leads = LeadShape(many=True)
    pairs = LikenessShape(many=True)


class HoldingShape(serializers.Serializer):
    coin = serializers.CharField(source="symbol")
    name = serializers.CharField()
    weight = FractionField()
    price = PriceField(allow_null=True)


class PortfolioShape(serializers.Serializer):
    """Ratios, heaviest first, cash last; none while nothing is old enough to be shown to you."""

    as_of = serializers.DateTimeField(allow_null=True, help_text="Null is now.")
    holdings = HoldingShape(many=True)
    unpriced = serializers.ListField(child=serializers.CharField())


class LeadRecordQuery(serializers.Serializer):
    days = serializers.ChoiceField(choices=sorted(PERIODS), default=90, help_text="The largest one means all.")


class LeadRecordPointShape(serializers.Serializer):
    at = serializers.DateTimeField()
    return_fraction = FractionField(help_text="Since the first point.")

    def to_representation(self, point: Any) -> dict[str, Any]:
        at, percent = point
        return super().to_representation({"at": at, "return_fraction": percent / 100})
