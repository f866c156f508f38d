"""Deposits that wait for a verdict, and whose rules count for a person."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_journals_of_a_day"),
    ]

    operations = [
        migrations.AddField(
            model_name="transfer",
            name="verdict",
            field=models.CharField(
                choices=[
                    ("NOT_ASKED", "nobody was asked"),
                    ("WAITING", "is looked at"),
                    ("PASSED", "passed"),
                    ("FAILED", "failed"),
                ],
                db_default="NOT_ASKED",
                default="NOT_ASKED",
                max_length=9,
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="jurisdiction",
            field=models.CharField(blank=True, db_default="", default="", max_length=20),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(condition=models.Q(("verdict", "WAITING")), fields=["id"], name="transfer_that_waits"),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(("verdict", "NOT_ASKED"), ("direction", "DEPOSIT"), _connector="OR"),
                name="only_a_deposit_waits_for_a_verdict",
            ),
        ),
    ]
