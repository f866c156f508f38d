"""The page of one's own data: an archive to fetch, an account to erase."""

import io
from datetime import timedelta
from zipfile import ZipFile

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Archive, Erasure, User
from copytrading.services.personal import archives
from tests.cast import World
from tests.sign_in import confirm, sign_in

PAGE = "/data/"


def packed(user: User) -> Archive:
    archive = archives.ask_for_archive(user=user, by=user, now=timezone.now())
    ready = archives.make_archive(archive_id=archive.pk, now=timezone.now())
    assert ready is not None
    return ready


class TestTheArchive:
    def test_is_asked_for_and_said_to_be_packed(self, world: World, signed_in: Client) -> None:
        assert "Pack my archive" in signed_in.get(PAGE).text

        page = signed_in.post("/data/archive/", follow=True).text

        assert "Being packed since" in page
        assert "Pack my archive" not in page

    def test_is_fetched_by_its_person_after_a_proof_and_by_nobody_else(
        self, world: World, follower: User, other_follower: User, operator: User
    ) -> None:
        archive = packed(follower)
        address = f"/data/archive/{archive.pk}/"

        for other in (other_follower, operator):
            assert confirm(sign_in(Client(), other), other).get(address).status_code == 404
        client = sign_in(Client(), follower)
        asked = client.get(address)
        assert asked.status_code == 302
        assert "reauthenticate" in asked["Location"]
        file = confirm(client, follower).get(address)
        assert f'filename="data-{archive.made_at:%Y-%m-%d}.zip"' in file["Content-Disposition"]
        assert "account/person.json" in ZipFile(io.BytesIO(file.content)).namelist()

    def test_is_not_there_any_more_once_its_days_are_over(
        self, world: World, follower: User, signed_in: Client
    ) -> None:
        archive = packed(follower)
        Archive.objects.update(kept_until=timezone.now())

        assert signed_in.get(f"/data/archive/{archive.pk}/").status_code == 404
        assert "Download the archive" not in signed_in.get(PAGE).text


class TestErasing:
    def test_says_what_has_to_be_settled_first_and_offers_no_button(self, world: World, signed_in: Client) -> None:
        page = signed_in.get(PAGE).text

        assert "There is still money of yours here" in page
        assert "/data/erase/" not in page
        signed_in.post("/data/erase/", {"understood": "yes"})
        assert not Erasure.objects.exists()

    def test_takes_a_proof_and_that_somebody_knows_what_it_means(self, world: World, stranger: User) -> None:
        client = sign_in(Client(), stranger)
        client.post("/data/erase/", {"understood": "yes"})
        assert not Erasure.objects.exists()
        confirm(client, stranger)
        assert "Say first that you know" in client.post("/data/erase/", follow=True).text
        assert not Erasure.objects.exists()

        page = client.post("/data/erase/", {"understood": "yes"}, follow=True).text

        assert "Your account is to be erased" in page
        assert Erasure.objects.get().due_at is not None

    def test_is_taken_back(self, world: World, stranger: User) -> None:
        client = confirm(sign_in(Client(), stranger), stranger)
        client.post("/data/erase/", {"understood": "yes"})

        page = client.post("/data/keep/", follow=True).text

        assert "Nothing is erased" in page
        assert Erasure.objects.get().withdrawn_at is not None

    def test_is_said_in_german(self, world: World, follower: User) -> None:
        User.objects.filter(pk=follower.pk).update(language="de")

        page = sign_in(Client(), follower).get(PAGE).text

        assert "Hier ist noch Geld von Ihnen" in page
        assert "Mein Archiv packen" in page


def test_the_page_asks_the_database_as_often_whatever_there_is(world: World, follower: User, lead: object) -> None:
    client = sign_in(Client(), follower)
    client.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        client.get(PAGE)
    for _ in range(4):
        Archive.objects.create(user=follower, asked_by=follower, asked_at=timezone.now(), made_at=timezone.now(),
                               kept_until=timezone.now() + timedelta(days=1), byte_count=1)  # fmt: skip
    world.start(follower, lead, "500")  # type: ignore[arg-type]
    with CaptureQueriesContext(connection) as many:
        client.get(PAGE)

    assert len(many) <= len(few)
