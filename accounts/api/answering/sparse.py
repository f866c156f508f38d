"""
Sparse answers: whoever reads names the fields that are wanted, and gets no others.

    GET /api/v1/copies?fields=id,lead.name    {"results": [{"id": 7, "lead": {"name": "Onyx"}}], "next": null}

The names are those of the answer, those inside of a part after a point; a part that is named by itself comes whole. Of
a page they are the fields of each result, whose `results` and `next` stay; of a list, those of each of its things.

What there is to name is read from what the operation says that it answers, so a new operation has it without a line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from django.utils.translation import gettext, gettext_noop
from drf_spectacular.drainage import get_override
from drf_spectacular.plumbing import force_instance
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.views import APIView

from accounts.api.paging import PageShape

PARAMETER = "fields"
# More than any answer has.
NAMES_MAX = 100
PARTS_MAX = 4
# A name that there is not is told as far as anybody could have meant it.
TOLD_LENGTH_MAX = 60
PATTERN = "^[a-z][a-z0-9_.,]*$"
WHOLE_OR_SPARSE = f"The whole answer, as it comes without `{PARAMETER}`; with it, only what is named there."
HOW_TO_WRITE = gettext_noop(
    "write names with commas between, and those inside of a part after a point, as id,lead.name"
)

Shape: TypeAlias = serializers.BaseSerializer[Any]
# The names that are wanted of a part; None for all of it.
Wanted: TypeAlias = dict[str, "Wanted | None"]


@dataclass(frozen=True, kw_only=True)
class Sparse:
    """What is wanted of an answer: the names, of each result where it is a page."""

    wanted: Wanted
    is_page: bool

    def thin(self, body: Any) -> None:
        """Take out of an answer what is not wanted; what is left keeps its order."""
        waiting = [(body["results"] if self.is_page else body, self.wanted)]
        while waiting:
            part, wanted = waiting.pop()
            if isinstance(part, list):
                waiting += [(one, wanted) for one in part]
            elif isinstance(part, dict):
                for name in [*part]:
                    if name not in wanted:
                        del part[name]
                    elif (inner := wanted[name]) is not None:
                        waiting.append((part[name], inner))


def shape_of(view: APIView) -> Shape | None:
    """Return the shape of what a view answers to GET; None where it does not, or with something else than JSON."""
    inspector_class = getattr(getattr(view, "get", None), "kwargs", {}).get("schema")
    return None if inspector_class is None else _shape_said_by(inspector_class)


@cache
def _shape_said_by(inspector_class: Any) -> Shape | None:
    inspector, anywhere = inspector_class(), APIView()
    anywhere.request, anywhere.kwargs = None, {}
    inspector.view, inspector.method = anywhere, "GET"
    return shape_in(inspector.get_response_serializers())


def shape_in(responses: Any) -> Shape | None:
    """Return the shape among the documented responses of a GET that has fields to name; None if there is none."""
    shape = responses.get(200) if isinstance(responses, Mapping) else None
    shape = force_instance(shape.response if isinstance(shape, OpenApiResponse) else shape)
    return shape if isinstance(shape, serializers.BaseSerializer) and _parts_of(shape) else None


def asked_of(shape: Shape, said: Sequence[str]) -> Sparse:
    """
    Return what is wanted of an answer of this shape.

    :param said: the parameter, as often as it came.
    :raises ValidationError: with the name that is wrong and those that there are; also for more than one parameter.
    """
    if len(said) > 1:
        raise _refusal(gettext("Send it once, with commas between the names."))
    (text,) = said
    names = text.split(",", NAMES_MAX)
    if len(names) > NAMES_MAX:
        raise _refusal(
            gettext("There are more than %(most)s names; without `%(parameter)s` the answer is whole.")
            % {"most": NAMES_MAX, "parameter": PARAMETER}
        )
    item = _item_of(shape)
    wanted: Wanted = {}
    for name in names:
        _add(name, wanted, item)
    return Sparse(wanted=wanted, is_page=isinstance(shape, PageShape))


def parameter_of(shape: Shape) -> OpenApiParameter:
    """Return what the description says of the parameter, with an example of this very answer."""
    of = " Of each result; `results` and `next` stay." if isinstance(shape, PageShape) else ""
    return OpenApiParameter(
        PARAMETER,
        location=OpenApiParameter.QUERY,
        type={"type": "string", "pattern": PATTERN},
        description=f"Only these fields: {HOW_TO_WRITE}. A part that is named by itself comes whole.{of} The answer"
        " lacks all others, also those that its schema says are always there.",
        examples=[OpenApiExample("Some of them", value=_example_of(shape))],
    )


def _example_of(shape: Shape) -> str:
    """Return a name or two that are not all of an answer, the second inside of a part where there is one."""
    parts = _parts_of(_item_of(shape))
    first, *others = parts
    inner = next((f"{name}.{next(iter(_parts_of(parts[name])))}" for name in others if _parts_of(parts[name])), None)
    return first if len(parts) < 3 else f"{first},{inner or others[0]}"


def _item_of(shape: Shape) -> Any:
    """Return the shape whose fields are named: that of a result for a page."""
    return _parts_of(shape)["results"] if isinstance(shape, PageShape) else shape


def _parts_of(field: Any) -> Mapping[str, Any]:
    """Return the fields inside of a field or shape, those of its things for a list; none where nothing has a name."""
    if isinstance(field, serializers.SerializerMethodField):
        field = force_instance(get_override(getattr(field.parent, str(field.method_name)), "field"))
    if isinstance(field, serializers.ListSerializer | serializers.ListField):
        field = field.child
    return field.fields if isinstance(field, serializers.Serializer) else {}


def _add(name: str, wanted: Wanted, item: Any) -> None:
    """Add a name to what is wanted, unless all of what it is in is wanted already."""
    parts = name.split(".", PARTS_MAX)
    if not all(parts):
        raise _refusal(gettext("A name is empty: %(how)s.") % {"how": gettext(HOW_TO_WRITE)})
    if len(parts) > PARTS_MAX:
        raise _refusal(
            gettext("`%(name)s` goes too deep: a name has %(most)s parts at most.")
            % {"name": name[:TOLD_LENGTH_MAX], "most": PARTS_MAX}
        )
    place: Wanted | None = wanted
    field = item
    for number, part in enumerate(parts, start=1):
        there = _parts_of(field)
        if part not in there:
            raise _refusal(_missing(part, within=".".join(parts[: number - 1]), there=there))
        field = there[part]
        if place is None:
            continue
        if number == len(parts):
            place[part] = None
        else:
            place = place.setdefault(part, {})


def _missing(name: str, *, within: str, there: Mapping[str, Any]) -> str:
    figures = {"name": name[:TOLD_LENGTH_MAX], "within": within, "names": ", ".join(there)}
    if not there:
        # Only what is inside of something can have been looked for where there are no parts.
        return gettext("There is no `%(name)s` in `%(within)s`, which has no parts: name it alone.") % figures
    if within:
        return gettext("There is no `%(name)s` in `%(within)s`. There is: %(names)s.") % figures
    return gettext("There is no `%(name)s`. There is: %(names)s.") % figures


def _refusal(sentence: str) -> serializers.ValidationError:
    return serializers.ValidationError({PARAMETER: sentence})
