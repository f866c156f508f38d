"""What must hold of orders after every step; each rule is a sentence, and yields what breaks it."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from copytrading.worlds.simulating.rules.of_own_accounts import given_up
from copytrading.worlds.simulating.rules.snapshot import Row, Snapshot
from copytrading.worlds.simulating.venue import SimulatedVenue

SUMMED = ("quantity_units", "value_units", "fee_units", "fee_base_units")


def one_venue_order_per_intent(venue: SimulatedVenue) -> Iterator[str]:
    """The venue never gets two orders under one client order id, nor two that trade for one decision."""
    arrived = Counter(order.sending.client_order_id for order in venue.every_order)
    effective = Counter(
        order.sending.client_order_id.partition("a")[0] for order in venue.every_order if order.filled_quantity
    )
    yield from (f"The venue has {count} orders under {name}." for name, count in arrived.items() if count > 1)
    yield from (f"{count} venue orders traded for {name}." for name, count in effective.items() if count > 1)


def booked_is_what_the_venue_did(now: Snapshot, venue: SimulatedVenue) -> Iterator[str]:
    """
    What is booked of an order is all that the venue did under its id.

    Only where the venue took an order after its time may there be more than was booked.
    """
    did: dict[str, int] = {}
    broken_word: dict[str, int] = {}
    for order in venue.every_order:
        name, filled = order.sending.client_order_id, int(order.filled_quantity.scaleb(8))
        (broken_word if order.is_past_its_time else did).setdefault(name, 0)
        if order.is_past_its_time:
            broken_word[name] += filled
        else:
            did[name] += filled
    forgiven = given_up(now, venue)
    for row in now["orders"]:
        name = row["client_order_id"]
        if name in forgiven:
            continue
        told = {did.get(name, 0), did.get(name, 0) + broken_word.get(name, 0)}
        if row["booked"] and row["filled_units"] not in told:
            yield (
                f"Order {row['id']} is booked with {row['filled_units']} units ({row['status']}), the venue traded"
                f" {max(told)}."
            )


def fills_fit_the_order(now: Snapshot) -> Iterator[str]:
    """The fills of an order sum to what it says was filled, and to no more than it asked for."""
    filled: dict[int, int] = {}
    for fill in now["fills"]:
        if not fill["late"]:
            filled[fill["order_id"]] = filled.get(fill["order_id"], 0) + fill["quantity_units"]
    for order in now["orders"]:
        if order["filled_units"] > order["quantity_units"]:
            yield f"Order {order['id']} asked for {order['quantity_units']} and has {order['filled_units']}."
        if order["booked"] and filled.get(order["id"], 0) != order["filled_units"]:
            yield (
                f"Order {order['id']} says {order['filled_units']} were filled, its fills sum to"
                f" {filled.get(order['id'], 0)}."
            )


def shares_are_exact(order: Row, shares: list[Row]) -> Iterator[str]:
    """
    Everybody's share of an order is exact to the unit: the shares sum to the fill, fees too, all at one price.

    Whoever is on the lighter side gets all of the wish, the heavier side shares in proportion.
    """
    sign = 1 if order["side"] == "BUY" else -1
    sums = {name: sum(share[name] for share in shares) for name in SUMMED}
    expected = {
        "quantity_units": sign * order["filled_units"] - order["fee_base_units"],
        "value_units": -sign * order["value_units"],
        "fee_units": order["fee_units"],
        "fee_base_units": order["fee_base_units"],
    }
    if sums != expected:
        yield f"The shares of order {order['id']} sum to {sums}, the venue did {expected}."
    wishes = dict(zip(order["participant_ids"], order["wish_units"], strict=True))
    got = {share["ledger_account_id"]: share for share in shares}
    strangers = sorted(set(got) - set(wishes))
    if strangers:
        yield f"Order {order['id']} was shared with accounts {strangers}, for whom it was not."
        return
    price = _price_of(order)
    yield from _wrong_quantities(order, wishes, got, price)
    for account, share in sorted(got.items()):
        traded = share["quantity_units"] + share["fee_base_units"]
        if price is not None and abs(abs(share["value_units"]) - abs(traded) * price) > 1:
            yield (
                f"Account {account} traded {traded} units of order {order['id']} for"
                f" {share['value_units']}, not at the average price {float(price)}."
            )
    total = sum(abs(share["value_units"]) for share in shares)
    for account, share in sorted(got.items()):
        exact = Fraction(order["fee_units"] * abs(share["value_units"]), total) if total else Fraction(0)
        if total and abs(share["fee_units"] - exact) >= 1:
            paid = share["fee_units"]
            yield f"Account {account} paid a fee of {paid} in order {order['id']}, exact is {float(exact)}."


def filled_means_filled(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """A lead's order that is FILLED now has less than a lot open, and a lead traded what its orders say."""
    lots = {market["id"]: market["lot_units"] for market in now["markets"]}
    for order in now["lead_orders"]:
        earlier = before.get("lead_orders", order["id"])
        if earlier is not None and earlier["status"] == "FILLED":
            # Lots may be counted anew since.
            continue
        if order["status"] == "FILLED" and order["quantity_units"] - order["filled_units"] >= lots[order["market_id"]]:
            yield (
                f"Lead order {order['id']} is FILLED with {order['filled_units']} of {order['quantity_units']} units."
            )


