"""Accounts of people's own at the exchange: what goes in to connect one, and what may be known of it afterwards."""

from django.utils.translation import gettext
from rest_framework import serializers

from copytrading.api.fields import MoneyField
from copytrading.queries import statuses
from copytrading.queries.leads.links import WITH_PASSWORD

KEY_LENGTH_MAX = 500


class ConnectInput(serializers.Serializer):
    """A key that can read and trade spot, and nothing else; it is sealed at once and never shown again."""

    exchange = serializers.CharField(max_length=30)
    key = serializers.CharField(max_length=KEY_LENGTH_MAX)
    secret = serializers.CharField(max_length=KEY_LENGTH_MAX)
    password = serializers.CharField(
        max_length=KEY_LENGTH_MAX, default="", allow_blank=True, help_text="The pass phrase, where the key has one."
    )

    def validate(self, said: dict[str, str]) -> dict[str, str]:
        if said["exchange"] in WITH_PASSWORD and not said["password"]:
            raise serializers.ValidationError(
                {"password": gettext("This exchange asks for the pass phrase of the key.")}
            )
        return said


class ExchangeAccountShape(serializers.Serializer):
    """An account of your own at the exchange. Of its key only the end is known."""

    id = serializers.IntegerField()
    exchange = serializers.CharField()
    exchange_name = serializers.CharField()
    status = serializers.ChoiceField(choices=statuses.OWN_ACCOUNT)
    reason = serializers.CharField(
        source="reason_in_words", help_text="Why its copies are paused, and what to do; empty while it is connected."
    )
    fingerprint = serializers.CharField(help_text="The last characters of the key.")
    connected_at = serializers.DateTimeField(allow_null=True)
    looked_at = serializers.DateTimeField(allow_null=True, help_text="When its balances were read last.")
    copies = serializers.IntegerField(help_text="How many trade on it now.")


class OrderMinimumShape(serializers.Serializer):
    market = serializers.CharField(source="symbol")
    value_min = MoneyField(source="value_min_units")


class ExchangeAccountsShape(serializers.Serializer):
    """Your accounts, the one that was connected last first, and the minimums that a copy on one bears alone."""

    exchange = serializers.CharField(help_text="Where accounts can be connected here; empty where nowhere.")
    needs_password = serializers.BooleanField(help_text="Whether keys of that exchange have a pass phrase.")
    investment_min = MoneyField(source="investment_min_units", help_text="The least that a copy is started with.")
    order_minimums = OrderMinimumShape(
        many=True,
        source="markets",
        help_text="The least value of one order. What is below it stays cash: there is nobody to share an order with.",
    )
    accounts = ExchangeAccountShape(many=True)
