"""What followers got is counted over the lead's own days; summaries of another meaning are forgotten and counted anew."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forget(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Nothing in a summary is not in records and balances as well; a lead without one is counted when it is read."""
    apps.get_model("copytrading", "LeadSummary").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0018_what_the_rest_brought"),
    ]

    operations = [
        migrations.AddField(
            model_name="leadsummary",
            name="got_copies",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="leadsummary",
            name="got_days",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="leadsummary",
            name="got_lead_fraction",
            field=models.FloatField(null=True),
        ),
        migrations.RunPython(forget, migrations.RunPython.noop),
    ]
