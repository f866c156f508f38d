"""What keeps a fault small: alarms, kill switches, corrections by two people, and how ledger and custody compare."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from accounts.admin.acting import ActingAdmin, operator_action, operator_of
from accounts.admin.asking import AskingAdmin
from accounts.admin.tables import ReadOnlyAdmin, link_to, whole
from accounts.models import LedgerAccount
from copytrading.forms.operating import OTHER_ACCOUNT, CorrectionForm, HaltForm
from copytrading.models import Alarm, Correction, CustodyDifference, Halt, Heartbeat, Restore, TradeCheckpoint
from copytrading.queries.operating import overview as operating
from copytrading.services.running import sirens
from copytrading.services.safety import alarms, corrections, halts


@admin.register(Alarm)
class AlarmAdmin(ActingAdmin):
    list_display = ("sentence", "kind", "state", "raised_at", "last_seen_at", "times_seen", "told_at")
    list_filter = (("cleared_at", admin.EmptyFieldListFilter), "kind", "raised_at")
    list_select_related = ("cleared_by",)
    ordering = operating.by_openness("cleared_at")
    search_fields = ("sentence", "key")
    actions = ("clear", "silence")
    fields = (
        "sentence", "kind", "key", "raised_at", "last_seen_at", "times_seen", "told_at", "told_count",
        "silenced_until", "silenced_by", "cleared_at", "cleared_by",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="state", ordering="cleared_at")
    def state(self, alarm: Alarm) -> str:
        if alarm.cleared_at is None:
            return "open"
        return f"cleared by {alarm.cleared_by}" if alarm.cleared_by else "went away"

    @operator_action("Clear: I have looked at it")
    def clear(self, request: HttpRequest, rows: QuerySet[Alarm]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda alarm: alarms.dismiss_alarm(alarm_id=alarm.pk, by=operator_of(request), now=now),
            done="Cleared",
            tried="clear",
        )

    @operator_action("Silence for an hour: I am at it")
    def silence(self, request: HttpRequest, rows: QuerySet[Alarm]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda alarm: sirens.silence(
                alarm_id=alarm.pk, until=now + timedelta(hours=1), by=operator_of(request), now=now
            ),
            done="Silenced",
            tried="silence",
        )


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "started_at", "beaten_at")
    list_filter = ("kind",)
    ordering = ("kind", "name")
    search_fields = ("name",)


@admin.register(Halt)
class HaltAdmin(AskingAdmin):
    list_display = ("target", "scope", "reason", "placed_at", "placed_by", "lifted_at", "lifted_by")
    list_filter = (("lifted_at", admin.EmptyFieldListFilter), "scope", "placed_at")
    ordering = operating.by_openness("lifted_at")
    search_fields = ("reason", "placed_by__email", "lifted_by__email")
    actions = ("lift",)
    fields = ("target", "scope", "reason", "placed_at", "placed_by", "lifted_at", "lifted_by")
    readonly_fields = fields
    asking, asking_title, asking_verb = "place", "Halt trading", "halt now"
    asking_consequence = "From this moment no order is sent for it, exits included, until somebody lifts the halt."
    asking_done = "Halted."
    asking_form = HaltForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[Halt]:
        return operating.named_halts()

    @admin.display(description="what")
    def target(self, halt: Any) -> str:
        return str(halt.target_name)

    def carry_out(self, request: HttpRequest, cleaned: dict[str, Any]) -> Model:
        return halts.place_halt(
            scope=Halt.Scope(cleaned["scope"]),
            target_id=cleaned["target_id"],
            reason=cleaned["reason"],
            by=operator_of(request),
            now=timezone.now(),
        )

    @operator_action("Lift")
    def lift(self, request: HttpRequest, rows: QuerySet[Halt]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda halt: halts.lift_halt(halt_id=halt.pk, by=operator_of(request), now=now),
            done="Lifted",
            tried="lift",
        )


class Waits(admin.SimpleListFilter):
    """What was asked for and neither approved nor withdrawn: corrections, verdicts on coins."""

    title = "state"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "waits for approval"), ("no", "closed")]

    def queryset(self, request: HttpRequest, found: QuerySet[Any]) -> QuerySet[Any]:
        waiting = {"approved_at__isnull": True, "withdrawn_at__isnull": True}
        if self.value() == "yes":
            return found.filter(**waiting)
        return found.exclude(**waiting) if self.value() == "no" else found


@admin.register(Correction)
class CorrectionAdmin(AskingAdmin):
    list_display = (
        "id",
        "moved",
        "account_link",
        "against",
        "reason",
        "state",
        "requested_by",
        "requested_at",
        "approved_by",
    )
    list_filter = (Waits, "asset", "requested_at")
    list_select_related = ("asset", "ledger_account", "requested_by", "approved_by")
    ordering = ("-requested_at",)
    search_fields = ("=id", "reason", "requested_by__email", "approved_by__email", "=ledger_account__id")
    actions = ("approve", "withdraw")
    fields = (
        "moved", "account_link", "against", "reason", "state", "requested_by", "requested_at", "approved_by",
        "approved_at", "withdrawn_at", "journal_link",
    )  # fmt: skip
    readonly_fields = fields
    asking, asking_title, asking_verb = "request", "Ask for a correction", "ask for it"
    asking_consequence = "Nothing moves until another operator approves it. History stays: this is a new journal."
    asking_done = "Asked for."
    asking_form = CorrectionForm

    @admin.display(description="moves", ordering="units")
    def moved(self, correction: Correction) -> str:
        return whole(correction.units, decimals=correction.asset.decimals, symbol=correction.asset.symbol)

    @admin.display(description="to the account")
    def account_link(self, correction: Correction) -> str:
        return link_to(correction.ledger_account)

    @admin.display(description="journal")
    def journal_link(self, correction: Correction) -> str:
        return link_to(correction.journal)

    @admin.display(description="state")
    def state(self, correction: Correction) -> str:
        if correction.approved_at is not None:
            return "booked"
        return "waits for approval" if correction.withdrawn_at is None else "withdrawn"

    def carry_out(self, request: HttpRequest, cleaned: dict[str, Any]) -> Model:
        is_other = cleaned["account"] == OTHER_ACCOUNT
        return corrections.request_correction(
            asset_id=cleaned["asset"],
            account=cleaned["account_number"] if is_other else LedgerAccount.Kind(cleaned["account"]),
            units=cleaned["units"],
            against=Correction.Against(cleaned["against"]),
            reason=cleaned["reason"],
            by=operator_of(request),
            idempotency_key=cleaned["idempotency_key"],
            now=timezone.now(),
        )

    @operator_action("Approve and book")
    def approve(self, request: HttpRequest, rows: QuerySet[Correction]) -> HttpResponse | None:
        question = self.ask_first(
            request,
            rows,
            action="approve",
            verb="book it",
            question="Book this correction?",
            consequence="It becomes a journal of the ledger. Only another correction can take it back.",
        )
        if question is None:
            now = timezone.now()
            self.act(
                request,
                rows,
                verb=lambda row: corrections.approve_correction(correction_id=row.pk, by=operator_of(request), now=now),
                done="Booked",
                tried="approve",
            )
        return question

    @operator_action("Withdraw")
    def withdraw(self, request: HttpRequest, rows: QuerySet[Correction]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda row: corrections.withdraw_correction(correction_id=row.pk, now=now),
            done="Withdrawn",
            tried="withdraw",
        )


class Differs(admin.SimpleListFilter):
    """Assets of which the venue keeps more or less than people own."""

    title = "difference"
    parameter_name = "differs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "there is one"), ("no", "there is none")]

    def queryset(self, request: HttpRequest, found: QuerySet[CustodyDifference]) -> QuerySet[CustodyDifference]:
        if self.value() == "yes":
            return found.exclude(units=0)
        return found.filter(units=0) if self.value() == "no" else found


@admin.register(CustodyDifference)
class CustodyDifferenceAdmin(ActingAdmin):
    list_display = ("asset", "difference", "since", "looked_at")
    list_filter = (Differs,)
    list_select_related = ("asset",)
    ordering = ("asset__symbol",)
    search_fields = ("asset__symbol", "asset__name")
    actions = ("correct",)
    fields = ("asset", "difference", "since", "looked_at")
    readonly_fields = fields

    @admin.display(description="the venue keeps more by", ordering="units")
    def difference(self, row: CustodyDifference) -> str:
        return whole(row.units, decimals=row.asset.decimals, symbol=row.asset.symbol)

    @operator_action("Ask for the correction")
    def correct(self, request: HttpRequest, rows: QuerySet[CustodyDifference]) -> HttpResponse:
        row = rows[0]
        asked = {
            "asset": row.asset_id,
            "quantity": whole(row.units, decimals=row.asset.decimals).replace(",", "").replace("−", "-"),
            "account": LedgerAccount.Kind.SUSPENSE.value,
            "against": Correction.Against.VENUE.value,
        }
        return HttpResponseRedirect(reverse("admin:copytrading_correction_request", query=asked))


@admin.register(TradeCheckpoint)
class TradeCheckpointAdmin(ReadOnlyAdmin):
    list_display = ("market", "venue_account", "checked_until")
    list_filter = ("venue_account",)
    list_select_related = ("market",)
    ordering = ("market__symbol",)
    search_fields = ("market__symbol", "venue_account")


@admin.register(Restore)
class RestoreAdmin(ReadOnlyAdmin):
    list_display = ("epoch", "taken_at", "restored_at", "clean_at", "halt")
    list_select_related = ("halt",)
    ordering = ("-restored_at",)
    search_fields = ("epoch",)
