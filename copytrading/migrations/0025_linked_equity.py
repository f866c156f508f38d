"""What is held elsewhere and not traded here counts; the range of marks since a look; small moves of an account."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0024_one_correction_per_key"),
    ]

    operations = [
        migrations.AddField(
            model_name="lead",
            name="other_value_units",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="leadsnapshot",
            name="untraded_units",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="linkedaccount",
            name="agreed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="linkedaccount",
            name="traded_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="linkedaccount",
            name="unpriced",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=20), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="linkedaccount",
            name="unread",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=10), blank=True, default=list, size=None
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("COPY_STARTED", "copy started"),
                    ("COPY_INCREASED", "investment increased"),
                    ("COPY_REDUCED", "investment reduced"),
                    ("COPY_PAUSED", "copy paused"),
                    ("COPY_RESUMED", "copy resumed"),
                    ("COPY_STOPPING", "copy stopping"),
                    ("COPY_STOPPED", "copy stopped"),
                    ("COINS_FROZEN", "coins could not be sold"),
                    ("REST_TAKEN_OVER", "the rest of a coin was taken over"),
                    ("STOP_LOSS_CHANGED", "stop loss changed"),
                    ("LEAD_DEPOSITED", "the lead moved money in"),
                    ("LEAD_WITHDREW", "the lead moved money out"),
                    ("LEAD_PAUSED", "the lead paused"),
                    ("LEAD_RESUMED", "the lead resumed"),
                    ("LEAD_ENDED", "the lead ended"),
                    ("PROFIT_SHARED", "profit share paid"),
                    ("LEAD_WROTE", "the lead wrote"),
                    ("STAKE_LOW", "the lead's own stake is low"),
                    ("LEAD_UNSEEN", "the lead cannot be seen"),
                    ("LEAD_SEEN", "the lead can be seen again"),
                    ("LEAD_UNPRICED", "the lead holds what has no price"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="AccountMove",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("REWARD", "reward"),
                            ("AIRDROP", "airdrop"),
                            ("DUST", "dust conversion"),
                            ("SPENT", "small payment"),
                            ("TRADED", "trade of what is not traded here"),
                        ],
                        max_length=10,
                    ),
                ),
                ("symbol", models.CharField(max_length=40)),
                ("quantity", models.DecimalField(decimal_places=18, max_digits=48)),
                ("value_units", models.BigIntegerField()),
                ("moved_at", models.DateTimeField()),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="account_moves",
                        to="copytrading.lead",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["lead", "-moved_at"], name="account_move_of_lead")],
            },
        ),
        migrations.CreateModel(
            name="MarkRange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("began_at", models.DateTimeField()),
                ("low", models.FloatField()),
                ("high", models.FloatField()),
                (
                    "market",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="copytrading.market",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["began_at"], name="mark_range_by_time")],
                "constraints": [
                    models.UniqueConstraint(fields=("market", "began_at"), name="one_range_per_market_and_time"),
                    models.CheckConstraint(
                        condition=models.Q(("low__gt", 0), ("low__lte", models.F("high"))), name="low_is_not_above_high"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UntradedHolding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("symbol", models.CharField(max_length=40)),
                ("quantity", models.DecimalField(decimal_places=18, max_digits=48)),
                ("price", models.DecimalField(decimal_places=18, max_digits=48, null=True)),
                ("priced_at", models.DateTimeField(null=True)),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="untraded", to="copytrading.lead"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("lead", "symbol"), name="one_untraded_holding_per_lead_and_symbol"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("price__isnull", True), ("priced_at__isnull", True)),
                            models.Q(("price__gt", 0), ("priced_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_price_has_its_time",
                    ),
                ],
            },
        ),
    ]
