"""What must hold of the limit orders of people's own wallets, after every step and in the end."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from math import ceil

from copytrading.queries.rules import platform_rules
from copytrading.worlds.simulating.rules.snapshot import Row, Snapshot

# Each trade is rounded to whole units and may have cost so much more than what was to be held for the rest.
ROUNDED_UNITS = 3
# Further than that from the mark the book of a calm market begins.
REACHED_MARGIN = Decimal("0.001")


def limit_order_holds_what_is_left(now: Snapshot) -> Iterator[str]:
    """A limit order that waits holds what its rest may cost; one that is finished holds nothing."""
    standing = {hold["key"] for hold in now["holds"] if hold["key"].startswith("limit:")}
    for row in now["limit_orders"]:
        if row["finished"] and row["hold_key"]:
            yield f"Limit order {row['id']} is {row['status']} and holds {row['held_units']} units."
        if row["hold_key"]:
            if row["hold_key"] not in standing:
                yield f"Limit order {row['id']} says it holds {row['held_units']} units, and does not."
            standing.discard(row["hold_key"])
        if not row["finished"] and row["on_its_way_id"] is None:
            least = _needed_units(row) - ROUNDED_UNITS * (1 + len(_orders_of(now, row)))
            if row["held_units"] < least:
                yield f"Limit order {row['id']} holds {row['held_units']} units, its rest may cost {least}."
    yield from (f"{key} is held for no limit order that waits." for key in sorted(standing))


def limit_order_counts_what_it_traded(now: Snapshot) -> Iterator[str]:
    """What a limit order says was filled, paid and charged is what its orders did, and one at most is on its way."""
    for row in now["limit_orders"]:
        orders = _orders_of(now, row)
        booked = [order for order in orders if order["booked"]]
        for name in ("filled_units", "value_units", "fee_units"):
            did = sum(order[name] for order in booked)
            if row[name] != did:
                yield f"Limit order {row['id']} says {name} {row[name]}, its orders did {did}."
        underway = [order["id"] for order in orders if not order["booked"]]
        if underway != [row["on_its_way_id"]] * (row["on_its_way_id"] is not None):
            yield f"Limit order {row['id']} waits for order {row['on_its_way_id']}, and {underway} are on their way."


def limit_order_is_never_dearer(now: Snapshot) -> Iterator[str]:
    """No order that came of a limit order trades at a worse price than its limit, but for rounding."""
    for row in now["limit_orders"]:
        sign = 1 if row["side"] == "BUY" else -1
        for order in _orders_of(now, row):
            trades = sum(fill["order_id"] == order["id"] for fill in now["fills"])
            worse = sign * (order["value_units"] - order["filled_units"] * Decimal(row["price_limit"]))
            if worse > trades + 1:
                yield (
                    f"Order {order['id']} traded {order['filled_units']} units for {order['value_units']}, worse than"
                    f" the {row['price_limit']} of limit order {row['id']}."
                )


def finished_limit_order_asks_no_more(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """Once a limit order is finished, nothing is planned for it any more."""
    over = {row["id"] for row in before["limit_orders"] if row["finished"]}
    for manual in now["manual_orders"]:
        if manual["limit_order_id"] in over and before.get("manual_orders", manual["id"]) is None:
            yield f"Order {manual['order_id']} was planned for limit order {manual['limit_order_id']}, which was over."


def waits_for_nothing(now: Snapshot, at: datetime) -> Iterator[str]:
    """Yield the limit orders that should be over or have traded, with nothing failing any more."""
    marks = {mark["market_id"]: mark for mark in now["marks"]}
    for row in now["limit_orders"]:
        if row["on_its_way_id"] is not None:
            yield f"Order {row['on_its_way_id']} of limit order {row['id']} is on its way."
        if row["finished"]:
            continue
        if row["expires_at"] is not None and datetime.fromisoformat(row["expires_at"]) < at:
            yield f"Limit order {row['id']} waits beyond its time."
        mark, limit = Decimal(marks[row["market_id"]]["price"]), Decimal(row["price_limit"])
        sign = 1 if row["side"] == "BUY" else -1
        if sign * (limit / mark - 1) > REACHED_MARGIN:
            yield f"Limit order {row['id']} waits at {limit.normalize():f}, and the price is {mark.normalize():f}."


def _needed_units(row: Row) -> int:
    """Return what the rest of a limit order may take; all assets here have the same decimals."""
    rest = int(row["quantity_units"] - row["filled_units"])
    if row["side"] == "SELL":
        return rest
    return ceil(rest * float(row["price_limit"]) * (1 + float(platform_rules().fee_rate)))


def _orders_of(now: Snapshot, row: Row) -> list[Row]:
    found = (
        now.get("orders", manual["order_id"])
        for manual in now["manual_orders"]
        if manual["limit_order_id"] == row["id"]
    )
    return [order for order in found if order is not None]
