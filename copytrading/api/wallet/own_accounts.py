"""Accounts of one's own at the exchange: connect one, look at it, forget its key, which never comes out again."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.problems import documented
from accounts.api.scopes import JustConfirmed
from copytrading.api.finding import person
from copytrading.api.shapes.wallet.own_accounts import ConnectInput, ExchangeAccountShape, ExchangeAccountsShape
from copytrading.queries.copies import own_accounts as queries
from copytrading.queries.copies.own_accounts import OwnAccountShown
from copytrading.services.own import accounts, attempts
from copytrading.services.safety.sealed_keys import ExchangeKey

EXAMPLES = [
    OpenApiExample(
        "A key that has a pass phrase",
        value={"exchange": "okx", "key": "your key", "secret": "your secret", "password": "your pass phrase"},
        request_only=True,
    ),
    OpenApiExample(
        "A key that has none",
        value={"exchange": "binance", "key": "your key", "secret": "your secret"},
        request_only=True,
    ),
]


class OwnAccounts(Endpoint):
    """No key for programs may touch the key of an account: a person does that."""

    permission_classes = (*Endpoint.permission_classes, JustConfirmed)

    @extend_schema(
        operation_id="list_own_accounts",
        tags=["wallet"],
        summary="Your own accounts at the exchange that copies can trade on, and what that takes",
        description="The money of such copies is in that account and never here. Each of their orders is one of its"
        " own, so that it bears the exchange's minimum alone.",
        responses=documented({200: ExchangeAccountsShape}, problems=(400, 401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        overview = queries.overview_of(person(request), exchange=accounts.offered_exchange())
        return Response(ExchangeAccountsShape(overview).data)

    @extend_schema(
        operation_id="connect_own_account",
        tags=["wallet"],
        summary="Connect your own account at the exchange, or give it a new key",
        description="Takes a proof of the last five minutes that it is you, see `confirm`. The exchange is asked what"
        " the key can do: one that can move money out, that trades elsewhere than spot, or that cannot trade, is"
        " refused with `own_key_not_taken`. Ten attempts an hour, those on pages included.",
        parameters=[IDEMPOTENCY_KEY],
        request=ConnectInput,
        examples=EXAMPLES,
        responses=documented({201: ExchangeAccountShape}, problems=(400, 401, 403, 409, 422, 429)),
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        said = self.read(ConnectInput)
        if not attempts.may_try(person(request)):
            raise exceptions.Throttled(wait=attempts.ATTEMPTS_SECONDS)
        account = accounts.connect_account(
            user=person(request),
            exchange=said["exchange"],
            key=ExchangeKey(key=said["key"], secret=said["secret"], password=said["password"]),
            now=timezone.now(),
        )
        return Response(ExchangeAccountShape(_own(request, account.pk)).data, status=status.HTTP_201_CREATED)


class OneOwnAccount(Endpoint):
    permission_classes = (*Endpoint.permission_classes, JustConfirmed)

    @extend_schema(
        operation_id="read_own_account",
        tags=["wallet"],
        summary="One of your own accounts at the exchange",
        responses=documented({200: ExchangeAccountShape}, problems=(400, 401, 403, 404, 429)),
    )
    def get(self, request: Request, account_id: int) -> Response:
        return Response(ExchangeAccountShape(_own(request, account_id)).data)

    @extend_schema(
        operation_id="disconnect_own_account",
        tags=["wallet"],
        summary="Erase the key of one of your own accounts, if no copy trades on it",
        description="Takes a proof of the last five minutes that it is you, see `confirm`. Copies on it are stopped"
        " first. What is in the account stays there.",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=documented({200: ExchangeAccountShape}, problems=(400, 401, 403, 404, 409, 422, 429)),
    )
    @idempotent
    def delete(self, request: Request, account_id: int, *, idempotency_key: str) -> Response:
        accounts.disconnect_account(account_id=_own(request, account_id).id, now=timezone.now())
        return Response(ExchangeAccountShape(_own(request, account_id)).data)


def _own(request: Request, account_id: int) -> OwnAccountShown:
    account = queries.own_account_of(person(request), account_id)
    if account is None:
        raise exceptions.NotFound
    return account
