"""Gaps are rewritten all day in one go: room on each page keeps those updates off the indexes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0035_running"),
    ]

    operations = [
        migrations.RunSQL(
            sql="ALTER TABLE copytrading_copygap SET (fillfactor = 50)",
            reverse_sql="ALTER TABLE copytrading_copygap RESET (fillfactor)",
        ),
    ]
