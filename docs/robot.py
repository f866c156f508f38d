"""
A lead who is a program: it keeps half of its money in bitcoin and a quarter in ether, and looks once a minute.

    SMARTSYNC_URL=http://localhost:8000 SMARTSYNC_KEY=sk_... python docs/robot.py

The key needs the scopes `read` and `lead`. Python's own library is all it takes.
"""

import json
import os
import time
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

WEIGHTS = {"BTC-USDT": Decimal("0.50"), "ETH-USDT": Decimal("0.25")}
BAND = Decimal("0.02")  # what a weight may be off before anything is traded
Send = Callable[[str, str, dict[str, Any] | None, str], tuple[int, Any]]


def over_http(method: str, path: str, body: dict[str, Any] | None = None, key: str = "") -> tuple[int, Any]:
    """Send one request, and return its status and what came back."""
    headers = {"Authorization": f"Bearer {os.environ['SMARTSYNC_KEY']}", "Content-Type": "application/json"}
    headers |= {"Idempotency-Key": key} if key else {}
    sent = None if body is None else json.dumps(body).encode()
    request = Request(f"{os.environ['SMARTSYNC_URL']}/api/v1/{path}", sent, headers, method=method)
    try:
        with urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except HTTPError as refusal:
        return refusal.code, json.load(refusal)


def look(send: Send = over_http) -> list[dict[str, Any]]:
    """Compare what is held with what should be, trade the difference, and return the orders that were given."""
    _, account = send("GET", "lead/account", None, "")
    weights = {f"{held['coin']}-USDT": Decimal(held["weight"]) for held in account["positions"]}
    away = {market: wanted - weights.get(market, Decimal(0)) for market, wanted in WEIGHTS.items()}
    given = []
    for market, share in sorted(away.items(), key=lambda pair: pair[1]):  # sell first: it pays for what is bought
        if abs(share) < BAND:
            continue
        order = {"market": market, "side": "BUY" if share > 0 else "SELL", "equity_share": f"{abs(share):.4f}"}
        status, preview = send("POST", "lead/orders/preview", order, "")
        if status != 200:
            print(market, preview["code"], preview["title"])
            continue
        print(f"{order['side']} {preview['quantity']} with {preview['followers']} followers at {preview['price']}")
        status, placed = send("POST", "lead/orders", order, uuid.uuid4().hex)  # the same key again: the same order
        given += [placed] if status == 201 else []
    return given


if __name__ == "__main__":
    while True:
        look()
        time.sleep(60)
