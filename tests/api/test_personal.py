"""One's own data by the API: an archive, and the erasure of the account."""

import io
from zipfile import ZipFile

import pytest
from django.utils import timezone

from accounts.models import Archive, Erasure, Transfer, User
from copytrading.services.personal import archives
from tests.api.program import Program
from tests.cast import World, usdt
from tests.services.wallet.later import withdraw_later


@pytest.fixture
def program(world: World, follower: User) -> Program:
    return Program.of(follower)


class TestArchives:
    def test_are_asked_for_packed_and_fetched_by_their_person_alone(
        self, program: Program, follower: User, other_follower: User
    ) -> None:
        asked = program.post("account/archives", {}, key="archive-0001")
        again = program.post("account/archives", {}, key="archive-0001")
        assert (asked.status_code, asked.json()["made_at"]) == (202, None)
        assert again.json() == asked.json()
        file = f"account/archives/{asked.json()['id']}/file"
        assert program.get(file).status_code == 404

        archives.make_archive(archive_id=asked.json()["id"], now=timezone.now())

        fetched = program.get(file)
        assert (fetched.status_code, fetched["Content-Type"]) == (200, "application/zip")
        assert "money/postings.csv" in ZipFile(io.BytesIO(fetched.content)).namelist()
        assert program.get("account/archives").json()[0]["byte_count"] == len(fetched.content)
        assert Program.of(other_follower).get(file).status_code == 404

    def test_take_a_proof_of_the_last_minutes(self, program: Program, follower: User) -> None:
        archive = archives.ask_for_archive(user=follower, by=follower, now=timezone.now())
        archives.make_archive(archive_id=archive.pk, now=timezone.now())
        follower.devices.update(confirmed_at="2026-01-01T00:00Z")

        for answer in (
            program.post("account/archives", {}, key="archive-0001"),
            program.get(f"account/archives/{archive.pk}/file"),
            program.post("account/erasure", {}, key="erasure-0001"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "confirmation_needed")
        assert Archive.objects.count() == 1


class TestErasure:
    def test_says_what_has_to_be_settled_first(self, program: Program) -> None:
        refused = program.post("account/erasure", {}, key="erasure-0001")

        assert (refused.status_code, refused.json()["code"]) == (409, "erasure_hindered")
        assert refused.json()["title"].startswith("There is still money of yours here")
        assert program.get("account/erasure").json()["obstacles"] == [refused.json()["title"]]

    def test_is_asked_for_and_taken_back(self, world: World, stranger: User) -> None:
        program = Program.of(stranger)
        asked = program.post("account/erasure", {}, key="erasure-0001")
        assert asked.status_code == 202
        assert asked.json()["due_at"] is not None

        back = program.send("DELETE", "account/erasure", key="erasure-0002")

        assert (back.status_code, back.json()["due_at"]) == (200, None)
        assert program.send("DELETE", "account/erasure", key="erasure-0003").status_code == 404
        assert Erasure.objects.get().withdrawn_at is not None


class TestAWithdrawalThatWaits:
    def test_is_told_with_its_time_and_canceled(self, world: World, program: Program, follower: User) -> None:
        transfer = withdraw_later(follower, usdt(100), now=timezone.now())
        (shown,) = program.get("wallet").json()["on_the_way"]
        assert shown["held_until"] is not None

        canceled = program.send("DELETE", f"wallet/withdrawals/{transfer.pk}", key="cancel-0001")

        assert (canceled.status_code, canceled.json()["status"]) == (200, "CANCELED")
        again = program.send("DELETE", f"wallet/withdrawals/{transfer.pk}", key="cancel-0002")
        assert (again.status_code, again.json()["code"]) == (409, "transfer_over")
        assert Transfer.objects.get(pk=transfer.pk).status == Transfer.Status.CANCELED
