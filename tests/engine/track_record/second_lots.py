"""A second program for tax lots, naive on purpose, that shares nothing with the first but what an event is."""

from collections import defaultdict
from fractions import Fraction
from typing import Any

from copytrading.engine.track_record.tax_lots import LotEvent


def second_program(events: list[LotEvent], method: str) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """
    Return disposals and lots as plain rows, by lists that are searched from the beginning each time.

    Written from the definition: which lot leaves is looked for anew for every piece, and the average is of sums.
    """
    books: dict[str, list[dict[str, Any]]] = defaultdict(list)
    pools: dict[str, int] = defaultdict(int)
    gone: list[tuple[Any, ...]] = []
    for one in events:
        if one.kind == "ACQUIRE":
            books[one.coin].append(
                {
                    "at": one.at,
                    "units": one.units,
                    "cost": one.value_units,
                    "dear": Fraction(one.value_units, one.units),
                }
            )
            pools[one.coin] += one.value_units
        elif one.kind == "RECOUNT":
            count_anew(books[one.coin], one.units)
        else:
            gone += leave(books[one.coin], one, method, pools)
    return gone, kept(books, method, pools)


def count_anew(lots: list[dict[str, Any]], units: int) -> None:
    held = sum(lot["units"] for lot in lots)
    exact = [Fraction(units * lot["units"], held) for lot in lots]
    whole = [int(share) for share in exact]
    while sum(whole) < units:
        best = max(range(len(lots)), key=lambda place: (exact[place] - whole[place], -place))
        whole[best] += 1
    for lot, share in zip(lots, whole, strict=True):
        lot["units"], lot["dear"] = share, lot["dear"] * Fraction(held, units)


def leave(lots: list[dict[str, Any]], one: LotEvent, method: str, pools: dict[str, int]) -> list[tuple[Any, ...]]:
    rows = []
    wanted, value = one.units, one.value_units
    total_cost = pools[one.coin] * wanted // sum(lot["units"] for lot in lots)
    while wanted:
        alive = [lot for lot in lots if lot["units"]]
        lot = alive[0]
        if method == "hifo":
            for other in alive:
                if other["dear"] > lot["dear"]:
                    lot = other
        taken = min(wanted, lot["units"])
        proceeds = value * taken // wanted
        cost = total_cost * taken // wanted if method == "average" else lot["cost"] * taken // lot["units"]
        total_cost -= cost
        pools[one.coin] -= cost
        lot["units"] -= taken
        lot["cost"] -= cost
        rows.append((one.coin, taken, lot["at"], one.at, cost, proceeds if one.kind == "SELL" else None))
        wanted, value = wanted - taken, value - proceeds
    return rows


def kept(books: dict[str, list[dict[str, Any]]], method: str, pools: dict[str, int]) -> list[tuple[Any, ...]]:
    rows = []
    for coin in sorted(books):
        alive = [lot for lot in books[coin] if lot["units"]]
        cost, units = pools[coin], sum(lot["units"] for lot in alive)
        for lot in alive:
            if method == "average":
                lot["cost"] = cost * lot["units"] // units
                cost, units = cost - lot["cost"], units - lot["units"]
            rows.append((coin, lot["at"], lot["units"], lot["cost"]))
    return rows
