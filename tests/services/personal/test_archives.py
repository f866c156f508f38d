"""The archive of everything that is kept of a person."""

import csv
import io
import json
from collections import defaultdict
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.utils import timezone

from accounts import devices, program_keys
from accounts.models import Archive, ArchiveFile, Balance, Erasure, User
from copytrading.models import Lead, Notice
from copytrading.queries.personal.parts import PARTS
from copytrading.queries.personal.tables import TABLES
from copytrading.services.personal import archives, packing, retention
from copytrading.services.wallet import spot
from tests.cast import World, usdt
from tests.hook_receiver import webhook_of
from tests.services.personal.somebody import lives
from tests.services.telling.push_stage import subscription_of


def opened(content: bytes) -> dict[str, str]:
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def rows(files: dict[str, str], name: str) -> list[dict[str, Any]]:
    return list(json.loads(files[f"{name}.json"]))


class TestWhatIsPacked:
    def test_equals_the_ledger_to_the_unit(self, world: World, lead: Lead, follower: User) -> None:
        lives(world, follower, lead)

        files = opened(packing.packed(user=follower, now=world.now))

        sums: dict[tuple[int, str], int] = defaultdict(int)
        for line in rows(files, "money/postings"):
            sums[line["ledger_account"], line["asset__symbol"]] += line["units"]
        ledger = Balance.objects.filter(ledger_account__owner=follower).select_related("asset")
        assert {key: units for key, units in sums.items() if units} == {
            (balance.ledger_account_id, balance.asset.symbol): balance.posted for balance in ledger if balance.posted
        }
        told = {
            (line["ledger_account"], line["asset__symbol"]): line["posted"] for line in rows(files, "money/balances")
        }
        assert {key: units for key, units in told.items() if units} == {
            key: units for key, units in sums.items() if units
        }
        assert len(sums) > 3

    def test_says_the_same_as_csv(self, world: World, lead: Lead, follower: User) -> None:
        lives(world, follower, lead)
        files = opened(packing.packed(user=follower, now=world.now))

        lines = list(csv.DictReader(io.StringIO(files["money/postings.csv"])))
        assert [(int(line["id"]), int(line["units"]), line["in_coins"]) for line in lines] == [
            (row["id"], row["units"], row["in_coins"]) for row in rows(files, "money/postings")
        ]
        assert {line["in_coins"] for line in lines} >= {"-1000.00000000"}

    def test_has_no_secret_and_nothing_of_others(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        lives(world, follower, lead)
        world.start(other_follower, lead, "500")
        world.settle()
        _, tokens = devices.open_device(user=follower, now=world.now)
        key, secret = program_keys.make_key(user=follower, name="Robot", scopes=["read"], now=world.now)
        webhook = webhook_of(follower, now=world.now)
        push = subscription_of(follower, now=world.now)

        text = "\n".join(opened(packing.packed(user=follower, now=world.now)).values())

        assert "follower@example.org" in text
        secrets = (
            tokens.refresh_token, devices.hash_of(tokens.refresh_token), secret, key.key_hash, follower.password,
            push.endpoint, bytes(webhook.sealed_secret).hex(),
        )  # fmt: skip
        assert [one for one in secrets if one in text] == []
        for other in (other_follower, lead.user):
            assert other.email not in text
        ids = {
            row["ledger_account"]
            for row in rows(opened(packing.packed(user=follower, now=world.now)), "money/postings")
        }
        assert ids == set(follower.ledger_accounts.values_list("pk", flat=True))

    def test_tells_a_lead_of_their_own_trades_and_of_no_follower(
        self, world: World, lead: Lead, follower: User
    ) -> None:
        lives(world, follower, lead)

        files = opened(packing.packed(user=lead.user, now=world.now))

        assert [row["name"] for row in rows(files, "lead/leads")] == ["Basalt"]
        assert rows(files, "lead/orders")
        assert follower.email not in "\n".join(files.values())
        assert rows(files, "copies/copies") == []

    def test_asks_the_database_as_often_for_many_rows_as_for_few(
        self, world: World, lead: Lead, follower: User, django_assert_max_num_queries: Any
    ) -> None:
        lives(world, follower, lead)
        for _ in range(5):
            market_id = lead.orders.get().market_id
            spot.place_manual_order(
                user=follower,
                market_id=market_id,
                side="BUY",
                units=usdt(20),
                idempotency_key=world.key(),
                now=world.now,
            )

        with django_assert_max_num_queries(2 * len(PARTS)):
            packing.packed(user=follower, now=world.now)

    def test_has_every_table_that_is_somebodys(self, world: World, follower: User) -> None:
        assert set(TABLES) == {model._meta.label for model in apps.get_models()}
        files = opened(packing.packed(user=follower, now=world.now))
        named = {table.archive for table in TABLES.values() if table.archive}

        assert {f"{name}.json" for name in named} == {name for name in files if name.endswith(".json")}
        assert [label for label, table in TABLES.items() if bool(table.archive) == bool(table.no_archive)] == []
        assert {(part.table, part.name) for part in PARTS} <= {
            (label, table.archive) for label, table in TABLES.items()
        }


class TestAnArchive:
    def test_is_ready_once_a_worker_has_packed_it_and_its_person_is_told(self, world: World, follower: User) -> None:
        archive = archives.ask_for_archive(user=follower, by=follower, now=world.now)
        assert archives.ask_for_archive(user=follower, by=follower, now=world.now).pk == archive.pk

        ready = archives.make_archive(archive_id=archive.pk, now=world.now)

        assert ready is not None
        assert ready.kept_until == world.now + timedelta(days=7)
        assert ready.byte_count == len(ready.file.content)
        assert Notice.objects.get(user=follower, kind=Notice.Kind.ARCHIVE_READY).number == 7
        assert archives.make_archive(archive_id=archive.pk, now=world.now) is None

    def test_is_packed_by_another_worker_where_the_first_one_died(
        self, world: World, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        archive = archives.ask_for_archive(user=follower, by=follower, now=world.now)
        monkeypatch.setattr(archives, "packed", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            archives.make_archive(archive_id=archive.pk, now=world.now)
        monkeypatch.undo()

        assert archives.make_waiting_archives(now=world.now + timedelta(minutes=9)) == 0
        assert archives.make_waiting_archives(now=world.now + timedelta(minutes=10)) == 1
        assert ArchiveFile.objects.count() == 1

    def test_is_not_packed_twice_within_an_hour(self, world: World, follower: User) -> None:
        archive = archives.ask_for_archive(user=follower, by=follower, now=world.now)
        archives.make_archive(archive_id=archive.pk, now=world.now)

        with pytest.raises(archives.ArchiveTooSoon):
            archives.ask_for_archive(user=follower, by=follower, now=world.now + timedelta(minutes=59))

        later = world.now + timedelta(hours=1)
        newer = archives.ask_for_archive(user=follower, by=follower, now=later)
        archives.make_archive(archive_id=newer.pk, now=later)
        assert list(ArchiveFile.objects.values_list("pk", flat=True)) == [newer.pk]

    def test_is_removed_after_its_days(self, world: World, follower: User) -> None:
        archive = archives.ask_for_archive(user=follower, by=follower, now=world.now)
        archives.make_archive(archive_id=archive.pk, now=world.now)

        assert retention.forget_what_is_old(now=world.now + timedelta(days=7, seconds=-1))["archive"] == 0
        assert retention.forget_what_is_old(now=world.now + timedelta(days=7))["archive"] == 1

        assert not ArchiveFile.objects.exists()
        assert Archive.objects.get().removed_at is not None


def test_an_erasure_of_two_operators_is_in_no_archive_with_their_names(
    world: World, follower: User, operator: User
) -> None:
    Erasure.objects.create(user=follower, requested_by=operator, reason="By letter", requested_at=timezone.now())

    text = "\n".join(opened(packing.packed(user=follower, now=world.now)).values())

    assert "By letter" in text
    assert operator.email not in text
