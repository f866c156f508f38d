"""Secrets of second factors that were kept as they are become sealed; sessions and tokens are ended by a count."""

from django.db import migrations, models

KINDS = {"totp": "secret", "recovery_codes": "seed"}


def seal(apps, schema_editor):
    from accounts.identity.adapters import SecondFactorAdapter

    adapter = SecondFactorAdapter()
    for factor in apps.get_model("mfa", "Authenticator").objects.filter(type__in=KINDS):
        name = KINDS[factor.type]
        if ":" not in factor.data.get(name, ":"):
            factor.data[name] = adapter.encrypt(factor.data[name])
            factor.save(update_fields=["data"])


def unseal(apps, schema_editor):
    from accounts.identity.adapters import SecondFactorAdapter

    adapter = SecondFactorAdapter()
    for factor in apps.get_model("mfa", "Authenticator").objects.filter(type__in=KINDS):
        name = KINDS[factor.type]
        if ":" in factor.data.get(name, ""):
            factor.data[name] = adapter.decrypt(factor.data[name])
            factor.save(update_fields=["data"])


class Migration(migrations.Migration):
    dependencies = (("accounts", "0007_journals_by_transaction"), ("mfa", "0003_authenticator_type_uniq"))

    operations = (
        migrations.AddField(
            model_name="user",
            name="sessions_ended",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.RunPython(seal, unseal),
    )
