from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("copytrading", "0015_prices_of_several_sources")]

    operations: list[migrations.operations.base.Operation] = []
