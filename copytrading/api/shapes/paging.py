"""What lists are asked for besides their page."""

from rest_framework import serializers

from accounts.api.paging import PageQuery
from copytrading.queries.happened.activity import KINDS


class ActivityQuery(PageQuery):
    kind = serializers.ChoiceField(choices=KINDS, required=False, help_text="Only this kind.")
