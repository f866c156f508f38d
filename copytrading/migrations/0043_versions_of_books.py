"""
Each lock of a lead counts up the version of its book.

So the lead's row is written often: room on its page keeps those updates off its indexes.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("copytrading", "0042_approvers_are_independent"),)

    operations = (
        migrations.AddField(
            model_name="lead",
            name="book_version",
            field=models.PositiveBigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.RunSQL(
            sql="ALTER TABLE copytrading_lead SET (fillfactor = 50)",
            reverse_sql="ALTER TABLE copytrading_lead RESET (fillfactor)",
        ),
    )
