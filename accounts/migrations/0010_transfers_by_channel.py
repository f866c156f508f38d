"""Transfers by channel: paper money, the exchange's own history, bank and cash desk by two people."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_unassigned_money"),
    ]

    operations = [
        migrations.AddField(
            model_name="transfer",
            name="approved_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="transfer",
            name="channel",
            field=models.CharField(
                choices=[("PAPER", "paper money"), ("VENUE", "the exchange"), ("MANUAL", "bank or cash desk")],
                db_default="PAPER",
                default="PAPER",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="transfer",
            name="confirmed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="transfer",
            name="ended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="transfer",
            name="note",
            field=models.CharField(blank=True, db_default="", max_length=200),
        ),
        migrations.AddField(
            model_name="transfer",
            name="venue_reference",
            field=models.CharField(blank=True, db_default="", max_length=120),
        ),
        migrations.AlterField(
            model_name="journal",
            name="kind",
            field=models.CharField(
                choices=[
                    ("DEPOSIT", "deposit"),
                    ("WITHDRAWAL", "withdrawal"),
                    ("COPY_START", "copy started"),
                    ("COPY_INCREASE", "investment increased"),
                    ("COPY_REDUCE", "investment reduced"),
                    ("COPY_PAYOUT", "copy paid out"),
                    ("LEAD_DEPOSIT", "moved to the lead account"),
                    ("LEAD_WITHDRAWAL", "moved from the lead account"),
                    ("TRADE", "trade"),
                    ("DUST", "dust taken over"),
                    ("PROFIT_SHARE", "profit share"),
                    ("CORRECTION", "correction"),
                    ("REDENOMINATION", "coins counted in another unit"),
                    ("SURPLUS", "more at the venue than anybody owns, or that going again"),
                    ("REVERSAL", "transfer taken back"),
                    ("ASSIGNMENT", "unassigned money given to its owner"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="status",
            field=models.CharField(
                choices=[
                    ("REQUESTED", "on its way"),
                    ("CONFIRMED", "seen by one operator"),
                    ("BOOKED", "done"),
                    ("REVERSED", "taken back"),
                    ("REFUSED", "refused"),
                    ("CANCELED", "canceled"),
                    ("EXPIRED", "never came"),
                ],
                default="REQUESTED",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("channel", "VENUE"), ("status", "REQUESTED")),
                fields=("direction", "asset", "units"),
                name="one_announced_transfer_per_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("venue_reference", ""), _negated=True),
                fields=("direction", "venue_reference"),
                name="one_transfer_per_reference",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(("approved_by", models.F("confirmed_by")), _negated=True),
                    _connector="OR",
                ),
                name="two_people_book_a_transfer",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("channel", "MANUAL"), ("status", "BOOKED"), _negated=True),
                    models.Q(("approved_by__isnull", False), ("confirmed_by__isnull", False)),
                    _connector="OR",
                ),
                name="a_manual_transfer_is_seen_by_two",
            ),
        ),
    ]
