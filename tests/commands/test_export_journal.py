"""manage.py export_journal: a program that is not ours adds the ledger up, and finds one unit too many."""

import re
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Asset, Balance, Journal, LedgerAccount, Posting, User
from copytrading.models import Lead
from tests.cast import NOON, World

pytestmark = pytest.mark.django_db(transaction=True)

BEAN_CHECK = Path(sys.executable).with_name("bean-check")
NEXT_DAY = timedelta(days=1)


@pytest.fixture
def traded(world: World, lead: Lead, follower: User) -> World:
    """Return a world in which a lead and a copy traded on one day, and the lead sold on the next."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    world.start(follower, lead)
    world.settle()
    world.now += NEXT_DAY
    world.prices()
    world.lead_trades(lead, "BTC", "SELL", "0.04")
    world.settle()
    return world


def export(*arguments: str) -> str:
    printed = StringIO()
    call_command("export_journal", *arguments, stdout=printed)
    return printed.getvalue()


def bean_check(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Let beancount's own program read a book."""
    path = folder / "ledger.beancount"
    path.write_text(text)
    return subprocess.run([BEAN_CHECK, "--no-cache", path], capture_output=True, text=True, check=False)


def one_unit_more(line: str) -> str:
    """Return a posting or an assertion with one unit more in it."""
    amount = re.search(r"-?\d+\.\d+", line)
    assert amount is not None
    number = Decimal(amount.group())
    return line.replace(amount.group(), f"{number + Decimal(1).scaleb(int(number.as_tuple().exponent)):f}")


class TestExportJournal:
    def test_passes_bean_check_without_tolerance(self, traded: World, tmp_path: Path) -> None:
        book = export()

        checked = bean_check(tmp_path, book)

        assert 'option "tolerance_multiplier" "0"' in book
        assert (checked.returncode, checked.stderr) == (0, "")

    def test_has_every_journal_posting_and_balance(self, traded: World) -> None:
        lines = export().splitlines()

        assert sum(line.startswith("  journal: ") for line in lines) == Journal.objects.count() > 4
        assert sum(bool(re.match(r"  [A-Z]", line)) for line in lines) == Posting.objects.count()
        assert sum(" balance " in line for line in lines) == Balance.objects.count()
        assert sum(" open " in line for line in lines) == LedgerAccount.objects.count()

    def test_says_what_is_owed_as_negative_to_the_last_unit(self, traded: World, follower: User) -> None:
        balance = Balance.objects.get(ledger_account__owner=follower, ledger_account__kind="COPY", asset__symbol="BTC")

        book = export()

        owed = f"{Decimal(-balance.posted).scaleb(-8):.8f}"
        assert f"balance Liabilities:Copy:{balance.ledger_account_id} {owed} ~ 0 BTC" in book

    @pytest.mark.parametrize("part", ["Liabilities:Copy", "Assets:Venue", "balance Liabilities:Main", "balance Equity"])
    def test_fails_when_one_unit_is_off(self, traded: World, tmp_path: Path, part: str) -> None:
        lines = export().splitlines()
        place = next(number for number, line in enumerate(lines) if part in line and "." in line)
        lines[place] = one_unit_more(lines[place])

        checked = bean_check(tmp_path, "\n".join(lines))

        assert checked.returncode == 1
        assert "Balance failed" in checked.stderr or "does not balance" in checked.stderr

    def test_finds_a_stored_balance_that_its_postings_do_not_make(self, traded: World, tmp_path: Path) -> None:
        balance = Balance.objects.filter(ledger_account__kind="DUST").latest("pk")
        Balance.objects.filter(pk=balance.pk).update(posted=balance.posted + 1)

        checked = bean_check(tmp_path, export())

        assert checked.returncode == 1
        assert "Balance failed for 'Equity:Dust'" in checked.stderr

    def test_shows_some_days_with_what_was_before_and_not_what_came_after(self, traded: World, tmp_path: Path) -> None:
        first, second = (f"{NOON + days * NEXT_DAY:%Y-%m-%d}" for days in range(2))
        count = sum("* " in line for line in export().splitlines())

        until_first, second_only = export("--to", first), export("--from", second, "--to", second)

        assert bean_check(tmp_path, until_first).stderr == bean_check(tmp_path, second_only).stderr == ""
        shown = [sum("* " in line for line in book.splitlines()) for book in (until_first, second_only)]
        # What was booked before stands in one transaction more.
        assert sum(shown) == count + 1
        assert "What was booked before" in second_only

    def test_names_coins_as_beancount_can_read_them(self, traded: World, tmp_path: Path) -> None:
        names = ("1INCH", "S", "TRUE", "币安")
        for name in names:
            Asset.objects.create(symbol=name, name='a "coin"')

        book = export()

        assert bean_check(tmp_path, book).stderr == ""
        assert all(f'name: "{name}"' in book for name in names)

    def test_writes_to_a_file(self, traded: World, tmp_path: Path) -> None:
        call_command("export_journal", "--output", str(tmp_path / "book"))

        assert (tmp_path / "book").read_text() == export()


class TestBadInput:
    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["--from", "yesterday"], "is not a day"),
            (["--from", "0001-01-01"], "no day that anything could be booked on"),
            (["--to", "9999-12-31"], "no day that anything could be booked on"),
            (["--from", "2026-01-02", "--to", "2026-01-01"], "before the first"),
            (["--output", "/nowhere/book"], "cannot be written"),
        ],
    )
    def test_is_refused_in_a_sentence(self, arguments: list[str], sentence: str) -> None:
        with pytest.raises(CommandError, match=sentence):
            call_command("export_journal", *arguments)
