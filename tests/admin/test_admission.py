"""Operators decide what checks leave to them, and change whose rules count."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import AuditEntry, User
from accounts.queries import available_units_of
from copytrading.models import GateCase, JurisdictionChange
from smartsync_site.jurisdictions import read_packs
from tests.cast import World, usdt
from tests.services.admission.check import Check
from tests.services.admission.test_gates import deposit

CASES = "/admin/copytrading/gatecase/"


@pytest.mark.parametrize(("act", "free", "status"), [("allow", 10_500, "ALLOWED"), ("deny", 10_000, "DENIED")])
def test_a_deposit_that_waits_is_shown_asked_about_once_more_and_decided(
    world: World, follower: User, operator: User, panel: Client, check: Check, act: str, free: int, status: str
) -> None:
    check.answers = {"answer": "ask", "sentence": "A name that is on a list."}
    deposit(world, follower, "500")
    case = GateCase.objects.get()
    assert "Checks that wait for a decision" in panel.get("/admin/").text
    assert "A name that is on a list." in panel.get(f"{CASES}{case.pk}/change/").text
    sent = {"action": act, "_selected_action": [case.pk], "index": "0", "reason": "Looked at the papers"}

    asked = panel.post(CASES, sent)
    assert case.status == GateCase.objects.get().status
    panel.post(CASES, {**sent, "confirmed": "yes"})

    assert asked.status_code == 200
    case.refresh_from_db()
    assert (case.status, case.decided_by, case.reason) == (status, operator, "Looked at the papers")
    assert available_units_of(follower, asset_symbol="USDT") == usdt(free)
    assert AuditEntry.objects.filter(act__startswith="gatecase: ", reason="Looked at the papers").exists()


def test_a_jurisdiction_is_changed_with_a_reason_and_kept_in_the_audit(
    follower: User, operator: User, panel: Client, settings: Settings
) -> None:
    settings.SMARTSYNC_JURISDICTIONS = read_packs(["eu", "uk"], texts=["terms", "risks"])
    address = "/admin/copytrading/jurisdictionchange/request/"
    assert "European Union" in panel.get(address).text

    panel.post(address, {"email": follower.email, "jurisdiction": "uk", "reason": "Moved to Leeds"})

    follower.refresh_from_db()
    assert follower.jurisdiction == "uk"
    assert JurisdictionChange.objects.get().changed_by == operator
    assert AuditEntry.objects.filter(object_type="copytrading.jurisdictionchange", reason="Moved to Leeds").exists()
