"""
The books against the venue, trade by trade.

    lost        a trade of the venue that no fill of ours knows, or an order that no order of ours knows
    doubled     an order that the venue has more than once under one client id, or a fill it never had
    stuck       what is still open: orders, cycles, holds
    late        trades that had to go to the suspense account: nobody has them, though nothing is lost
    unequal     what the ledger or the shares of an order do not sum up to
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum

from accounts.models import Hold
from copytrading.models import Allocation, Fill, LimitOrder, Order, SyncCycle
from copytrading.services.safety import reconciling

ACCOUNT = "platform"


@dataclass
class Verdict:
    """What was compared, and every difference as a sentence."""

    orders: int = 0
    trades: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    unequal: list[str] = field(default_factory=list)

    @property
    def sentences(self) -> list[str]:
        return [*self.lost, *self.doubled, *self.stuck, *self.late, *self.unequal]


def what_is_open(*, until: datetime | None = None) -> list[str]:
    """Return what is not finished yet, of what was begun until a moment."""
    begun = {"planned_at__lte": until} if until else {}
    orders = Order.objects.filter(booked_at__isnull=True, **begun).select_related("market")
    cycles = SyncCycle.objects.exclude(status=SyncCycle.Status.DONE)
    if until:
        cycles = cycles.filter(opened_at__lte=until)
    open_ids = set(Order.objects.filter(booked_at__isnull=True).values_list("pk", flat=True))
    # What a limit order waits with is held until somebody cancels it.
    waiting = set(LimitOrder.objects.filter(finished_at__isnull=True).values_list("hold_key", flat=True))
    holds = set(Hold.objects.filter(released_at__isnull=True).values_list("key", flat=True)) - waiting
    held_for = {key: int(key.split(":")[1]) if key.startswith("order:") else 0 for key in sorted(holds)}
    return [
        *(f"order {order.client_order_id} is {order.status} in {order.market.symbol}" for order in orders),
        *(f"cycle {cycle.pk} of lead {cycle.lead_id} is {cycle.status}" for cycle in cycles),
        *(f"hold {key} is left of an order that is over" for key, row in held_for.items() if row not in open_ids),
        *(
            f"limit order {row} waits for an order that is booked"
            for row in LimitOrder.objects.filter(on_its_way__booked_at__isnull=False).values_list("pk", flat=True)
        ),
    ]


def judge(state: dict[str, Any], *, stuck: list[str]) -> Verdict:
    """Compare everything with what the venue tells of itself."""
    verdict = Verdict(stuck=stuck)
    _compare_orders(verdict, state)
    _compare_trades(verdict, state)
    _compare_shares(verdict)
    report = reconciling.check_ledger()
    verdict.unequal += [finding.sentence for finding in report.findings]
    verdict.unequal += [
        f"custody less liabilities in {symbol} is {difference:f}"
        for symbol, difference in report.differences.items()
        if difference
    ]
    return verdict


def doubled_orders(state: dict[str, Any]) -> dict[str, int]:
    """Return how often the venue has an order, for those that it has more than once."""
    counted = Counter(order["client_order_id"] for order in state["orders"] if order["account"] == ACCOUNT)
    return {client_order_id: times for client_order_id, times in counted.items() if times > 1}


def _compare_orders(verdict: Verdict, state: dict[str, Any]) -> None:
    there = {order["client_order_id"]: order for order in state["orders"] if order["account"] == ACCOUNT}
    ours = {order.client_order_id: order for order in Order.objects.select_related("market__base")}
    verdict.orders = len(there)
    verdict.doubled += [f"order {name} is there {times} times" for name, times in doubled_orders(state).items()]
    for name, order in there.items():
        if name not in ours:
            verdict.lost.append(f"order {name} is at the venue and unknown here")
            continue
        filled = Decimal(order["filled_quantity"]).scaleb(ours[name].market.base.decimals)
        if filled != ours[name].filled_units:
            verdict.lost.append(f"order {name} filled {filled:f} units there and {ours[name].filled_units} here")
    for name, order in ours.items():
        if name not in there and order.filled_units:
            verdict.doubled.append(f"order {name} filled {order.filled_units} units here and is not at the venue")


def _compare_trades(verdict: Verdict, state: dict[str, Any]) -> None:
    there = Counter(
        f"{trade['symbol']}:{trade['trade_id']}" for trade in state["trades"] if trade["account"] == ACCOUNT
    )
    here = Counter(Fill.objects.values_list("trade_id", flat=True))
    verdict.trades = sum(there.values())
    verdict.lost += [f"trade {name} is not booked" for name in (there - here)]
    verdict.doubled += [f"trade {name} is booked and never was" for name in (here - there)]
    late = Fill.objects.filter(late_at__isnull=False).select_related("order")
    verdict.late += [f"trade {fill.trade_id} of order {fill.order.client_order_id} came late" for fill in late]


def _compare_shares(verdict: Verdict) -> None:
    """Every order's fills and its shares sum to it."""
    fills = Fill.objects.filter(late_at__isnull=True).values("order").annotate(units=Sum("quantity_units"))
    wrong = {row["order"]: row["units"] for row in fills}
    for order in Order.objects.filter(filled_units__gt=0):
        if wrong.get(order.pk) != order.filled_units:
            verdict.unequal.append(f"order {order.client_order_id} has other fills than it says")
    # What a share tells is what its holder got: the venue's fee in the coin is beside it.
    shares = Allocation.objects.values("order").annotate(
        units=Sum(F("quantity_units") + F("fee_base_units")), filled=F("order__filled_units")
    )
    sides = dict(Order.objects.values_list("pk", "side"))
    for row in shares.filter(order__quantity_units__gt=0, order__filled_units__gt=0):
        sign = 1 if sides[row["order"]] == Order.Side.BUY else -1
        if row["units"] != sign * row["filled"]:
            verdict.unequal.append(f"the shares of order {row['order']} sum to {row['units']}, not {row['filled']}")
