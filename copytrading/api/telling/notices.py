"""Notices by API: what somebody was told, which of it comes where, and the devices that are told by push."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.paging import page_of, paged
from accounts.api.problems import documented
from accounts.models import User
from copytrading.api.finding import person
from copytrading.api.shapes.notices import (
    HabitsShape,
    NoticesQuery,
    OwnNoticeShape,
    PushesShape,
    PushInput,
    PushShape,
    ReadInput,
    SwitchesInput,
    SwitchShape,
    UnreadShape,
)
from copytrading.queries.happened.sentences import sentence_of
from copytrading.queries.notices import listing
from copytrading.queries.notices.habits import habits_of
from copytrading.queries.notices.kinds import topic_of
from copytrading.queries.rules import platform_rules
from copytrading.services.telling import habits, push_keys

WRITE_PROBLEMS = (400, 401, 403, 409, 422, 429)


class Notices(Endpoint):
    @extend_schema(
        operation_id="list_notices",
        tags=["notices"],
        summary="What you were told, latest first",
        description="Of copies, leads, coins, the wallet and the account, whatever channel it came on.",
        parameters=[NoticesQuery],
        responses=documented({200: paged(OwnNoticeShape)}, problems=(400, 401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        asked, user = self.read_query(NoticesQuery), person(request)
        topic = asked.get("topic", "")
        rows = listing.notices_of(user, topic=topic, unread_only=asked["unread"])
        page = page_of(rows, asked, of=f"notices {topic} {asked['unread']} of {user.pk}", at="noted_at")
        told = _with_sentences(page["results"])
        return Response({**page, "results": OwnNoticeShape(told, many=True).data})


class Unread(Endpoint):
    @extend_schema(
        operation_id="count_unread_notices",
        tags=["notices"],
        summary="How many notices you have not read",
        responses=documented({200: UnreadShape}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        return Response(_unread(person(request)))


class Read(Endpoint):
    @extend_schema(
        operation_id="read_notices",
        tags=["notices"],
        summary="Mark notices as read, some of them or all",
        description="What is not yours, or was read before, is passed over.",
        parameters=[IDEMPOTENCY_KEY],
        request=ReadInput,
        responses=documented({200: UnreadShape}, problems=WRITE_PROBLEMS),
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        user = person(request)
        habits.read_notices(user=user, now=timezone.now(), notice_ids=self.read(ReadInput).get("ids"))
        return Response(_unread(user))


class Switches(Endpoint):
    @extend_schema(
        operation_id="list_notice_switches",
        tags=["notices"],
        summary="Which topics come on which channels",
        responses=documented({200: SwitchShape(many=True)}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        return Response(_switches(person(request)))

    @extend_schema(
        operation_id="set_notice_switches",
        tags=["notices"],
        summary="Say which topics come on which channels",
        description="What is not named stays as it is; what is fixed always comes.",
        parameters=[IDEMPOTENCY_KEY],
        request=SwitchesInput,
        responses=documented({200: SwitchShape(many=True)}, problems=WRITE_PROBLEMS),
    )
    @idempotent
    def put(self, request: Request, *, idempotency_key: str) -> Response:
        user, said = person(request), self.read(SwitchesInput)["switches"]
        wanted = {(switch["topic"], switch["channel"]): switch["is_on"] for switch in said}
        habits.set_switches(user=user, wanted=wanted)
        return Response(_switches(user))


class NoticeHabits(Endpoint):
    @extend_schema(
        operation_id="read_notice_habits",
        tags=["notices"],
        summary="When you want to be told: time zone, rhythm of mails, quiet hours",
        responses=documented({200: HabitsShape}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        return Response(HabitsShape(habits_of(person(request))).data)

    @extend_schema(
        operation_id="set_notice_habits",
        tags=["notices"],
        summary="Say when you want to be told; it holds for what happens from now on",
        parameters=[IDEMPOTENCY_KEY],
        request=HabitsShape,
        responses=documented({200: HabitsShape}, problems=WRITE_PROBLEMS),
    )
    @idempotent
    def put(self, request: Request, *, idempotency_key: str) -> Response:
        user = person(request)
        habits.set_habits(user=user, **self.read(HabitsShape))
        return Response(HabitsShape(habits_of(user)).data)


class Pushes(Endpoint):
    @extend_schema(
        operation_id="list_push_subscriptions",
        tags=["notices"],
        summary="The devices that are told by push, and the key to subscribe with",
        responses=documented({200: PushesShape}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        key = push_keys.public_key() if push_keys.is_possible() else ""
        return Response(PushesShape({"public_key": key, "subscriptions": listing.devices_of(person(request))}).data)

    @extend_schema(
        operation_id="subscribe_to_push",
        tags=["notices"],
        summary="Be told by push on a device",
        description="Web push (RFC 8030, 8291, 8292). The same endpoint again is the same subscription, whoever had it"
        " before. An app without a browser subscribes its own relay; docs/api.md says how.",
        parameters=[IDEMPOTENCY_KEY],
        request=PushInput,
        responses=documented({201: PushShape}, problems=WRITE_PROBLEMS),
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        subscription = habits.subscribe(user=person(request), now=timezone.now(), **self.read(PushInput))
        return Response(PushShape(subscription).data, status=status.HTTP_201_CREATED)


class OnePush(Endpoint):
    @extend_schema(
        operation_id="unsubscribe_from_push",
        tags=["notices"],
        summary="Tell a device nothing more",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=documented({204: None}, problems=(400, 401, 403, 404, 422, 429)),
    )
    @idempotent
    def delete(self, request: Request, subscription_id: int, *, idempotency_key: str) -> Response:
        if not habits.remove_device(user=person(request), subscription_id=subscription_id, now=timezone.now()):
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)


def _with_sentences(rows: list[Any]) -> list[dict[str, Any]]:
    """Return notices with what they are about and the sentence that people read."""
    rules = platform_rules()
    told = []
    for row in rows:
        lead = row.lead or (row.copy.lead if row.copy is not None else None)
        told.append(
            {
                "row": row,
                "topic": topic_of(row.kind),
                "sentence": sentence_of(row, rules=rules),
                "lead_slug": None if lead is None else lead.slug,
            }
        )
    return told


def _unread(user: User) -> Any:
    unread = listing.unread_of(user)
    return UnreadShape({"unread": unread, "is_more": unread >= listing.COUNTED_MAX}).data


def _switches(user: User) -> Any:
    rows = [row for section in listing.switches_of(user).values() for row in section]
    return SwitchShape(rows, many=True).data
