"""manage.py check_ledger: silent about nothing, not even about one unit."""

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Posting, User
from copytrading.exchange.paper.models import PaperBalance
from copytrading.models import Lead
from tests.cast import World

ONE_UNIT = Decimal("0.00000001")


@pytest.fixture
def traded(world: World, lead: Lead, follower: User) -> World:
    """Return a world in which a lead and a copy have traded."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    world.start(follower, lead)
    world.settle()
    return world


def run(*arguments: str) -> tuple[str, int]:
    """Return what check_ledger prints, and how it ends."""
    printed = StringIO()
    try:
        call_command("check_ledger", *arguments, stdout=printed)
    except CommandError as failure:
        return printed.getvalue(), failure.returncode
    return printed.getvalue(), 0


def rewrite_history(posting: Posting, *, units: int) -> None:
    """Change a posting as only the owner of the tables can, past all triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE accounts_posting DISABLE TRIGGER USER")
        cursor.execute("UPDATE accounts_posting SET units = %s WHERE id = %s", [units, posting.pk])
        cursor.execute("ALTER TABLE accounts_posting ENABLE TRIGGER USER")


class TestCheckLedger:
    def test_ends_with_zero_when_everything_adds_up(self, traded: World) -> None:
        printed, code = run()

        assert code == 0
        assert printed.splitlines()[-1] == "Everything adds up."

    def test_prints_every_promised_key(self, traded: World) -> None:
        printed, code = run("--json")

        report = json.loads(printed)
        assert code == 0
        assert report["ledger_ok"] is True
        assert report["custody_difference"] == {"BTC": "0", "ETH": "0", "SOL": "0", "USDT": "0"}
        assert report["findings"] == []
        assert report["postings"] == Posting.objects.count() > 0
        assert report["journals"] == len(set(Posting.objects.values_list("journal_id", flat=True)))

    @pytest.mark.parametrize(("change", "words"), [(ONE_UNIT, "more"), (-ONE_UNIT, "less")])
    def test_finds_one_unit_that_the_venue_has_or_lacks(self, traded: World, change: Decimal, words: str) -> None:
        balance = PaperBalance.objects.get(asset="BTC")
        PaperBalance.objects.filter(pk=balance.pk).update(quantity=balance.quantity + change)

        printed, code = run()
        report = json.loads(run("--json")[0])

        assert code == 1
        assert f"BTC     The venue keeps 0.00000001 {words} than people own." in printed.splitlines()
        assert report["ledger_ok"] is False
        assert report["custody_difference"]["BTC"] == f"{change:f}"

    def test_finds_one_unit_changed_in_history(self, traded: World) -> None:
        posting = Posting.objects.select_related("ledger_account").filter(ledger_account__kind="COPY").latest("pk")
        rewrite_history(posting, units=posting.units + 1)

        printed, code = run("--json")

        findings = json.loads(printed)["findings"]
        assert code == 1
        assert f"Journal {posting.journal_id} does not sum to zero in asset {posting.asset_id}." in findings
        assert any(sentence.startswith(f"Account {posting.ledger_account_id} has ") for sentence in findings)

    @pytest.mark.parametrize("patience", ["-1", "nan", "inf", "long"])
    def test_refuses_to_wait_for_what_is_no_time(self, patience: str) -> None:
        with pytest.raises(CommandError, match="no length of time in seconds"):
            call_command("check_ledger", f"--patience={patience}")
