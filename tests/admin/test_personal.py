"""Operators have archives packed on people's behalf, and erase somebody together; both are in the audit."""

from django.test import Client

from accounts.models import Archive, AuditEntry, Erasure, User
from tests.cast import World

ARCHIVES, ERASURES = "/admin/accounts/archive/", "/admin/accounts/erasure/"


def test_an_archive_is_asked_for_with_a_reason_and_kept_in_the_audit(
    world: World, stranger: User, operator: User, panel: Client
) -> None:
    assert "No operator can read it" in panel.get(f"{ARCHIVES}request/").text

    panel.post(f"{ARCHIVES}request/", {"email": stranger.email, "reason": "Asked by letter"})

    archive = Archive.objects.get()
    assert (archive.user, archive.asked_by, archive.reason) == (stranger, operator, "Asked by letter")
    assert AuditEntry.objects.filter(object_type="accounts.archive", reason="Asked by letter", actor=operator).exists()
    assert "being packed" in panel.get(ARCHIVES).text
    assert panel.get(f"/data/archive/{archive.pk}/").status_code == 404


def test_an_erasure_is_asked_for_by_one_approved_by_another_and_withdrawn(
    world: World, stranger: User, panel: Client, second_operator: User, second_panel: Client
) -> None:
    panel.post(f"{ERASURES}request/", {"email": stranger.email, "reason": "Asked by letter"})
    erasure = Erasure.objects.get()
    sent = {"action": "approve", "_selected_action": [erasure.pk], "index": "0", "reason": "Seen", "confirmed": "yes"}
    assert "takes another operator to approve it" in panel.post(ERASURES, sent, follow=True).text

    assert "Is this person to be erased?" in second_panel.post(ERASURES, {**sent, "confirmed": ""}).text
    second_panel.post(ERASURES, sent)

    erasure.refresh_from_db()
    assert (erasure.approved_by, erasure.due_at is None) == (second_operator, False)
    assert AuditEntry.objects.filter(act="erasure: Approved.", actor=second_operator).exists()
    panel.post(ERASURES, {**sent, "action": "withdraw"})
    erasure.refresh_from_db()
    assert erasure.withdrawn_at is not None


def test_what_stands_in_the_way_is_told(world: World, follower: User, panel: Client) -> None:
    page = panel.post(f"{ERASURES}request/", {"email": follower.email, "reason": "Asked by letter"}).text

    assert "There is still money of yours here" in page
    assert not Erasure.objects.exists()
