"""
A lead and a crowd of copies, made in bulk: the scenery of a benchmark, and nothing that a platform ever does.

People, accounts and copies are written thousands at a time; from then on everything goes its usual way, so that the
copies' first coins are already bought by a cycle like any other.
"""

from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
from django.db import transaction

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Journal, LedgerAccount, User
from copytrading.engine.units import coins, units_of
from copytrading.exchange import registry
from copytrading.exchange.markets import Quote
from copytrading.exchange.paper import world as paper
from copytrading.models import Copy, Lead, LeadOrder, Market
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import CASH_DECIMALS, cash_symbol
from copytrading.services import queueing
from copytrading.services.cycle import syncing
from copytrading.services.leads import orders as lead_orders
from copytrading.services.leads import verbs as leads
from copytrading.services.locks import lock_lead
from copytrading.services.market import quotes as market
from copytrading.services.wallet import transfers

PRICES = {"BTC": "50000", "ETH": "2500", "SOL": "100", "ADA": "0.5", "XRP": "0.6"}
# The lead holds as much of each, and the rest in cash.
WEIGHT = Decimal("0.15")
LEAD_STAKE = 1_000_000
CHUNK = 5_000
CROWD_SETTINGS = {
    "SMARTSYNC_BELL": False,
    "SMARTSYNC_CYCLE_SPACING_SECONDS": 0.0,
    "SMARTSYNC_SETTLING_SECONDS": 0.0,
    "SMARTSYNC_DEPTH_SHARE": 1.0,
    # A crowd of a hundred thousand moves more at once than a platform should without a look.
    "SMARTSYNC_ORDER_VALUE_MAX": 10**9,
    "SMARTSYNC_MINUTE_VALUE_MAX": 10**9,
    "SMARTSYNC_DAY_VALUE_MAX": 10**9,
}


class Crowd:
    """One lead with many copies, and the clock they live by."""

    def __init__(self, *, copies: int, now: datetime) -> None:
        self.copies = copies
        self.now = now
        self.lead: Lead

    def gather(self) -> None:
        """Bring everybody in, and let the copies buy what the lead holds."""
        for symbol in PRICES:
            paper.open_market(
                symbol=f"{symbol}-{cash_symbol()}",
                lot_size=Decimal("0.00001"),
                tick_size=Decimal("0.0001"),
                value_min=Decimal(5),
                level_count=0,
                spread_rate=Decimal(0),
            )
        market.list_markets()
        self.tick()
        transfers.fund_dust_account(now=self.now)
        self._start_lead()
        with transaction.atomic():
            request = queueing.request_sync(lead_id=self.lead.pk, now=self.now)
        for first in range(0, self.copies, CHUNK):
            self._start_copies(first, min(first + CHUNK, self.copies), request)
        self.sync()

    def tick(self) -> None:
        """Let a second pass; the prices stay."""
        self.now += timedelta(seconds=1)
        quotes = [
            Quote(symbol=f"{symbol}-{cash_symbol()}", price=Decimal(price), as_of=self.now, source="bench")
            for symbol, price in PRICES.items()
        ]
        market.record_quotes(quotes=quotes, now=self.now)

    def lead_trades(self, symbol: str, side: LeadOrder.Side, *, value: Decimal) -> None:
        """Let the lead give an order of some value."""
        traded = Market.objects.select_related("base").get(base__symbol=symbol)
        lots = units_of(value / Decimal(PRICES[symbol]), traded.base.decimals) // traded.lot_units
        self.tick()
        lead_orders.submit_lead_order(
            lead_id=self.lead.pk,
            market_id=traded.pk,
            side=side,
            quantity_units=lots * traded.lot_units,
            idempotency_key=f"{symbol}:{self.now.timestamp()}",
            now=self.now,
        )

    def sync(self) -> None:
        """Bring the lead's copies through one whole cycle."""
        cycle = syncing.sync_lead(lead_id=self.lead.pk, now=self.now)
        assert cycle is not None and cycle.done_at is not None, "there was a trade to follow, so a cycle ran through"

    def _start_lead(self) -> None:
        person = User.objects.create_user("lead@bench.invalid")
        lead = leads.apply_as_lead(
            user=person, name="Bench lead", bio="", tags=[], profit_share_rate=Decimal(0),
            followers_max=self.copies, now=self.now,
        )  # fmt: skip
        self.lead = leads.approve_lead(lead_id=lead.pk, now=self.now)
        stake = LEAD_STAKE * 10**CASH_DECIMALS
        transfers.deposit(user=person, units=stake, idempotency_key="stake", now=self.now)
        leads.deposit_to_lead(lead_id=lead.pk, units=stake, idempotency_key="lead stake", now=self.now)
        for symbol in PRICES:
            self.lead_trades(symbol, LeadOrder.Side.BUY, value=LEAD_STAKE * WEIGHT)
        self.sync()
        self.tick()

    def _start_copies(self, first: int, last: int, request: int) -> None:
        """Write people, their money and their copies, `first` to `last`, as rows; `request` aligns them."""
        cash = market_queries.cash_asset()
        people = User.objects.bulk_create(
            [User(email=f"follower{number}@bench.invalid", password="!") for number in range(first, last)]
        )
        # Investments from 100 to 1,000, so that nobody's share is anybody else's.
        units = (100 + np.arange(first, last, dtype=np.int64) % 901) * 10**cash.decimals
        total = int(units.sum())
        owner_ids = [person.pk for person in people]
        mains = ledger.open_accounts(kind=LedgerAccount.Kind.MAIN, owner_ids=owner_ids, now=self.now)
        accounts = ledger.open_accounts(
            kind=LedgerAccount.Kind.COPY, owner_ids=owner_ids, guard=self.lead.pk, now=self.now
        )
        main_ids, account_ids = [main.pk for main in mains], [account.pk for account in accounts]
        external = ledger.platform_account(LedgerAccount.Kind.EXTERNAL, now=self.now)
        registry.move_paper_money(
            asset=cash.symbol, quantity=coins(total, cash.decimals), is_deposit=True, reference=f"crowd:{first}"
        )
        ledger.post(
            kind=Journal.Kind.DEPOSIT,
            idempotency_key=f"crowd:{first}:deposit",
            lines=Lines.join(Lines.of(main_ids, cash.pk, units), Lines.of([external.pk], cash.pk, [-total])),
            now=self.now,
        )
        with transaction.atomic():
            lock_lead(self.lead.pk)
            ledger.post(
                kind=Journal.Kind.COPY_START,
                idempotency_key=f"crowd:{first}:start",
                lines=Lines.join(Lines.of(main_ids, cash.pk, -units), Lines.of(account_ids, cash.pk, units)),
                now=self.now,
            )
        Copy.objects.bulk_create(
            [
                Copy(
                    follower=person,
                    lead=self.lead,
                    ledger_account=account,
                    invested_units=invested,
                    paid_in_units=invested,
                    issued_units=invested,
                    mark_value_units=invested,
                    shared_until=self.now,
                    align_request=request,
                    idempotency_key="crowd",
                    started_at=self.now,
                )
                for person, account, invested in zip(people, accounts, units.tolist(), strict=True)
            ]
        )
