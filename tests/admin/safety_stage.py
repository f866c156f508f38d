"""The pages of alarms, halts and corrections, and the buttons on them."""

from django.db.models import Model
from django.http import HttpResponse
from django.test import Client

from accounts.models import Asset

ALARMS, HALTS = "/admin/copytrading/alarm/", "/admin/copytrading/halt/"
CORRECTIONS, DIFFERENCES = "/admin/copytrading/correction/", "/admin/copytrading/custodydifference/"
LEADS, MARKETS = "/admin/copytrading/lead/", "/admin/copytrading/market/"
PLACE, REQUEST = f"{HALTS}place/", f"{CORRECTIONS}request/"


def act(panel: Client, address: str, action: str, *rows: Model, confirmed: bool = False) -> HttpResponse:
    answer = {"confirmed": "yes"} if confirmed else {}
    asked = {"action": action, "_selected_action": [row.pk for row in rows], "index": "0", "reason": "A test"}
    return panel.post(address, asked | answer, follow=True)


def asset(symbol: str) -> Asset:
    return Asset.objects.get(symbol=symbol)
