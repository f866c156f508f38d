"""In which language a legal text was read that somebody accepted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0064_invitations_of_leads"),
    ]

    operations = [
        migrations.AddField(
            model_name="consentgiven",
            name="language",
            field=models.CharField(blank=True, db_default="", default="", max_length=10),
        ),
    ]
