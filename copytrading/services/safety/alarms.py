"""
Alarms: what an operator has to look at, said once however often it is seen.

Whoever sees trouble raises the alarm again and again; the open row of that key counts. Trouble that goes away by
itself is cleared by whoever sees that it is gone, everything else by an operator.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.models import Asset, User
from copytrading.models import Alarm
from copytrading.queries.operating import custody as custody_queries
from copytrading.services.refusals import Refusal

SENTENCE_LENGTH_MAX = 300
CUSTODY = "custody:"

# One statement, so that two who see the same trouble at once make one alarm that counts both.
RAISE = """
    INSERT INTO copytrading_alarm (kind, key, sentence, raised_at, last_seen_at, times_seen)
    VALUES (%(kind)s, %(key)s, %(sentence)s, %(now)s, %(now)s, 1)
    ON CONFLICT (key) WHERE cleared_at IS NULL DO UPDATE
    SET times_seen = copytrading_alarm.times_seen + 1, sentence = excluded.sentence,
        last_seen_at = greatest(copytrading_alarm.last_seen_at, excluded.last_seen_at)
    RETURNING id
"""

RAISE_MANY = """
    INSERT INTO copytrading_alarm (kind, key, sentence, raised_at, last_seen_at, times_seen)
    SELECT %(kind)s, seen.key, seen.sentence, %(now)s, %(now)s, 1
    FROM unnest(%(keys)s::varchar[], %(sentences)s::varchar[]) AS seen(key, sentence) ORDER BY seen.key
    ON CONFLICT (key) WHERE cleared_at IS NULL DO UPDATE
    SET times_seen = copytrading_alarm.times_seen + 1, sentence = excluded.sentence,
        last_seen_at = greatest(copytrading_alarm.last_seen_at, excluded.last_seen_at)
"""


class AlarmCleared(Refusal):
    code = "alarm_cleared"


class AlarmStands(Refusal):
    code = "alarm_stands"


def raise_alarm(*, kind: Alarm.Kind, key: str, sentence: str, now: datetime) -> Alarm:
    """
    Open an alarm, or count one more sighting of the one that is open under this key, and return it.

    In the caller's transaction if there is one: then call it last, since the row stays locked until the commit.

    :param key: names the trouble, not the sighting, as "custody:BTC"; up to 80 characters.
    :param sentence: what is wrong, for an operator; the latest one stands.
    """
    with connection.cursor() as cursor:
        cursor.execute(RAISE, {"kind": kind, "key": key, "sentence": sentence[:SENTENCE_LENGTH_MAX], "now": now})
        alarm = Alarm.objects.get(pk=cursor.fetchone()[0])
    return alarm


def raise_alarms(*, kind: Alarm.Kind, sentences: Mapping[str, str], now: datetime) -> None:
    """Open an alarm for each key, or count one more sighting of it, all in one statement; see raise_alarm."""
    if not sentences:
        return
    named: dict[str, Any] = {
        "kind": kind,
        "keys": list(sentences),
        "sentences": [sentence[:SENTENCE_LENGTH_MAX] for sentence in sentences.values()],
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(RAISE_MANY, named)


def clear_others(*, kind: Alarm.Kind, standing: Collection[str], now: datetime) -> int:
    """Clear the open alarms of a kind but those that stand: their trouble is gone. Return how many they were."""
    gone = Alarm.objects.filter(kind=kind, cleared_at__isnull=True).exclude(key__in=list(standing))
    return gone.update(cleared_at=now)


def clear_alarm(*, key: str, now: datetime, by: User | None = None) -> bool:
    """
    Clear the open alarm of a key and return whether there was one.

    :param by: the operator who cleared it; nobody where the trouble went away by itself.
    """
    cleared = Alarm.objects.filter(key=key, cleared_at__isnull=True).update(cleared_at=now, cleared_by=by)
    return bool(cleared)


def dismiss_alarm(*, alarm_id: int, by: User, now: datetime) -> Alarm:
    """
    Clear one alarm for an operator who has looked at it. Trouble that is still there raises it anew.

    :raises AlarmCleared: if it is cleared already.
    :raises AlarmStands: if ledger and custody differ: only a correction makes that go.
    """
    alarm = Alarm.objects.get(pk=alarm_id)
    if alarm.key.startswith(CUSTODY):
        _require_agreement(alarm.key)
    if alarm.cleared_at is not None or not clear_alarm(key=alarm.key, now=now, by=by):
        raise AlarmCleared("This alarm is cleared already.")
    alarm.refresh_from_db()
    return alarm


def custody_key(asset: Asset) -> str:
    """Return the key of the alarm about ledger and custody of an asset."""
    return f"{CUSTODY}{asset.symbol}"


def set_aside_key(lead_id: int) -> str:
    """Return the key of the alarm about a lead that was set aside."""
    return f"lead:{lead_id}:set-aside"


def _require_agreement(key: str) -> None:
    asset = Asset.objects.get(symbol=key.removeprefix(CUSTODY))
    if custody_queries.standing_difference(asset=asset) is not None:
        raise AlarmStands(
            f"Ledger and custody of {asset.symbol} still differ: a correction by two operators clears it."
        )
