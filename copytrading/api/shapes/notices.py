"""What somebody was told, and where and when they want to be told."""

from rest_framework import serializers

from accounts.api.fields import TimeOfDayField, WholeNumberField
from accounts.api.paging import TimedQuery
from copytrading.api.shapes.trades import NoticeShape
from copytrading.queries.hooks.wanted import topic_labels
from copytrading.queries.notices.habits import Rhythm
from copytrading.queries.notices.kinds import Channel

READ_AT_ONCE_MAX = 200


class NoticesQuery(TimedQuery):
    topic = serializers.ChoiceField(choices=topic_labels(), required=False, help_text="Only of this topic.")
    unread = serializers.BooleanField(default=False, help_text="True for those that were not read yet.")


class OwnNoticeShape(serializers.Serializer):
    """A notice: what happened as figures, and the sentence that people read."""

    id = serializers.IntegerField(source="row.pk")
    topic = serializers.ChoiceField(source="topic.name", choices=topic_labels())
    at = serializers.DateTimeField(source="row.noted_at")
    read_at = serializers.DateTimeField(source="row.read_at", allow_null=True)
    copy_id = serializers.IntegerField(source="row.copy_id", allow_null=True, help_text="Null where it is about none.")
    lead = serializers.CharField(source="lead_slug", allow_null=True, help_text="Null where it is about none.")
    headline = serializers.CharField(source="sentence.headline")
    detail = serializers.CharField(source="sentence.detail")
    notice = NoticeShape(source="row")


class ReadInput(serializers.Serializer):
    ids = serializers.ListField(
        child=WholeNumberField(min_value=1),
        min_length=1,
        max_length=READ_AT_ONCE_MAX,
        required=False,
        help_text="Which ones; all of them where this is not sent.",
    )


class UnreadShape(serializers.Serializer):
    unread = serializers.IntegerField(help_text="As the bell counts them, a hundred at most.")
    is_more = serializers.BooleanField(help_text="Whether there are a hundred or more.")


class SwitchShape(serializers.Serializer):
    """A topic, and whether it comes on each channel. What is fixed always comes."""

    topic = serializers.ChoiceField(source="topic.name", choices=topic_labels())
    label = serializers.CharField(source="topic.label")
    section = serializers.CharField(source="topic.section")
    is_fixed = serializers.BooleanField(source="topic.is_fixed")
    is_urgent = serializers.BooleanField(source="topic.is_urgent", help_text="Waits for no quiet hour and no digest.")
    bell = serializers.BooleanField()
    email = serializers.BooleanField()
    push = serializers.BooleanField()


class SwitchInput(serializers.Serializer):
    topic = serializers.ChoiceField(choices=topic_labels())
    channel = serializers.ChoiceField(choices=Channel.choices)
    is_on = serializers.BooleanField()


class SwitchesInput(serializers.Serializer):
    switches = SwitchInput(many=True, allow_empty=False, max_length=len(topic_labels()) * len(Channel.choices))


class HabitsShape(serializers.Serializer):
    """When somebody wants to be told. Quiet hours have both ends or none, and may pass midnight."""

    time_zone = serializers.CharField(max_length=60, help_text="As `Europe/Berlin`.")
    mail_rhythm = serializers.ChoiceField(choices=Rhythm.choices)
    quiet_from = TimeOfDayField(allow_null=True)
    quiet_until = TimeOfDayField(allow_null=True)


class PushInput(serializers.Serializer):
    """A subscription as the Push API of a browser gives it, or an app's own relay; see docs/api.md."""

    endpoint = serializers.CharField(max_length=1000, help_text="Of a push service that this platform sends to.")
    key = serializers.CharField(max_length=100, help_text="`p256dh`, base64url.")
    secret = serializers.CharField(max_length=50, help_text="`auth`, base64url.")
    device = serializers.CharField(max_length=80, default="", allow_blank=True, help_text="What people call it.")


class PushShape(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    device = serializers.CharField()
    subscribed_at = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True, help_text="From then on nothing is sent there.")
    retired_because = serializers.CharField()


class PushesShape(serializers.Serializer):
    public_key = serializers.CharField(help_text="`applicationServerKey`; empty where push is not set up here.")
    subscriptions = PushShape(many=True)
