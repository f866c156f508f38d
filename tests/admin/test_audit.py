"""The audit: an entry for every act and look, chained; a byte that was changed and a row that is missing are found."""

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import CommandError, call_command
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import audit
from accounts.audit import Surroundings
from accounts.models import AuditEntry, AuditHead, User
from copytrading.models import Halt
from tests.admin.safety_stage import HALTS, PLACE, act
from tests.cast import World

TRIALS = 1000


def write_some(count: int, *, actor: User) -> None:
    for number in range(count):
        audit.write(
            f"act {number}", by=Surroundings(actor=actor, request_id=f"r{number}", address="192.0.2.1"),
            now=timezone.now(), on=actor, reason="Weil es ‘so’ ist ₮", before={"a": "1"}, after={"a": str(number)},
        )  # fmt: skip


def rows() -> list[dict[str, Any]]:
    return list(AuditEntry.objects.order_by("number").values(*audit.HASHED, "hash"))


def head() -> tuple[int, str]:
    kept = AuditHead.objects.get()
    return kept.number, kept.hash


def with_one_byte_changed(entries: list[dict[str, Any]], chance: random.Random) -> None:
    """Change one character of one column of one entry."""
    entry = chance.choice(entries)
    name = chance.choice([name for name in (*audit.HASHED, "hash") if isinstance(entry[name], str) and entry[name]])
    place = chance.randrange(len(entry[name]))
    changed = chr(ord(entry[name][place]) ^ (1 << chance.randrange(5)))
    entry[name] = entry[name][:place] + changed + entry[name][place + 1 :]


class TestTheChain:
    def test_is_whole_until_a_byte_is_changed_or_a_row_is_missing(self, operator: User) -> None:
        write_some(40, actor=operator)
        whole, kept, chance = rows(), head(), random.Random(1)
        assert list(audit.faults_in(whole, head=kept)) == []

        missed = 0
        for trial in range(TRIALS):
            entries = [dict(entry) for entry in whole]
            if trial % 2:
                with_one_byte_changed(entries, chance)
            else:
                del entries[chance.randrange(len(entries))]
            missed += not list(audit.faults_in(entries, head=kept))

        assert missed == 0

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE accounts_auditentry SET words = 'Nothing' WHERE number = 2",
            "DELETE FROM accounts_auditentry WHERE number = 2",
            "DELETE FROM accounts_auditentry WHERE number = 3",
        ],
    )
    def test_is_refused_to_be_changed_and_found_where_it_was(self, operator: User, statement: str) -> None:
        write_some(3, actor=operator)
        call_command("verify_audit")
        with connection.cursor() as cursor:
            with pytest.raises(DatabaseError, match="History cannot be rewritten"), transaction.atomic():
                cursor.execute(statement)
            # Only who owns the tables gets so far.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE accounts_auditentry DISABLE TRIGGER audit_is_append_only")
            cursor.execute(statement)

        with pytest.raises(CommandError, match="is not whole"):
            call_command("verify_audit")

    def test_is_none_of_the_runtimes_to_touch(self, operator: User) -> None:
        write_some(1, actor=operator)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE smartsync_runtime")
            for statement in (
                "UPDATE accounts_auditentry SET words = ''",
                "DELETE FROM accounts_auditentry",
                "UPDATE accounts_audithead SET number = 0",
                "DELETE FROM accounts_vouching",
                "TRUNCATE accounts_auditentry",
            ):
                with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                    cursor.execute(statement)
            audit.write("an act", by=Surroundings(actor=operator), now=timezone.now())
            cursor.execute("RESET ROLE")

        assert audit.verify() == (2, [])


class TestEntries:
    def test_are_written_of_acts_with_reason_before_and_after(
        self, panel: Client, operator: User, world: World
    ) -> None:
        panel.post(PLACE, {"target": "PLATFORM:0", "reason": "Something smells"})
        halt = Halt.objects.get()
        act(panel, HALTS, "lift", halt)

        placed = AuditEntry.objects.get(act="halt: Halted.")
        lifted = AuditEntry.objects.get(act="halt: Lifted.")
        assert (placed.actor, placed.reason, placed.address) == (operator, "Something smells", "127.0.0.1")
        assert (lifted.reason, lifted.object_type, lifted.object_id) == ("A test", "copytrading.halt", str(halt.pk))
        assert json.loads(lifted.before)["lifted_by_id"] == "None"
        assert json.loads(lifted.after)["lifted_by_id"] == str(operator.pk)
        assert lifted.request_id

    def test_are_written_of_every_look_at_a_person(self, panel: Client, stranger: User) -> None:
        panel.get(f"/admin/accounts/user/{stranger.pk}/change/")
        panel.get("/admin/accounts/user/", {"q": "stranger"})

        looks = AuditEntry.objects.filter(object_type="accounts.user").order_by("number")
        assert [(one.act, one.object_id) for one in looks] == [
            ("looked at accounts_user_change", str(stranger.pk)),
            ("looked at accounts_user_changelist", ""),
        ]
        assert "q=stranger" in looks[1].words

    def test_say_why_or_nothing_is_done(self, panel: Client, operator: User, world: World) -> None:
        halt = Halt.objects.create(scope=Halt.Scope.PLATFORM, reason="A test", placed_at=world.now)

        sent = {"action": "lift", "_selected_action": [halt.pk], "index": "0"}
        told = panel.post(HALTS, sent, follow=True).text

        halt.refresh_from_db()
        assert "Say why you lift" in told
        assert halt.lifted_at is None


class TestTheHead:
    def test_is_exported_once_a_day_and_signed(self, operator: User, tmp_path: Path) -> None:
        write_some(2, actor=operator)

        file = audit.export_head(folder=tmp_path, now=timezone.now())
        write_some(1, actor=operator)
        again = audit.export_head(folder=tmp_path, now=timezone.now())

        said = json.loads(file.read_text())
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(said["public_key"]))
        key.verify(base64.b64decode(said["signature"]), said["head"].encode())
        assert (again, json.loads(said["head"])["number"]) == (file, 2)
