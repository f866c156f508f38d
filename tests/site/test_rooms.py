"""The rooms of the house: what import contracts cannot say."""

from dataclasses import fields

import pytest
from django.apps import apps
from django.conf import settings

from accounts.models import money
from copytrading.engine.rules import Rules
from tests.site.trees import LEDGER_RELATIONS, LEDGER_ROWS, ledger_writes, rule_reads, rules_out_of_hand

RULES = {field.name for field in fields(Rules)}

ROOMS = {
    "accounts",
    "brand",
    "copytrading",
    "deploy",
    "locale",
    "smartsync_site",
    "static",
    "templates",
    "tests",
    "docs",
}
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
MADE_BY_TOOLS = {"__pycache__", "build", "staticfiles", "test-results"}

PLANTED_WRITES = {
    "a filtered update": "Balance.objects.filter(pk=1).update(held=0)",
    "one over several lines": "(\n    Balance.objects\n    .filter(pk=1)\n    .update(held=0)\n)",
    "a model under another name": "from accounts.models import Hold as Promise\nPromise.objects.create(key='x')",
    "a model by its module": "money.Posting.objects.bulk_create(rows)",
    "a model by its label": "apps.get_model('accounts', 'Balance').objects.all().delete()",
    "a model by one label": "apps.get_model('accounts.balance').objects.all().delete()",
    "a row that is made": "Journal(kind='X').save()",
    "a row that is kept": "hold = Hold.objects.get(pk=1)\nhold.released_at = now\nhold.save()",
    "rows in a loop": "for hold in Hold.objects.all():\n    hold.delete()",
    "rows in a comprehension": "[row.save() for row in Balance.objects.all()]",
    "rows through a list": "rows = list(Balance.objects.all())\nrows[0].save()",
    "rows kept for later": "rows = Balance.objects.all()\nsome = rows.filter(held=0)\nsome.update(held=1)",
    "a name that is known from further down": "def f():\n    rows.update(held=1)\n\nrows = Balance.objects.all()",
    "a walrus": "if (row := Balance.objects.first()):\n    row.save()",
    "a parameter": "def f(balance: Balance) -> None:\n    balance.save()",
    "a parameter in quotes": "def f(rows: 'QuerySet[Posting]') -> None:\n    rows.delete()",
    "one of two": "(Balance if x else Hold).objects.create()",
    "what a shortcut gets": "row = get_object_or_404(Balance, pk=1)\nrow.save()",
    "an account's rows": "account.balances.update(held=0)",
    "a journal's rows": "journal.postings.all().delete()",
    "the journal of something else": "correction.journal.delete()",
    "an awaited write": "async def f():\n    await Balance.objects.filter(pk=1).aupdate(held=0)",
    "rows in bulk by table": "bulk_rows.write_columns(table='accounts_posting', columns={})",
    "rows in bulk by model": "write_columns(table=Posting._meta.db_table, columns={})",
    "rows in bulk by a constant": "TABLE = 'accounts_hold'\nwrite_columns(table=TABLE, columns={})",
    "an update in SQL": "cursor.execute('UPDATE accounts_balance SET held = 0')",
    "SQL in small letters": "cursor.execute('update only accounts_balance set held = 0')",
    "SQL over several lines": "cursor.execute('INSERT'\n    ' INTO\\n accounts_journal (kind) VALUES (1)')",
    "SQL in a constant": 'DROP = """\n    DELETE FROM "accounts_posting"\n"""',
    "SQL with a schema": "cursor.execute('TRUNCATE TABLE public.accounts_hold')",
    "SQL with the model's table": "cursor.execute(f'DELETE FROM {Posting._meta.db_table}')",
    "SQL with a table's constant": "TABLE = 'accounts_hold'\ncursor.execute(f'UPDATE {TABLE} SET key = 1')",
    "SQL put together": "cursor.execute('UPDATE ' + 'accounts_' + 'balance SET held = 0')",
    "SQL filled by %": "cursor.execute('UPDATE %s SET held = %%s' % Balance._meta.db_table, [0])",
    "SQL filled by format": "cursor.execute('UPDATE {} SET held = 0'.format(Balance._meta.db_table))",
    "a copy into the table": "cursor.copy('COPY accounts_posting (units) FROM STDIN')",
}
HARMLESS = {
    "queried": "Balance.objects.filter(pk=1).first()",
    "locked": "cursor.execute('SELECT 1 FROM accounts_balance FOR UPDATE OF balance')",
    "copied from": "cursor.copy('COPY accounts_posting TO STDOUT')",
    "joined to": "cursor.execute('UPDATE copytrading_copy SET x = 1 FROM accounts_balance')",
    "mirrored in another table": "cursor.execute('UPDATE floor_accounts_balance SET held = 0')",
    "granted": "cursor.execute('GRANT UPDATE (held) ON accounts_balance TO somebody')",
    "spoken of": "'UPDATE accounts_balance'\n# UPDATE accounts_balance\ndef f():\n    'Balance.objects.create()'",
    "a part of another model's name": "BalanceSheet.objects.create()",
    "beside a write of something else": "Balance.objects.first()\ncopy.save()",
    "named where something else is made": "Correction.objects.create(journal=Journal.objects.first())",
    "of a kind that something else has": "Transfer.objects.create(kind=Journal.Kind.DEPOSIT)",
}

# The room below the queries opens venues by what the installation names; what its cash is called is a part of that.
READS_THE_CASH = "copytrading/exchange/registry.py"
READS_RULES = "copytrading/queries/rules.py"


