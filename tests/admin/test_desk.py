"""Operators announce, write notes on people, and deal with complaints."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from copytrading.models import Announcement, Complaint, Notice, PersonNote
from tests.admin.safety_stage import act
from tests.services.desk.desk_stage import announce, complaint_of
from tests.sign_in import sign_in
from tests.views.scenes import counted_queries

ANNOUNCEMENTS, NOTES = "/admin/copytrading/announcement/", "/admin/copytrading/personnote/"
COMPLAINTS, PEOPLE = "/admin/copytrading/complaint/", "/admin/accounts/user/"
DAY = timedelta(days=1)


def as_role(role: str) -> Client:
    user = User.objects.create_user(f"{role}@example.org", "correct horse battery", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return sign_in(Client(), user)


class TestAnnouncements:
    def test_are_written_and_ended_and_both_are_in_the_audit(self, panel: Client, operator: User) -> None:
        said = {
            "title": "Maintenance",
            "text": "Nothing trades for an hour.",
            "level": "WARNING",
            "audience": "EVERYBODY",
            "holds_until": f"{timezone.now() + DAY:%Y-%m-%dT%H:%M}",
            "is_told": "on",
        }
        panel.post(f"{ANNOUNCEMENTS}write/", said)

        written = Announcement.objects.get()
        assert (written.written_by, written.level, written.told_at is not None) == (operator, "WARNING", True)
        assert "holds" in panel.get(ANNOUNCEMENTS, {"holds": "yes"}).text
        act(panel, ANNOUNCEMENTS, "end", written)

        written.refresh_from_db()
        assert written.ended_by == operator
        kept = AuditEntry.objects.filter(object_type="copytrading.announcement", act__startswith="announcement:")
        assert [(entry.act, entry.actor) for entry in kept.order_by("number")] == [
            ("announcement: Written.", operator),
            ("announcement: Ended.", operator),
        ]
        assert "Nothing trades for an hour." in kept.earliest("number").after

    def test_that_do_not_fit_get_a_sentence_beside_the_field(self, panel: Client) -> None:
        said = {"title": "A", "text": "B", "level": "INFORMATION", "audience": "LEADS", "title_de": "C"}

        past = panel.post(f"{ANNOUNCEMENTS}write/", {**said, "holds_until": "2020-01-01T00:00"}).text
        half = panel.post(f"{ANNOUNCEMENTS}write/", {**said, "holds_until": f"{timezone.now() + DAY:%Y-%m-%dT%H:%M}"})

        assert "It would be over before it holds." in past
        assert "both a title and a text" in half.text
        assert not Announcement.objects.exists()


class TestNotes:
    @pytest.mark.parametrize("role", ["support", "risk", "finance", "compliance", "admin"])
    def test_are_written_by_every_role_and_stand_on_the_persons_page(self, follower: User, role: str) -> None:
        client = as_role(role)
        client.post(f"{NOTES}write/", {"email": follower.email, "text": "Called\ntwice."})
        client.post(f"{NOTES}write/", {"email": follower.email, "text": "Wrote as well."})

        page = client.get(f"{PEOPLE}{follower.pk}/change/").text

        assert page.index("Wrote as well.") < page.index("Called<br>twice.")
        assert f"{NOTES}write/?email=follower%40example.org" in page
        kept = AuditEntry.objects.filter(object_type="copytrading.personnote", act="personnote: Written.")
        assert [entry.actor.email for entry in kept if entry.actor] == [f"{role}@example.org"] * 2

    def test_on_an_operator_are_shown_to_the_others_alone(self, panel: Client, operator: User, follower: User) -> None:
        second = User.objects.create_superuser("second-operator@example.org", "correct horse battery")
        other = sign_in(Client(), second)
        other.post(f"{NOTES}write/", {"email": operator.email, "text": "Is often late."})
        note = PersonNote.objects.get()

        own = [panel.get(address).text for address in (f"{PEOPLE}{operator.pk}/change/", NOTES)]

        assert "Is often late." in other.get(f"{PEOPLE}{operator.pk}/change/").text
        assert not any("Is often late." in page for page in own)
        assert b"Is often late." not in panel.get(f"{NOTES}csv/").getvalue()
        assert panel.get(f"{NOTES}{note.pk}/change/").status_code == 302
        refused = panel.post(f"{NOTES}write/", {"email": operator.email, "text": "Is always right."})
        assert "This is about yourself" in refused.text

    def test_are_never_shown_to_the_person(self, follower: User, operator: User, panel: Client) -> None:
        panel.post(f"{NOTES}write/", {"email": follower.email, "text": "Unmistakable words."})
        client = Client()
        client.force_login(follower)

        pages = [client.get(page).text for page in ("/", "/notices/", "/activity/", "/complaints/", "/wallet/")]

        assert PersonNote.objects.count() == 1
        assert not any("Unmistakable" in page for page in pages)

    def test_cost_a_persons_page_the_same_however_many_there_are(
        self, panel: Client, follower: User, operator: User
    ) -> None:
        counted = []
        for number in (1, 2, 3):
            panel.post(f"{NOTES}write/", {"email": follower.email, "text": f"No. {number}"})
            with counted_queries() as asked:
                panel.get(f"{PEOPLE}{follower.pk}/change/")
            counted.append(len(asked))

        assert len(set(counted)) == 1


class TestComplaints:
    def test_are_acknowledged_and_answered_by_support(self, follower: User) -> None:
        support, filed = as_role("support"), complaint_of(follower, now=timezone.now())

        act(support, COMPLAINTS, "acknowledge", filed)
        asked = act(support, COMPLAINTS, "reply", filed)
        support.post(f"{COMPLAINTS}answer/", {"number": filed.pk, "text": "The market was thin."})

        filed.refresh_from_db()
        assert filed.status == Complaint.Status.ANSWERED
        assert f'value="{filed.pk}"' in asked.text and "The person is told" in asked.text
        assert "A late order: It took a minute." in asked.text
        assert "The market was thin." in support.get(f"{COMPLAINTS}{filed.pk}/change/").text
        kept = AuditEntry.objects.filter(object_type="copytrading.complaint", act__startswith="complaint:")
        assert [entry.act for entry in kept.order_by("number")] == ["complaint: Acknowledged.", "complaint: Answered."]
        assert Notice.objects.filter(user=follower, kind__startswith="COMPLAINT").count() == 2

    def test_say_what_stands_against_an_act(self, panel: Client, operator: User, follower: User) -> None:
        filed = complaint_of(follower, now=timezone.now())
        own = complaint_of(operator, now=timezone.now())

        early = panel.post(f"{COMPLAINTS}answer/", {"number": filed.pk, "text": "No."}).text
        nobodys = panel.post(f"{COMPLAINTS}answer/", {"number": 2**62, "text": "No."}).text
        mine = act(panel, COMPLAINTS, "acknowledge", own).text

        assert "Acknowledge it first" in early
        assert "There is no complaint of that number." in nobodys
        assert "This is your own" in mine

    def test_stand_first_under_what_needs_you_once_their_time_has_run_out(
        self, panel: Client, follower: User, other_follower: User
    ) -> None:
        late = complaint_of(follower, now=timezone.now() - 3 * DAY)
        fresh = complaint_of(other_follower, now=timezone.now())

        page = panel.get("/admin/").text

        assert page.index("Complaints whose time has run out") < page.index("Complaints that wait<")
        assert f"No. {late.pk}: A late order, of follower@example.org, 3 days old" in page
        assert "acknowledge: overdue by 2 days" in page
        assert f"No. {fresh.pk}: A late order, of {other_follower}, less than a minute old" in page
        listed = {value: panel.get(COMPLAINTS, {"clock": value}).text for value in ("overdue", "waits", "rests")}
        for complaint, value in ((late, "overdue"), (fresh, "waits")):
            found = [name for name, text in listed.items() if f"{COMPLAINTS}{complaint.pk}/change/" in text]
            assert found == [value]

    def test_cost_the_list_and_the_first_page_the_same_however_many_there_are(
        self, panel: Client, follower: User, other_follower: User, stranger: User
    ) -> None:
        counted = []
        for user in (follower, other_follower, stranger):
            complaint_of(user, now=timezone.now() - 3 * DAY)
            with counted_queries() as asked:
                panel.get(COMPLAINTS)
                panel.get("/admin/")
            counted.append(len(asked))

        assert len(set(counted)) == 1

    def test_are_found_by_number_and_words_and_taken_along(self, panel: Client, follower: User) -> None:
        filed = complaint_of(follower, now=timezone.now(), subject="=1+1", text="Slippage")

        assert f"{COMPLAINTS}{filed.pk}/change/" in panel.get(COMPLAINTS, {"q": "Slippage"}).text
        assert f"{COMPLAINTS}{filed.pk}/change/" in panel.get(COMPLAINTS, {"q": str(filed.pk)}).text
        file = panel.get(f"{COMPLAINTS}csv/").getvalue().decode()
        assert "'=1+1" in file and "acknowledge within" in file


def test_closings_are_listed(panel: Client, operator: User, client: Client, follower: User) -> None:
    announcement = announce(operator, now=timezone.now())
    other = Client()
    other.force_login(follower)
    other.post(f"/announcements/{announcement.pk}/close/")

    assert follower.email in panel.get("/admin/copytrading/announcementclosing/").text
