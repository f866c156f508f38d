"""The rules of the ledger that a column cannot say; see the SQL beside this file."""

from pathlib import Path

from django.db import migrations

UNSEAL = """
DROP TRIGGER postings_move_balances ON accounts_posting;
DROP TRIGGER journal_sums_to_zero ON accounts_journal;
DROP TRIGGER postings_are_append_only ON accounts_posting;
DROP TRIGGER journals_are_append_only ON accounts_journal;
DROP FUNCTION add_postings_to_balances();
DROP FUNCTION require_balanced_journal();
DROP FUNCTION refuse_to_rewrite_history();
"""


class Migration(migrations.Migration):
    dependencies = (("accounts", "0001_people_and_money"),)

    operations = (
        migrations.RunSQL(
            sql=(Path(__file__).parent / "sql" / "seal_the_ledger.sql").read_text(),
            reverse_sql=UNSEAL,
        ),
    )