def sources() -> dict[str, str]:
    """Return the platform's sources by path, migrations left out: they made the tables."""
    rooms = [settings.BASE_DIR / room for room in ("accounts", "copytrading", "smartsync_site")]
    paths = [path for room in rooms for path in room.rglob("*.py") if "migrations" not in path.parts]
    return {str(path.relative_to(settings.BASE_DIR)): path.read_text() for path in paths}


class TestTopLevel:
    def test_holds_only_the_rooms_of_the_house(self) -> None:
        found = {path.name for path in settings.BASE_DIR.iterdir() if not path.name.startswith(".")}

        assert found - ROOMS - PAPER - MADE_BY_TOOLS == set()


class TestLedgerTables:
    def test_are_written_by_the_ledger_alone(self) -> None:
        writes = {path: ledger_writes(source) for path, source in sources().items()}

        assert {path: found for path, found in writes.items() if found} == {
            "accounts/ledger.py": writes["accounts/ledger.py"]
        }

    def test_are_written_by_the_ledger_as_the_search_sees(self) -> None:
        found = {one.what for one in ledger_writes(sources()["accounts/ledger.py"])}

        assert found == {
            ".bulk_create()",
            ".update()",
            "write_columns()",
            "INSERT INTO accounts_journal",
        }

    @pytest.mark.parametrize("verb", ["create", "abulk_create", "bulk_update", "aget_or_create", "update_or_create"])
    @pytest.mark.parametrize("model", sorted(LEDGER_ROWS))
    def test_are_guarded_against_every_verb_on_every_model(self, model: str, verb: str) -> None:
        assert ledger_writes(f"{model}.objects.{verb}(rows)")

    @pytest.mark.parametrize("planted", PLANTED_WRITES)
    def test_are_guarded_by_a_search_that_finds(self, planted: str) -> None:
        assert ledger_writes(PLANTED_WRITES[planted])

    @pytest.mark.parametrize("harmless", HARMLESS)
    def test_may_be(self, harmless: str) -> None:
        assert ledger_writes(HARMLESS[harmless]) == []

    def test_are_reached_by_the_relations_that_the_search_knows(self) -> None:
        rows = {getattr(money, name) for name in LEDGER_ROWS}
        relations = [field for model in apps.get_models() for field in model._meta.fields if field.remote_field]

        from_rows = {field.remote_field.get_accessor_name() for field in relations if field.model in rows}
        to_rows = {field.name for field in relations if field.remote_field.model in rows}

        assert {name for name in from_rows | to_rows if name and not name.endswith("+")} == LEDGER_RELATIONS


class TestRules:
    def test_are_read_by_platform_rules_alone(self) -> None:
        assert set(self.readers()) == {READS_RULES, READS_THE_CASH}

    def test_are_not_read_where_venues_are_opened_but_for_the_cash(self) -> None:
        assert self.readers()[READS_THE_CASH] == {"SMARTSYNC_CASH"}

    @pytest.mark.parametrize(
        "planted",
        [
            "limit = settings.SMARTSYNC_DRIFT_BAND",
            "limit = django_settings.SMARTSYNC_DRIFT_BAND * 2",
            "limit = getattr(settings, 'SMARTSYNC_DRIFT_BAND', 0.01)",
            "def f(*, band=conf.settings.SMARTSYNC_DRIFT_BAND): ...",
            "f'{settings.SMARTSYNC_DRIFT_BAND:.0%}'",
        ],
    )
    def test_are_guarded_by_a_search_that_finds(self, planted: str) -> None:
        assert [found.what for found in rule_reads(planted, rules=RULES)] == ["SMARTSYNC_DRIFT_BAND"]

    def test_are_guarded_against_names_that_are_put_together(self) -> None:
        assert rule_reads("getattr(settings, f'SMARTSYNC_{rule}')", rules=RULES)
        assert rule_reads("getattr(settings, 'SMARTSYNC_' + rule)", rules=RULES)

    @pytest.mark.parametrize(
        "harmless",
        [
            "settings.SMARTSYNC_PRICES == 'live'",
            "with override_settings(SMARTSYNC_DRIFT_BAND=1.0): ...",
            "settings.SMARTSYNC_DRIFT_BAND = 1.0",
            "# settings.SMARTSYNC_DRIFT_BAND",
        ],
    )
    def test_may_be_set_and_spoken_of(self, harmless: str) -> None:
        assert rule_reads(harmless, rules=RULES) == []

    def test_are_read_at_the_doors_and_handed_down(self) -> None:
        rooms = ("copytrading/services/", "copytrading/queries/")
        found = {
            path: rules_out_of_hand(source, below_the_doors=path.startswith(rooms))
            for path, source in sources().items()
        }

        assert {path: slips for path, slips in found.items() if slips} == {}

    @pytest.mark.parametrize(
        "planted",
        [
            "def load(*, now, rules: Rules | None): ...",
            "def load(now, rules=RULES): ...",
            "async def load(*, now, rules: Rules = RULES): ...",
            "def load(*, rules: Rules):\n    return rules_queries.platform_rules().drift_band",
            "def _load():\n    return platform_rules().drift_band",
        ],
    )
    def test_are_guarded_by_a_search_for_who_goes_without(self, planted: str) -> None:
        assert len(rules_out_of_hand(planted, below_the_doors=True)) == 1

    @staticmethod
    def readers() -> dict[str, set[str]]:
        found = {path: {one.what for one in rule_reads(source, rules=RULES)} for path, source in sources().items()}
        return {path: names for path, names in found.items() if names}
