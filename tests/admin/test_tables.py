"""Every table is there for operators to find and read; money is there to read only."""

import csv
from decimal import Decimal
from io import StringIO

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import ledger
from accounts.models import (
    Archive,
    ArchiveFile,
    Asset,
    AuditEntry,
    AuditHead,
    Erasure,
    LedgerAccount,
    OperatorRequest,
    ProgramKey,
    User,
    Vouching,
)
from copytrading.models import (
    AccountMove,
    Adjustment,
    Admission,
    Alarm,
    Announcement,
    AnnouncementClosing,
    CoinVerdict,
    Complaint,
    ComplaintStep,
    ConsentGiven,
    CopyFlag,
    CopyGap,
    CopyGapRecord,
    Delivery,
    Favourite,
    FirstWish,
    GateCase,
    GateQuestion,
    Halt,
    Heartbeat,
    Invitation,
    JurisdictionChange,
    KnownDevice,
    Lead,
    LeadCalm,
    LeadHolding,
    LeadOutline,
    LeadSnapshot,
    LeadWeights,
    LinkedAccount,
    LossFigure,
    LossLimit,
    Market,
    MarkRange,
    NoticeHabits,
    NoticeSwitch,
    ObservedTrade,
    OwnAccount,
    OwnHolding,
    OwnSeat,
    PersonNote,
    PriceBar,
    ProfitShare,
    PushSubscription,
    ReferenceHolder,
    Restore,
    SuitabilityAnswer,
    UntradedHolding,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
)
from copytrading.services.books import notices, records
from copytrading.services.copies import verbs as copies
from copytrading.services.leads import verbs as leads
from copytrading.services.market import verdicts
from copytrading.services.safety import alarms, corrections, halts, reconciling, rule_changes
from copytrading.services.wallet import spot
from tests.api.program import Program
from tests.cast import World, usdt
from tests.services.wallet.limit_stage import place

# What is in an archive is its person's to read, and no operator's.
OURS = [
    model
    for app in ("accounts", "copytrading")
    for model in apps.get_app_config(app).get_models()
    if model is not ArchiveFile
]
# Made by the beat, or only where something special happened.
SOMETIMES = {Adjustment, CopyGap, CopyGapRecord, LeadSnapshot, MarkRange, ObservedTrade, PriceBar, ProfitShare}
SOMETIMES |= {OperatorRequest, Vouching, ProgramKey, Favourite, Restore, PushSubscription, NoticeHabits, NoticeSwitch}
SOMETIMES |= {KnownDevice, LeadOutline, Delivery, Heartbeat, LeadCalm, Webhook, WebhookDelivery, WebhookAttempt}
SOMETIMES |= {LeadWeights, LossLimit, ReferenceHolder}
SOMETIMES |= {Admission, ConsentGiven, FirstWish, GateCase, GateQuestion, JurisdictionChange, LossFigure}
SOMETIMES |= {SuitabilityAnswer, Announcement, AnnouncementClosing, Complaint, ComplaintStep, PersonNote}
SOMETIMES |= {Archive, Erasure, OwnAccount, Invitation}
# The audit notes every try.
WRITTEN_BY_TRYING = {AuditEntry, AuditHead}


