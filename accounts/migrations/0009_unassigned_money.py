"""Money at the venue that is nobody's yet has an account of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_seal_second_factors"),
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
                    ("SURPLUS", "more at the venue than anybody owns, or that going again"),
                    ("ASSIGNMENT", "unassigned money given to its owner"),
                ],
                max_length=20,
            ),
        ),
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
                ],
                max_length=10,
            ),
        ),
    ]
