import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0010_leads_at_work"),
    ]

    operations = [
        migrations.AddField(
            model_name="leadrecord",
            name="following_units",
            field=models.BigIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="LeadSummary",
            fields=[
                (
                    "lead",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="summary",
                        serialize=False,
                        to="copytrading.lead",
                    ),
                ),
                ("counted_at", models.DateTimeField()),
                ("return_fraction", models.FloatField(null=True)),
                ("fall_fraction", models.FloatField(null=True)),
                ("is_whole_period", models.BooleanField(default=False)),
                ("own_units", models.BigIntegerField(default=0)),
                ("following_units", models.BigIntegerField(default=0)),
                ("followers", models.PositiveIntegerField(default=0)),
                ("median_fraction", models.FloatField(null=True)),
                ("worst_tenth_fraction", models.FloatField(null=True)),
                (
                    "curve",
                    django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), default=list, size=None),
                ),
            ],
            options={
                "verbose_name_plural": "lead summaries",
            },
        ),
        migrations.CreateModel(
            name="LeadStatusChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("APPLIED", "applied"),
                            ("ACTIVE", "active"),
                            ("PAUSED", "paused"),
                            ("ENDED", "ended"),
                        ],
                        max_length=10,
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="status_changes",
                        to="copytrading.lead",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["lead", "-changed_at"], name="status_change_of_lead")],
            },
        ),
    ]
