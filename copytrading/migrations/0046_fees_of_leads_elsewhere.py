"""What a lead elsewhere paid in fees since the last look is kept beside what its trades brought."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("copytrading", "0045_notices_by_transaction"),)

    operations = (
        migrations.AddField(
            model_name="leadsnapshot",
            name="traded_fee_units",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    )
