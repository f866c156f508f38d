"""Whether the venue can be talked to, as operators see it: an alarm for each kind of trouble, cleared by an answer."""

from datetime import datetime, timedelta

from django.db.models import Max

from copytrading.exchange.errors import AccessRefused, ClockSkewed, KeyRefused, VenueUnreachable
from copytrading.models import Alarm, CustodyDifference
from copytrading.services.safety import alarms

# A venue that misses one question is asked again; one that is silent for so long needs a person.
SILENT_SECONDS = 90

KEYS = {
    Alarm.Kind.VENUE_SILENT: "venue:silent",
    Alarm.Kind.KEY_REFUSED: "venue:key",
    Alarm.Kind.KEY_UNKNOWN: "venue:key-unknown",
    Alarm.Kind.SECRET_WRONG: "venue:secret",
    Alarm.Kind.ADDRESS_BARRED: "venue:address",
    Alarm.Kind.ENVIRONMENT_WRONG: "venue:environment",
    Alarm.Kind.RIGHT_MISSING: "venue:right",
    Alarm.Kind.ACCOUNT_BARRED: "venue:account",
    Alarm.Kind.PLACE_BARRED: "venue:place",
    Alarm.Kind.ABILITY_MISSING: "venue:ability",
    Alarm.Kind.CLOCK_SKEWED: "venue:clock",
}


def note_trouble(*, trouble: VenueUnreachable, now: datetime) -> Alarm | None:
    """
    Raise the alarm that fits what a question ran into, and return it.

    A refused key, a barred place and a clock that is off are alarms at once, each of its own kind, since only a person
    can help; silence is one after a while, counted from the last look that was answered, and at once where none ever
    was.
    """
    if isinstance(trouble, AccessRefused):
        what = "refuses our key" if isinstance(trouble, KeyRefused) else "does not let us in"
        kind, sentence = Alarm.Kind(trouble.code.value), f"The venue {what}: {trouble}"
    elif isinstance(trouble, ClockSkewed):
        kind, sentence = Alarm.Kind.CLOCK_SKEWED, f"Our clock and the venue's differ by more than it allows: {trouble}"
    else:
        answered_at = CustodyDifference.objects.aggregate(last=Max("looked_at"))["last"]
        if answered_at is not None and now < answered_at + timedelta(seconds=SILENT_SECONDS):
            return None
        since = f"since {answered_at:%H:%M:%S} UTC" if answered_at else "and never has"
        kind, sentence = Alarm.Kind.VENUE_SILENT, f"The venue does not answer {since}: {trouble}"
    return alarms.raise_alarm(kind=kind, key=KEYS[kind], sentence=sentence, now=now)


def note_answer(*, now: datetime) -> None:
    """Clear what was raised about the venue: it has answered a question that takes our key."""
    for key in KEYS.values():
        alarms.clear_alarm(key=key, now=now)
