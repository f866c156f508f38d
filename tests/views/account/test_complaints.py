"""The pages of complaints: filed, read with what was said, reopened, closed."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from copytrading.models import Complaint, Lead
from copytrading.services.desk import complaints
from tests.cast import World
from tests.services.desk.desk_stage import complaint_of
from tests.views.scenes import counted_queries

PAGE = "/complaints/"


@pytest.fixture
def member(client: Client, follower: User) -> Client:
    client.force_login(follower)
    return client


def filled(member: Client, **said: object) -> dict[str, object]:
    """Return the form as it stands on the page, with its key."""
    (key,) = re.findall(r'name="idempotency_key" value="(\w+)"', member.get(PAGE).text)
    return {"subject": "A late order", "text": "Why?", "copy": "", "idempotency_key": key, **said}


def answered(user: User, operator: User) -> Complaint:
    filed = complaint_of(user, now=timezone.now())
    complaints.acknowledge(complaint_id=filed.pk, by=operator, now=timezone.now())
    return complaints.answer(
        complaint_id=filed.pk, text="The market\nwas <b>thin</b>.", by=operator, now=timezone.now()
    )


class TestComplaints:
    def test_are_filed_once_however_often_it_is_pressed(self, member: Client, follower: User) -> None:
        form = filled(member)

        answers = [member.post(PAGE, form, follow=True) for _ in range(2)]

        filed = Complaint.objects.get()
        assert filed.user == follower
        for answer in answers:
            assert answer.redirect_chain == [(f"{PAGE}{filed.pk}/", 302)]
            assert f"Your complaint is here: no. {filed.pk}." in answer.text
            assert "Read by an operator by" in answer.text and "Answered by" in answer.text
        assert f"No. {filed.pk}: A late order" in member.get(PAGE).text

    def test_may_be_about_a_copy_of_ones_own(
        self, world: World, member: Client, lead: Lead, follower: User, other_follower: User
    ) -> None:
        own, anothers = world.start(follower, lead), world.start(other_follower, lead)

        member.post(PAGE, filled(member, copy=own.pk))
        refused = member.post(PAGE, filled(member, copy=anothers.pk))

        assert Complaint.objects.get().copy == own
        assert refused.status_code == 200 and "Select a valid choice" in refused.text
        assert "your copy of Basalt" in member.get(f"{PAGE}{Complaint.objects.get().pk}/").text

    @pytest.mark.parametrize(
        ("said", "sentence"),
        [
            ({"subject": ""}, "Say in a few words what it is about."),
            ({"text": ""}, "Say what went wrong."),
            ({"text": "a\x07b"}, "characters in it that are no text"),
            ({"text": "x" * 4001}, "at most 4000 characters"),
        ],
    )
    def test_that_do_not_fit_get_a_sentence(self, member: Client, said: dict[str, str], sentence: str) -> None:
        answer = member.post(PAGE, filled(member, **said))

        assert answer.status_code == 200 and sentence in answer.text
        assert not Complaint.objects.exists()

    def test_beyond_what_may_wait_are_refused_above_the_form(self, member: Client, follower: User) -> None:
        for number in range(complaints.WAITING_MAX):
            complaint_of(follower, now=timezone.now(), key=f"complaint-{number}")

        answer = member.post(PAGE, filled(member))

        assert "5 complaints of yours wait for an answer" in answer.text
        assert "Why?" in answer.text, "what was typed stays"

    def test_show_the_answer_as_text_and_are_reopened(self, member: Client, follower: User, operator: User) -> None:
        done = answered(follower, operator)
        address = f"{PAGE}{done.pk}/"
        shown = member.get(address).text
        assert "The market<br>was &lt;b&gt;thin&lt;/b&gt;." in shown and operator.email not in shown

        empty = member.post(f"{address}reopen/", {"text": " "}).text
        again = member.post(f"{address}reopen/", {"text": "And my fee?"}, follow=True).text

        assert "Say what is still open." in empty
        assert "And my fee?" in again and "reopened" in again and "Is that no answer?" not in again
        twice = member.post(f"{address}reopen/", {"text": "And?"}).text
        assert "This complaint waits for an answer." in twice

    def test_are_closed(self, member: Client, follower: User, operator: User) -> None:
        done = answered(follower, operator)

        first = member.post(f"{PAGE}{done.pk}/close/", follow=True).text
        second = member.post(f"{PAGE}{done.pk}/close/", follow=True).text

        assert "The complaint is closed." in first and "Is that no answer?" not in first
        assert "This complaint is closed. File a new one." in second

    def test_say_that_their_time_has_passed(self, member: Client, follower: User) -> None:
        filed = complaint_of(follower, now=timezone.now())
        late = complaint_of(follower, now=timezone.now() - timedelta(days=2), key="complaint-0002")

        assert "This time has passed." not in member.get(f"{PAGE}{filed.pk}/").text
        assert "This time has passed." in member.get(f"{PAGE}{late.pk}/").text

    def test_of_others_are_not_there(self, member: Client, other_follower: User) -> None:
        anothers = complaint_of(other_follower, now=timezone.now())

        assert member.get(f"{PAGE}{anothers.pk}/").status_code == 404
        assert member.post(f"{PAGE}{anothers.pk}/close/").status_code == 404
        assert member.post(f"{PAGE}{anothers.pk}/reopen/", {"text": "x"}).status_code == 404
        assert "A late order" not in member.get(PAGE).text

    def test_cost_the_page_the_same_however_many_there_are(self, member: Client, follower: User) -> None:
        counted = []
        for number in range(3):
            complaint_of(follower, now=timezone.now(), key=f"complaint-{number}")
            with counted_queries() as asked:
                member.get(PAGE)
            counted.append(len(asked))

        assert len(set(counted)) == 1

    def test_are_read_in_german(self, member: Client, follower: User, operator: User) -> None:
        done = answered(follower, operator)
        User.objects.filter(pk=follower.pk).update(language="de")

        one, all_of_them = member.get(f"{PAGE}{done.pk}/").text, member.get(PAGE).text

        assert f"Beschwerde Nr. {done.pk}" in one and "Ist das keine Antwort?" in one and "beantwortet" in one
        assert "Eine Beschwerde einreichen" in all_of_them
