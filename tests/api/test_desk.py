"""Announcements and complaints through the API."""

from django.utils import timezone

from accounts import program_keys
from accounts.models import User
from copytrading.models import Complaint, Lead
from copytrading.services.desk import announcements, complaints
from tests.api.program import Program
from tests.cast import World
from tests.services.desk.desk_stage import announce, complaint_of
from tests.views.scenes import counted_queries

SAID = {"subject": "A late order", "text": "Why?"}


class TestAnnouncements:
    def test_are_those_that_hold_for_whoever_asks(
        self, program: Program, follower: User, lead: Lead, operator: User
    ) -> None:
        closed = announce(operator, now=timezone.now(), title="For all")
        announce(operator, now=timezone.now(), title="For leads", audience="LEADS", level="WARNING")

        everybody, own, leads = (one.get("announcements") for one in (Program(), program, Program.of(lead.user)))

        assert [one["title"] for one in everybody.json()] == [one["title"] for one in own.json()] == ["For all"]
        assert [(one["title"], one["level"]) for one in leads.json()] == [
            ("For leads", "WARNING"),
            ("For all", "INFORMATION"),
        ]
        assert everybody["Cache-Control"] == "public, max-age=2"
        assert own["Cache-Control"] == "private, no-store"
        announcements.close(announcement_id=closed.pk, user=follower, now=timezone.now())
        assert program.get("announcements").json() == []


class TestComplaints:
    def test_are_filed_once_under_a_key_and_listed(self, program: Program) -> None:
        filed, again = (program.post("complaints", SAID, key="complaint-0001") for _ in range(2))

        assert (filed.status_code, filed.json()) == (201, again.json())
        own = filed.json()
        assert (own["status"], own["copy"], own["steps"]) == ("RECEIVED", None, [])
        assert own["due_at"] == own["acknowledge_by"] < own["answer_by"]
        assert program.get(f"complaints/{own['number']}").json() == own
        assert program.get("complaints").json() == {"results": [own], "next": None}
        otherwise = program.post("complaints", {**SAID, "text": "No."}, key="complaint-0001")
        assert (otherwise.status_code, otherwise.json()["code"]) == (422, "idempotency_key_reused")

    def test_go_their_way(self, program: Program, operator: User) -> None:
        number = program.post("complaints", SAID, key="complaint-0001").json()["number"]
        early = program.post(f"complaints/{number}/close", key="close-0001")
        complaints.acknowledge(complaint_id=number, by=operator, now=timezone.now())
        complaints.answer(complaint_id=number, text="Thin.", by=operator, now=timezone.now())

        reopened = program.post(f"complaints/{number}/reopen", {"text": "And?"}, key="reopen-0001").json()
        complaints.answer(complaint_id=number, text="Sorry.", by=operator, now=timezone.now())
        closed = program.post(f"complaints/{number}/close", key="close-0002").json()

        assert (early.status_code, early.json()["code"]) == (409, "complaint_not_waiting")
        assert (reopened["status"], closed["status"], closed["due_at"]) == ("REOPENED", "CLOSED", None)
        assert [(step["kind"], step["text"]) for step in closed["steps"]] == [
            ("ACKNOWLEDGED", ""),
            ("ANSWERED", "Thin."),
            ("REOPENED", "And?"),
            ("ANSWERED", "Sorry."),
            ("CLOSED", ""),
        ]
        assert operator.email not in str(closed)

    def test_are_refused_with_their_codes(
        self, world: World, program: Program, other_follower: User, lead: Lead
    ) -> None:
        copy = world.start(other_follower, lead)
        wrong = (
            ({**SAID, "copy": copy.pk}, 409, "complaint_copy_unknown"),
            ({**SAID, "copy": "x"}, 400, "invalid"),
            ({**SAID, "text": "a\x1bb"}, 409, "text_not_possible"),
            ({**SAID, "text": "x" * 4001}, 400, "invalid"),
            ({**SAID, "wish": 1}, 400, "invalid"),
        )

        for number, (said, status, code) in enumerate(wrong):
            answer = program.post("complaints", said, key=f"complaint-{number:04}")
            assert (answer.status_code, answer.json()["code"]) == (status, code), said
        assert not Complaint.objects.exists()

    def test_are_filed_by_a_person_and_no_key(self, follower: User) -> None:
        _, key = program_keys.make_key(user=follower, name="Robot", scopes=["read", "trade"], now=timezone.now())
        robot = Program(key)

        assert robot.get("complaints").status_code == 200
        refused = robot.post("complaints", SAID, key="complaint-0001")
        assert (refused.status_code, refused.json()["code"]) == (403, "not_for_keys")

    def test_cost_the_same_however_many_there_are(self, program: Program, follower: User, operator: User) -> None:
        counted = []
        for number in range(3):
            filed = complaint_of(follower, now=timezone.now(), key=f"complaint-{number}")
            complaints.acknowledge(complaint_id=filed.pk, by=operator, now=timezone.now())
            with counted_queries() as asked:
                program.get("complaints")
            counted.append(len(asked))

        assert len(set(counted)) == 1
