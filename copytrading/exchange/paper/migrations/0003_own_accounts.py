"""Keys to accounts of the paper venue that are not the platform's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("paper", "0002_coins_counted_anew"),
    ]

    operations = [
        migrations.CreateModel(
            name="PaperKey",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("secret", models.CharField(max_length=64)),
                ("account", models.CharField(max_length=40)),
                ("may_trade", models.BooleanField(default=True)),
                ("may_withdraw", models.BooleanField(default=False)),
                ("is_revoked", models.BooleanField(default=False)),
            ],
        ),
    ]
