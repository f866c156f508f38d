"""Somebody's own account at an exchange has a mirror in the ledger, which is below zero by what copies have there."""

from django.db import migrations, models

from accounts.migrations import sql

KINDS_BEFORE = "account.kind IN ('VENUE', 'EXTERNAL', 'SUSPENSE')"
KINDS_NOW = "account.kind IN ('VENUE', 'EXTERNAL', 'SUSPENSE', 'OWN')"

MOVES = sql.as_made_by("balances_move_once.sql", "add_postings_to_balances")
assert MOVES.count(KINDS_BEFORE) == 1

PERSONAL = ["MAIN", "LEAD", "COPY"]


def _owned(kinds: list[str]) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=models.Q(kind__in=kinds, owner__isnull=False)
        | (~models.Q(kind__in=kinds) & models.Q(owner__isnull=True)),
        name="people_own_personal_accounts_only",
    )


class Migration(migrations.Migration):
    dependencies = (("accounts", "0018_peoples_own_data"),)

    operations = (
        migrations.AlterField(
            model_name="ledgeraccount",
            name="kind",
            field=models.CharField(
                choices=[
                    ("MAIN", "main"),
                    ("LEAD", "lead"),
                    ("COPY", "copy"),
                    ("FEES", "fees"),
                    ("DUST", "dust"),
                    ("SUSPENSE", "suspense"),
                    ("UNASSIGNED", "unassigned"),
                    ("VENUE", "venue"),
                    ("EXTERNAL", "external"),
                    ("OWN", "own account"),
                ],
                max_length=10,
            ),
        ),
        migrations.RemoveConstraint(model_name="ledgeraccount", name="people_own_personal_accounts_only"),
        migrations.AddConstraint(model_name="ledgeraccount", constraint=_owned([*PERSONAL, "OWN"])),
        migrations.RunSQL(sql=MOVES.replace(KINDS_BEFORE, KINDS_NOW), reverse_sql=MOVES),
    )