def address(model: type[Model], page: str, *arguments: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


def trade_on(world: World, lead: Lead, follower: User, *, round_number: int) -> None:
    """Make something of everything happen."""
    joined = User.objects.create_user(f"joined-{round_number}@example.org")
    world.deposit(joined, "1000")
    world.lead_trades(lead, "BTC", "BUY", "0.05")
    world.settle()
    late = world.start(joined, lead, "500", buy_existing=False, stop_loss_units=usdt(50))
    world.settle()
    world.lead_trades(lead, "ETH", "BUY", "0.5")
    world.settle()
    copies.reduce_copy(copy_id=late.pk, units=usdt(100), idempotency_key=world.key(), now=world.now)
    market_id = Market.objects.get(symbol="SOL-USDT").pk
    order = {"market_id": market_id, "side": "BUY", "units": usdt(50), "idempotency_key": world.key()}
    spot.place_manual_order(user=follower, now=world.now, **order)
    place(world, follower, "BUY", "SOL", "90", quantity="1")
    Program.of(follower).post("wallet/deposits", {"value": "1.00"}, key=f"deposit-{round_number:04}")
    elsewhere = Lead.objects.create(
        user=joined, name=f"Elsewhere {round_number}", slug=f"elsewhere-{round_number}", source=Lead.Source.OBSERVED,
        applied_at=world.now,
    )  # fmt: skip
    notices.write_to_followers(lead_id=lead.pk, text="Hello", idempotency_key=world.key(), now=world.now)
    CopyFlag.objects.create(copy=late, reason=CopyFlag.Reason.SAME_FULL_NAME, flagged_at=world.now)
    link = LinkedAccount(lead=elsewhere, exchange="okx", status=LinkedAccount.Status.CONNECTED, connected_at=world.now)
    link.sealed_key, link.seal_id, link.fingerprint = b"sealed", "seal", "AB12"
    link.save()
    mirror = ledger.open_account(kind=LedgerAccount.Kind.OWN, owner=joined, now=world.now)
    own = OwnAccount.objects.create(
        user=joined, exchange="paper", ledger_account=mirror, status=OwnAccount.Status.CONNECTED,
        sealed_key=b"sealed", seal_id="seal", fingerprint="AB12",
    )  # fmt: skip
    OwnHolding.objects.create(account=own, asset=Asset.objects.get(symbol="BTC"), beyond_units=1, looked_at=world.now)
    OwnSeat.objects.create(copy=late)
    LeadHolding.objects.create(lead=elsewhere, asset=Asset.objects.get(symbol="BTC"), units=1)
    UntradedHolding.objects.create(lead=elsewhere, symbol="PEPE", quantity=Decimal("1000000"))
    AccountMove.objects.create(
        lead=elsewhere, kind=AccountMove.Kind.REWARD, symbol="USDT", quantity=2, value_units=usdt(2), moved_at=world.now
    )
    reconciling.reconcile(now=world.now)
    alarms.raise_alarm(
        kind=Alarm.Kind.VENUE_SILENT, key=f"test:{round_number}", sentence="The venue is silent.", now=world.now
    )
    solana = Asset.objects.get(symbol="SOL").pk
    halts.place_halt(scope=Halt.Scope.MARKET, target_id=market_id - round_number + 1, reason="A test", now=world.now)
    corrections.request_correction(
        asset_id=solana, account=LedgerAccount.Kind.SUSPENSE, units=round_number, reason="A test", by=joined,
        idempotency_key=f"round-{round_number}", now=world.now,
    )  # fmt: skip
    verdicts.request_verdict(
        market_id=market_id - round_number + 1, kind=CoinVerdict.Kind.OTHER_COIN, reason="A test", by=joined,
        now=world.now,
    )  # fmt: skip
    rule_changes.request_rule(
        name=("slippage_cap", "drift_band")[round_number - 1], value="0.004", reason="A test", by=joined, now=world.now
    )
    records.record_values(now=world.now, slot=world.now)
    records.count_summaries(now=world.now)
    leads.pause_lead(lead_id=lead.pk, now=world.now)
    leads.resume_lead(lead_id=lead.pk, now=world.now)


class TestEveryTable:
    def test_can_be_found_searched_and_read(self, panel: Client, world: World, lead: Lead, follower: User) -> None:
        trade_on(world, lead, follower, round_number=1)

        for model in OURS:
            assert admin.site.get_model_admin(model).search_fields
            for query in ({}, {"q": "1"}, {"q": "word"}):
                assert panel.get(address(model, "changelist"), query).status_code == 200, model
            lines = list(csv.reader(StringIO(panel.get(address(model, "csv")).getvalue().decode())))
            # The look itself is noted after it.
            assert len(lines) == 1 + model._default_manager.count() - (model is AuditEntry), model
            assert len({len(line) for line in lines}) == 1, model
            row = model._default_manager.first()
            assert row is not None or model in SOMETIMES
            for page in ("change", "history") if row else ():
                assert panel.get(address(model, page, row.pk)).status_code == 200, (model, page)

    def test_asks_the_database_as_often_for_many_rows_as_for_few(
        self, panel: Client, world: World, lead: Lead, follower: User
    ) -> None:
        def statements() -> dict[str, int]:
            found = {}
            for model in OURS:
                with CaptureQueriesContext(connection) as seen:
                    panel.get(address(model, "changelist"))
                found[model.__name__] = len(seen)
                with CaptureQueriesContext(connection) as seen:
                    b"".join(panel.get(address(model, "csv")).streaming_content)
                found[f"{model.__name__} as a file"] = len(seen)
            return found

        trade_on(world, lead, follower, round_number=1)
        for_few = statements()
        trade_on(world, lead, follower, round_number=2)

        assert statements() == for_few

    @pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
    def test_is_not_written_by_hand(self, panel: Client, lead: Lead, model: type[Model]) -> None:
        row = model._default_manager.first()
        pages = [address(model, "add")]
        if row is not None:
            pages += [address(model, "change", row.pk), address(model, "delete", row.pk)]
        rows = model._default_manager.count()

        assert {panel.post(page, {"post": "yes"}).status_code for page in pages} == {403}
        assert model._default_manager.count() == rows or model in WRITTEN_BY_TRYING
        assert b"delete_selected" not in panel.get(address(model, "changelist")).content


class TestPeople:
    def test_are_made_inactive_and_never_deleted(self, panel: Client, stranger: User) -> None:
        page = panel.get(address(User, "change", stranger.pk))
        delete = panel.post(address(User, "delete", stranger.pk), {"post": "yes"})

        assert page.status_code == 200
        assert delete.status_code == 403
        assert User.objects.filter(pk=stranger.pk).exists()

    def test_lead_to_the_page_where_a_change_is_asked_for(self, panel: Client, stranger: User) -> None:
        page = panel.get(address(User, "change", stranger.pk)).text
        asking = panel.get(reverse("admin:accounts_operatorrequest_request"), {"person": stranger.email}).text

        assert "Ask for a change of rights or sign-in" in page
        assert f'value="{stranger.email}"' in asking


class TestTheDoor:
    @pytest.mark.parametrize("person", ["nobody", "stranger"])
    def test_is_closed_to_everybody_but_operators(self, client: Client, stranger: User, person: str) -> None:
        if person == "stranger":
            client.force_login(stranger)

        response = client.get("/admin/copytrading/copy/")

        assert response.status_code in {302, 403}
        assert b"changelist" not in response.content

    def test_leads_through_the_sign_in_that_everybody_uses(self, client: Client) -> None:
        response = client.get("/admin/login/", {"next": "/admin/"})

        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))
