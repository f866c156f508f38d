"""The campaign itself: people come, prices walk, the lead trades, and every account is looked at in the end."""

import random
import sys
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from unittest.mock import patch

import numpy as np
from django.utils import timezone

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Balance, Journal, LedgerAccount, User
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.units import units_of
from copytrading.exchange.live import budget
from copytrading.exchange.markets import Quote
from copytrading.models import Copy, Lead, LeadOrder, Market, Order, OwnAccount
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.services.copies import own_verbs
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import syncing
from copytrading.services.leads import orders as lead_orders
from copytrading.services.leads import verbs as leads
from copytrading.services.market import quotes
from copytrading.services.own import accounts, rounds
from copytrading.services.safety import reconciling
from copytrading.services.safety.sealed_keys import ExchangeKey
from copytrading.services.wallet import transfers
from tests.fake_venue.venue import FakeVenue
from tests.own_accounts.described import AMOUNTS, COINS, account_of, amount_of, key_of

STAKE = Decimal(50_000)
# What the lead buys at the start, as shares of the stake; the rest stays cash.
WEIGHTS = {"BTC": "0.35", "ETH": "0.25", "SOL": "0.2", "ADA": "0.1"}
SETTLES_WITHIN_SECONDS = 3_600
QUOTED_EVERY_SECONDS = 2


@dataclass(kw_only=True)
class Figures:
    """What the campaign found; clean where nobody's order was anybody else's and every account agrees."""

    copies: int
    bars: int = 0
    orders: int = 0
    orders_a_copy: float = 0.0
    two_at_a_time: int = 0
    foreign_orders: int = 0
    foreign_trades: int = 0
    not_ours: int = 0
    accounts_that_differ: int = 0
    not_following: int = 0
    ledger: str = ""
    seconds: float = 0.0
    # By amount: median tracking error a bar and return less the lead's, of own and pooled copies.
    tracking: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        wrong = (
            self.two_at_a_time, self.foreign_orders, self.foreign_trades, self.not_ours, self.accounts_that_differ,
            self.not_following,
        )  # fmt: skip
        return not any(wrong) and self.ledger == "clean"


def run(venue: FakeVenue, *, copies_count: int, pooled_count: int, bars: int, seed: int, seconds_max: float) -> Figures:
    began, draw = time.monotonic(), random.Random(seed)
    with patch.object(budget.RateBudget, "take", lambda *_, **__: 0.0):
        stage = Stage(venue, draw)
        lead = stage.bring_lead()
        stage.bring_pooled(lead, pooled_count)
        say(f"{copies_count} people connect their accounts and start")
        stage.bring_own(lead, copies_count)
        stage.work()
        worths = [stage.worths(lead)]
        for bar in range(bars):
            if time.monotonic() > began + seconds_max:
                break
            stage.walk()
            if bar % 3 == 1:
                stage.trade(lead)
            stage.work()
            worths.append(stage.worths(lead))
            say(f"bar {bar + 1} of {bars}: {Order.objects.filter(cycle__is_own=True).count()} orders so far")
        figures = stage.figures(copies_count, worths, lead)
    figures.seconds = round(time.monotonic() - began, 1)
    show(figures)
    return figures


def say(sentence: str) -> None:
    sys.stderr.write(f"own accounts | {sentence}\n")


def show(figures: Figures) -> None:
    say("amount | tracking error a bar, own | pooled | return less the lead's, own | pooled")
    for amount, row in figures.tracking.items():
        say(
            f"{amount} USDT | {row['error_own']:.4%} | {row['error_pooled']:.4%}"
            f" | {row['return_own']:+.3%} | {row['return_pooled']:+.3%}"
        )


