"""What must hold of copies on own accounts after every step; each rule is a sentence, and yields what breaks it."""

from collections import defaultdict
from collections.abc import Iterator

from copytrading.worlds.simulating.rules.snapshot import Row, Snapshot
from copytrading.worlds.simulating.venue import SimulatedVenue
from copytrading.worlds.simulating.venue_orders import effects_of

CONNECTED = "CONNECTED"


def no_account_trades_for_another(now: Snapshot, venue: SimulatedVenue) -> Iterator[str]:
    """
    An order of a copy on an own account is that copy's alone and gets to that account, and no other order does.
    """
    copies = {copy["ledger_account_id"]: copy for copy in now["copies"]}
    for order in now["orders"]:
        homes = {
            copies[account]["own_account_id"] if account in copies else None for account in order["participant_ids"]
        }
        home = homes.pop() if len(homes) == 1 else None
        if order["venue_account"] != _name_of(home, venue) or homes or (home and len(order["participant_ids"]) != 1):
            yield f"Order {order['id']} is for {order['venue_account']}, and not everybody in it has the money there."
    wanted = {order["client_order_id"]: order["venue_account"] for order in now["orders"]}
    for account in (venue, *venue.own_accounts.values()):
        name = _name_of(_id_of(account, now), venue)
        for arrived in account.orders:
            client_order_id = arrived.sending.client_order_id
            if wanted.get(client_order_id) != name:
                yield f"Order {client_order_id} of {wanted.get(client_order_id)} got to {name}."


def mirror_is_what_its_copies_have(now: Snapshot) -> Iterator[str]:
    """An own account's mirror and the copies on it are nothing together, coin by coin: the platform owes none of it."""
    posted: dict[int, dict[int, int]] = defaultdict(dict)
    for balance in now["balances"]:
        posted[balance["ledger_account_id"]][balance["asset_id"]] = balance["posted"]
    for account in now["own_accounts"]:
        sums = dict(posted[account["ledger_account_id"]])
        for copy in now["copies"]:
            if copy["own_account_id"] == account["id"]:
                for asset_id, units in posted[copy["ledger_account_id"]].items():
                    sums[asset_id] = sums.get(asset_id, 0) + units
        for asset_id, units in sorted(sums.items()):
            if units:
                yield f"Own account {account['id']} and its copies are {units:+d} units of asset {asset_id} apart."


def mirror_is_what_the_venue_did(now: Snapshot, venue: SimulatedVenue) -> Iterator[str]:
    """What an own account's mirror was posted in trades is what the exchange did there, as far as it is booked."""
    booked_orders = {order["id"] for order in now["orders"] if order["booked"]}
    booked = {fill["trade_id"] for fill in now["fills"] if not fill["late"] and fill["order_id"] in booked_orders}
    assets = {asset["symbol"]: asset for asset in now["assets"]}
    for account in venue.own_accounts.values():
        did: dict[int, int] = defaultdict(int)
        row = _row_of(account, now)
        for order in account.orders:
            for trade in order.trades:
                if trade.trade_id in booked:
                    for symbol, moved in zip(trade.symbol.split("-"), effects_of(trade), strict=True):
                        did[assets[symbol]["id"]] += int(moved.scaleb(assets[symbol]["decimals"]))
        mirrored = {
            posted["asset_id"]: -posted["units"]
            for posted in now["own_trades"]
            if row is not None and posted["ledger_account_id"] == row["ledger_account_id"]
        }
        for asset_id in sorted(did.keys() | mirrored.keys()):
            if did.get(asset_id, 0) != mirrored.get(asset_id, 0):
                yield (
                    f"On the account of person {account.user_id} the exchange traded {did.get(asset_id, 0)} units of"
                    f" asset {asset_id}, and its mirror says {mirrored.get(asset_id, 0)}."
                )


def trouble_of_one_pauses_only_its_copies(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """Where an own account stops being traded on, copies on it pause, and nobody else's."""
    troubled = {
        account["id"]
        for account in now["own_accounts"]
        if account["status"] != CONNECTED
        and (earlier := before.get("own_accounts", account["id"])) is not None
        and earlier["status"] == CONNECTED
    }
    if not troubled:
        return
    for copy in now["copies"]:
        earlier = before.get("copies", copy["id"])
        if (
            earlier is not None
            and (earlier["status"], copy["status"]) in (("ACTIVE", "PAUSED"), ("STARTING", "PAUSED"))
            and copy["own_account_id"] not in troubled
        ):
            yield f"Copy {copy['id']} was paused, as own account {min(troubled)} is not traded on any more."


def order_leaves_only_for_a_connected_account(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """No order is sent to an own account that is not traded on."""
    shut = {
        f"own:{account['id']}"
        for account in now["own_accounts"]
        if account["status"] != CONNECTED
        and (earlier := before.get("own_accounts", account["id"])) is not None
        and earlier["status"] != CONNECTED
    }
    for order in now["orders"]:
        earlier = before.get("orders", order["id"])
        if order["claimed"] and earlier is not None and not earlier["claimed"] and order["venue_account"] in shut:
            yield f"Order {order['id']} was sent to {order['venue_account']}, which is not traded on."


def given_up(now: Snapshot, venue: SimulatedVenue) -> set[str]:
    """
    Return the orders, by client id, that nobody asks about any more, as the key was dead while their copy stopped.

    What came of them is told by the exchange to the account's owner.
    """
    names = {_name_of(_id_of(account, now), venue) for account in venue.own_accounts.values() if account.has_been_dead}
    return {
        order["client_order_id"]
        for order in now["orders"]
        if order["status"] == "NOT_PLACED" and order["venue_account"] in names
    }


def _row_of(account: SimulatedVenue, now: Snapshot) -> Row | None:
    return next((row for row in now["own_accounts"] if row["user_id"] == account.user_id), None)


def _id_of(account: SimulatedVenue, now: Snapshot) -> int | None:
    """Return the row's id of somebody's own account, None for the platform's."""
    row = _row_of(account, now) if account.user_id is not None else None
    return None if row is None else int(row["id"])


def _name_of(account_id: int | None, venue: SimulatedVenue) -> str:
    return venue.account if account_id is None else f"own:{account_id}"
