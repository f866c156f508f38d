"""What later transactions have booked is found without reading the whole history."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_journals_sum_at_once"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="journal",
            index=models.Index(fields=["transaction_id"], name="journal_of_transaction"),
        ),
    ]
