"""What was paid for the rest of a coin that the platform took over stands on its notice."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0017_requests_are_numbered"),
    ]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="value_units",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("COPY_STARTED", "copy started"),
                    ("COPY_INCREASED", "investment increased"),
                    ("COPY_REDUCED", "investment reduced"),
                    ("COPY_PAUSED", "copy paused"),
                    ("COPY_RESUMED", "copy resumed"),
                    ("COPY_STOPPING", "copy stopping"),
                    ("COPY_STOPPED", "copy stopped"),
                    ("COINS_FROZEN", "coins could not be sold"),
                    ("REST_TAKEN_OVER", "the rest of a coin was taken over"),
                    ("STOP_LOSS_CHANGED", "stop loss changed"),
                    ("LEAD_DEPOSITED", "the lead moved money in"),
                    ("LEAD_WITHDREW", "the lead moved money out"),
                    ("LEAD_PAUSED", "the lead paused"),
                    ("LEAD_RESUMED", "the lead resumed"),
                    ("LEAD_ENDED", "the lead ended"),
                    ("PROFIT_SHARED", "profit share paid"),
                    ("LEAD_WROTE", "the lead wrote"),
                    ("STAKE_LOW", "the lead's own stake is low"),
                    ("LEAD_UNSEEN", "the lead cannot be seen"),
                    ("LEAD_SEEN", "the lead can be seen again"),
                ],
                max_length=20,
            ),
        ),
    ]
