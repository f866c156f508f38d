"""Lists come in pages: what is asked for, and where the next one is."""

from rest_framework import serializers

from copytrading.queries.activity import KINDS

PAGE_NUMBER_MAX = 10_000


class PageQuery(serializers.Serializer):
    page = serializers.IntegerField(default=1, min_value=1, max_value=PAGE_NUMBER_MAX)


class CursorQuery(serializers.Serializer):
    cursor = serializers.CharField(default="", allow_blank=True, max_length=64, help_text="`next` of the page before.")


class ActivityQuery(CursorQuery):
    kind = serializers.ChoiceField(choices=KINDS, required=False, help_text="Only this kind.")
