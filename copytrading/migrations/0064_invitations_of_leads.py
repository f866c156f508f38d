"""Invitations of leads, with a cap, an end and a profit share of their own, and who came by them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0019_own_accounts_at_the_exchange"),
        ("copytrading", "0063_broker_tags_and_rebates"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(editable=False, max_length=40, unique=True)),
                ("label", models.CharField(blank=True, max_length=60)),
                ("copies_max", models.PositiveIntegerField()),
                ("profit_share_rate", models.DecimalField(decimal_places=4, max_digits=5)),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("idempotency_key", models.CharField(max_length=80)),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invitations", to="copytrading.lead"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="copy",
            name="invitation",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="copies",
                to="copytrading.invitation",
            ),
        ),
        migrations.AddIndex(
            model_name="copy",
            index=models.Index(
                condition=models.Q(("invitation__isnull", False)), fields=["invitation"], name="copy_by_invitation"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(fields=("lead", "idempotency_key"), name="one_invitation_per_key"),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("copies_max__gt", 0)), name="an_invitation_lets_somebody_in"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("profit_share_rate__gte", 0), ("profit_share_rate__lte", "0.3")),
                name="an_invitation_takes_up_to_30_percent",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("made_at"))), name="an_invitation_ends_after_it_is_made"
            ),
        ),
    ]
