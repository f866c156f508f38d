"""Where an order goes and under which broker's tag; the day of a trade, which rebates go by; who may see them."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0019_own_accounts_at_the_exchange"),
        ("copytrading", "0062_own_accounts"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="order",
            options={
                "permissions": (
                    ("see_daily_close", "Can see the daily close"),
                    ("see_execution", "Can see how orders were executed"),
                    ("see_suspicions", "Can see which leads are suspicious"),
                    ("see_rebates", "Can see what exchanges pay back"),
                )
            },
        ),
        migrations.AddField(
            model_name="order",
            name="broker_tag",
            field=models.CharField(blank=True, db_default="", default="", max_length=32),
        ),
        migrations.AddField(
            model_name="order",
            name="exchange",
            field=models.CharField(blank=True, db_default="", default="", max_length=20),
        ),
        migrations.AlterField(
            model_name="order",
            name="client_order_id",
            field=models.CharField(max_length=36, unique=True),
        ),
        migrations.AddIndex(
            model_name="fill",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["executed_at"], name="fill_of_day"
            ),
        ),
    ]
