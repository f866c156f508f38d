"""Announcements, and complaints with what was said in them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import WholeNumberField
from copytrading.queries.desk.announcements import AUDIENCES, LEVELS
from copytrading.queries.desk.complaints import STATUSES, STEP_KINDS, due_at, steps_of
from copytrading.services.desk.complaints import SUBJECT_LENGTH_MAX, TEXT_LENGTH_MAX

ROW_NUMBER_MAX = 2**63 - 1


class AnnouncementShape(serializers.Serializer):
    """What operators say, in the language that is asked for where it was written in it, else in English."""

    id = serializers.IntegerField(source="pk")
    level = serializers.ChoiceField(choices=LEVELS)
    audience = serializers.ChoiceField(choices=AUDIENCES, help_text="Of those, whoever asks is one.")
    title = serializers.CharField()
    text = serializers.CharField()
    holds_from = serializers.DateTimeField()
    holds_until = serializers.DateTimeField(help_text="It may be ended before.")


class ComplaintInput(serializers.Serializer):
    subject = serializers.CharField(max_length=SUBJECT_LENGTH_MAX)
    text = serializers.CharField(max_length=TEXT_LENGTH_MAX)
    copy = WholeNumberField(
        min_value=1,
        max_value=ROW_NUMBER_MAX,
        required=False,
        allow_null=True,
        default=None,
        help_text="The id of your own copy that it is about; null where it is about none.",
    )


class ReopeningInput(serializers.Serializer):
    text = serializers.CharField(max_length=TEXT_LENGTH_MAX, help_text="What is still open.")


class ComplaintStepShape(serializers.Serializer):
    kind = serializers.ChoiceField(choices=STEP_KINDS)
    text = serializers.CharField(help_text="Of an answer, or of a reopening; else empty.")
    at = serializers.DateTimeField(source="taken_at")


class ComplaintShape(serializers.Serializer):
    number = serializers.IntegerField(source="pk")
    status = serializers.ChoiceField(choices=STATUSES)
    subject = serializers.CharField()
    text = serializers.CharField()
    copy = serializers.IntegerField(source="copy_id", allow_null=True)
    received_at = serializers.DateTimeField()
    acknowledge_by = serializers.DateTimeField()
    answer_by = serializers.DateTimeField(help_text="Anew after it was reopened.")
    due_at = serializers.SerializerMethodField(help_text="By when the operators do the next thing; null once they did.")
    steps = serializers.SerializerMethodField(help_text="What was done and said since, the first first.")

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_due_at(self, complaint: Any) -> Any:
        due = due_at(complaint)
        return None if due is None else serializers.DateTimeField().to_representation(due)

    @extend_schema_field(ComplaintStepShape(many=True))
    def get_steps(self, complaint: Any) -> Any:
        return ComplaintStepShape(steps_of(complaint), many=True).data
