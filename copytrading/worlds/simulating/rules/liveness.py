"""What must come about once nothing fails any more: what was begun is finished, and every copy is on its ratios."""

from collections.abc import Iterator
from decimal import Decimal

from copytrading.queries.rules import platform_rules
from copytrading.worlds.simulating.rules.of_coins import FOR_PEOPLE
from copytrading.worlds.simulating.rules.snapshot import Row, Snapshot
from copytrading.worlds.simulating.venue import SimulatedVenue

# A net order below the venue's minimum is not sent; what prices moved since the last repair comes on top.
MINIMUMS_ALLOWED = 2


def unfinished(now: Snapshot) -> Iterator[str]:
    """Yield what is still open: cycles, orders, holds, stops, transfers, reductions."""
    yield from (f"Cycle {row['id']} is {row['status']}." for row in now["cycles"] if row["status"] != "DONE")
    yield from (f"Order {row['id']} is {row['status']} and not booked." for row in now["orders"] if not row["booked"])
    waiting = {row["hold_key"] for row in now["limit_orders"]}
    yield from (f"Hold {row['key']} is not released." for row in now["holds"] if row["key"] not in waiting)
    yield from (
        f"Copy {row['id']} is {row['status']}." for row in now["copies"] if row["status"] in ("STOPPING", "STARTING")
    )
    yield from (f"Transfer {row['id']} is not booked." for row in now["transfers"] if row["status"] != "BOOKED")
    for flow in now["copy_flows"]:
        copy = now.get("copies", flow["copy_id"])
        if flow["status"] == "REQUESTED" and copy is not None:
            yield f"Flow {flow['id']} of copy {flow['copy_id']} is on its way."
    for lead in now["leads"]:
        if lead["status"] == "ENDED" and any(
            copy["lead_id"] == lead["id"] and copy["status"] != "STOPPED" for copy in now["copies"]
        ):
            yield f"Lead {lead['id']} has ended, and copies of it are not stopped."


def in_doubt(now: Snapshot, venue: SimulatedVenue) -> Iterator[str]:
    """Yield the coins that people have still to judge, or that the venue counts otherwise than the ledger."""
    for mark in now["marks"]:
        if mark["doubt"] in FOR_PEOPLE:
            yield f"The mark of market {mark['market_id']} is in doubt: {mark['doubt']}."
    for verdict in now["verdicts"]:
        if not verdict["done"] and not verdict["withdrawn"]:
            yield f"Verdict {verdict['id']} is not carried out."
    done = {verdict["market_id"] for verdict in now["verdicts"] if verdict["done"] and verdict["kind"] == "NEW_UNIT"}
    for market in now["markets"]:
        if market["symbol"] in venue.recounted and market["id"] not in done:
            yield f"{market['symbol']} is counted anew at the venue alone."


def off_ratios(now: Snapshot, holdings_of: dict[int, dict[int, int]]) -> Iterator[str]:
    """
    Yield the active Smart Sync copies that are further from their lead than the drift band.

    :param holdings_of: what each observed lead holds, asset by asset, in units.
    """
    drift_band = platform_rules().drift_band
    prices = _unit_prices(now)
    held = _held(now)
    for copy in now["copies"]:
        lead = now.get("leads", copy["lead_id"])
        assert lead is not None, "a copy has a lead"
        if copy["status"] != "ACTIVE" or copy["mode"] != "SMART_SYNC" or not copy["buy_existing"] or copy["weight_max"]:
            continue
        if lead["status"] == "ENDED":
            continue
        source = (
            held.get(lead["ledger_account_id"], {}) if lead["ledger_account_id"] else holdings_of.get(lead["id"], {})
        )
        own = held.get(copy["ledger_account_id"], {})
        lead_equity, equity = _worth(source, prices), _own_worth(copy, _worth(own, prices))
        if lead_equity <= 0 or equity <= 0:
            continue
        for market in now["markets"]:
            price = prices[market["base_id"]]
            target = float(equity / lead_equity) * source.get(market["base_id"], 0)
            away = abs(target - own.get(market["base_id"], 0)) * float(price)
            allowed = drift_band * float(equity) * 1.5 + MINIMUMS_ALLOWED * market["value_min_units"]
            if away > allowed:
                yield (
                    f"Copy {copy['id']} is {away / 1e8:.2f} off its lead's ratio in {market['symbol']}; its band is"
                    f" {allowed / 1e8:.2f} of {float(equity) / 1e8:.2f}."
                )


def _unit_prices(now: Snapshot) -> dict[int, Decimal]:
    """Return quote units for one base unit by asset; all assets here have the same decimals."""
    marks: dict[int, Row] = {mark["market_id"]: mark for mark in now["marks"]}
    return {market["base_id"]: Decimal(marks[market["id"]]["price"]) for market in now["markets"]}


def _held(now: Snapshot) -> dict[int, dict[int, int]]:
    held: dict[int, dict[int, int]] = {}
    for balance in now["balances"]:
        held.setdefault(balance["ledger_account_id"], {})[balance["asset_id"]] = balance["posted"]
    return held


def _own_worth(copy: Row, gross: Decimal) -> Decimal:
    """Return what of a copy's worth is its own: the part of a new high that is the lead's is kept in cash."""
    return gross - Decimal(copy["profit_share_rate"]) * max(gross - copy["mark_value_units"], Decimal(0))


def _worth(units: dict[int, int], prices: dict[int, Decimal]) -> Decimal:
    # What has no market is cash.
    return sum((Decimal(amount) * prices.get(asset, Decimal(1)) for asset, amount in units.items()), start=Decimal(0))
