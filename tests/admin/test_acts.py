"""What operators do to leads and copies: through the services, with their refusals, and never without a trace."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from copytrading.models import Copy, Lead
from copytrading.services.leads import verbs as leads
from tests.cast import World
from tests.sign_in import sign_in

LEADS, COPIES = "/admin/copytrading/lead/", "/admin/copytrading/copy/"


@pytest.fixture
def applicant(world: World, stranger: User) -> Lead:
    return leads.apply_as_lead(
        user=stranger, name="Hopeful", bio="", tags=[], profit_share_rate=0, followers_max=10, now=world.now
    )


def act(panel: Client, address: str, action: str, *rows: Lead | Copy, confirmed: bool = False) -> HttpResponse:
    asked = {"action": action, "_selected_action": [row.pk for row in rows], "index": "0", "reason": "A test"}
    return panel.post(address, asked | ({"confirmed": "yes"} if confirmed else {}))


def said(response: HttpResponse) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


class TestLeads:
    def test_are_approved(self, panel: Client, applicant: Lead) -> None:
        response = act(panel, LEADS, "approve", applicant)

        applicant.refresh_from_db()
        assert applicant.status == Lead.Status.ACTIVE
        assert said(response) == [("success", "Hopeful: approved.")]

    def test_are_paused_and_resumed(self, panel: Client, lead: Lead) -> None:
        act(panel, LEADS, "pause", lead)
        lead.refresh_from_db()
        paused = lead.status
        act(panel, LEADS, "resume", lead)
        lead.refresh_from_db()

        assert (paused, lead.status) == (Lead.Status.PAUSED, Lead.Status.ACTIVE)

    def test_are_refused_one_by_one_with_the_sentence(self, panel: Client, lead: Lead, applicant: Lead) -> None:
        response = act(panel, LEADS, "approve", lead, applicant)

        lead.refresh_from_db()
        applicant.refresh_from_db()
        assert applicant.status == Lead.Status.ACTIVE
        levels = {text.split(":")[0]: level for level, text in said(response)}
        assert levels == {"Basalt": "error", "Hopeful": "success"}

    def test_end_only_after_a_second_yes_and_pay_everybody_out(
        self, panel: Client, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copies = [world.start(person, lead) for person in (follower, other_follower)]
        world.settle()

        question = act(panel, LEADS, "end", lead)
        lead.refresh_from_db()
        status_before = lead.status
        act(panel, LEADS, "end", lead, confirmed=True)
        world.settle()

        assert b"cannot be undone" in question.content
        assert status_before == Lead.Status.ACTIVE
        for copy in copies:
            copy.refresh_from_db()
            assert (copy.status, copy.stop_reason) == (Copy.Status.STOPPED, Copy.StopReason.LEAD_ENDED)
            assert world.held(copy.ledger_account) == {}


class TestCopies:
    def test_stop_only_after_a_second_yes(self, panel: Client, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead)
        world.settle()

        act(panel, COPIES, "stop", copy)
        copy.refresh_from_db()
        status_before = copy.status
        act(panel, COPIES, "stop", copy, confirmed=True)
        copy.refresh_from_db()

        assert status_before == Copy.Status.ACTIVE
        assert (copy.status, copy.stop_reason) == (Copy.Status.STOPPING, Copy.StopReason.OPERATOR)

    def test_are_refused_a_second_stop(self, panel: Client, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead)
        act(panel, COPIES, "stop", copy, confirmed=True)

        response = act(panel, COPIES, "stop", copy, confirmed=True)

        assert ("error", f"copy {copy.pk}: This copy is stopped already.") in said(response)

    def test_offer_the_act_on_their_own_page(self, panel: Client, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead)

        page = panel.get(f"{COPIES}{copy.pk}/change/")

        assert b'value="stop"' in page.content


class TestAudit:
    def test_keeps_what_was_done_and_what_was_refused(self, panel: Client, operator: User, applicant: Lead) -> None:
        act(panel, LEADS, "approve", applicant)
        act(panel, LEADS, "approve", applicant)

        done, refused = LogEntry.objects.order_by("id")
        assert (done.user, done.object_id, done.change_message) == (operator, str(applicant.pk), "Approved.")
        assert refused.change_message.startswith("Tried to approve, refused: ")

    def test_cannot_be_changed_here(self, panel: Client, applicant: Lead) -> None:
        act(panel, LEADS, "approve", applicant)
        entry = LogEntry.objects.get()

        assert panel.get(f"/admin/admin/logentry/{entry.pk}/change/").status_code == 200
        for page in ("change", "delete"):
            assert panel.post(f"/admin/admin/logentry/{entry.pk}/{page}/", {"post": "yes"}).status_code == 403


class TestWhoMayOnlyLook:
    def test_is_offered_no_act_and_does_none(self, client: Client, stranger: User, lead: Lead) -> None:
        stranger.is_staff = True
        stranger.save()
        stranger.user_permissions.add(Permission.objects.get(codename="view_lead"))
        sign_in(client, stranger)

        page = client.get(f"{LEADS}{lead.pk}/change/")
        act(client, LEADS, "pause", lead)

        lead.refresh_from_db()
        assert page.status_code == 200
        assert b'value="pause"' not in page.content
        assert lead.status == Lead.Status.ACTIVE
