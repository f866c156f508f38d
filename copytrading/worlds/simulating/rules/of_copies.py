"""What must hold of copies, leads and what people ask for, after every step."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from copytrading.queries.copies.stop_book import GuardedRows
from copytrading.worlds.simulating.rules.snapshot import Row, Snapshot

# Which state may follow which; a final one has none.
NEXT_STATES = {
    "orders": {
        "PLANNED": {"SUBMITTING", "CANCELED", "FILLED"},
        "SUBMITTING": {"UNKNOWN", "FILLED", "PARTIALLY_FILLED", "CANCELED", "REJECTED", "NOT_PLACED"},
        "UNKNOWN": {"FILLED", "PARTIALLY_FILLED", "CANCELED", "REJECTED", "NOT_PLACED"},
    },
    "cycles": {"SELLING": {"BUYING"}, "BUYING": {"DONE"}},
    "copies": {
        "STARTING": {"ACTIVE", "PAUSED", "STOPPING"},
        "ACTIVE": {"PAUSED", "STOPPING"},
        "PAUSED": {"ACTIVE", "STOPPING"},
        "STOPPING": {"STOPPED"},
    },
    "leads": {"APPLIED": {"ACTIVE"}, "ACTIVE": {"PAUSED", "ENDED"}, "PAUSED": {"ACTIVE", "ENDED"}},
    # What was on its way when it was canceled may still trade, and counts.
    "lead_orders": {
        "SUBMITTED": {"FILLED", "PARTIALLY_FILLED", "CANCELED"},
        "CANCELED": {"FILLED", "PARTIALLY_FILLED"},
        "PARTIALLY_FILLED": {"FILLED"},
    },
    "limit_orders": {
        "WAITING": {"PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED", "ENDED"},
        "PARTIALLY_FILLED": {"FILLED", "CANCELED", "EXPIRED", "ENDED"},
        "CANCELED": {"FILLED"},
        "EXPIRED": {"FILLED"},
        "ENDED": {"FILLED"},
    },
    "transfers": {"REQUESTED": {"BOOKED"}},
    "copy_flows": {"REQUESTED": {"DONE", "SUPERSEDED"}},
}
MILLION = 1_000_000
# A reduction sells a little more than it needs; what the price does meanwhile may still cost as much.
SHORT_MAX = 0.01


@dataclass(frozen=True, kw_only=True)
class Press:
    """A button that somebody pressed, once or more often, with one key; units as in the row that it makes."""

    table: str
    units: int | None


def states_follow_the_rules(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """Rows only go from one state to a next one, final states stay, and nothing disappears."""
    for table, allowed in NEXT_STATES.items():
        for row in before[table]:
            later = now.get(table, row["id"])
            if later is None:
                yield f"Row {row['id']} of {table} has disappeared."
            elif later["status"] not in _reachable(allowed, row["status"]):
                yield f"Row {row['id']} of {table} went from {row['status']} to {later['status']}."
    for order in before["orders"]:
        later = now.get("orders", order["id"])
        if later is not None and (order["claimed"] > later["claimed"] or order["booked"] > later["booked"]):
            yield f"Order {order['id']} was claimed or booked, and is no more."
        if later is not None and order["booked"] and order["filled_units"] != later["filled_units"]:
            yield f"Order {order['id']} changed after it was booked."


def fence_never_falls(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """No fence of a copy ever falls. What it keeps back is looked at where orders are sent."""
    for copy in before["copies"]:
        later = now.get("copies", copy["id"])
        if later is not None and later["fence"] < copy["fence"]:
            yield f"The fence of copy {copy['id']} fell from {copy['fence']} to {later['fence']}."


def trade_waits_for_its_market(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """A lead's trade that is to be followed is not forgotten while its market is closed for a while."""
    closed = [
        {market["base_id"] for market in seen["markets"] if market["status"] == "SUSPENDED"} for seen in (before, now)
    ]
    for position in before["positions"]:
        if position["touch_request"] is None or not all(position["asset_id"] in assets for assets in closed):
            continue
        later = now.get("positions", position["id"])
        if later is None or later["touch_request"] is None:
            lead, asset = position["lead_id"], position["asset_id"]
            yield f"The trade of lead {lead} in asset {asset} was forgotten while its market was closed."


