"""A lead's pages as a browser without a script uses them: what is read, what is sent."""

import re

from django.test import Client
from django.urls import reverse

from copytrading.models import Market

APPLICATION = {
    "source": "PLATFORM",
    "name": "Gneiss",
    "bio": "Slow and large.",
    "tags": "momentum, large coins,momentum",
    "profit_share_rate": "12.5",
    "followers_max": "50",
    "money_max": "100,000",
}


def page(client: Client, name: str = "lead_console") -> str:
    return client.get(reverse(name)).content.decode()


def send(client: Client, act: str, /, **fields: str) -> str:
    return client.post(reverse(act), fields, follow=True).content.decode()


def key_of(content: str, name: str = "idempotency_key", *, within: str = "") -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', content[content.index(within) :])
    assert found, f"no {name} on the page"
    return found[1]


def wish(symbol: str = "BTC", **changes: str) -> dict[str, str]:
    market = str(Market.objects.get(symbol=f"{symbol}-USDT").pk)
    return {"side": "BUY", "market": market, "quantity": "0.1", "order_type": "MARKET", "price_limit": "", **changes}
