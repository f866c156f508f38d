"""The markets, their marks, what people said of coins in doubt, and the periodic work that was done."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from accounts.admin.acting import ActingAdmin, operator_action, operator_of
from accounts.admin.asking import AskingAdmin
from accounts.admin.tables import ReadOnlyAdmin, link_to, whole
from copytrading.admin.cash import in_cash
from copytrading.admin.halting import ask_to_halt
from copytrading.admin.safety import Waits
from copytrading.forms.operating import VerdictForm
from copytrading.models import CoinVerdict, Halt, Mark, Market, MarkRange, ScheduledRun, SourcePrice
from copytrading.services.market import listings, verdicts


@admin.register(Market)
class MarketAdmin(ActingAdmin):
    list_display = (
        "symbol", "base", "quote", "lot", "tick_size", "value_min", "price", "status", "status_since",
        "barred_since",
    )  # fmt: skip
    list_filter = ("status", ("barred_since", admin.EmptyFieldListFilter), "quote")
    list_select_related = ("base", "quote", "mark")
    search_fields = ("symbol", "base__name")
    actions = ("halt", "unbar")

    @admin.display(description="lot", ordering="lot_units")
    def lot(self, market: Market) -> str:
        return whole(market.lot_units, decimals=market.base.decimals, symbol=market.base.symbol)

    @admin.display(description="smallest order", ordering="value_min_units")
    def value_min(self, market: Market) -> str:
        return in_cash(market.value_min_units)

    @admin.display(description="price", ordering="mark__price")
    def price(self, market: Market) -> str | None:
        mark = getattr(market, "mark", None)
        return f"{mark.price.normalize():f}" if mark else None

    @operator_action("Halt its trading")
    def halt(self, request: HttpRequest, rows: QuerySet[Market]) -> HttpResponse:
        return ask_to_halt(Halt.Scope.MARKET, rows)

    @operator_action("The venue trades it with us again")
    def unbar(self, request: HttpRequest, rows: QuerySet[Market]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda market: listings.unbar_market(market_id=market.pk, now=now),
            done="Opened; it trades once the venue's list says so",
            tried="open",
        )


@admin.register(Mark)
class MarkAdmin(ActingAdmin):
    list_display = ("market", "price", "as_of", "source", "doubt", "doubted_price", "doubted_at")
    actions = ("judge",)
    fields = list_display
    readonly_fields = fields
    list_filter = ("doubt", "source", "as_of")
    list_select_related = ("market",)
    search_fields = ("market__symbol",)

    @operator_action("Say which coin it is")
    def judge(self, request: HttpRequest, rows: QuerySet[Mark]) -> HttpResponse:
        mark = rows[0]
        asked = {"market_id": mark.market_id, "price": f"{(mark.doubted_price or mark.price).normalize():f}"}
        return HttpResponseRedirect(reverse("admin:copytrading_coinverdict_request", query=asked))


@admin.register(CoinVerdict)
class CoinVerdictAdmin(AskingAdmin):
    list_display = ("market", "said", "price", "reason", "state", "requested_by", "requested_at", "approved_by")
    list_filter = (Waits, "kind", "requested_at")
    list_select_related = ("market", "requested_by", "approved_by")
    ordering = ("-requested_at",)
    search_fields = ("market__symbol", "reason", "requested_by__email", "approved_by__email")
    actions = ("approve", "withdraw")
    fields = (
        "market", "said", "price", "reason", "state", "requested_by", "requested_at", "approved_by", "approved_at",
        "withdrawn_at", "done_at", "journal_link",
    )  # fmt: skip
    readonly_fields = fields
    asking, asking_title, asking_verb = "request", "Say which coin it is", "say so"
    asking_consequence = "Nothing changes until another operator approves it. Until then no money moves by the coin."
    asking_done = "Said."
    asking_form = VerdictForm

    @admin.display(description="what it is", ordering="kind")
    def said(self, verdict: CoinVerdict) -> str:
        if verdict.kind == CoinVerdict.Kind.NEW_UNIT:
            return f"{verdict.old_count:,} became {verdict.new_count:,}"
        return verdict.get_kind_display()

    @admin.display(description="journal")
    def journal_link(self, verdict: CoinVerdict) -> str:
        return link_to(verdict.journal)

    @admin.display(description="state")
    def state(self, verdict: CoinVerdict) -> str:
        if verdict.done_at is not None:
            return "done"
        if verdict.approved_at is not None:
            return "being carried out"
        return "waits for approval" if verdict.withdrawn_at is None else "withdrawn"

    def carry_out(self, request: HttpRequest, cleaned: dict[str, Any]) -> Model:
        said = {name: cleaned[name] for name in ("market_id", "price", "old_count", "new_count", "reason")}
        kind = CoinVerdict.Kind(cleaned["kind"])
        return verdicts.request_verdict(kind=kind, by=operator_of(request), now=timezone.now(), **said)

    @operator_action("Approve and carry out")
    def approve(self, request: HttpRequest, rows: QuerySet[CoinVerdict]) -> HttpResponse | None:
        question = self.ask_first(
            request,
            rows,
            action="approve",
            verb="carry it out",
            question="Is it so?",
            consequence="A new unit turns what everybody holds, a right price is believed, and another coin leaves the"
            " old one to its holders as it is. Money moves by it from then on.",
        )
        if question is None:
            now = timezone.now()
            self.act(
                request,
                rows,
                verb=lambda row: verdicts.approve_verdict(verdict_id=row.pk, by=operator_of(request), now=now),
                done="Approved",
                tried="approve",
            )
        return question

    @operator_action("Withdraw")
    def withdraw(self, request: HttpRequest, rows: QuerySet[CoinVerdict]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda row: verdicts.withdraw_verdict(verdict_id=row.pk, now=now),
            done="Withdrawn",
            tried="withdraw",
        )


@admin.register(SourcePrice)
class SourcePriceAdmin(ReadOnlyAdmin):
    list_display = ("market", "source", "price", "as_of", "taken_at")
    list_filter = ("source", "as_of")
    list_select_related = ("market",)
    search_fields = ("market__symbol", "source")


@admin.register(ScheduledRun)
class ScheduledRunAdmin(ReadOnlyAdmin):
    list_display = ("job", "slot", "done_at")
    list_filter = ("job", "slot")
    ordering = ("-slot",)
    search_fields = ("job",)


@admin.register(MarkRange)
class MarkRangeAdmin(ReadOnlyAdmin):
    list_display = ("id", "market", "began_at", "low", "high")
    list_filter = ("market",)
    list_select_related = ("market",)
    search_fields = ("market__symbol",)
