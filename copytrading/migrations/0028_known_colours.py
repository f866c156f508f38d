"""Coins get the colours that people know them by. The palette of this day is written down here: migrations are history."""

from zlib import crc32

from django.db import migrations

KNOWN = {"BTC": 1, "ETH": 2, "SOL": 3, "BNB": 4, "LINK": 5, "USDC": 5, "XRP": 7, "LTC": 7, "DOGE": 8, "ADA": 10}
OTHERS = (6, 8, 9, 10, 11, 12)


def recolour(apps, schema_editor):
    for market in apps.get_model("copytrading", "Market").objects.select_related("base"):
        symbol = market.base.symbol
        market.colour = KNOWN.get(symbol) or OTHERS[crc32(symbol.encode()) % len(OTHERS)]
        market.save(update_fields=["colour"])


class Migration(migrations.Migration):
    dependencies = [("copytrading", "0027_coins_in_doubt")]
    operations = [migrations.RunPython(recolour, migrations.RunPython.noop)]
