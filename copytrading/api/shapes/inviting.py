"""Invitations as a lead makes them and as whoever comes sees them, and how much has followed day by day."""

from decimal import Decimal

from rest_framework import serializers

from accounts.api.fields import WholeNumberField
from copytrading.api.fields import FractionField, FractionInputField, MoneyField
from copytrading.queries.leading.invitations import InvitationState
from copytrading.services.leads.invitations import COPIES_MAX, DAYS_MAX, LABEL_LENGTH_MAX

STATES = [state.value for state in InvitationState]


class InvitationInput(serializers.Serializer):
    label = serializers.CharField(
        max_length=LABEL_LENGTH_MAX, default="", allow_blank=True, help_text="What you call it; nobody else sees it."
    )
    copies_max = WholeNumberField(min_value=1, max_value=COPIES_MAX, help_text="How many may come by it.")
    days = WholeNumberField(min_value=1, max_value=DAYS_MAX, help_text="How long it lasts.")
    profit_share_rate = FractionInputField(most=0.3, help_text="At most your own; copies keep the rate they began at.")

    def validate_profit_share_rate(self, rate: float) -> Decimal:
        return Decimal(str(rate)).quantize(Decimal("0.0001"))


class InvitationShape(serializers.Serializer):
    """An invitation and what came of it. Its link is the lead's page with `?invitation=` and the token."""

    id = serializers.IntegerField(source="invitation.pk")
    label = serializers.CharField(source="invitation.label")
    token = serializers.CharField(source="invitation.token")
    state = serializers.ChoiceField(choices=STATES)
    copies_max = serializers.IntegerField(source="invitation.copies_max")
    copies = serializers.IntegerField(help_text="How many came by it, those that stopped included.")
    running = serializers.IntegerField()
    profit_share_rate = FractionField(source="rate")
    invested = MoneyField(source="invested_units", help_text="In the copies that run.")
    earned = MoneyField(source="earned_units", help_text="What all of them paid, less the platform's part.")
    made_at = serializers.DateTimeField(source="invitation.made_at")
    expires_at = serializers.DateTimeField(source="invitation.expires_at")
    withdrawn_at = serializers.DateTimeField(source="invitation.withdrawn_at", allow_null=True)


class OfferShape(serializers.Serializer):
    """What an invitation offers to whoever has its token."""

    state = serializers.ChoiceField(choices=STATES)
    profit_share_rate = FractionField(source="rate", help_text="What a copy pays that starts now.")
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Null where it lets nobody in.")


class GrowthDayShape(serializers.Serializer):
    at = serializers.DateTimeField(help_text="A midnight, UTC; the first is the beginning, the last is now.")
    copies = serializers.IntegerField(help_text="That ran then.")
    money = MoneyField(source="money_units", allow_null=True, help_text="In them; null where nobody knew.")
    earned = MoneyField(source="earned_units", help_text="Of all time up to then, less the platform's part.")
