"""Transfers that one operator has seen are found without looking through all."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0016_checks_and_jurisdictions"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(condition=models.Q(("status", "CONFIRMED")), fields=["id"], name="transfer_seen_by_one"),
        ),
    ]
