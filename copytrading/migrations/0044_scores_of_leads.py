"""The score of a lead is kept with its summary, so that lists are ranked where they are read.

The next count, within a minute, writes it: until then everybody has none.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0043_versions_of_books"),
    ]

    operations = [
        migrations.AddField(
            model_name="leadsummary",
            name="score",
            field=models.FloatField(db_default=0.0, default=0.0),
        ),
    ]