def reduction_is_paid_as_asked(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """What is taken out of a copy comes whole, but for what lots and the venue's minimum leave over."""
    minimum = max((market["value_min_units"] for market in now["markets"]), default=0)
    for flow in before["copy_flows"]:
        later = now.get("copy_flows", flow["id"])
        if later is None or flow["status"] != "REQUESTED" or later["status"] != "DONE":
            continue
        asked, paid = -flow["units"], -later["units"]
        if asked - paid > asked * SHORT_MAX + minimum:
            yield f"Flow {flow['id']} of copy {flow['copy_id']} was asked for {asked} units and paid {paid}."


def stop_book_is_up_to_date(kept: GuardedRows, fresh: GuardedRows) -> Iterator[str]:
    """A resident book of stop losses says what one says that is loaded anew: who is guarded, at what, holding what."""
    if not np.array_equal(kept.account_ids, fresh.account_ids):
        yield f"The book of stop losses has copies {kept.ids.tolist()}, and guarded are {fresh.ids.tolist()}."
        return
    for row, copy_id in enumerate(fresh.ids.tolist()):
        if not np.array_equal(kept.units[row], fresh.units[row]):
            yield f"In the book of stop losses copy {copy_id} holds {kept.units[row]}, not {fresh.units[row]}."
        if kept.gross_at_stop[row] != fresh.gross_at_stop[row]:
            at, true_at = kept.gross_at_stop[row], fresh.gross_at_stop[row]
            yield f"In the book of stop losses copy {copy_id} stops at {at:.0f}, not at {true_at:.0f}."


def mark_never_falls(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """The high-water mark of a copy, by unit, never falls while units are left."""
    for copy in before["copies"]:
        later = now.get("copies", copy["id"])
        if later is None or not later["issued_units"] or not copy["issued_units"]:
            continue
        # A copy that lost nearly everything is recounted from its new money: its mark value stays, its units do not.
        recounted = later["mark_value_units"] >= copy["mark_value_units"]
        if later["mark_value_units"] * copy["issued_units"] < copy["mark_value_units"] * later["issued_units"]:
            if recounted and later["paid_in_units"] > copy["paid_in_units"]:
                continue
            yield (
                f"The mark of copy {copy['id']} fell from {copy['mark_value_units']} for {copy['issued_units']} units"
                f" to {later['mark_value_units']} for {later['issued_units']}."
            )


def profit_is_shared_once(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """A share is taken of what lies above the mark only, and the mark is raised by it."""
    known = {share["id"] for share in before["shares"]}
    for share in now["shares"]:
        if share["id"] in known:
            continue
        copy = now.get("copies", share["copy_id"])
        assert copy is not None, "a statement belongs to a copy"
        earlier = before.get("copies", share["copy_id"])
        rate = int(Decimal(copy["profit_share_rate"]) * MILLION)
        if (
            earlier is not None
            and share["mark_value_units"] < earlier["mark_value_units"]
            and earlier["issued_units"] == copy["issued_units"]
        ):
            mark = earlier["mark_value_units"]
            yield f"Statement {share['id']} counts from {share['mark_value_units']}, the mark was {mark}."
        profit = max(share["equity_units"] - share["mark_value_units"], 0)
        most = profit * rate // MILLION
        if share["share_units"] > most:
            yield f"Copy {copy['id']} paid a share of {share['share_units']} on a profit of {profit}: {most} at most."
        if share["kind"] == "WEEKLY" and share["share_units"] == most and copy["issued_units"]:
            least = share["equity_units"] - share["share_units"]
            if earlier is not None and copy["issued_units"] < earlier["issued_units"]:
                # What was given back since, in the same step, took its part of the mark along.
                least = least * copy["issued_units"] // earlier["issued_units"]
            if profit and copy["mark_value_units"] < least:
                yield f"Copy {copy['id']} paid for an equity of {least}, and its mark is {copy['mark_value_units']}."


def press_has_one_effect(now: Snapshot, presses: Mapping[str, Press]) -> Iterator[str]:
    """Whatever somebody asks for happens once for each key, with the value asked for; and nothing unasked."""
    found: dict[tuple[str, str], Row] = {}
    for table in ("copies", "copy_flows", "lead_flows", "lead_orders", "limit_orders", "manual_orders", "transfers"):
        for row in now[table]:
            key = row["idempotency_key"]
            if (table == "copy_flows" and row["kind"] == "PAYOUT") or row.get("limit_order_id"):
                # Nobody asks for these one by one: a copy that ends is paid out, a limit order trades when it can.
                continue
            press = presses.get(key)
            if press is None:
                yield f"Row {row['id']} of {table} has the key {key}, which nobody pressed."
                continue
            if (table, key) in found:
                yield f"The key {key} made rows {found[table, key]['id']} and {row['id']} of {table}."
            found[table, key] = row
            expected = {press.table} | ({"copies", "copy_flows"} if press.table == "copies" else set())
            if table not in expected:
                yield f"The key {key} was pressed for {press.table} and made a row of {table}."
            units = row.get("units", row.get("quantity_units"))
            if press.units is not None and table != "copies" and units is not None and abs(units) > abs(press.units):
                yield f"The key {key} was pressed for {press.units} units and moved {units}."


def money_moves_once_for_each_flow(now: Snapshot) -> Iterator[str]:
    """Every flow and transfer that is done has its one journal."""
    keys = {journal["idempotency_key"] for journal in now["journals"]}
    for flow in now["copy_flows"]:
        if flow["kind"] in ("START", "INCREASE") and f"flow:{flow['id']}" not in keys:
            yield f"Flow {flow['id']} moved no money."
    for transfer in now["transfers"]:
        if (transfer["status"] == "BOOKED") != (f"transfer:{transfer['id']}" in keys):
            yield f"Transfer {transfer['id']} is {transfer['status']}, and its journal says otherwise."


def _reachable(allowed: Mapping[str, set[str]], state: str) -> set[str]:
    """Return the states that can follow, one after the other, with the state itself."""
    found, edge = {state}, {state}
    while edge:
        edge = {after for one in edge for after in allowed.get(one, set())} - found
        found |= edge
    return found