class Stage:
    """The venue, the prices there, and who is here."""

    def __init__(self, venue: FakeVenue, draw: random.Random) -> None:
        self.venue, self.draw = venue, draw
        self.price_of = {coin: Decimal(price) for coin, (price, _) in COINS.items()}
        self.keys = 0
        self.amount_of: dict[int, int] = {}
        self.own_ids: set[int] = set()
        quotes.list_markets()
        self.quote()
        transfers.fund_dust_account(now=timezone.now())
        venue.deposit("platform", USDT=str(platform_rules().dust_float))

    def key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    def quote(self) -> None:
        self.quoted_at = time.monotonic()
        now = timezone.now()
        told = [
            Quote(symbol=f"{coin}-USDT", price=price, as_of=now, source="walk") for coin, price in self.price_of.items()
        ]
        quotes.record_quotes(quotes=told, now=now)

    def walk(self) -> None:
        """Move each price by a normal step of 1.5 %, at the venue too."""
        for coin, price in self.price_of.items():
            tick = Decimal("0.0001") if price < 1 else Decimal("0.01")
            step = Decimal(str(round(self.draw.gauss(0, 0.015), 5)))
            self.price_of[coin] = (price * (1 + step)).quantize(tick)
        self.venue.prices(**{coin: str(price) for coin, price in self.price_of.items()})
        self.quote()

    def work(self) -> None:
        """Look at leads and own accounts as the beat does, until nothing is left to do."""
        deadline = time.monotonic() + SETTLES_WITHIN_SECONDS
        while time.monotonic() < deadline:
            self.quote()
            now = timezone.now()
            due, own = syncing.leads_to_sync(now=now), rounds.leads_due(now=now)
            if not due and not own:
                return
            for lead_id in due:
                syncing.sync_lead(lead_id=lead_id, now=now)
            for lead_id in own:
                rounds.sync_own(lead_id=lead_id, clock=self.clock)
        raise AssertionError("there is always something left to do")

    def clock(self):
        """Return the time; prices are quoted anew along the way, as a feed does all day."""
        if time.monotonic() > self.quoted_at + QUOTED_EVERY_SECONDS:
            self.quote()
        return timezone.now()

    def bring(self, user: User, value: Decimal) -> None:
        cash, units, now = market_queries.cash_asset(), units_of(value, 8), timezone.now()
        sides = [
            ledger.platform_account(LedgerAccount.Kind.EXTERNAL, now=now).pk,
            ledger.main_account(user=user, now=now).pk,
        ]
        lines = Lines.of(sides, cash.pk, [-units, units])
        ledger.post(kind=Journal.Kind.DEPOSIT, idempotency_key=f"bring-{user.pk}", lines=lines, now=now)
        self.venue.deposit("platform", USDT=str(value))

    def bring_lead(self) -> Lead:
        user, now = User.objects.create_user("lead@example.org", None), timezone.now()
        lead = leads.apply_as_lead(
            user=user, name="Basalt", bio="", tags=[], profit_share_rate=Decimal(0), followers_max=100_000, now=now
        )
        leads.approve_lead(lead_id=lead.pk, now=now)
        self.bring(user, STAKE)
        leads.deposit_to_lead(lead_id=lead.pk, units=units_of(STAKE, 8), idempotency_key="stake", now=now)
        Lead.objects.filter(pk=lead.pk).update(settling_until=None)
        for coin, weight in WEIGHTS.items():
            self.order(lead, coin, "BUY", STAKE * Decimal(weight) / self.price_of[coin])
        self.work()
        return Lead.objects.get(pk=lead.pk)

    def bring_pooled(self, lead: Lead, count: int) -> None:
        for number in range(count):
            user, amount = User.objects.create_user(f"pooled{number}@example.org", None), amount_of(number)
            self.bring(user, Decimal(amount))
            copy = copies.start_copy(
                follower=user, lead_id=lead.pk, investment_units=units_of(Decimal(amount), 8), terms=Terms(),
                idempotency_key="start", now=timezone.now(),
            )  # fmt: skip
            self.amount_of[copy.pk] = amount

    def bring_own(self, lead: Lead, count: int) -> None:
        exchange = self.venue.dialect
        for number in range(count):
            user, key, amount = (
                User.objects.create_user(f"own{number}@example.org", None),
                key_of(number),
                amount_of(number),
            )
            account = accounts.connect_account(
                user=user,
                exchange=exchange,
                key=ExchangeKey(key=key["key"], secret=key["secret"], password=key["passphrase"]),
                now=timezone.now(),
            )
            copy = own_verbs.start_copy(
                follower=user, lead_id=lead.pk, own_account_id=account.pk,
                investment_units=units_of(Decimal(amount), 8), terms=Terms(), idempotency_key="start",
                now=timezone.now(),
            )  # fmt: skip
            self.amount_of[copy.pk] = amount
            self.own_ids.add(copy.pk)
            if number % 50 == 0:
                self.quote()

    def trade(self, lead: Lead) -> None:
        """Let the lead sell a part of one coin and buy another."""
        seller, buyer = self.draw.sample(sorted(WEIGHTS), 2)
        market = Market.objects.select_related("base", "quote").get(symbol=f"{seller}-USDT")
        held = Balance.objects.filter(ledger_account=lead.ledger_account_id, asset=market.base).first()
        if held is not None and held.posted:
            self.order(lead, seller, "SELL", Decimal(held.posted).scaleb(-market.base.decimals) / 3)
        cash = Balance.objects.get(ledger_account=lead.ledger_account_id, asset=market.quote)
        self.order(lead, buyer, "BUY", Decimal(cash.posted).scaleb(-8) / 2 / self.price_of[buyer])

    def order(self, lead: Lead, coin: str, side: str, quantity: Decimal) -> None:
        market, lot = Market.objects.select_related("base").get(symbol=f"{coin}-USDT"), Decimal(COINS[coin][1])
        self.quote()
        lead_orders.submit_lead_order(
            lead_id=lead.pk,
            market_id=market.pk,
            side=LeadOrder.Side(side),
            quantity_units=units_of(quantity // lot * lot, market.base.decimals),
            idempotency_key=self.key(),
            now=timezone.now(),
        )

    def worths(self, lead: Lead) -> dict[int, int]:
        """Return what each copy is worth by its id, and the lead's equity under 0, in quote units."""
        self.quote()
        cash, board = market_queries.cash_asset(), market_queries.load_board(now=timezone.now(), rules=platform_rules())
        table = holdings.load_copies(lead, board=board, cash=cash)
        found = dict(zip(table.ids.tolist(), table.valued(board).worth.tolist(), strict=True))
        return found | {0: round(holdings.load_lead(lead, board=board, cash=cash).equity(board))}

    def figures(self, count: int, worths: list[dict[int, int]], lead: Lead) -> Figures:
        figures = Figures(copies=count, bars=len(worths) - 1)
        ours = {
            order.client_order_id: order for order in Order.objects.filter(cycle__is_own=True, claimed_at__isnull=False)
        }
        numbers = {
            f"own:{account.pk}": account_of(int(account.user.email.removeprefix("own").partition("@")[0]))
            for account in OwnAccount.objects.select_related("user")
        }
        state = self.venue.state()
        theirs = [order for order in state["orders"] if order["account"] != "platform"]
        pooled = set(Order.objects.exclude(cycle__is_own=True).values_list("client_order_id", flat=True))
        figures.orders = len(theirs)
        figures.orders_a_copy = round(len(theirs) / max(count, 1), 2)
        figures.foreign_orders = sum(
            order["client_order_id"] not in ours
            or numbers[ours[order["client_order_id"]].venue_account] != order["account"]
            for order in theirs
        )
        figures.not_ours = sum(
            order["client_order_id"] not in pooled for order in state["orders"] if order["account"] == "platform"
        )
        by_id = {order["client_order_id"]: order["account"] for order in state["orders"]}
        figures.foreign_trades = sum(
            by_id.get(trade["client_order_id"]) != trade["account"] for trade in state["trades"]
        )
        figures.two_at_a_time = _overlapping(list(ours.values()))
        figures.accounts_that_differ = self._differing(state, numbers)
        figures.not_following = (
            Copy.objects.filter(own_account__isnull=False).exclude(status=Copy.Status.ACTIVE).count()
        )
        report = reconciling.check_ledger()
        figures.ledger = "clean" if report.is_clean else str(report)[:500]
        figures.tracking = self._tracking(worths)
        return figures

    def _differing(self, state: dict, numbers: dict[str, str]) -> int:  # type: ignore[type-arg]
        """Return how many accounts hold another quantity of a coin than their copy has, or less cash."""
        held: dict[int, dict[str, int]] = defaultdict(dict)
        rows = Balance.objects.filter(ledger_account__own_account__isnull=False).values_list(
            "ledger_account__own_account", "asset__symbol", "asset__decimals", "posted"
        )
        for account_id, symbol, decimals, posted in rows:
            held[account_id][symbol] = -posted
            with suppress(KeyError):
                kept = units_of(Decimal(state["balances"][numbers[f"own:{account_id}"]].get(symbol, "0")), decimals)
                is_wrong = kept < -posted if symbol == "USDT" else kept != -posted
                held[account_id]["wrong"] = held[account_id].get("wrong", 0) + is_wrong
        return sum(bool(account.get("wrong")) for account in held.values())

    def _tracking(self, worths: list[dict[int, int]]) -> dict[str, dict[str, float]]:
        leads_worth = np.array([row[0] for row in worths], dtype=np.float64)
        leads_returns = leads_worth[1:] / leads_worth[:-1] - 1
        errors: dict[tuple[int, bool], list[float]] = defaultdict(list)
        ends: dict[tuple[int, bool], list[float]] = defaultdict(list)
        for copy_id, amount in self.amount_of.items():
            worth = np.array([row[copy_id] for row in worths], dtype=np.float64)
            group = amount, copy_id in self.own_ids
            errors[group].append(float(np.std(worth[1:] / worth[:-1] - 1 - leads_returns)))
            ends[group].append(float(worth[-1] / worth[0] - leads_worth[-1] / leads_worth[0]))
        return {
            f"{amount}": {
                f"{name}_{word}": float(np.median(found[amount, is_own])) if (amount, is_own) in found else float("nan")
                for name, found in (("error", errors), ("return", ends))
                for is_own, word in ((True, "own"), (False, "pooled"))
            }
            for amount in AMOUNTS
        }


def _overlapping(orders: list[Order]) -> int:
    """Return how many orders were claimed while another one of the same account and market was not booked yet."""
    spans: dict[tuple[str, int], list[Order]] = defaultdict(list)
    for order in orders:
        spans[order.venue_account, order.market_id].append(order)
    twice: Counter[str] = Counter()
    for group in spans.values():
        ordered = sorted(group, key=lambda order: order.pk)
        for earlier, later in pairwise(ordered):
            if earlier.booked_at is None or later.planned_at < earlier.booked_at:
                twice[later.venue_account] += 1
    return sum(twice.values())
