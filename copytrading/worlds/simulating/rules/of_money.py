"""What must hold of money after every step; each rule is a sentence, and yields what breaks it."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from copytrading.engine.deciding.decision import EXIT_SLIPPAGE_MAX
from copytrading.worlds.simulating.rules.of_own_accounts import given_up
from copytrading.worlds.simulating.rules.snapshot import Row, Snapshot
from copytrading.worlds.simulating.venue import SimulatedVenue
from copytrading.worlds.simulating.venue_orders import effects_of


def ledger_adds_up(now: Snapshot) -> Iterator[str]:
    """Journals sum to zero, balances are what was posted and held, and nothing is below zero."""
    yield from now.unsound


def custody_is_what_is_owed(now: Snapshot, venue: SimulatedVenue, given: Mapping[str, Decimal]) -> Iterator[str]:
    """
    What the venue keeps for us is what the ledger owes to people and platform and what strangers sent, but for what is
    just on its way, to the last unit.
    """
    unassigned = unassigned_units(now)
    on_its_way = _on_its_way(now, venue)
    for asset in now["assets"]:
        symbol = asset["symbol"]
        custody = int(venue.balance.get(symbol, Decimal(0)).scaleb(asset["decimals"]))
        custody -= int(given.get(symbol, Decimal(0)).scaleb(asset["decimals"]))
        owed = now.liabilities.get(symbol, 0) - unassigned.get(symbol, 0)
        expected = int(on_its_way.get(symbol, Decimal(0)).scaleb(asset["decimals"]))
        if (ahead := _counted_ahead(now, venue, asset["id"])) is not None:
            # The venue counts the coin anew, and the ledger does not yet.
            old_count, new_count = ahead
            owed, expected = (owed + expected) * new_count // old_count, 0
        if custody - owed != expected:
            yield (
                f"The venue keeps {custody} units of {symbol} and the ledger owes {owed}; {expected} are on their way,"
                f" so {custody - owed - expected:+d} units are nobody's."
            )


def trade_is_booked_once(now: Snapshot, venue: SimulatedVenue) -> Iterator[str]:
    """Every fill is a trade of the venue, kept once and as it was."""
    trades = {trade.trade_id: trade for order in venue.every_order for trade in order.trades}
    seen = set()
    for fill in now["fills"]:
        trade = trades.get(fill["trade_id"])
        if fill["trade_id"] in seen:
            yield f"Trade {fill['trade_id']} is kept twice."
        seen.add(fill["trade_id"])
        if trade is None:
            yield f"Fill {fill['trade_id']} is no trade of the venue."
        elif fill["quantity_units"] != int(trade.quantity.scaleb(8)) or fill["value_units"] != int(
            trade.value.scaleb(8)
        ):
            yield f"Fill {fill['trade_id']} is not what the venue traded: {trade}."


def stopped_copy_holds_nothing(now: Snapshot, by_copy_account: dict[int, Row]) -> Iterator[str]:
    """A stopped copy has no coins, no holds and no cash: everything is in the main account."""
    for balance in now["balances"]:
        copy = by_copy_account.get(balance["ledger_account_id"])
        if copy is not None and copy["status"] == "STOPPED":
            yield (
                f"Copy {copy['id']} is STOPPED and has {balance['posted']} units of asset {balance['asset_id']},"
                f" {balance['held']} held."
            )


def dust_is_dust(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """The platform takes over only what the venue would not take: less than a lot, or than its minimum value."""
    prices = {mark["market_id"]: Decimal(mark["price"]) for mark in now["marks"]}
    markets = {market["base_id"]: market for market in now["markets"]}
    for taken in now["dust"]:
        if before.get("dust", taken["id"]) is not None:
            continue
        market = markets[taken["asset_id"]]
        lots = taken["units"] // market["lot_units"] * market["lot_units"]
        # The venue counts an order at its limit, and an exit's may lie that far below the mark.
        if lots and lots * prices[market["id"]] * (1 - Decimal(str(EXIT_SLIPPAGE_MAX))) >= market["value_min_units"]:
            yield f"Journal {taken['journal_id']} takes {taken['units']} units of {market['symbol']} over as dust."


def holds_end_with_their_order(now: Snapshot) -> Iterator[str]:
    """What was held for an order is released when it is booked, and not before."""
    standing = {hold["key"].rpartition(":")[0] for hold in now["holds"]}
    for order in now["orders"]:
        if order["booked"] and f"order:{order['id']}" in standing:
            yield f"Order {order['id']} is booked, and money is still held for it."


def copy_pays_what_it_says(now: Snapshot) -> Iterator[str]:
    """What a copy was paid in and out is what its flows say."""
    paid_in: dict[int, int] = {}
    paid_out: dict[int, int] = {}
    for flow in now["copy_flows"]:
        if flow["kind"] in ("START", "INCREASE"):
            paid_in[flow["copy_id"]] = paid_in.get(flow["copy_id"], 0) + flow["units"]
        elif flow["status"] == "DONE":
            paid_out[flow["copy_id"]] = paid_out.get(flow["copy_id"], 0) - flow["units"]
    for copy in now["copies"]:
        if copy["paid_in_units"] != paid_in.get(copy["id"], 0):
            yield f"Copy {copy['id']} was paid in {copy['paid_in_units']}, its flows say {paid_in.get(copy['id'], 0)}."
        if copy["paid_out_units"] != paid_out.get(copy["id"], 0):
            yield (
                f"Copy {copy['id']} was paid out {copy['paid_out_units']}, its flows say {paid_out.get(copy['id'], 0)}."
            )


def nothing_is_halted_without_cause(now: Snapshot, venue: SimulatedVenue) -> Iterator[str]:
    """
    The platform halts nothing as long as the venue keeps its word, whatever is on its way and whatever strangers send.
    """
    if any(order.is_past_its_time for order in venue.orders):
        return
    # Custody differs from the moment at which the venue counts a coin anew; and people have their reasons.
    recounted = {market["base_id"] for market in now["markets"] if market["symbol"] in venue.recounted}
    for halt in now["halts"]:
        if halt["placed_by_id"] is None and not (halt["scope"] == "ASSET" and halt["target_id"] in recounted):
            yield f"Halt {halt['id']} stands without a cause: {halt['reason']}"


def unassigned_units(now: Snapshot) -> dict[str, int]:
    """Return what the ledger has noticed to be nobody's, by symbol."""
    symbols = {asset["id"]: asset["symbol"] for asset in now["assets"]}
    accounts = {account["id"] for account in now["accounts"] if account["kind"] == "UNASSIGNED"}
    return {
        symbols[balance["asset_id"]]: balance["posted"]
        for balance in now["balances"]
        if balance["ledger_account_id"] in accounts
    }


