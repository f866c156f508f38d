"""The platform's own copy of every lead: which copies those are, and whose."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0050_limit_orders_of_wallets"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="copy",
            name="is_reference",
            field=models.BooleanField(db_default=False, default=False, editable=False, verbose_name="reference copy"),
        ),
        migrations.CreateModel(
            name="ReferenceHolder",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ("made_at", models.DateTimeField()),
                ("lacks_money_since", models.DateTimeField(null=True)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="one_holder_of_reference_copies")
                ],
            },
        ),
    ]
