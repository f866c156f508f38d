"""Of the fence, add: an order keeps what its decision knew of, and a fence is a number of the same count."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0019_followers_and_lead_over_the_same_days"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="request_count",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name="copy",
            name="fence",
            field=models.PositiveBigIntegerField(default=0),
        ),
    ]
