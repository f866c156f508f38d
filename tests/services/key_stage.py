"""
Everything that moves money and is asked for with a key: one request for each verb, and others under the same key.

A `Press` calls a verb with a key; `others` are what may come along with the same key and asks for something else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Balance, Journal, LedgerAccount, Transfer, User
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.sizing.custom import custom_terms
from copytrading.models import (
    Copy,
    CopyFlow,
    Correction,
    Lead,
    LeadFlow,
    LeadNotice,
    LeadOrder,
    LimitOrder,
    ManualOrder,
    Market,
)
from copytrading.queries.market import board as market_queries
from copytrading.services.books import notices
from copytrading.services.copies import verbs as copies
from copytrading.services.leads import observing
from copytrading.services.leads import orders as lead_orders
from copytrading.services.leads import verbs as leads
from copytrading.services.safety import corrections
from copytrading.services.wallet import limits, spot, transfers
from tests.cast import World, usdt

TABLES = (Journal, Transfer, Copy, CopyFlow, LeadFlow, LeadOrder, LeadNotice, LimitOrder, ManualOrder, Correction)


@dataclass(kw_only=True)
class Stage:
    """A follower who copies one lead and may copy another, an observed lead, and an operator."""

    world: World
    follower: User
    operator: User
    lead: Lead
    other_lead: Lead
    observed: Lead
    copy: Copy
    other_copy: Copy

    def market(self, symbol: str) -> Market:
        return Market.objects.get(symbol=f"{symbol}-USDT")

    def effects(self) -> tuple[object, ...]:
        """Return all that a request may have had for an effect: rows, and what everybody has."""
        rows = tuple(table.objects.count() for table in TABLES)
        holdings = sorted(Balance.objects.values_list("ledger_account_id", "asset_id", "posted", "held"))
        return (*rows, tuple(holdings), *Copy.objects.order_by("pk").values_list("status", "invested_units"))


def build_stage(world: World, lead: Lead, follower: User, operator: User) -> Stage:
    """Bring everybody on the stage; the follower has 7,000 USDT left."""
    other_lead = world.make_lead(User.objects.create_user("quartz@example.org"), name="Quartz")
    third_lead = world.make_lead(User.objects.create_user("slate@example.org"), name="Slate")
    observed = leads.apply_as_lead(
        user=User.objects.create_user("far@example.org"), name="Far", bio="", tags=[], profit_share_rate=Decimal(0),
        followers_max=10, now=world.now, source=Lead.Source.OBSERVED,
    )  # fmt: skip
    leads.approve_lead(lead_id=observed.pk, now=world.now)
    copy = world.start(follower, other_lead, "1500")
    other_copy = world.start(follower, third_lead, "1500")
    world.deposit(lead.user, "5000")
    return Stage(
        world=world, follower=follower, operator=operator, lead=lead, other_lead=third_lead, observed=observed,
        copy=copy, other_copy=other_copy,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Press:
    """A button: the verb with what it is told on this stage, and the words that name the request to people."""

    verb: Callable[..., Any]
    told: Callable[[Stage], dict[str, Any]]
    others: dict[str, Callable[[Stage], dict[str, Any]]]
    words: str

    def __call__(self, stage: Stage, key: str, *, other: str | None = None) -> Any:
        changes = self.others[other](stage) if other else {}
        return self.verb(**self.told(stage) | changes, idempotency_key=key, now=stage.world.now)


PRESSES = {
    "start": Press(
        verb=copies.start_copy,
        told=lambda s: {
            "follower": s.follower, "lead_id": s.lead.pk, "investment_units": usdt(500), "terms": Terms(),
        },
        others={
            "value": lambda s: {"investment_units": usdt(900)},
            "lead": lambda s: {"lead_id": s.other_lead.pk},
            "stop loss": lambda s: {"terms": Terms(stop_loss_units=usdt(50))},
            "existing assets": lambda s: {"terms": Terms(buy_existing=False)},
            "cap": lambda s: {"terms": Terms(weight_max=0.3)},
            "mode": lambda s: {"terms": custom_terms(order_ratio=0.1)},
        },
        words="a copy of Basalt with 500.00 USDT",
    ),
    "start on terms": Press(
        verb=copies.start_copy,
        told=lambda s: {
            "follower": s.follower, "lead_id": s.lead.pk, "investment_units": usdt(500),
            "terms": custom_terms(order_ratio=0.1, market_ids=(s.market("BTC").pk,)),
        },
        others={
            "ratio": lambda s: {"terms": custom_terms(order_ratio=0.2, market_ids=(s.market("BTC").pk,))},
            "markets": lambda s: {"terms": custom_terms(order_ratio=0.1)},
            "mode": lambda s: {"terms": Terms()},
        },
        words="a copy of Basalt with 500.00 USDT",
    ),
    "increase": Press(
        verb=copies.increase_copy,
        told=lambda s: {"copy_id": s.copy.pk, "units": usdt(500)},
        others={
            "value": lambda s: {"units": usdt(900)},
            "copy": lambda s: {"copy_id": s.other_copy.pk},
        },
        words="an increase of 500.00 USDT",
    ),
    "reduce": Press(
        verb=copies.reduce_copy,
        told=lambda s: {"copy_id": s.copy.pk, "units": usdt(500)},
        others={
            "value": lambda s: {"units": usdt(600)},
            "copy": lambda s: {"copy_id": s.other_copy.pk},
        },
        words="a reduction of 500.00 USDT",
    ),
    "stop": Press(
        verb=copies.stop_copy,
        told=lambda s: {"copy_id": s.copy.pk},
        others={"copy": lambda s: {"copy_id": s.other_copy.pk}},
        words="the stop of your copy of Quartz",
    ),
    "deposit": Press(
        verb=transfers.deposit,
        told=lambda s: {"user": s.follower, "units": usdt(100)},
        others={"value": lambda s: {"units": usdt(101)}},
        words="a deposit of 100.00 USDT",
    ),
    "withdraw": Press(
        verb=transfers.withdraw,
        told=lambda s: {"user": s.follower, "units": usdt(100)},
        others={"value": lambda s: {"units": usdt(101)}},
        words="a withdrawal of 100.00 USDT",
    ),
    "trade by hand": Press(
        verb=spot.place_manual_order,
        told=lambda s: {"user": s.follower, "market_id": s.market("BTC").pk, "side": "BUY", "units": usdt(100)},
        others={
            "value": lambda s: {"units": usdt(200)},
            "market": lambda s: {"market_id": s.market("ETH").pk},
            "side": lambda s: {"side": "SELL", "units": 100_000},
        },
        words="a purchase of BTC for 100.00 USDT",
    ),
    "limit order by hand": Press(
        verb=limits.place_limit_order,
        told=lambda s: {
            "user": s.follower,
            "market_id": s.market("BTC").pk,
            "side": "BUY",
            "price_limit": Decimal("49000.00"),
            "value_units": usdt(100),
        },
        others={
            "value": lambda s: {"value_units": usdt(200)},
            "quantity": lambda s: {"value_units": None, "quantity_units": 200_000},
            "price": lambda s: {"price_limit": Decimal("48000.00")},
            "market": lambda s: {"market_id": s.market("ETH").pk, "price_limit": Decimal("2400.00")},
            "expiry": lambda s: {"expires_at": s.world.now + timedelta(days=1)},
        },
        words="a limit order to buy BTC for 100.00 USDT at 49000",
    ),
    "move to the lead account": Press(
        verb=leads.deposit_to_lead,
        told=lambda s: {"lead_id": s.lead.pk, "units": usdt(100)},
        others={"value": lambda s: {"units": usdt(101)}},
        words="a move of 100.00 USDT to the lead account",
    ),
    "move from the lead account": Press(
        verb=leads.withdraw_from_lead,
        told=lambda s: {"lead_id": s.lead.pk, "units": usdt(100)},
        others={"value": lambda s: {"units": usdt(101)}},
        words="a move of 100.00 USDT from the lead account",
    ),
    "order of a lead": Press(
        verb=lead_orders.submit_lead_order,
        told=lambda s: {
            "lead_id": s.lead.pk, "market_id": s.market("BTC").pk, "side": LeadOrder.Side.BUY,
            "quantity_units": 1_000_000, "price_limit": Decimal("49000.00"),
        },
        others={
            "quantity": lambda s: {"quantity_units": 2_000_000},
            "market": lambda s: {"market_id": s.market("ETH").pk, "price_limit": None},
            "price": lambda s: {"price_limit": Decimal("48000")},
            "at the market": lambda s: {"price_limit": None},
        },
        words="an order to buy 0.01 BTC at 49000",
    ),
    "notice": Press(
        verb=notices.write_to_followers,
        told=lambda s: {"lead_id": s.lead.pk, "text": "I buy slowly this week."},
        others={"text": lambda s: {"text": "I buy slowly this week!"}},
        words="a notice that begins “I buy slowly this week.”",
    ),
    "flow seen elsewhere": Press(
        verb=observing.observe_flow,
        told=lambda s: {"lead_id": s.observed.pk, "units": usdt(100)},
        others={"value": lambda s: {"units": usdt(101)}},
        words="a flow of 100.00 USDT seen elsewhere",
    ),
    "correction": Press(
        verb=corrections.request_correction,
        told=lambda s: {
            "asset_id": market_queries.cash_asset().pk, "account": LedgerAccount.Kind.SUSPENSE, "units": usdt(1),
            "reason": "A gift", "by": s.operator,
        },
        others={
            "value": lambda s: {"units": usdt(2)},
            "account": lambda s: {"account": LedgerAccount.Kind.DUST},
            "reason": lambda s: {"reason": "A fee"},
        },
        words="a correction of 1 USDT",
    ),
}  # fmt: skip
