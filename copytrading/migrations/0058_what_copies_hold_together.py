"""What all copies hold together, minute by minute, and what happened in a day: for the operators' morning page."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0057_announcements_notes_on_people_complaints"),
    ]

    operations = [
        migrations.CreateModel(
            name="MoneyUnderCopy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recorded_at", models.DateTimeField(unique=True)),
                ("copies", models.PositiveIntegerField()),
                ("worth_units", models.BigIntegerField(null=True)),
                (
                    "asset_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("units", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
            ],
            options={
                "verbose_name_plural": "money under copy",
            },
        ),
        migrations.RemoveIndex(
            model_name="order",
            name="order_booked",
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["booked_at"], include=("status",), name="order_booked"),
        ),
        migrations.AddIndex(
            model_name="synccycle",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["opened_at"], name="cycle_of_day"
            ),
        ),
    ]
