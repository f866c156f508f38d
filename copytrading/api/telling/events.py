"""What happened as webhooks are told it: the rows of the outbox, in the figures that the API gives of them."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiWebhook, extend_schema
from rest_framework import serializers

from accounts.models import User
from copytrading.api.shapes.books import CopyOrderShape
from copytrading.api.shapes.trades import RowShape
from copytrading.queries.copies.own import copies_of
from copytrading.queries.happened import receipt_rows
from copytrading.queries.happened.activity import ADJUSTMENT, TRADE
from copytrading.queries.happened.happenings import ORDER, Happening
from copytrading.queries.happened.receipt_rows import Row
from copytrading.queries.happened.sentences import sentence_of
from copytrading.queries.hooks.wanted import EVENT_KINDS, type_of_notice
from copytrading.queries.money import account_books
from copytrading.queries.rules import platform_rules
from copytrading.services.hooks.events import OWN_LANE, Event

TYPES = {TRADE: "fill.booked", ADJUSTMENT: "adjustment.noted"}


class EventDataShape(RowShape):
    """One thing that happened: the figures of its kind, the others null; a notice has its sentence as well."""

    kind = serializers.ChoiceField(choices=EVENT_KINDS)
    copy_id = serializers.IntegerField(allow_null=True, help_text="Null where it is about no copy.")
    order = CopyOrderShape(allow_null=True, default=None)
    headline = serializers.CharField(allow_null=True, default=None)
    detail = serializers.CharField(allow_null=True, default=None)


class EventShape(serializers.Serializer):
    """What is posted to a webhook: fields and types are added at any time."""

    type = serializers.CharField(help_text="As `copy.paused`, `fill.booked`, `order.filled`, `notice.deposited`.")
    timestamp = serializers.DateTimeField(help_text="When it happened.")
    data = EventDataShape(help_text="Of `webhook.test`, the `webhook_id` alone.")


EVENT = OpenApiWebhook(
    name="event",
    decorator=extend_schema(
        summary="Something happened that the webhook is to be told of",
        description="Signed as Standard Webhooks are, in `webhook-id`, `webhook-timestamp` and `webhook-signature`."
        " Any 2xx says that it was taken; anything else has it come again, for a day.",
        request={"application/json": EventShape},
        responses={204: None},
    ),
)


def describe(user: User, happened: Sequence[Happening]) -> list[Event]:
    """Return the events that tell what happened to a person, in its order; of an order, one for each own copy in it."""
    named = [(each.kind, each.id) for each in happened if each.kind != ORDER]
    rows = dict(zip(named, receipt_rows.of_ids(named), strict=True))
    orders = _orders_of(user, [each.id for each in happened if each.kind == ORDER])
    rules = platform_rules()
    events: list[Event] = []
    for each in happened:
        if each.kind == ORDER:
            events += orders.get(each.id, [])
            continue
        row = rows[each.kind, each.id]
        said: dict[str, Any] = {}
        if row.notice is not None:
            sentence = sentence_of(row.notice, rules=rules)
            said = {"headline": sentence.headline, "detail": sentence.detail}
        events.append(
            Event(
                id=f"{row.kind}_{row.id}",
                type=type_of_notice(row.notice.kind) if row.notice is not None else TYPES[row.kind],
                at=row.at,
                lane=OWN_LANE if row.copy_id is None else row.copy_id,
                data=_data(row, **said),
            )
        )
    return events


def _orders_of(user: User, order_ids: Sequence[int]) -> dict[int, list[Event]]:
    """Return what became of some orders, each for every copy of a person that takes part in it."""
    found: dict[int, list[Event]] = {}
    if not order_ids:
        return found
    for copy in copies_of(user).filter(lead__cycles__orders__in=order_ids).distinct().order_by("pk"):
        for order in account_books.orders_of(copy).filter(pk__in=order_ids):
            at = order.booked_at or order.planned_at
            row = Row(kind=ORDER, id=order.pk, copy_id=copy.pk, at=at)
            event = Event(
                id=f"order_{order.pk}_{copy.pk}",
                type=f"order.{order.status.lower()}",
                at=at,
                lane=copy.pk,
                data=_data(row, order=order),
            )
            found.setdefault(order.pk, []).append(event)
    return found


def _data(row: Row, **more: Any) -> dict[str, Any]:
    """Return the figures of a row as plain values, as JSON has them."""
    shown = dict(EventDataShape({**vars(row), **more}).data)
    return {name: dict(value) if isinstance(value, dict) else value for name, value in shown.items()}
