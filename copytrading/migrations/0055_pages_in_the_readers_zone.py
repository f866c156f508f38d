"""Pages are shown in the zone of who reads them: for a start the one that somebody has chosen for mails and quiet hours."""

from django.db import migrations

TAKE_OVER = """
    UPDATE accounts_user AS person SET time_zone = habits.time_zone
    FROM copytrading_noticehabits AS habits
    WHERE habits.user_id = person.id AND person.time_zone = 'UTC' AND habits.time_zone <> 'UTC'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0016_checks_and_jurisdictions"),
        ("copytrading", "0054_admission"),
    ]

    operations = [migrations.RunSQL(TAKE_OVER, migrations.RunSQL.noop)]
