"""
A write that moves money carries an `Idempotency-Key`, and is done once however often it is sent.

1. Note the key with the hash of the request. The database lets one row in; everybody else finds it.
2. Do the work.
3. Keep the answer in the row. Whoever sends the same again gets the same answer.

While the first is at work the others are told to wait. What dies between 1 and 3 leaves a row without an answer: after
a minute the next one takes it over, which is safe, because the services know the key too. Answers are kept for
KEEP_ANSWERS_DAYS; what a key stands for is kept for ever, see accounts.request_keys, and decides where none is left.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import request_keys
from accounts.api.problems import PROBLEM_TYPE, Conflict, KeyReused
from accounts.models import IdempotentRequest, RequestKey, User

GIVEN_UP_AFTER = timedelta(minutes=1)
KEY_SHAPE = re.compile(r"[!-~]{8,64}")
# What an answer may be kept for: it was done, or it was refused for a reason that is not in the request alone.
KEPT_STATUSES = frozenset({200, 201, 202, 204, 409})

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    required=True,
    type={"type": "string", "pattern": "^[!-~]{8,64}$"},
    description="Made by you, new for each thing you want done; the same again for a retry.",
)


def idempotent(method: Callable[..., Response]) -> Callable[..., Response]:
    """
    Make a method of an API view answer once per key; the key is handed to it as `idempotency_key`.

    :raises ValidationError: if the header is missing or not 8 to 64 visible characters.
    :raises KeyReused: if the key came with another request before.
    :raises Conflict: `in_progress`, while the first request with this key is at work.
    """

    @wraps(method)
    def answer_once(view: APIView, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not KEY_SHAPE.fullmatch(key):
            raise ValidationError(
                {"Idempotency-Key": gettext("Send a key of 8 to 64 visible characters, made for this request.")}
            )
        claim = _claim(user=request.user, key=key, request_hash=_hash_of(request), now=timezone.now())
        if claim.response_status is not None:
            return _answer_again(claim)
        is_kept = False
        try:
            try:
                response = method(view, request, *args, idempotency_key=key, **kwargs)
            except Exception as error:
                # Makes the answer of a refusal; what nobody anticipated is raised again.
                response = view.handle_exception(error)
            if response.status_code in KEPT_STATUSES:
                is_kept = _keep(claim, response)
        finally:
            if not is_kept:
                _own(claim).delete()
        return response

    return answer_once


def _claim(*, user: User, key: str, request_hash: str, now: datetime) -> IdempotentRequest:
    claim, is_new = IdempotentRequest.objects.get_or_create(
        user=user, key=key, defaults={"request_hash": request_hash, "created_at": now}
    )
    if is_new:
        return claim
    if claim.request_hash != request_hash:
        used = RequestKey.objects.filter(user=user, key=key).first()
        words, used_at = (used.words, used.used_at) if used else (gettext("another request"), claim.created_at)
        raise KeyReused(request_keys.sentence_of(words, used_at))
    if claim.response_status is None:
        given_up = _own(claim).filter(created_at__lt=now - GIVEN_UP_AFTER)
        if not given_up.update(created_at=now):
            raise Conflict(
                gettext("The first request with this key is at work. Ask again in a moment."), code="in_progress"
            )
        claim.created_at = now
    return claim


def _own(claim: IdempotentRequest) -> QuerySet[IdempotentRequest]:
    """Return the row as long as nobody took it over: its time is the mark of who works on it."""
    return IdempotentRequest.objects.filter(pk=claim.pk, response_status__isnull=True, created_at=claim.created_at)


def _keep(claim: IdempotentRequest, response: Response) -> bool:
    body = json.loads(JSONRenderer().render(response.data) or b"null")
    return bool(_own(claim).update(response_status=response.status_code, response_body=body))


def _answer_again(claim: IdempotentRequest) -> Response:
    content_type = PROBLEM_TYPE if claim.response_status == status.HTTP_409_CONFLICT else None
    response = Response(claim.response_body, status=claim.response_status, content_type=content_type)
    response["Idempotent-Replayed"] = "true"
    return response


def _hash_of(request: Request) -> str:
    return request_keys.hash_of([request.method, request.path, request.data])
