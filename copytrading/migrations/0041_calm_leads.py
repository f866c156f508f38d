"""How far prices may move before a look at a lead can find anything to repair."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0040_every_notice_has_a_reader"),
    ]

    operations = [
        migrations.CreateModel(
            name="LeadCalm",
            fields=[
                (
                    "lead",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="calm",
                        serialize=False,
                        to="copytrading.lead",
                    ),
                ),
                ("looked_at", models.DateTimeField()),
                (
                    "market_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("prices", django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None)),
                ("price_slack", models.FloatField()),
            ],
        ),
    ]
