"""Limit orders of the main account: look at one, place it, see what became of it, take it back."""

from contextlib import suppress
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.paging import page_of
from accounts.api.problems import documented
from copytrading.api.fields import units_from_text
from copytrading.api.finding import person
from copytrading.api.shapes.wallet.limit_orders import (
    LimitOrderInput,
    LimitOrderShape,
    LimitOrdersPageShape,
    LimitOrdersQuery,
    LimitPreviewShape,
)
from copytrading.queries.money import limit_orders as queries
from copytrading.queries.money import wallet as wallet_queries
from copytrading.services.refusals import NotPossibleNow
from copytrading.services.wallet import limits

LISTS = {"all": queries.limit_orders_of, "waiting": queries.waiting_orders_of, "done": queries.done_orders_of}
EXAMPLES = [
    OpenApiExample(
        "Buy lower, good till canceled",
        value={"market": "BTC-USD", "side": "BUY", "price_limit": "45000.00", "value": "500.00"},
        request_only=True,
    ),
    OpenApiExample(
        "Sell higher, until a time",
        value={
            "market": "ETH-USD",
            "side": "SELL",
            "price_limit": "3000.00",
            "quantity": "0.5",
            "expires_at": "2030-01-31T12:00:00Z",
        },
        request_only=True,
    ),
]


class LimitOrders(Endpoint):
    scopes: ClassVar = {"POST": "trade"}

    @extend_schema(
        operation_id="list_limit_orders",
        tags=["wallet"],
        summary="Your limit orders, those that wait and those that are done, latest first",
        parameters=[LimitOrdersQuery],
        responses=documented({200: LimitOrdersPageShape}, problems=(400, 401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        asked = self.read_query(LimitOrdersQuery)
        orders = LISTS[asked["state"]](person(request))
        page = page_of(orders, asked, of=f"limit orders {asked['state']}", at="placed_at")
        return Response({**page, "results": LimitOrderShape(page["results"], many=True).data})

    @extend_schema(
        operation_id="place_limit_order",
        tags=["wallet"],
        summary="Buy or sell on the main account once a price is reached",
        description="What it may cost with its fee, or the coins it would sell, is held from now on. It waits here"
        " until the book reaches the limit, trades no worse than that, and what the book does not give waits on.",
        parameters=[IDEMPOTENCY_KEY],
        request=LimitOrderInput,
        examples=EXAMPLES,
        responses=documented({201: LimitOrderShape}, problems=(400, 401, 403, 409, 422, 429)),
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        wish = _wish(self.read(LimitOrderInput))
        placed = limits.place_limit_order(
            user=person(request), idempotency_key=idempotency_key, now=timezone.now(), **wish
        )
        return Response(LimitOrderShape(_own(request, placed.pk)).data, status=status.HTTP_201_CREATED)


class LimitPreview(Endpoint):
    scopes: ClassVar = {"POST": "read"}

    @extend_schema(
        operation_id="preview_limit_order",
        tags=["wallet"],
        summary="What a limit order would hold, and how far its limit is",
        description="Refuses what the order would be refused for. Nothing is written.",
        request=LimitOrderInput,
        examples=EXAMPLES,
        responses=documented({200: LimitPreviewShape}, problems=(400, 401, 403, 409, 429)),
    )
    def post(self, request: Request) -> Response:
        wish = _wish(self.read(LimitOrderInput))
        preview = limits.preview_limit_order(user=person(request), now=timezone.now(), **wish)
        return Response(LimitPreviewShape(preview).data)


class LimitOrder(Endpoint):
    scopes: ClassVar = {"DELETE": "trade"}

    @extend_schema(
        operation_id="read_limit_order",
        tags=["wallet"],
        summary="One of your limit orders",
        responses=documented({200: LimitOrderShape}, problems=(401, 403, 404, 429)),
    )
    def get(self, request: Request, order_id: int) -> Response:
        return Response(LimitOrderShape(_own(request, order_id)).data)

    @extend_schema(
        operation_id="cancel_limit_order",
        tags=["wallet"],
        summary="Take back what waits of a limit order, and free what is held for it",
        description="What is on its way already may still be traded. An order that is done stays as it is.",
        parameters=[IDEMPOTENCY_KEY],
        responses=documented({200: LimitOrderShape}, problems=(400, 401, 403, 404, 409, 422, 429)),
    )
    @idempotent
    def delete(self, request: Request, order_id: int, *, idempotency_key: str) -> Response:
        if _own(request, order_id).finished_at is None:
            # Done between the two looks is done as well.
            with suppress(NotPossibleNow):
                limits.cancel_limit_order(order_id=order_id, now=timezone.now())
        return Response(LimitOrderShape(_own(request, order_id)).data)


def _own(request: Request, order_id: int) -> Any:
    return get_object_or_404(queries.limit_orders_of(person(request)), pk=order_id)


def _wish(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return what the service is told: the market's id and units instead of names and figures."""
    markets = {market.symbol: market for market in wallet_queries.spot_markets()}
    market = markets.get(wanted["market"])
    if market is None:
        raise exceptions.ValidationError({"market": gettext("There is no such market to trade in.")})
    wish = {
        "market_id": market.pk,
        "side": wanted["side"],
        "price_limit": wanted["price_limit"],
        "expires_at": wanted["expires_at"],
    }
    if "value" in wanted:
        return {**wish, "value_units": wanted["value"]}
    try:
        return {**wish, "quantity_units": units_from_text(wanted["quantity"], decimals=market.base.decimals)}
    except exceptions.ValidationError as error:
        raise exceptions.ValidationError({"quantity": error.detail}) from error
