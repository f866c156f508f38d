"""Leading by program: apply, put money in, trade for everybody who follows, and see what comes of it."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.paging import TimedQuery, paged
from accounts.api.problems import documented
from copytrading.api.fields import units_from_text
from copytrading.api.finding import person
from copytrading.api.shapes.books import FillShape, LedgerLineShape
from copytrading.api.shapes.leading import (
    ApplyInput,
    EarningShape,
    FollowersShape,
    LeadNoticeInput,
    LeadNoticeShape,
    LeadOrderInput,
    LeadOrderShape,
    LeadOwnAccountsInput,
    LeadTermsInput,
    LeadVisibilityInput,
    LinkInput,
    LinkShape,
    OrderPreviewShape,
    OwnAccountShape,
    OwnLeadShape,
)
from copytrading.api.shapes.wallet.account import TransferInput
from copytrading.queries.leads import consoles, links
from copytrading.queries.money import account_books as books
from copytrading.services.admission import entering
from copytrading.services.books import notices
from copytrading.services.leads import linking, orders, own_accounts, showing, verbs
from copytrading.services.safety.sealed_keys import ExchangeKey

READ_PROBLEMS = (401, 403, 404, 429)
PAGE_PROBLEMS = (400, *READ_PROBLEMS)
WRITE_PROBLEMS = (400, 401, 403, 404, 409, 422, 429)


def own_lead(request: Request) -> Any:
    """Return the lead that somebody is or has applied to be; 404 for one who is none."""
    lead = consoles.lead_of(person(request))
    if lead is None:
        raise exceptions.NotFound
    return lead


def written(operation_id: str, summary: str, shape: Any, *, body: Any = None, code: int = 200, more: str = "") -> Any:
    """Return what the schema says of one thing that a lead does."""
    return extend_schema(
        operation_id=operation_id,
        tags=["leading"],
        summary=summary,
        description=more,
        parameters=[IDEMPOTENCY_KEY],
        request=body,
        responses=documented({code: shape}, problems=WRITE_PROBLEMS),
    )


def listed(operation_id: str, summary: str, shape: Any) -> Any:
    """Return what the schema says of one list of a lead."""
    return extend_schema(
        operation_id=operation_id,
        tags=["leading"],
        summary=summary,
        parameters=[TimedQuery],
        responses=documented({200: paged(shape)}, problems=PAGE_PROBLEMS),
    )


def read_as(operation_id: str, summary: str, shape: Any) -> Any:
    """Return what the schema says of one thing that a lead looks at."""
    return extend_schema(
        operation_id=operation_id,
        tags=["leading"],
        summary=summary,
        responses=documented({200: shape}, problems=READ_PROBLEMS),
    )


class OwnLead(Endpoint):
    scopes: ClassVar = {"POST": "lead"}

    @read_as("read_own_lead", "Who you are as a lead", OwnLeadShape)
    def get(self, request: Request) -> Response:
        return Response(OwnLeadShape(own_lead(request)).data)

    @written("apply_as_lead", "Ask to become a lead; an operator decides", OwnLeadShape, body=ApplyInput, code=201)
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        wanted = self.read(ApplyInput)
        lead = entering.apply_as_lead(
            user=person(request), money_max_units=wanted.pop("money_max"), now=timezone.now(), **wanted
        )
        return Response(OwnLeadShape(lead).data, status=status.HTTP_201_CREATED)


class LeadTerms(Endpoint):
    scopes: ClassVar = {"PUT": "lead"}

    @written(
        "change_lead_terms",
        "Change the profit share of copies to come, and the capacity",
        OwnLeadShape,
        body=LeadTermsInput,
    )
    @idempotent
    def put(self, request: Request, *, idempotency_key: str) -> Response:
        wanted, lead = self.read(LeadTermsInput), own_lead(request)
        lead = verbs.change_terms(
            lead_id=lead.pk, money_max_units=wanted.pop("money_max"), now=timezone.now(), **wanted
        )
        return Response(OwnLeadShape(lead).data)


class LeadVisibility(Endpoint):
    scopes: ClassVar = {"PUT": "lead"}

    @written(
        "change_lead_visibility",
        "Choose what strangers see of your trades and of what you hold, and how late",
        OwnLeadShape,
        body=LeadVisibilityInput,
        more="Showing more counts at once, for all of the past. Showing less hides nothing that is public already.",
    )
    @idempotent
    def put(self, request: Request, *, idempotency_key: str) -> Response:
        lead = showing.choose_shown(lead_id=own_lead(request).pk, now=timezone.now(), **self.read(LeadVisibilityInput))
        return Response(OwnLeadShape(lead).data)


class LeadOwnAccounts(Endpoint):
    scopes: ClassVar = {"PUT": "lead"}

    @written(
        "change_lead_own_accounts",
        "Choose whether copies may trade on their followers' own accounts at the exchange",
        OwnLeadShape,
        body=LeadOwnAccountsInput,
        more="No profit share can be collected there, so such copies pay none. Those that run go on as they are.",
    )
    @idempotent
    def put(self, request: Request, *, idempotency_key: str) -> Response:
        takes = self.read(LeadOwnAccountsInput)["takes_own_accounts"]
        lead = own_accounts.choose_own_accounts(lead_id=own_lead(request).pk, takes=takes, now=timezone.now())
        return Response(OwnLeadShape(lead).data)


class LeadAccount(Endpoint):
    @read_as("read_lead_account", "What the lead account holds", OwnAccountShape)
    def get(self, request: Request) -> Response:
        return Response(OwnAccountShape(consoles.account_of(own_lead(request))).data)


class LeadLedger(Endpoint):
    @listed("list_lead_ledger", "Every line of the lead account's ledger, latest first", LedgerLineShape)
    def get(self, request: Request) -> Response:
        lead = own_lead(request)
        lines = books.movements_of(lead.ledger_account_id)
        return self.page(lines, LedgerLineShape, of=f"ledger of lead {lead.pk}", at="journal__posted_at")


class LeadFills(Endpoint):
    @listed("list_lead_fills", "Your exact shares of what your orders did, latest first", FillShape)
    def get(self, request: Request) -> Response:
        lead = own_lead(request)
        fills = books.fills_of(lead.ledger_account_id)
        return self.page(fills, FillShape, of=f"fills of lead {lead.pk}", at="order__booked_at")


class LeadStakeIn(Endpoint):
    scopes: ClassVar = {"POST": "lead:money"}

    @written(
        "deposit_to_lead",
        "Move cash from the wallet to the lead account; followers are told",
        OwnAccountShape,
        body=TransferInput,
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        return _moved(self, request, verbs.deposit_to_lead, idempotency_key)


class LeadStakeOut(Endpoint):
    scopes: ClassVar = {"POST": "lead:money"}

    @written(
        "withdraw_from_lead",
        "Move cash from the lead account to the wallet; followers are told",
        OwnAccountShape,
        body=TransferInput,
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        return _moved(self, request, verbs.withdraw_from_lead, idempotency_key)


class LeadOrders(Endpoint):
    scopes: ClassVar = {"POST": "lead"}

    @listed("list_lead_orders", "Your orders, open and done, latest first", LeadOrderShape)
    def get(self, request: Request) -> Response:
        lead = own_lead(request)
        return self.page(consoles.all_orders_of(lead), LeadOrderShape, of=f"lead orders {lead.pk}", at="submitted_at")

    @written(
        "give_lead_order",
        "Trade, together with everybody who follows",
        LeadOrderShape,
        body=LeadOrderInput,
        code=201,
        more="A market order joins the next cycle; a limit order waits for its price. Each is followed.",
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        lead = own_lead(request)
        order = orders.submit_lead_order(
            lead_id=lead.pk, idempotency_key=idempotency_key, now=timezone.now(), **_wish(self.read(LeadOrderInput))
        )
        shown = get_object_or_404(consoles.all_orders_of(lead), pk=order.pk)
        return Response(LeadOrderShape(shown).data, status=status.HTTP_201_CREATED)


class LeadOrderPreview(Endpoint):
    scopes: ClassVar = {"POST": "read"}

    @extend_schema(
        operation_id="preview_lead_order",
        tags=["leading"],
        summary="The bunched order that yours would become, followers included",
        description="Refuses what the order would be refused for. Nothing is written.",
        request=LeadOrderInput,
        responses=documented({200: OrderPreviewShape}, problems=(400, 401, 403, 404, 409, 429)),
    )
    def post(self, request: Request) -> Response:
        lead, wish = own_lead(request), _wish(self.read(LeadOrderInput))
        preview = orders.preview_lead_order(lead_id=lead.pk, now=timezone.now(), **wish)
        return Response(OrderPreviewShape(preview).data)


class LeadOrder(Endpoint):
    scopes: ClassVar = {"DELETE": "lead"}

    @read_as("read_lead_order", "One of your orders", LeadOrderShape)
    def get(self, request: Request, order_id: int) -> Response:
        return Response(LeadOrderShape(_own_order(request, order_id)).data)

    @written(
        "cancel_lead_order",
        "Take back what is open of an order",
        LeadOrderShape,
        more="What is on its way already may still be traded. An order that is done stays as it is.",
    )
    @idempotent
    def delete(self, request: Request, order_id: int, *, idempotency_key: str) -> Response:
        if _own_order(request, order_id).status == "SUBMITTED":
            orders.cancel_lead_order(order_id=order_id, now=timezone.now())
        return Response(LeadOrderShape(_own_order(request, order_id)).data)


class LeadFollowers(Endpoint):
    @read_as("read_lead_followers", "How many follow, and with how much", FollowersShape)
    def get(self, request: Request) -> Response:
        lead = own_lead(request)
        following = consoles.following_of(lead)
        figures = {name: getattr(following, name) for name in following.__dataclass_fields__}
        return Response(FollowersShape({**figures, "rates": consoles.rates_of(lead)}).data)


class LeadEarnings(Endpoint):
    @listed("list_lead_earnings", "What copies paid you, settlement by settlement, latest first", EarningShape)
    def get(self, request: Request) -> Response:
        lead = own_lead(request)
        return self.page(books.earnings_rows_of(lead), EarningShape, of=f"earnings of {lead.pk}", at="settled_at")


class LeadNotices(Endpoint):
    scopes: ClassVar = {"POST": "lead"}

    @listed("list_lead_notices", "What you wrote to followers, latest first", LeadNoticeShape)
    def get(self, request: Request) -> Response:
        lead = own_lead(request)
        return self.page(consoles.notices_of(lead), LeadNoticeShape, of=f"notices of {lead.pk}", at="written_at")

    @written("write_to_followers", "Write to everybody who follows", LeadNoticeShape, body=LeadNoticeInput, code=201)
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        lead, text = own_lead(request), self.read(LeadNoticeInput)["text"]
        notice = notices.write_to_followers(
            lead_id=lead.pk, text=text, idempotency_key=idempotency_key, now=timezone.now()
        )
        return Response(LeadNoticeShape(notice).data, status=status.HTTP_201_CREATED)


class LeadPause(Endpoint):
    scopes: ClassVar = {"POST": "lead"}

    @written("pause_lead", "Take no new followers and no orders; copies keep what they hold", OwnLeadShape)
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        lead = own_lead(request)
        if lead.status != "PAUSED":
            lead = verbs.pause_lead(lead_id=lead.pk, now=timezone.now())
        return Response(OwnLeadShape(lead).data)


class LeadResume(Endpoint):
    scopes: ClassVar = {"POST": "lead"}

    @written("resume_lead", "Take followers and orders again", OwnLeadShape)
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        lead = own_lead(request)
        if lead.status != "ACTIVE":
            lead = verbs.resume_lead(lead_id=lead.pk, now=timezone.now())
        return Response(OwnLeadShape(lead).data)


class LeadEnd(Endpoint):
    scopes: ClassVar = {"POST": "lead:money"}

    @written("end_lead", "End for good: every copy is sold and paid out, and your record stays", OwnLeadShape)
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        return Response(OwnLeadShape(verbs.end_lead(lead_id=own_lead(request).pk, now=timezone.now())).data)


class LeadLink(Endpoint):
    """No key for programs may touch the key of an account: a person does that."""

    @read_as("read_lead_link", "The account elsewhere that you have linked", LinkShape)
    def get(self, request: Request) -> Response:
        return Response(LinkShape(_own_link(own_lead(request))).data)

    @written("link_account", "Link an account elsewhere by a key that can only read", LinkShape, body=LinkInput)
    @idempotent
    def put(self, request: Request, *, idempotency_key: str) -> Response:
        lead, said = own_lead(request), self.read(LinkInput)
        if said["exchange"] not in dict(links.exchanges()):
            raise exceptions.ValidationError({"exchange": gettext("Accounts of this exchange cannot be linked here.")})
        key = ExchangeKey(key=said["key"], secret=said["secret"], password=said["password"])
        linking.connect_account(lead_id=lead.pk, exchange=said["exchange"], key=key, now=timezone.now())
        return Response(LinkShape(_own_link(lead)).data)

    @written("unlink_account", "Erase the key", LinkShape)
    @idempotent
    def delete(self, request: Request, *, idempotency_key: str) -> Response:
        lead = own_lead(request)
        linking.disconnect_account(lead_id=lead.pk, now=timezone.now())
        return Response(LinkShape(_own_link(lead)).data)


def _own_order(request: Request, order_id: int) -> Any:
    return get_object_or_404(consoles.all_orders_of(own_lead(request)), pk=order_id)


def _own_link(lead: Any) -> links.Link:
    link = links.link_of(lead)
    if link is None:
        raise exceptions.NotFound
    return link


def _moved(endpoint: Endpoint, request: Request, move: Any, idempotency_key: str) -> Response:
    lead, units = own_lead(request), endpoint.read(TransferInput)["value"]
    lead = move(lead_id=lead.pk, units=units, idempotency_key=idempotency_key, now=timezone.now())
    return Response(OwnAccountShape(consoles.account_of(lead)).data)


def _wish(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return what the service is told: the market's id, the side, and how it is counted."""
    markets = {market.symbol: market for market in consoles.traded_markets()}
    market = markets.get(wanted["market"])
    if market is None:
        raise exceptions.ValidationError({"market": gettext("There is no such market to trade in.")})
    wish = {"market_id": market.pk, "side": wanted["side"], "price_limit": wanted["price_limit"]}
    if "value" in wanted:
        return {**wish, "value_units": wanted["value"]}
    if "equity_share" in wanted:
        return {**wish, "equity_share": wanted["equity_share"]}
    try:
        units = units_from_text(wanted["quantity"], decimals=market.base.decimals)
    except exceptions.ValidationError as error:
        raise exceptions.ValidationError({"quantity": error.detail}) from error
    return {**wish, "quantity_units": units}
