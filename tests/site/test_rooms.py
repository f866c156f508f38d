"""The rooms of the house: what import contracts cannot say."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOMS = {"accounts", "copytrading", "smartsync_site", "static", "templates", "tests", "docs"}
PAPER = {
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "manage.py",
    "pyproject.toml",
    "requirements.txt",
}
MADE_BY_TOOLS = {"__pycache__", "staticfiles", "test-results"}

# The names may be queried anywhere; a verb that writes is the ledger's alone.
ROW_WRITE = re.compile(
    r"\b(Journal|Posting|Balance|Hold)\.objects\b[^\n]*\.(a?create|a?bulk_create|a?update|a?delete|a?get_or_create)\("
)
SQL_WRITE = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM|COPY)\s+accounts_(journal|posting|balance|hold)\b", re.I)


def sources() -> list[Path]:
    rooms = [settings.BASE_DIR / room for room in ("accounts", "copytrading", "smartsync_site")]
    return [path for room in rooms for path in room.rglob("*.py") if "migrations" not in path.parts]


class TestTopLevel:
    def test_holds_only_the_rooms_of_the_house(self) -> None:
        found = {path.name for path in settings.BASE_DIR.iterdir() if not path.name.startswith(".")}

        assert found - ROOMS - PAPER - MADE_BY_TOOLS == set()


class TestLedgerTables:
    @pytest.mark.parametrize(
        "written", ["Posting.objects.bulk_create(rows)", "Balance.objects.filter(id=1).update(held=0)"]
    )
    def test_are_guarded_by_a_search_that_finds_writes(self, written: str) -> None:
        assert ROW_WRITE.search(written)

    def test_are_written_by_the_ledger_alone(self) -> None:
        writers = {
            str(path.relative_to(settings.BASE_DIR))
            for path in sources()
            if ROW_WRITE.search(path.read_text()) or SQL_WRITE.search(path.read_text())
        }

        assert writers <= {"accounts/ledger.py"}