def _wrong_quantities(order: Row, wishes: dict[int, int], got: dict[int, Row], price: Fraction | None) -> Iterator[str]:
    buys = sum(wish for wish in wishes.values() if wish > 0)
    sells = -sum(wish for wish in wishes.values() if wish < 0)
    if not got or (price is not None and price > _dearest(order) and order["side"] == "SELL"):
        # Nothing was traded; or those who buy inside were cut to what they hold money for, which has its own rule.
        return
    heavier = 1 if buys >= sells else -1
    total, of = min(buys, sells) + order["filled_units"], max(buys, sells)
    for account, wish in sorted(wishes.items()):
        share = got.get(account)
        quantity = share["quantity_units"] + share["fee_base_units"] if share else 0
        exact = Fraction(wish * total, of) if wish * heavier > 0 else Fraction(wish)
        if abs(quantity - exact) >= 1:
            yield f"Account {account} got {quantity} units of order {order['id']}, exact is {float(exact)}."


def _price_of(order: Row) -> Fraction | None:
    return Fraction(order["value_units"], order["filled_units"]) if order["filled_units"] else None


def _dearest(order: Row) -> Fraction:
    return Fraction(Decimal(order["price_buy_max"]))


def decision_saw_every_change(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """No order is planned that buys for a copy which had been stopped or paused before the decision was made."""
    silent = {
        copy["ledger_account_id"]: copy
        for copy in before["copies"]
        if copy["status"] in ("PAUSED", "STOPPING", "STOPPED")
        and (later := now.get("copies", copy["id"])) is not None
        and later["status"] in ("PAUSED", "STOPPING", "STOPPED")
    }
    for order in now["orders"]:
        if before.get("orders", order["id"]) is not None:
            continue
        for account, wish in zip(order["participant_ids"], order["wish_units"], strict=True):
            if wish > 0 and account in silent:
                copy = silent[account]
                yield f"Order {order['id']} was planned to buy for copy {copy['id']}, which was {copy['status']}."


class PlannedOrders:
    """
    Orders that were planned and not sent yet, and what became of those they buy for meanwhile.

    It remembers what each step shows, so it needs neither the fence nor the numbers that the platform decides by.
    """

    def __init__(self) -> None:
        # By order: what was changed since it was planned, by the ledger account of the copy that it was changed for.
        self._changed_since: dict[int, dict[int, str]] = {}

    def look(self, before: Snapshot, now: Snapshot) -> Iterator[str]:
        """No order that buys for a copy is sent after that copy was stopped, paused or reduced."""
        for order in now["orders"]:
            changed = self._changed_since.get(order["id"])
            if changed is None or order["status"] == "PLANNED":
                continue
            del self._changed_since[order["id"]]
            if order["status"] == "CANCELED" and not order["claimed"]:
                continue
            for account, wish in zip(order["participant_ids"], order["wish_units"], strict=True):
                if wish > 0 and account in changed:
                    yield f"Order {order['id']} was sent to buy for a copy that had been {changed[account]}."
        found = _changes(before, now)
        for order in now["orders"]:
            if order["status"] != "PLANNED":
                continue
            if before.get("orders", order["id"]) is None:
                self._changed_since[order["id"]] = {}
            elif order["id"] in self._changed_since:
                self._changed_since[order["id"]] |= found


def _changes(before: Snapshot, now: Snapshot) -> dict[int, str]:
    """Return what a step did to copies that makes a buy which was decided before wrong, by their ledger accounts."""
    reduced = {
        flow["copy_id"]
        for flow in now["copy_flows"]
        if flow["kind"] == "REDUCE" and before.get("copy_flows", flow["id"]) is None
    }
    found: dict[int, str] = {}
    for earlier in before["copies"]:
        copy = now.get("copies", earlier["id"])
        if copy is None:
            # Another rule says so.
            continue
        account = copy["ledger_account_id"]
        if copy["status"] != earlier["status"] and copy["status"] in ("PAUSED", "STOPPING"):
            found[account] = "paused" if copy["status"] == "PAUSED" else "stopped"
        elif copy["id"] in reduced:
            found[account] = "reduced"
    return found
