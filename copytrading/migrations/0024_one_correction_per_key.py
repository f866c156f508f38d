"""Of the keys of requests, constrain: one correction for each key of a person."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0023_fill_request_keys"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.UniqueConstraint(
                fields=("requested_by", "idempotency_key"), name="one_correction_per_key"
            ),
        ),
    ]
