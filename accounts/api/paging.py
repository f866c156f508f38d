"""
Lists come in pages, all in one way: latest first, a cursor to go on with, how many, and between which moments.

A cursor is the place of the last row that was shown, with the name of its list, signed: however much is written
meanwhile, turning the page shows nothing twice and leaves nothing out, and a cursor of another list is told from one of
this. Where a list is ordered by figures that move, the place is a number of rows.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.core import signing
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.api.fields import WholeNumberField

ROWS, ROWS_MAX = 50, 200
CURSOR_LENGTH_MAX = 300
WRONG_CURSOR = gettext_lazy(
    "This is no cursor of this list: send `next` of its page before, or none for the first page."
)
_signer = signing.Signer(salt="accounts.api.paging")


class PageQuery(serializers.Serializer):
    cursor = serializers.CharField(
        default="", allow_blank=True, max_length=CURSOR_LENGTH_MAX, help_text="`next` of the page before."
    )
    limit = WholeNumberField(default=ROWS, min_value=1, max_value=ROWS_MAX, help_text="How many at most.")


class TimedQuery(PageQuery):
    since = serializers.DateTimeField(required=False, help_text="Only from this moment on.")
    until = serializers.DateTimeField(required=False, help_text="Only before this moment.")


class PageShape(serializers.Serializer):
    """What every shape of a page is one of: it has `results` and `next`."""


@cache
def paged(shape: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """Return the shape of a page of these."""
    fields = {
        "results": shape(many=True),
        "next": serializers.CharField(allow_null=True, help_text="The cursor of the next page; null at the end."),
    }
    return type(f"{shape.__name__.removesuffix('Shape')}PageShape", (PageShape,), fields)


def page_of(rows: QuerySet[Any], asked: Mapping[str, Any], *, of: str, at: str = "") -> dict[str, Any]:
    """
    Return one page of rows, the latest id first.

    :param of: the name of the list, with whose it is.
    :param at: the column that `since` and `until` look at.
    :raises ValidationError: if the cursor is another list's, or none.
    """
    place = place_in(asked["cursor"], of=of)
    if place is not None:
        rows = rows.filter(pk__lt=place)
    for name, lookup in (("since", "gte"), ("until", "lt")):
        if name in asked:
            rows = rows.filter(**{f"{at}__{lookup}": asked[name]})
    limit = asked["limit"]
    # One more than is shown, to know whether there is a next page.
    found = list(rows.order_by("-pk")[: limit + 1])
    shown = found[:limit]
    return {"results": shown, "next": cursor_at(shown[-1].pk, of=of) if len(found) > limit else None}


def part_of(rows: Sequence[Any], asked: Mapping[str, Any], *, of: str) -> dict[str, Any]:
    """
    Return one page of a list that is ordered already; its cursor counts rows.

    :raises ValidationError: if the cursor is another list's, or none.
    """
    first = place_in(asked["cursor"], of=of) or 0
    last = first + asked["limit"]
    found = list(rows[first : last + 1])
    return {
        "results": found[: asked["limit"]],
        "next": cursor_at(last, of=of) if len(found) > asked["limit"] else None,
    }


def within(rows: Sequence[Any], asked: Mapping[str, Any], *, at: str) -> list[Any]:
    """Return those of some values whose moment lies between `since` and `until`, where those were asked for."""
    since, until = asked.get("since"), asked.get("until")
    return [
        row
        for row in rows
        if (since is None or getattr(row, at) >= since) and (until is None or getattr(row, at) < until)
    ]


def cursor_at(place: Any, *, of: str) -> str:
    """Return the cursor that goes on after a place of a list."""
    return _signer.sign_object([of, place])


def place_in(cursor: str, *, of: str) -> Any:
    """
    Return the place that a cursor goes on after; None for the first page.

    :raises ValidationError: if the cursor is another list's, or none.
    """
    if not cursor:
        return None
    try:
        name, place = _signer.unsign_object(cursor)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise ValidationError({"cursor": WRONG_CURSOR}) from error
    if name != of:
        raise ValidationError({"cursor": WRONG_CURSOR})
    return place
