"""Statements of any time, with tax lots."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.problems import documented
from accounts.api.throttles import LongAnswersPerMinute, RequestsPerMinute
from copytrading.api.finding import own_copy, person
from copytrading.api.shapes.statements import StatementQuery, StatementShape
from copytrading.engine.track_record.tax_lots import LotMethod
from copytrading.queries.money.statements import statement_of
from copytrading.services.wallet.statement_plain import as_plain


class Statements(Endpoint):
    throttle_classes = (RequestsPerMinute, LongAnswersPerMinute)

    @extend_schema(
        operation_id="read_statement",
        tags=["books"],
        summary="A statement of a copy or of everything, for any time, with every trade and tax lots",
        description="What there was, what moved, what it brought and cost, which lots were sold and which are left."
        " Everything sums to the ledger, to the last unit. The same past time has the same statement whenever it is"
        " asked for.",
        parameters=[StatementQuery],
        responses=documented({200: StatementShape}, problems=(400, 401, 403, 404, 429)),
    )
    def get(self, request: Request) -> Response:
        asked = self.read_query(StatementQuery)
        statement = statement_of(
            user=person(request),
            copy=own_copy(request, asked["copy"]) if "copy" in asked else None,
            begins_at=asked["from"],
            ends_at=asked["until"],
            method=LotMethod(asked["lots"]),
        )
        return Response(as_plain(statement))
