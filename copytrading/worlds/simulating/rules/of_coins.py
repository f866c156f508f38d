"""What must hold of coins in doubt, halted, and counted anew; each rule is a sentence, and yields what breaks it."""

from collections.abc import Iterator
from decimal import Decimal

from copytrading.worlds.simulating.rules.snapshot import Row, Snapshot

FOR_PEOPLE = ("REDENOMINATION", "SUSPENSION")
# Less than this a mark may move by itself from one step to the next.
LEAP = Decimal(5)
PLATFORM_KINDS = ("VENUE", "EXTERNAL")


def mark_leaps_by_a_verdict_only(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """A mark that becomes a multiple or a fraction of itself was judged by two people."""
    judged = {verdict["market_id"] for verdict in _newly_done(before, now)}
    earlier = {mark["market_id"]: Decimal(mark["price"]) for mark in before["marks"]}
    for mark in now["marks"]:
        price, was = Decimal(mark["price"]), earlier.get(mark["market_id"])
        if was is None or mark["market_id"] in judged or max(price / was, was / price) < LEAP:
            continue
        yield f"The mark of market {mark['market_id']} went from {was} to {price}, and nobody has said what it is."


def coin_in_doubt_moves_no_money(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """While a coin is in doubt or halted nobody who holds it starts, changes, is paid out, shares or stops a loss."""
    doubted = _doubted(before) & _doubted(now)
    if not doubted:
        return
    holders = _holders(before, doubted) & _holders(now, doubted)
    leads = {lead["id"] for lead in now["leads"] if lead["ledger_account_id"] in holders}
    held = {copy["id"] for copy in now["copies"] if copy["ledger_account_id"] in holders}
    for share in now["shares"]:
        if before.get("shares", share["id"]) is None and share["copy_id"] in held:
            yield f"Copy {share['copy_id']} shared {share['share_units']} units of profit by a coin in doubt."
    for flow in now["copy_flows"]:
        earlier = before.get("copy_flows", flow["id"])
        copy = now.get("copies", flow["copy_id"])
        assert copy is not None, "a flow belongs to a copy"
        is_new_money = earlier is None and flow["kind"] in ("START", "INCREASE")
        if is_new_money and (copy["lead_id"] in leads or copy["id"] in held):
            yield f"Copy {copy['id']} got {flow['units']} units of cash by a coin in doubt."
        if earlier is not None and (earlier["status"], flow["status"]) == ("REQUESTED", "DONE") and copy["id"] in held:
            yield f"Copy {copy['id']} paid {-flow['units']} units out by a coin in doubt."
    # What was on its way to the venue when the coin was halted is sold all the same, and then it is cash.
    had = _holders(before, doubted, on_its_way=_on_its_way(before, now))
    for copy in now["copies"]:
        earlier = before.get("copies", copy["id"])
        if earlier and (earlier["status"], copy["status"]) == ("STOPPING", "STOPPED"):
            if copy["ledger_account_id"] in had:
                yield f"Copy {copy['id']} was paid out, and what it held of a coin in doubt is gone."
            continue
        if earlier is None or copy["id"] not in held or copy["status"] != "STOPPING":
            continue
        if earlier["status"] != "STOPPING" and copy["stop_reason"] == "STOP_LOSS":
            yield f"Copy {copy['id']} was stopped by its stop loss at the price of a coin in doubt."


def recount_keeps_what_everybody_has(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """Of a coin that is counted anew everybody has as much as before, to the unit, and the dust account the rest."""
    kinds = {account["id"]: account["kind"] for account in now["accounts"]}
    markets = {market["id"]: market for market in now["markets"]}
    for verdict in _newly_done(before, now):
        if verdict["kind"] != "NEW_UNIT":
            continue
        asset_id = markets[verdict["market_id"]]["base_id"]
        old, new = verdict["old_count"], verdict["new_count"]
        had, has = _turned(before, now, verdict, asset_id, kinds)
        left_over = sum(had.values()) * new // old - sum(units * new // old for units in had.values())
        for account in sorted(had.keys() | has.keys()):
            expected = had.get(account, 0) * new // old + (left_over if kinds[account] == "DUST" else 0)
            if has.get(account, 0) != expected:
                yield (
                    f"Account {account} had {had.get(account, 0)} units of asset {asset_id}, {old}:{new} makes"
                    f" {expected}, and it has {has.get(account, 0)}."
                )


def _newly_done(before: Snapshot, now: Snapshot) -> list[Row]:
    return [
        verdict
        for verdict in now["verdicts"]
        if verdict["done"] and not ((earlier := before.get("verdicts", verdict["id"])) and earlier["done"])
    ]


def _doubted(seen: Snapshot) -> set[int]:
    """Return the coins that no money moves by."""
    bases = {market["id"]: market["base_id"] for market in seen["markets"]}
    if any(halt["scope"] == "PLATFORM" for halt in seen["halts"]):
        return set(bases.values())
    halted = {halt["target_id"] for halt in seen["halts"] if halt["scope"] == "ASSET"}
    doubted = {bases[mark["market_id"]] for mark in seen["marks"] if mark["doubt"] in FOR_PEOPLE}
    return doubted | (halted & set(bases.values()))


def _holders(seen: Snapshot, asset_ids: set[int], *, on_its_way: dict[tuple[int, int], int] | None = None) -> set[int]:
    """Return the accounts that hold any of some coins, besides the units (account, coin) that are on their way."""
    away = on_its_way or {}
    return {
        balance["ledger_account_id"]
        for balance in seen["balances"]
        if balance["asset_id"] in asset_ids
        and balance["posted"] > away.get((balance["ledger_account_id"], balance["asset_id"]), 0)
    }


def _on_its_way(before: Snapshot, now: Snapshot) -> dict[tuple[int, int], int]:
    """Return the units that each account was selling of each coin by an order that was sent before and booked since."""
    bases = {market["id"]: market["base_id"] for market in before["markets"]}
    away: dict[tuple[int, int], int] = {}
    for order in before["orders"]:
        later = now.get("orders", order["id"])
        if not order["claimed"] or order["booked"] or not (later and later["booked"]):
            continue
        for account, units in zip(order["participant_ids"], order["wish_units"], strict=True):
            if units < 0:
                away[account, bases[order["market_id"]]] = -units
    return away


def _turned(
    before: Snapshot, now: Snapshot, verdict: Row, asset_id: int, kinds: dict[int, str]
) -> tuple[dict[int, int], dict[int, int]]:
    """
    Return what everybody had of a coin before its verdict, and after it.

    That is around the verdict's own journal, since a step may book a trade in the coin as well. Without a journal
    nobody had anything, or it was forgotten.
    """
    rows = [
        row
        for row in now["recounts"]
        if row["verdict_id"] == verdict["id"] and kinds[row["ledger_account_id"]] not in PLATFORM_KINDS
    ]
    if rows:
        had, has = ({row["ledger_account_id"]: int(row[side]) for row in rows} for side in ("had", "has"))
        return had, has
    had = _posted(before, asset_id, kinds)
    return had, _posted(now, asset_id, kinds) if had else had


def _posted(seen: Snapshot, asset_id: int, kinds: dict[int, str]) -> dict[int, int]:
    return {
        balance["ledger_account_id"]: balance["posted"]
        for balance in seen["balances"]
        if balance["asset_id"] == asset_id and kinds[balance["ledger_account_id"]] not in PLATFORM_KINDS
    }
