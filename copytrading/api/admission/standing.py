"""The texts to accept and the questions to answer, as a person on a device does; no key for programs may."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.problems import documented
from accounts.models import User
from copytrading.api.finding import person
from copytrading.api.shapes.admission import ConsentInput, ConsentShape, SuitabilityInput, SuitabilityShape
from copytrading.queries.admission import answers as answer_queries
from copytrading.queries.admission.consents import texts_for
from copytrading.queries.admission.packs import pack_of
from copytrading.services.admission import consents as consent_verbs
from copytrading.services.admission import suitability as suitability_verbs


class Consents(Endpoint):
    @extend_schema(
        operation_id="list_consents",
        tags=["admission"],
        summary="The legal texts to accept, and which of them are",
        responses=documented({200: ConsentShape(many=True)}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        return Response(ConsentShape(texts_for(person(request)), many=True).data)

    @extend_schema(
        operation_id="give_consent",
        tags=["admission"],
        summary="Accept a text in the version that was read",
        description="Twice is as once. A person accepts; no key ever does.",
        parameters=[IDEMPOTENCY_KEY],
        request=ConsentInput,
        responses=documented({200: ConsentShape(many=True)}, problems=(400, 401, 403, 409, 422, 429)),
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        wanted = self.read(ConsentInput)
        consent_verbs.accept(user=person(request), now=timezone.now(), **wanted)
        return Response(ConsentShape(texts_for(person(request)), many=True).data)


class Suitability(Endpoint):
    @extend_schema(
        operation_id="read_suitability",
        tags=["admission"],
        summary="The questions of your jurisdiction, and what your answers came to",
        responses=documented({200: SuitabilityShape}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        return Response(SuitabilityShape(_shown(person(request))).data)

    @extend_schema(
        operation_id="answer_suitability",
        tags=["admission"],
        summary="Answer the questions",
        description="All of them at once. A person answers; no key ever does. What runs is not touched.",
        parameters=[IDEMPOTENCY_KEY],
        request=SuitabilityInput,
        responses=documented({200: SuitabilityShape}, problems=(400, 401, 403, 409, 422, 429)),
    )
    @idempotent
    def put(self, request: Request, *, idempotency_key: str) -> Response:
        wanted = self.read(SuitabilityInput)
        suitability_verbs.answer(user=person(request), answers=wanted["answers"], now=timezone.now())
        return Response(SuitabilityShape(_shown(person(request))).data)


def _shown(user: User) -> dict[str, Any]:
    pack = pack_of(user)
    asked = None if pack is None else pack.questionnaire
    answer = None if pack is None or asked is None else answer_queries.answer_of(user, pack)
    return {
        "jurisdiction": "" if pack is None else pack.name,
        "version": None if asked is None else asked.version,
        "questions": () if asked is None else asked.questions,
        "is_answered": pack is not None and answer_queries.is_current(answer, pack),
        "result": answer,
    }
