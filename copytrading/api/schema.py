"""The description of the API: built once, with every code that a problem can have, and an answer like any other."""

import json
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.answering.schema import leave_out_sparse
from accounts.api.endpoint import OpenEndpoint
from copytrading.engine.sizing.smart_sync import SMART_SYNC
from copytrading.queries.modes import label_of
from copytrading.services.problem_codes import problem_codes


def list_codes(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Name every code that a problem can have, or a start meet, and show one."""
    schemas = result["components"]["schemas"]
    problem = schemas["Problem"]
    for shape in (problem, schemas["ObstacleShape"]):
        shape["properties"]["code"]["enum"] = sorted(problem_codes())
    problem["example"] = {
        "type": "/problems/lead_full/",
        "status": 409,
        "code": "lead_full",
        "title": "This lead takes no more followers.",
    }
    return result


def speak_for_the_brand(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Name the platform, and the mode that holds ratios, as the brand does."""
    brand = settings.SMARTSYNC_BRAND
    result["info"] |= {"title": brand.name, "description": brand.tagline}
    line = f"`{SMART_SYNC.name}` - "
    waiting: list[Any] = [result["components"]["schemas"]]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict) and isinstance(part.get("description"), str):
            part["description"] = part["description"].replace(line + SMART_SYNC.label, line + label_of(SMART_SYNC))
        waiting += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return result


def description() -> bytes:
    """Return the description, as JSON. It is the same for everybody and changes with the program and its brand only."""
    return _description(settings.SMARTSYNC_BRAND.name, settings.SMARTSYNC_BRAND.mode_name)


@cache
def _description(name: str, mode_name: str) -> bytes:
    return _in_json(SchemaGenerator().get_schema(request=None, public=True))


def description_for_clients() -> bytes:
    """Return what clients are generated from, as JSON: the description of whole answers, see docs/api.md."""
    return _in_json(leave_out_sparse(SchemaGenerator().get_schema(request=None, public=True)))


def _in_json(document: dict[str, Any]) -> bytes:
    return bytes(OpenApiJsonRenderer().render(json.loads(json.dumps(document, default=str))))


@extend_schema(exclude=True)
class Schema(OpenEndpoint):
    # It is made already, and a program should be able to learn how to behave.
    throttle_classes = ()

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(description(), content_type=OpenApiJsonRenderer.media_type)
