"""Money in and out, as operators see it: what waits for them, and the two acts that book bank and cash desk."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.admin.acting import operator_action, operator_of
from accounts.admin.asking import AskingAdmin
from accounts.admin.tables import link_to, whole
from accounts.models import Transfer
from copytrading.forms.operating import ManualTransferForm
from copytrading.queries.operating import overview as operating
from copytrading.services.wallet import transfers


@admin.register(Transfer)
class TransferAdmin(AskingAdmin):
    list_display = ("id", "user_link", "direction", "moved", "channel", "status", "requested_at",
        "held_until",                    "confirmed_by")  # fmt: skip
    list_filter = ("status", "direction", "channel", "requested_at")
    list_select_related = ("user", "asset", "confirmed_by")
    ordering = ("-requested_at",)
    search_fields = ("=id", "user__email", "idempotency_key", "venue_reference")
    actions = ("confirm", "approve", "refuse")
    fields = (
        "user_link", "direction", "moved", "channel", "status", "verdict", "note", "venue_reference", "requested_at",
        "held_until", "confirmed_by", "approved_by", "booked_at", "ended_at",
    )  # fmt: skip
    readonly_fields = fields
    asking, asking_title, asking_verb = "enter", "Enter a transfer by bank or cash desk", "enter it"
    asking_consequence = (
        "Nothing moves until one operator confirms that the money came or was paid, and another one books it."
    )
    asking_done = "Entered."
    asking_form = ManualTransferForm

    @admin.display(description="person")
    def user_link(self, transfer: Transfer) -> str:
        return link_to(transfer.user)

    @admin.display(description="value", ordering="units")
    def moved(self, transfer: Transfer) -> str:
        return whole(transfer.units, decimals=transfer.asset.decimals, symbol=transfer.asset.symbol)

    def carry_out(self, request: HttpRequest, cleaned: dict[str, Any]) -> Model:
        verb = transfers.deposit if cleaned["direction"] == Transfer.Direction.DEPOSIT else transfers.withdraw
        person = operating.person(email=cleaned["email"])
        assert person is not None, "the form has looked"
        return verb(
            user=person,
            units=cleaned["value"],
            idempotency_key=cleaned["idempotency_key"],
            channel=Transfer.Channel.MANUAL,
            now=timezone.now(),
        )

    @operator_action("Confirm: the money came, or was paid")
    def confirm(self, request: HttpRequest, rows: QuerySet[Transfer]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda row: transfers.confirm_transfer(transfer_id=row.pk, by=operator_of(request), now=now),
            done="Confirmed",
            tried="confirm",
        )

    @operator_action("Book what another operator has confirmed")
    def approve(self, request: HttpRequest, rows: QuerySet[Transfer]) -> HttpResponse | None:
        question = self.ask_first(
            request,
            rows,
            action="approve",
            verb="book it",
            question="Book this transfer?",
            consequence="The person's wallet changes at once. A deposit comes out of what lies unassigned.",
        )
        if question is None:
            now = timezone.now()
            self.act(
                request,
                rows,
                verb=lambda row: transfers.approve_transfer(transfer_id=row.pk, by=operator_of(request), now=now),
                done="Booked",
                tried="book",
            )
        return question

    @operator_action("Refuse: it did not come, or is not paid")
    def refuse(self, request: HttpRequest, rows: QuerySet[Transfer]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda row: transfers.refuse_transfer(
                transfer_id=row.pk, note=f"Refused by {operator_of(request)}.", now=now
            ),
            done="Refused",
            tried="refuse",
        )
