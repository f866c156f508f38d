"""Copies that were seen at their stop loss are found without reading all copies."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0030_favourites"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="copy",
            index=models.Index(
                fields=["id"], condition=Q(breached_at__isnull=False), name="copy_seen_at_its_stop_loss"
            ),
        ),
    ]
