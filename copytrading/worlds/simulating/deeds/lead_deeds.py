"""What leads do: trade at the market and at limits, in bursts, move money, pause, end."""

from decimal import Decimal
from typing import Any

from copytrading.models import LeadOrder
from copytrading.queries.rules import platform_rules
from copytrading.services.leads import observing
from copytrading.services.leads import orders as lead_orders
from copytrading.services.leads import verbs as leads
from copytrading.worlds.simulating.deeds.deed import Clock, Deed
from copytrading.worlds.simulating.rules.snapshot import Row, Snapshot
from copytrading.worlds.simulating.world import UNIT, World


class LeadDeeds:
    """The leads of a world, and what they may do next."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.random = world.random

    def lead_trades(self, seen: Snapshot) -> Deed | None:
        lead = self._lead(seen, "ACTIVE")
        if lead is None:
            return None
        if lead["source"] == "OBSERVED":
            return self._observed_trade(seen, lead)
        return self._lead_order(seen, lead, price_limit=None)

    def lead_bursts(self, seen: Snapshot) -> Deed | None:
        lead = self._lead(seen, "ACTIVE")
        if lead is None or lead["source"] == "OBSERVED":
            return None
        deeds = [deed for _ in range(4) if (deed := self._lead_order(seen, lead, price_limit=None, most=0.1))]

        def trade_fast(clock: Clock) -> None:
            for deed in deeds:
                deed.call(clock)

        return Deed(title=f"a burst of lead {lead['id']}: {len(deeds)} orders", call=trade_fast, has_key=True)

    def lead_limits(self, seen: Snapshot) -> Deed | None:
        lead = self._lead(seen, "ACTIVE")
        if lead is None or lead["source"] == "OBSERVED":
            return None
        return self._lead_order(seen, lead, price_limit=self.random.uniform(0.97, 1.03))

    def lead_cancels(self, seen: Snapshot) -> Deed | None:
        order = self._one([order for order in seen["lead_orders"] if order["status"] == "SUBMITTED"])
        if order is None:
            return None
        return Deed(
            title=f"lead order {order['id']} is canceled",
            call=lambda clock: lead_orders.cancel_lead_order(order_id=order["id"], now=clock()),
        )

    def lead_moves_money(self, seen: Snapshot) -> Deed | None:
        lead = self._lead(seen, "ACTIVE", "PAUSED")
        if lead is None:
            return None
        units = self.random.choice([300, 1_000, 4_000]) * UNIT
        comes_in = self.random.random() < 0.6
        key = self.world.press("lead_flows", units)
        named: dict[str, Any] = {"lead_id": lead["id"], "idempotency_key": key}
        if lead["source"] == "OBSERVED":
            signed = units if comes_in else -units
            return Deed(
                title=f"lead {lead['id']} is seen to move {signed / UNIT:+,.0f}",
                call=lambda clock: observing.observe_flow(units=signed, now=clock(), **named),
                has_key=True,
            )
        move = leads.deposit_to_lead if comes_in else leads.withdraw_from_lead
        return Deed(
            title=f"lead {lead['id']} moves {units / UNIT:,.0f} {'in' if comes_in else 'out'}, {key}",
            call=lambda clock: move(units=units, now=clock(), **named),
            has_key=True,
        )

    def lead_pauses(self, seen: Snapshot) -> Deed | None:
        lead = self._lead(seen, "ACTIVE", "PAUSED")
        if lead is None:
            return None
        verb = leads.pause_lead if lead["status"] == "ACTIVE" else leads.resume_lead
        return Deed(
            title=f"lead {lead['id']}: {verb.__name__}", call=lambda clock: verb(lead_id=lead["id"], now=clock())
        )

    def lead_ends(self, seen: Snapshot) -> Deed | None:
        lead = self._lead(seen, "ACTIVE", "PAUSED")
        if lead is None or self.random.random() < 0.5:
            return None
        return Deed(title=f"lead {lead['id']} ends", call=lambda clock: leads.end_lead(lead_id=lead["id"], now=clock()))

    def _lead_order(self, seen: Snapshot, lead: Row, *, price_limit: float | None, most: float = 0.7) -> Deed | None:
        market = self.random.choice(seen["markets"])
        price = self.world.price(market["symbol"])
        is_buy = self.random.random() < 0.6
        if is_buy:
            cash_id = market["quote_id"]
            value = seen.available_units(lead["ledger_account_id"], cash_id) * self.random.uniform(0.02, most)
            units = int(Decimal(value) / price)
        else:
            held = seen.available_units(lead["ledger_account_id"], market["base_id"])
            units = int(held * self.random.choice([0.1, 0.5, 1.0, 1.0]))
        limit = None
        if price_limit is not None:
            paper = self.world.venue.markets[market["symbol"]].paper
            limit = (price * Decimal(str(round(price_limit, 4))) // paper.tick_size) * paper.tick_size
        if units <= 0 or (limit is not None and limit <= 0):
            return None
        key = self.world.press("lead_orders", units)
        side = LeadOrder.Side.BUY if is_buy else LeadOrder.Side.SELL
        at = "at the market" if limit is None else f"at {limit}"
        return Deed(
            title=f"lead {lead['id']}: {side.lower()} {units} of {market['symbol']} {at}, {key}",
            call=lambda clock: lead_orders.submit_lead_order(
                lead_id=lead["id"],
                market_id=market["id"],
                side=side,
                quantity_units=units,
                idempotency_key=key,
                now=clock(),
                price_limit=limit,
            ),
            has_key=True,
        )

    def _observed_trade(self, seen: Snapshot, lead: Row) -> Deed:
        market = self.random.choice(seen["markets"])
        price = self.world.price(market["symbol"])
        value = self.random.uniform(20, 1_500) * UNIT
        sign = self.random.choice([1, 1, -1])
        units = sign * max(int(Decimal(value) / price), 1)
        fee = int(abs(units) * price * platform_rules().fee_rate) + 1
        scale = self.world.scales.get(market["symbol"])

        def see(clock: Clock) -> None:
            # Elsewhere too nobody trades a coin while it is counted anew.
            if self.world.fates.is_ahead(market["symbol"]) or self.world.scales.get(market["symbol"]) != scale:
                return
            observing.observe_trade(
                lead_id=lead["id"],
                asset_id=market["base_id"],
                signed_units=units,
                cash_units=-int(units * price) - fee,
                now=clock(),
            )

        return Deed(title=f"lead {lead['id']} is seen to trade {units:+d} of {market['symbol']}", call=see)

    def _lead(self, seen: Snapshot, *statuses: str) -> Row | None:
        return self._one([lead for lead in seen["leads"] if lead["status"] in statuses])

    def _one(self, rows: list[Row]) -> Row | None:
        return self.random.choice(rows) if rows else None
