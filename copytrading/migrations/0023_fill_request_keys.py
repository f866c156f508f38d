"""
Of the keys of requests, fill: what was asked for so far, in words.

All of a request was not kept until now, so these have no hash: the same key again counts as the same request where the
words are the same, and is refused where they are not, or where too little is known for words. Nothing moves twice
either way. A key that a person used for several requests stands for the first of them.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

ROWS_AT_ONCE = 2_000


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    correction = apps.get_model("copytrading", "Correction")
    named = Concat(Value("correction:"), Cast(F("pk"), CharField()), output_field=CharField())
    correction.objects.filter(idempotency_key="").update(idempotency_key=named)
    keys = apps.get_model("accounts", "RequestKey").objects
    for requests in (
        _transfers,
        _copies,
        _copy_flows,
        _lead_flows,
        _lead_orders,
        _manual_orders,
        _notices,
        _corrections,
    ):
        for rows in _some(requests(apps.get_model)):
            keys.bulk_create(rows, ignore_conflicts=True)


def empty(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("accounts", "RequestKey").objects.all().delete()


def _some(rows: Iterable[Any]) -> Iterator[list[Any]]:
    rows = iter(rows)
    while found := list(islice(rows, ROWS_AT_ONCE)):
        yield found


def _row(model: Any, user_id: int, key: str, words: str, used_at: Any) -> Iterator[Any]:
    if key:
        yield model("accounts", "RequestKey")(user_id=user_id, key=key, words=words[:200], used_at=used_at)


def _cash(units: int) -> str:
    return f"{Decimal(abs(units)).scaleb(-settings.SMARTSYNC_CASH_DECIMALS):,.2f} {settings.SMARTSYNC_CASH}"


def _coins(units: int, asset: Any) -> str:
    return f"{Decimal(units).scaleb(-asset.decimals).normalize():f} {asset.symbol}"


def _transfers(model: Any) -> Iterator[Any]:
    for row in model("accounts", "Transfer").objects.select_related("asset").order_by("pk").iterator():
        units = f"{Decimal(row.units).scaleb(-row.asset.decimals):,.2f} {row.asset.symbol}"
        yield from _row(
            model, row.user_id, row.idempotency_key, f"a {row.direction.lower()} of {units}", row.requested_at
        )


def _copies(model: Any) -> Iterator[Any]:
    starts = model("copytrading", "CopyFlow").objects.filter(kind="START").select_related("copy__lead").order_by("pk")
    for flow in starts.iterator():
        copy = flow.copy
        words = f"a copy of {copy.lead.name} with {_cash(flow.units)}"
        yield from _row(model, copy.follower_id, copy.idempotency_key, words, copy.started_at)


def _copy_flows(model: Any) -> Iterator[Any]:
    flows = model("copytrading", "CopyFlow").objects.filter(kind__in=["INCREASE", "REDUCE"]).select_related("copy")
    for flow in flows.order_by("pk").iterator():
        what = "an increase" if flow.kind == "INCREASE" else "a reduction"
        words = f"{what} of {_cash(flow.units)}"
        yield from _row(model, flow.copy.follower_id, flow.idempotency_key, words, flow.moved_at)


def _lead_flows(model: Any) -> Iterator[Any]:
    flows = model("copytrading", "LeadFlow").objects.exclude(idempotency_key__startswith="link:").select_related("lead")
    for flow in flows.order_by("pk").iterator():
        if flow.lead.source == "OBSERVED":
            sign = "-" if flow.units < 0 else ""
            words = f"a flow of {sign}{_cash(flow.units)} seen elsewhere"
        else:
            words = f"a move of {_cash(flow.units)} {'to' if flow.units > 0 else 'from'} the lead account"
        yield from _row(model, flow.lead.user_id, flow.idempotency_key, words, flow.moved_at)


def _lead_orders(model: Any) -> Iterator[Any]:
    orders = model("copytrading", "LeadOrder").objects.select_related("lead", "market__base").order_by("pk")
    for order in orders.iterator():
        at = "" if order.price_limit is None else f" at {order.price_limit.normalize():f}"
        words = f"an order to {order.side.lower()} {_coins(order.quantity_units, order.market.base)}{at}"
        yield from _row(model, order.lead.user_id, order.idempotency_key, words, order.submitted_at)


def _manual_orders(model: Any) -> Iterator[Any]:
    orders = model("copytrading", "ManualOrder").objects.select_related("order__market").order_by("pk")
    for manual in orders.iterator():
        words = f"an order by hand in {manual.order.market.symbol}"
        yield from _row(model, manual.user_id, manual.idempotency_key, words, manual.order.planned_at)


def _notices(model: Any) -> Iterator[Any]:
    for notice in model("copytrading", "LeadNotice").objects.select_related("lead").order_by("pk").iterator():
        words = f"a notice that begins “{notice.text[:40]}”"
        yield from _row(model, notice.lead.user_id, notice.idempotency_key, words, notice.written_at)


def _corrections(model: Any) -> Iterator[Any]:
    for row in model("copytrading", "Correction").objects.select_related("asset").order_by("pk").iterator():
        words = f"a correction of {_coins(row.units, row.asset)}"
        yield from _row(model, row.requested_by_id, row.idempotency_key, words, row.requested_at)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_request_keys"),
        ("copytrading", "0022_corrections_have_keys"),
    ]

    operations = [
        migrations.RunPython(fill, empty),
    ]
