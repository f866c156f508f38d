"""What runs says so, alarms leave the box, and a restore waits until ledger and venue agree."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0034_money_nobody_announced"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("WEB", "web"),
                            ("WORKER", "worker"),
                            ("BEAT", "beat"),
                            ("RINGS", "rings of the beat"),
                            ("FEED", "market feed"),
                            ("STANDBY", "standby"),
                        ],
                        max_length=10,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("beaten_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="alarm",
            name="silenced_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="alarm",
            name="silenced_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="alarm",
            name="told_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="alarm",
            name="told_count",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.CharField(
                choices=[
                    ("CUSTODY_DIFFERS", "ledger and custody differ"),
                    ("SURPLUS", "the venue keeps more than anybody owns"),
                    ("TRANSFER_REVERSED", "the exchange took a deposit or withdrawal back"),
                    ("LATE_FILL", "a fill came after its order was ended"),
                    ("FOREIGN_TRADE", "a trade that is none of our orders"),
                    ("ORDER_UNKNOWN", "the outcome of an order stays unknown"),
                    ("LIMIT_REACHED", "an order was beyond the limits"),
                    ("PRICE_COLLAR", "an order was outside the price collar"),
                    ("VENUE_SILENT", "the venue does not answer"),
                    ("KEY_REFUSED", "the venue refuses our key"),
                    ("KEY_UNKNOWN", "the venue knows no such key"),
                    ("SECRET_WRONG", "the secret or passphrase of our key is wrong"),
                    ("ADDRESS_BARRED", "our address is not on the key's list"),
                    ("ENVIRONMENT_WRONG", "our key is one for demo trading, or the venue is"),
                    ("RIGHT_MISSING", "our key lacks a right"),
                    ("ACCOUNT_BARRED", "our account at the venue is restricted"),
                    ("PLACE_BARRED", "the venue does not serve the country of our server"),
                    ("MARKET_BARRED", "the venue does not let our account trade a market"),
                    ("ABILITY_MISSING", "orders could not be found again at the venue"),
                    ("CLOCK_SKEWED", "our clock and the venue's differ"),
                    ("MARKET_CHANGED", "a market was suspended, delisted or its name reused"),
                    ("COIN_IN_DOUBT", "a person has to say which coin it is"),
                    ("PRICES_DEGRADED", "prices cannot be acted on"),
                    ("LINK_BROKEN", "a lead's linked account cannot be read"),
                    ("TRANSFER_STUCK", "a deposit or a withdrawal cannot be finished"),
                    ("LEAD_SET_ASIDE", "a lead was set aside after failures"),
                    ("RESTORED", "the database was restored, and the venue has gone on since"),
                    ("PROCESS_SILENT", "a process of the platform is silent"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="Restore",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("epoch", models.CharField(max_length=12, unique=True)),
                ("taken_at", models.DateTimeField()),
                ("restored_at", models.DateTimeField()),
                ("clean_at", models.DateTimeField(blank=True, null=True)),
                (
                    "halt",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="restore",
                        to="copytrading.halt",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("epoch__regex", "^[0-9a-z]{1,12}$")), name="an_epoch_fits_an_order_id"
                    )
                ],
            },
        ),
    ]