def gifts_nobody_noticed(now: Snapshot, given: Mapping[str, Decimal]) -> Iterator[str]:
    """Yield what strangers sent and nobody was told of, or the other way round: in the end they are equal."""
    unassigned = unassigned_units(now)
    for asset in now["assets"]:
        expected = int(given.get(asset["symbol"], Decimal(0)).scaleb(asset["decimals"]))
        if unassigned.get(asset["symbol"], 0) != expected:
            yield (
                f"Strangers have sent {expected} units of {asset['symbol']}, and"
                f" {unassigned.get(asset['symbol'], 0)} are unassigned."
            )


def trades_without_fill(now: Snapshot, venue: SimulatedVenue) -> Iterator[str]:
    """Yield the trades of the venue that are in no book of ours: in the end there are none."""
    known = {fill["trade_id"] for fill in now["fills"]}
    forgiven = given_up(now, venue)
    for order in venue.every_order:
        # Nobody but its owner looks for what an own account traded past an order's time.
        is_the_owners = order.is_past_its_time and order not in venue.orders
        if is_the_owners or order.sending.client_order_id in forgiven:
            continue
        for trade in order.trades:
            if trade.trade_id not in known:
                yield f"Trade {trade.trade_id} of {trade.client_order_id} is in no book of ours."


def _counted_ahead(now: Snapshot, venue: SimulatedVenue, asset_id: int) -> tuple[int, int] | None:
    """Return how the venue has counted a coin anew, where the ledger has not yet."""
    for market in now["markets"]:
        if market["base_id"] == asset_id and market["symbol"] in venue.recounted:
            done = (one["market_id"] for one in now["verdicts"] if one["done"] and one["kind"] == "NEW_UNIT")
            return None if market["id"] in done else venue.recounted[market["symbol"]]
    return None


def _on_its_way(now: Snapshot, venue: SimulatedVenue) -> dict[str, Decimal]:
    """Return what the venue has done that no journal knows of yet, by symbol."""
    booked_orders = {order["id"] for order in now["orders"] if order["booked"]}
    booked = {fill["trade_id"] for fill in now["fills"] if fill["late"] or fill["order_id"] in booked_orders}
    effects: dict[str, Decimal] = {}
    for order in venue.orders:
        base, _, quote = order.sending.symbol.partition("-")
        for trade in order.trades:
            if trade.trade_id not in booked:
                coins, cash = effects_of(trade)
                effects[base] = effects.get(base, Decimal(0)) + coins
                effects[quote] = effects.get(quote, Decimal(0)) + cash
    done = {f"transfer:{transfer['id']}" for transfer in now["transfers"] if transfer["status"] == "BOOKED"}
    done |= {"dust-float"}
    for reference, (asset, quantity) in venue.transfers.items():
        if reference not in done:
            effects[asset] = effects.get(asset, Decimal(0)) + quantity
    return effects
