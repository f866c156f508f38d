"""The main account: what it holds, money in and out, and orders by hand."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries as account_queries
from accounts.api.endpoint import Endpoint, OpenEndpoint
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.paging import TimedQuery, page_of
from accounts.api.problems import documented
from accounts.api.scopes import JustConfirmed
from copytrading.api.fields import units_from_text
from copytrading.api.finding import person
from copytrading.api.shapes.wallet.account import (
    HistoryPageShape,
    MovementShape,
    SpotOrderInput,
    SpotOrderShape,
    SpotOrdersPageShape,
    SpotPreviewShape,
    TransferInput,
    TransferShape,
    WalletShape,
)
from copytrading.api.shapes.wallet.markets import MarketShape, TroubleShape
from copytrading.queries.market import degraded
from copytrading.queries.money import account_books
from copytrading.queries.money import spot as spot_queries
from copytrading.queries.money import wallet as wallet_queries
from copytrading.services.admission import entering
from copytrading.services.wallet import spot, transfers

MONEY_PROBLEMS = (400, 401, 403, 409, 422, 429)


class Wallet(Endpoint):
    @extend_schema(
        operation_id="read_wallet",
        tags=["wallet"],
        summary="What your main account holds",
        responses=documented({200: WalletShape}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        return Response(WalletShape(wallet_queries.wallet_of(person(request))).data)


class WalletHistory(Endpoint):
    @extend_schema(
        operation_id="read_wallet_history",
        tags=["wallet"],
        summary="What moved, latest first",
        parameters=[TimedQuery],
        responses=documented({200: HistoryPageShape}, problems=(400, 401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        asked = self.read_query(TimedQuery)
        lines = account_books.movements_of(wallet_queries.main_account_of(person(request)))
        page = page_of(lines, asked, of="wallet history", at="journal__posted_at")
        said = wallet_queries.sentences_of(page["results"], person(request))
        for line, sentence in zip(page["results"], said, strict=True):
            line.sentence = sentence
        return Response({**page, "results": MovementShape(page["results"], many=True).data})


class Deposits(Endpoint):
    @extend_schema(
        operation_id="deposit",
        tags=["wallet"],
        summary="Bring money in",
        description="There at once where no real money is traded; elsewhere it is announced: bring exactly the quantity"
        " of the answer.",
        parameters=[IDEMPOTENCY_KEY],
        request=TransferInput,
        responses=documented({201: TransferShape}, problems=MONEY_PROBLEMS),
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        units = self.read(TransferInput)["value"]
        transfer = entering.deposit(
            user=person(request), units=units, idempotency_key=idempotency_key, now=timezone.now()
        )
        return Response(TransferShape(transfer).data, status=status.HTTP_201_CREATED)


class Withdrawals(Endpoint):
    permission_classes = (*Endpoint.permission_classes, JustConfirmed)

    @extend_schema(
        operation_id="withdraw",
        tags=["wallet"],
        summary="Take money out",
        description="Takes a proof of the last five minutes that it is you, see `confirm`; no key ever withdraws."
        " Gone at once where no real money is traded; elsewhere promised to you until it was paid out. One with"
        " `held_until` waits until then first, and can be canceled.",
        parameters=[IDEMPOTENCY_KEY],
        request=TransferInput,
        responses=documented({201: TransferShape}, problems=MONEY_PROBLEMS),
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        units = self.read(TransferInput)["value"]
        transfer = entering.withdraw(
            user=person(request), units=units, idempotency_key=idempotency_key, now=timezone.now()
        )
        return Response(TransferShape(transfer).data, status=status.HTTP_201_CREATED)


class OneWithdrawal(Endpoint):
    @extend_schema(
        operation_id="cancel_withdrawal",
        tags=["wallet"],
        summary="Cancel a withdrawal that waits, or that nobody has seen to yet",
        description="What was held for it is yours to use again.",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=documented({200: TransferShape}, problems=(400, 401, 403, 404, 409, 422, 429)),
    )
    @idempotent
    def delete(self, request: Request, transfer_id: int, *, idempotency_key: str) -> Response:
        own = get_object_or_404(account_queries.withdrawals_of(person(request)), pk=transfer_id)
        canceled = transfers.cancel_transfer(user=person(request), transfer_id=own.pk, now=timezone.now())
        return Response(TransferShape(canceled).data)


class Markets(OpenEndpoint):
    @extend_schema(
        operation_id="list_markets",
        tags=["wallet"],
        summary="What can be traded by hand",
        responses=documented({200: MarketShape(many=True)}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        return Response(MarketShape(wallet_queries.spot_markets(), many=True).data)


class MarketTroubles(OpenEndpoint):
    @extend_schema(
        operation_id="list_market_troubles",
        tags=["wallet"],
        summary="Which coins cannot be acted on now, and why",
        description="Suspended, delisted or halted coins, and those whose price is old or in doubt. None is the rule.",
        responses=documented({200: TroubleShape(many=True)}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        found = degraded.troubles(now=timezone.now())
        return Response(TroubleShape(list(found.values()), many=True).data)


class SpotPreview(Endpoint):
    scopes: ClassVar = {"POST": "read"}

    @extend_schema(
        operation_id="preview_spot_order",
        tags=["wallet"],
        summary="What an order by hand would trade and cost",
        request=SpotOrderInput,
        responses=documented({200: SpotPreviewShape}, problems=(400, 401, 403, 409, 429)),
    )
    def post(self, request: Request) -> Response:
        wanted = _spot_order(self.read(SpotOrderInput))
        preview = spot.preview_manual_order(user=person(request), now=timezone.now(), **wanted)
        return Response(SpotPreviewShape(preview).data)


class SpotOrders(Endpoint):
    scopes: ClassVar = {"POST": "trade"}

    @extend_schema(
        operation_id="list_spot_orders",
        tags=["wallet"],
        summary="Your orders by hand, latest first",
        parameters=[TimedQuery],
        responses=documented({200: SpotOrdersPageShape}, problems=(400, 401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        orders = spot_queries.manual_orders_of(person(request))
        return self.page(orders, SpotOrderShape, of="spot orders", at="order__planned_at")

    @extend_schema(
        operation_id="place_spot_order",
        tags=["wallet"],
        summary="Trade by hand, on the main account only",
        parameters=[IDEMPOTENCY_KEY],
        request=SpotOrderInput,
        responses=documented({201: SpotOrderShape}, problems=MONEY_PROBLEMS),
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        wanted = _spot_order(self.read(SpotOrderInput))
        placed = spot.place_manual_order(
            user=person(request), idempotency_key=idempotency_key, now=timezone.now(), **wanted
        )
        order = spot_queries.manual_orders_of(person(request)).get(pk=placed.pk)
        return Response(SpotOrderShape(order).data, status=status.HTTP_201_CREATED)


class SpotOrder(Endpoint):
    @extend_schema(
        operation_id="read_spot_order",
        tags=["wallet"],
        summary="One order by hand",
        responses=documented({200: SpotOrderShape}, problems=(401, 403, 404, 429)),
    )
    def get(self, request: Request, order_id: int) -> Response:
        order = get_object_or_404(spot_queries.manual_orders_of(person(request)), pk=order_id)
        return Response(SpotOrderShape(order).data)


def _spot_order(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return what the service is told: the market's id, the side, and units of what is given."""
    markets = {market.symbol: market for market in wallet_queries.spot_markets()}
    market = markets.get(wanted["market"])
    if market is None:
        raise exceptions.ValidationError({"market": gettext("There is no such market to trade in.")})
    if wanted["side"] == "BUY":
        return {"market_id": market.pk, "side": "BUY", "units": wanted["value"]}
    try:
        units = units_from_text(wanted["quantity"], decimals=market.base.decimals)
    except exceptions.ValidationError as error:
        raise exceptions.ValidationError({"quantity": error.detail}) from error
    return {"market_id": market.pk, "side": "SELL", "units": units}
