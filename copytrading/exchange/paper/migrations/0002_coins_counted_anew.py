"""Coins that were counted anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("paper", "0001_the_venue"),
    ]

    operations = [
        migrations.CreateModel(
            name="PaperRecount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(max_length=100, unique=True)),
                ("asset", models.CharField(max_length=20)),
                ("old_count", models.PositiveBigIntegerField()),
                ("new_count", models.PositiveBigIntegerField()),
            ],
        ),
    ]
