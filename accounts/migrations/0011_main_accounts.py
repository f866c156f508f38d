"""Everybody has a main account from the day of signing up; here those who signed up before."""

from django.db import migrations
from django.utils import timezone


def open_main_accounts(apps, schema_editor):
    LedgerAccount = apps.get_model("accounts", "LedgerAccount")
    without = apps.get_model("accounts", "User").objects.exclude(
        pk__in=LedgerAccount.objects.filter(kind="MAIN").values("owner_id")
    )
    now = timezone.now()
    LedgerAccount.objects.bulk_create(
        [
            LedgerAccount(kind="MAIN", owner_id=user_id, opened_at=now)
            for user_id in without.values_list("pk", flat=True)
        ],
        batch_size=5_000,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_transfers_by_channel"),
    ]

    operations = [migrations.RunPython(open_main_accounts, migrations.RunPython.noop)]
