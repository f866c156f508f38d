import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0001_market_leads_copies_trading"),
    ]

    operations = [
        migrations.CreateModel(
            name="CopyFlag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("SAME_LOCAL_PART", "the same name before the @ at another provider"),
                            ("SAME_FULL_NAME", "the same first and last name"),
                        ],
                        max_length=20,
                    ),
                ),
                ("flagged_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="LeadNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=500)),
                ("idempotency_key", models.CharField(max_length=80)),
                ("written_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="lead",
            name="stake_alarm_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="leadorder",
            name="cycle",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lead_orders",
                to="copytrading.synccycle",
            ),
        ),
        migrations.AddField(
            model_name="leadorder",
            name="order_type",
            field=models.CharField(choices=[("MARKET", "market"), ("LIMIT", "limit")], default="MARKET", max_length=6),
        ),
        migrations.AddField(
            model_name="leadorder",
            name="price_limit",
            field=models.DecimalField(blank=True, decimal_places=12, max_digits=30, null=True),
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
                    ("STOP_LOSS_CHANGED", "stop loss changed"),
                    ("LEAD_DEPOSITED", "the lead moved money in"),
                    ("LEAD_WITHDREW", "the lead moved money out"),
                    ("LEAD_PAUSED", "the lead paused"),
                    ("LEAD_RESUMED", "the lead resumed"),
                    ("LEAD_ENDED", "the lead ended"),
                    ("PROFIT_SHARED", "profit share paid"),
                    ("LEAD_WROTE", "the lead wrote"),
                    ("STAKE_LOW", "the lead's own stake is low"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="leadorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("order_type", "MARKET"), ("price_limit__isnull", True)),
                    models.Q(("order_type", "LIMIT"), ("price_limit__gt", 0)),
                    _connector="OR",
                ),
                name="a_limit_order_has_its_price",
            ),
        ),
        migrations.AddField(
            model_name="copyflag",
            name="copy",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="flag", to="copytrading.copy"
            ),
        ),
        migrations.AddField(
            model_name="leadnotice",
            name="lead",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="copytrading.lead"
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="lead_notice",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="copytrading.leadnotice",
            ),
        ),
        migrations.AddConstraint(
            model_name="leadnotice",
            constraint=models.UniqueConstraint(fields=("lead", "idempotency_key"), name="one_lead_notice_per_key"),
        ),
    ]
