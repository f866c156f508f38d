"""
A balance moves once a journal, and what only a lead's lock may move says so; see the SQL beside this file.

The accounts of copies and leads that are there get their guard: the lead.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from accounts.migrations import sql

# An account that is nobody's, should there be one, is guarded by a lock that nobody can take.
GUARD = """
DO $$ BEGIN
    IF to_regclass('copytrading_copy') IS NOT NULL AND to_regclass('copytrading_lead') IS NOT NULL THEN
        UPDATE accounts_ledgeraccount AS account SET guard = coalesce(
            (SELECT copy.lead_id FROM copytrading_copy AS copy WHERE copy.ledger_account_id = account.id),
            (SELECT lead.id FROM copytrading_lead AS lead WHERE lead.ledger_account_id = account.id), 0)
        WHERE account.kind IN ('LEAD', 'COPY');
    ELSE
        UPDATE accounts_ledgeraccount SET guard = 0 WHERE kind IN ('LEAD', 'COPY');
    END IF;
    UPDATE accounts_balance AS balance SET guard = account.guard
    FROM accounts_ledgeraccount AS account WHERE account.id = balance.ledger_account_id AND account.guard IS NOT NULL;
END $$
"""

BACK = """
DROP TRIGGER open_holds_stay ON accounts_hold;
DROP TRIGGER released_holds_move_balances ON accounts_hold;
DROP TRIGGER holds_move_balances ON accounts_hold;
DROP FUNCTION refuse_to_forget_a_promise();
DROP FUNCTION take_released_from_balances();
DROP FUNCTION add_holds_to_balances();
"""

BACK_AT_LAST = """
DROP FUNCTION refuse_unguarded(bigint);
DROP FUNCTION guards_held();
"""


class Migration(migrations.Migration):
    dependencies = (("accounts", "0011_main_accounts"),)

    operations = (
        migrations.AddField(
            model_name="balance", name="guard", field=models.BigIntegerField(editable=False, null=True)
        ),
        migrations.AddField(
            model_name="journal",
            name="hold_ids",
            field=ArrayField(base_field=models.BigIntegerField(), editable=False, null=True, size=None),
        ),
        migrations.AddField(
            model_name="ledgeraccount", name="guard", field=models.BigIntegerField(editable=False, null=True)
        ),
        migrations.RunSQL(sql=GUARD, reverse_sql=migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="ledgeraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(kind__in=["LEAD", "COPY"], guard__isnull=False)
                | (~models.Q(kind__in=["LEAD", "COPY"]) & models.Q(guard__isnull=True)),
                name="leads_and_copies_are_guarded",
            ),
        ),
        migrations.RunSQL(
            sql=(sql.FOLDER / "balances_move_once.sql").read_text(),
            reverse_sql=BACK + sql.as_made_by("journals_sum_at_once.sql", "add_postings_to_balances") + BACK_AT_LAST,
        ),
    )
