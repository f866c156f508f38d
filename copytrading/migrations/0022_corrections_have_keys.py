"""Of the keys of requests, add: a correction keeps the key that it was asked for with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0021_fences_are_requests"),
    ]

    operations = [
        migrations.AddField(
            model_name="correction",
            name="idempotency_key",
            field=models.CharField(default="", max_length=80),
            preserve_default=False,
        ),
    ]
