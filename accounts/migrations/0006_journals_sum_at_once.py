"""A journal is found balanced where its lines arrive; see the SQL beside this file."""

from django.db import migrations

from accounts.migrations import sql


class Migration(migrations.Migration):
    dependencies = (("accounts", "0005_coins_counted_anew"),)

    operations = (
        migrations.RunSQL(
            sql=(sql.FOLDER / "journals_sum_at_once.sql").read_text(),
            reverse_sql=sql.as_made_by("seal_the_ledger.sql", "require_balanced_journal", "add_postings_to_balances"),
        ),
    )
