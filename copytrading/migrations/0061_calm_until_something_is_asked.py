"""A lead is calm until something is asked of it: the number of its requests tells, and no clock."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0060_erased_people_at_the_desk"),
    ]

    operations = [
        migrations.AddField(
            model_name="leadcalm",
            name="request_count",
            field=models.BigIntegerField(db_default=-1, default=-1),
        ),
    ]
