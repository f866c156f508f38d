"""A journal of its own for coins that are counted in another unit."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_request_keys"),
    ]

    operations = [
        migrations.AlterField(
            model_name="journal",
            name="kind",
            field=models.CharField(
                choices=[
                    ("DEPOSIT", "deposit"),
                    ("WITHDRAWAL", "withdrawal"),
                    ("COPY_START", "copy started"),
                    ("COPY_INCREASE", "investment increased"),
                    ("COPY_REDUCE", "investment reduced"),
                    ("COPY_PAYOUT", "copy paid out"),
                    ("LEAD_DEPOSIT", "moved to the lead account"),
                    ("LEAD_WITHDRAWAL", "moved from the lead account"),
                    ("TRADE", "trade"),
                    ("DUST", "dust taken over"),
                    ("PROFIT_SHARE", "profit share"),
                    ("CORRECTION", "correction"),
                    ("REDENOMINATION", "coins counted in another unit"),
                ],
                max_length=20,
            ),
        ),
    ]
