"""What was asked for keeps the number of its request instead of a time; what waits at the change is the first request."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models.functions import Now


def number(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Open cycles know of no request, so the next one follows what waits now."""
    model = apps.get_model
    model("copytrading", "Lead").objects.update(request_count=1)
    model("copytrading", "Copy").objects.filter(align_wanted_at__isnull=False).update(align_request=1)
    model("copytrading", "LeadPosition").objects.filter(touched_at__isnull=False).update(touch_request=1)
    model("copytrading", "CopyFlow").objects.filter(status="REQUESTED").update(request=1)


def time(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    model = apps.get_model
    model("copytrading", "Copy").objects.filter(align_request__isnull=False).update(align_wanted_at=Now())
    model("copytrading", "LeadPosition").objects.filter(touch_request__isnull=False).update(touched_at=Now())


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0016_linked_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="lead",
            name="request_count",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="synccycle",
            name="request_count",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="copy",
            name="align_request",
            field=models.PositiveBigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="copyflow",
            name="request",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="leadposition",
            name="touch_request",
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.RunPython(number, time),
        migrations.RemoveField(model_name="copy", name="align_wanted_at"),
        migrations.RemoveField(model_name="leadposition", name="touched_at"),
    ]
