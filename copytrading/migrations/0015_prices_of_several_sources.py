from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("copytrading", "0014_orders_against_real_venues")]

    operations: list[migrations.operations.base.Operation] = []
