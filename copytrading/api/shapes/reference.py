"""The platform's own copy of a lead: what following brought."""

from rest_framework import serializers

from copytrading.api.fields import FractionField, MoneyField
from copytrading.api.shapes.copies import CopyGapShape


class ReferencePointShape(serializers.Serializer):
    at = serializers.DateTimeField()
    worth = MoneyField(source="worth_units")
    return_fraction = FractionField()


class ReferenceCostsShape(serializers.Serializer):
    fees = MoneyField(source="fee_units", help_text="Taken by the exchange.")
    profit_share = MoneyField(source="profit_share_units", help_text="Paid to the lead.")


class ReferenceCopyShape(serializers.Serializer):
    """
    A real copy that the platform holds, after all costs; its figures are those of `as_of`, null before there are any.

    Where something but the lead's end stopped it, another one went on: then the return is that of all of them in a
    row, and `points` are what each of them was worth.
    """

    since = serializers.DateTimeField(allow_null=True, help_text="Null where there never was one.")
    ended_at = serializers.DateTimeField(allow_null=True, help_text="Null while it runs.")
    as_of = serializers.DateTimeField(allow_null=True)
    investment = MoneyField(source="invested_units", allow_null=True)
    worth = MoneyField(source="worth_units", allow_null=True)
    return_fraction = FractionField(allow_null=True)
    costs = ReferenceCostsShape(allow_null=True, help_text="What was taken so far; in the return already.")
    gap = CopyGapShape(allow_null=True, help_text="How far it is from the lead's own return, and why.")
    points = ReferencePointShape(many=True, help_text="Its days, oldest first, and the last figure.")


NAMES = ("since", "ended_at", "as_of", "invested_units", "worth_units", "return_fraction", "costs", "gap")
NOT_HELD = {**dict.fromkeys(NAMES), "points": ()}
