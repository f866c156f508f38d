"""Texts to accept, questions, and what the answers came to."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from copytrading.api.fields import MoneyField


class ConsentShape(serializers.Serializer):
    text = serializers.CharField(source="name", help_text="Stands under /legal/{text}/.")
    title = serializers.CharField()
    version = serializers.CharField()
    language = serializers.CharField(help_text="In which you read it: en where it is not written in yours.")
    given_at = serializers.DateTimeField(allow_null=True, help_text="Null where this version is not accepted yet.")


class ConsentInput(serializers.Serializer):
    text = serializers.CharField(max_length=40)
    version = serializers.CharField(max_length=20, help_text="The version that was read.")


class ChoiceShape(serializers.Serializer):
    name = serializers.CharField()
    text = serializers.CharField()


class QuestionShape(serializers.Serializer):
    name = serializers.CharField()
    text = serializers.CharField()
    choices = ChoiceShape(many=True)


class SuitabilityResultShape(serializers.Serializer):
    """What answers came to: limits of new copies and of more money; what runs is not touched."""

    version = serializers.IntegerField()
    answered_at = serializers.DateTimeField()
    points = serializers.IntegerField()
    risk_max = serializers.IntegerField(help_text="Of a lead that may be copied, 0 to 10; 0 is none.")
    invested_max = MoneyField(source="invested_max_units", allow_null=True, help_text="In all copies together.")
    share_max = serializers.FloatField(allow_null=True, help_text="Of the money that the person has here.")


class SuitabilityShape(serializers.Serializer):
    jurisdiction = serializers.CharField(allow_blank=True, help_text="Empty where this platform has none.")
    version = serializers.IntegerField(allow_null=True, help_text="Of the questions; null where nothing is asked.")
    questions = QuestionShape(many=True)
    is_answered = serializers.BooleanField(help_text="Whether the present version is.")
    result = serializers.SerializerMethodField()

    @extend_schema_field(SuitabilityResultShape(allow_null=True))
    def get_result(self, shown: dict[str, Any]) -> dict[str, Any] | None:
        return None if shown["result"] is None else dict(SuitabilityResultShape(shown["result"]).data)


class SuitabilityInput(serializers.Serializer):
    answers = serializers.DictField(
        child=serializers.CharField(max_length=40), help_text="The name of a choice for the name of each question."
    )
