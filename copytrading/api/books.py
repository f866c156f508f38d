"""The books of one copy: everything that its figures are made of, down to the last unit."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.paging import TimedQuery, paged
from accounts.api.problems import documented
from copytrading.api.finding import own_copy
from copytrading.api.shapes.books import (
    BalanceShape,
    CopyOrderShape,
    FillShape,
    FlowShape,
    LedgerLineShape,
    ProfitShareShape,
)
from copytrading.queries.money import account_books as books

PAGE_PROBLEMS = (400, 401, 403, 404, 429)


def page_described(operation_id: str, summary: str, shape: Any, description: str = "") -> Any:
    """Return what the schema says of one list of a copy."""
    return extend_schema(
        operation_id=operation_id,
        tags=["books"],
        summary=summary,
        description=description,
        parameters=[TimedQuery],
        responses=documented({200: paged(shape)}, problems=PAGE_PROBLEMS),
    )


class CopyOrders(Endpoint):
    @page_described(
        "list_copy_orders",
        "The orders that a copy takes part in, latest first",
        CopyOrderShape,
        "One order serves everybody who trades the same market in a cycle; these are the copy's own parts.",
    )
    def get(self, request: Request, copy_id: int) -> Response:
        copy = own_copy(request, copy_id)
        return self.page(books.orders_of(copy), CopyOrderShape, of=f"orders of {copy.pk}", at="planned_at")


class CopyFills(Endpoint):
    @page_described("list_copy_fills", "A copy's exact shares of what its orders did, latest first", FillShape)
    def get(self, request: Request, copy_id: int) -> Response:
        copy = own_copy(request, copy_id)
        fills = books.fills_of(copy.ledger_account_id)
        return self.page(fills, FillShape, of=f"fills of {copy.pk}", at="order__booked_at")


class CopyLedger(Endpoint):
    @page_described(
        "list_copy_ledger",
        "Every line of a copy's ledger, latest first",
        LedgerLineShape,
        "All lines of a coin sum to its balance, to the last unit.",
    )
    def get(self, request: Request, copy_id: int) -> Response:
        copy = own_copy(request, copy_id)
        lines = books.movements_of(copy.ledger_account_id)
        return self.page(lines, LedgerLineShape, of=f"ledger of {copy.pk}", at="journal__posted_at")


class CopyBalances(Endpoint):
    @extend_schema(
        operation_id="list_copy_balances",
        tags=["books"],
        summary="What a copy's ledger account holds, exactly",
        responses=documented({200: BalanceShape(many=True)}, problems=(401, 403, 404, 429)),
    )
    def get(self, request: Request, copy_id: int) -> Response:
        balances = books.balances_of(own_copy(request, copy_id).ledger_account_id)
        return Response(BalanceShape(balances, many=True).data)


class CopyFlows(Endpoint):
    @page_described("list_copy_flows", "Money between the wallet and a copy, latest first", FlowShape)
    def get(self, request: Request, copy_id: int) -> Response:
        copy = own_copy(request, copy_id)
        return self.page(books.flows_of(copy), FlowShape, of=f"flows of {copy.pk}", at="moved_at")


class CopyProfitShares(Endpoint):
    @page_described("list_copy_profit_shares", "What a copy paid its lead, latest first", ProfitShareShape)
    def get(self, request: Request, copy_id: int) -> Response:
        copy = own_copy(request, copy_id)
        shares = books.profit_shares_of(copy)
        return self.page(shares, ProfitShareShape, of=f"profit shares of {copy.pk}", at="settled_at")
