"""Announcements on the pages: on top of all of them, until they are over or the person closes them."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from accounts.models import User
from copytrading.models import AnnouncementClosing
from copytrading.services.desk import announcements
from tests.services.desk.desk_stage import announce
from tests.views.scenes import counted_queries


class TestAnnouncements:
    def test_stand_on_every_page_and_strangers_cannot_close_them(self, client: Client, operator: User) -> None:
        announce(operator, now=timezone.now(), level="WARNING", text="Nothing <b>trades</b>.")

        for address in ("/", "/compare/", "/accounts/login/", "/problems/"):
            page = client.get(address).text
            assert "Maintenance" in page and "Nothing &lt;b&gt;trades&lt;/b&gt;." in page, address
            assert "note warn announcement" in page and "/close/" not in page

    def test_are_closed_by_a_press_and_stay_closed_on_other_devices(
        self, client: Client, operator: User, follower: User, other_follower: User
    ) -> None:
        announcement = announce(operator, now=timezone.now())
        client.force_login(follower)
        address = f"/announcements/{announcement.pk}/close/"
        assert address in client.get("/wallet/").text

        pressed = client.post(address, {"next": "/wallet/"})

        assert (pressed.status_code, pressed["Location"]) == (302, "/wallet/")
        elsewhere, others = Client(), Client()
        elsewhere.force_login(follower)
        others.force_login(other_follower)
        assert "Maintenance" not in client.get("/wallet/").text
        assert "Maintenance" not in elsewhere.get("/").text
        assert "Maintenance" in others.get("/").text

    def test_are_closed_in_place_with_htmx(self, client: Client, operator: User, follower: User) -> None:
        gone, stays = (announce(operator, now=timezone.now(), title=title) for title in ("Gone", "Stays"))
        client.force_login(follower)

        part = client.post(f"/announcements/{gone.pk}/close/", headers={"HX-Request": "true"}).text

        assert f"/announcements/{stays.pk}/close/" in part
        assert "Stays" in part and "Gone" not in part and "<html" not in part

    def test_lead_to_no_other_site(self, client: Client, operator: User, follower: User) -> None:
        announcement = announce(operator, now=timezone.now())
        client.force_login(follower)

        pressed = client.post(f"/announcements/{announcement.pk}/close/", {"next": "https://evil.example/"})

        assert pressed["Location"] == "/"

    def test_for_others_look_like_what_is_not_there(self, client: Client, operator: User, stranger: User) -> None:
        announcement = announce(operator, now=timezone.now(), audience="LEADS")
        client.force_login(stranger)

        assert "Maintenance" not in client.get("/").text
        assert client.post(f"/announcements/{announcement.pk}/close/").status_code == 404
        assert client.post(f"/announcements/{2**62}/close/").status_code == 404
        assert not AnnouncementClosing.objects.exists()

    def test_cost_a_page_one_statement_however_many_there_are(
        self, client: Client, operator: User, follower: User
    ) -> None:
        client.force_login(follower)
        client.get("/")
        counted = []
        for number in range(announcements.STANDING_MAX):
            with counted_queries() as asked:
                client.get("/")
            counted.append(sum("copytrading_announcement" in query["sql"] for query in asked))
            announce(operator, now=timezone.now(), title=f"No. {number}")

        assert set(counted) == {1}

    def test_are_read_in_german(self, client: Client, operator: User) -> None:
        announce(operator, now=timezone.now() - timedelta(hours=1), title_de="Wartung", text_de="Nichts geht.")

        page = client.get("/", headers={"Accept-Language": "de"}).text

        assert "Wartung" in page and "Nichts geht." in page and "Maintenance" not in page
