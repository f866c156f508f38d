"""Requests by an address instead of a host, and forms that no page of ours has proven to be its own."""

import logging

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from copytrading.models import Lead

HOST = "copy.example.org"
ELSEWHERE = f"https://{HOST}:8443"


@pytest.fixture(autouse=True)
def on_a_server(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = [HOST]


class TestKnownHosts:
    @pytest.mark.parametrize("host", ["10.1.2.3:8000", "[fd00::7]:8000", "pod-7", "not a host"])
    def test_let_a_probe_in_by_any_address(self, client: Client, host: str) -> None:
        answer = client.get("/health/live", headers={"host": host})

        assert (answer.status_code, answer.content) == (200, b"alive\n")

    @pytest.mark.django_db(transaction=True)
    def test_let_a_probe_ask_whether_the_process_can_work(self, client: Client) -> None:
        answer = client.get("/health/ready", headers={"host": "10.1.2.3:8000"})

        # No worker, beat or feed beats beside a test, and the answer says so.
        assert (answer.status_code, answer.json()["database"]) == (503, "ok")

    @pytest.mark.parametrize("path", ["/", "/accounts/login/", "/metrics", "/healthy", "/api/v1/leads/"])
    def test_let_nobody_in_elsewhere_who_names_another_host(self, client: Client, path: str) -> None:
        assert client.get(path, headers={"host": "10.1.2.3:8000"}).status_code == 400


@pytest.mark.django_db
class TestFormRefused:
    @pytest.fixture
    def strict(self) -> Client:
        return Client(enforce_csrf_checks=True)

    def send(self, client: Client, origin: str, **headers: str) -> object:
        # As nginx hands it on with `Host $host`: the port that people use is lost on the way.
        return client.post(
            "/theme/", {"theme": "dark"}, secure=True, headers={"host": HOST, "origin": origin, **headers}
        )

    def test_is_a_page_in_our_words_that_names_both_sites_and_the_setting(self, strict: Client) -> None:
        answer = self.send(strict, ELSEWHERE)

        page = answer.content.decode()
        assert answer.status_code == 403
        assert f"the form came from {ELSEWHERE}, and this server answers for {HOST}" in page
        assert f"name {ELSEWHERE} in CSRF_TRUSTED_ORIGINS" in page
        assert "no-store" in answer.headers["Cache-Control"]
        assert "CSRF verification failed" not in page

    def test_says_of_an_old_page_that_it_has_to_be_loaded_again(self, strict: Client) -> None:
        page = self.send(strict, f"https://{HOST}").content.decode()

        assert "the page that it stood on was too old" in page
        assert "CSRF_TRUSTED_ORIGINS" not in page

    def test_takes_the_place_of_the_page_that_asked_for_a_part(self, strict: Client) -> None:
        answer = self.send(strict, ELSEWHERE, **{"HX-Request": "true"})

        assert answer.headers["HX-Retarget"] == "#content"
        assert "<html" not in answer.content.decode()
        assert ELSEWHERE in answer.content.decode()

    def test_escapes_where_it_came_from(self, strict: Client) -> None:
        page = self.send(strict, "https://<script>alert(1)</script>").content.decode()

        assert "<script>alert" not in page

    def test_is_no_more_once_the_origin_is_trusted(self, strict: Client, settings: Settings) -> None:
        settings.CSRF_TRUSTED_ORIGINS = [ELSEWHERE]

        assert "too old" in self.send(strict, ELSEWHERE).content.decode()

    def test_leaves_the_reason_in_the_log(self, strict: Client, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.WARNING):
            self.send(strict, ELSEWHERE)

        assert "form_refused" in caplog.text


class TestPages:
    def test_are_kept_by_nobody_between_us_and_who_asks(self, client: Client, lead: Lead, follower: User) -> None:
        for user in (None, follower):
            if user is not None:
                client.force_login(user)
            for address in ("/", f"/leads/{lead.slug}/", f"/leads/{lead.slug}/trades.csv", "/accounts/login/"):
                answer = client.get(address, headers={"host": HOST})
                assert "private" in answer["Cache-Control"], address
                assert "Cookie" in answer["Vary"] or "no-store" in answer["Cache-Control"], address

    def test_say_so_themselves_where_they_are_even_more_private(self, client: Client, follower: User) -> None:
        client.force_login(follower)

        assert "no-store" in client.get("/programs/", headers={"host": HOST})["Cache-Control"]
