"""
The core is the back-test: random worlds played by the stack, and looked back on by the engine alone.

A lead trades by the hour, and followers copy on terms of their own: caps, stop losses, without what was there, by
orders. They pay in and out, pause and resume. Database, services, ledger and paper venue come to the same as
`replay_portfolio` to 1e-5 of what was paid in.

Wishes that meet inside pay the venue nothing, which an engine that knows one copy cannot know. So a world has five
followers and no fees, or fees and one follower whose changes fall into hours in which the lead rests. Nor does it know
of a venue's least order: here that is a cent.
"""

import os
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from random import Random

import numpy as np
import pytest
from django.db import connection, transaction

from accounts.models import User
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.replay.investments import Change, ChangeKind, Investments
from copytrading.engine.replay.lead_path import LeadPath, LeadTrade, bars_of, path_of_trades
from copytrading.engine.replay.whatif import Replay, replay_portfolio
from copytrading.engine.sizing import registry
from copytrading.engine.sizing.custom import custom_terms
from copytrading.engine.sizing.mode import SizingMode
from copytrading.exchange.paper.models import PaperMarket
from copytrading.models import Copy, Lead, LeadOrder, Market
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.services.books import stops
from copytrading.services.copies import verbs as copies
from copytrading.services.safety import reconciling
from tests.cast import build_world, usdt
from tests.simulation.test_random_worlds import undone

# `make worlds` looks at 200 of them.
WORLDS = int(os.environ.get("WORLDS", "6"))
HOURS = 14
HOUR_SECONDS = 3_600
STAKE = Decimal(1_000_000)
COINS = {
    symbol: {"price": price, "lot_size": "0.00000001", "tick_size": "0.00000001", "level_value": "100000000"}
    for symbol, price in (("BTC", "50000"), ("ETH", "2500"), ("SOL", "100"))
}
SYMBOLS = list(COINS)


@dataclass
class Follower:
    """One who copies on terms of their own."""

    mode: SizingMode
    value: int
    buys_existing: bool
    stop_loss: float
    weight_max: float
    copy: Copy | None = None
    paid_in: float = 0.0

    @property
    def order_value(self) -> float:
        return self.value / 8

    @property
    def order_ratio(self) -> float:
        return float(self.value / STAKE)

    def custom(self) -> Terms | None:
        if self.mode.holds_ratios:
            return None
        if "order_ratio" in self.mode.requires:
            return custom_terms(order_ratio=self.order_ratio)
        return custom_terms(order_value_units=usdt(self.order_value))


class Story:
    """One world, decided by its seed: what the hours bring, and what the stack made of it."""

    def __init__(self, seed: int, *, fee_rate: Decimal) -> None:
        self.random = Random(seed)
        self.fee_rate = fee_rate
        self.world = build_world(smooth=True, coins=COINS)
        PaperMarket.objects.update(fee_rate=fee_rate, value_min=Decimal("0.01"))
        Market.objects.update(value_min_units=usdt("0.01"))
        self.lead = self.world.make_lead(User.objects.create_user("lead@example.org"), stake=str(STAKE))
        Lead.objects.filter(pk=self.lead.pk).update(profit_share_rate=0)
        self.began_at = self.world.now
        self.closes: list[list[float]] = []
        self.trades: list[LeadTrade] = []
        self.changes: list[Change] = []
        self.worths: list[list[float]] = []
        self.followers = [self.draw_follower(number) for number in range(1 if fee_rate else 5)]

    def draw_follower(self, number: int) -> Follower:
        random = self.random
        mode = registry.modes()[max(number - 2, 0)]
        if self.fee_rate:
            mode = random.choice(registry.modes())
        value = random.choice([20_000, 50_000, 137_000])
        return Follower(
            mode=mode,
            value=value,
            buys_existing=mode.holds_ratios and random.random() < 0.6,
            stop_loss=random.choice([np.nan, value * 0.08, value * 0.3]),
            weight_max=random.choice([np.nan, 0.25]) if mode.holds_ratios else np.nan,
        )

    def play(self) -> None:
        for hour in range(HOURS):
            self.go_to(hour)
            if hour == 0:
                self.trade("BTC", 0.3, hour)
                self.world.settle()
                self.start_copies()
            elif hour < HOURS - 1:
                changes = len(self.changes)
                self.let_followers_change(hour)
                stopped = self.check_stops()
                rests = self.fee_rate and (stopped or len(self.changes) > changes)
                if self.random.random() < 0.6 and not rests:
                    self.trade(self.random.choice(SYMBOLS), self.random.choice([0.3, 0.6, -0.4, -1.0]), hour)
            else:
                self.check_stops()
            self.world.settle(looks=30)
            self.worths.append(self.wealth())

    def go_to(self, hour: int) -> None:
        moves = {
            symbol: f"{float(self.world.last[symbol]) * self.random.uniform(0.93, 1.07):.6f}" if hour else coin["price"]
            for symbol, coin in COINS.items()
        }
        self.world.now = self.began_at + timedelta(seconds=hour * HOUR_SECONDS)
        self.world.prices(**moves)
        self.closes.append([float(self.world.last[symbol]) for symbol in SYMBOLS])

    def trade(self, symbol: str, fraction: float, hour: int) -> None:
        """Let the lead buy for a fraction of the cash, or sell a fraction of the coin."""
        held = self.world.held(self.lead.ledger_account)
        price = self.world.last[symbol]
        if fraction > 0:
            quantity = Decimal(str(fraction)) * Decimal(held.get("USDT", 0)).scaleb(-8) / price
        else:
            quantity = Decimal(str(-fraction)) * Decimal(held.get(symbol, 0)).scaleb(-8)
        quantity = quantity.quantize(Decimal("0.00000001"), rounding="ROUND_DOWN")
        if quantity * price < 10:
            return
        side = LeadOrder.Side.BUY if fraction > 0 else LeadOrder.Side.SELL
        self.world.lead_trades(self.lead, symbol, side, str(quantity))
        self.trades.append(
            LeadTrade(
                time=hour * HOUR_SECONDS,
                asset=SYMBOLS.index(symbol),
                side=1 if fraction > 0 else -1,
                quantity=quantity,
                price=price,
            )
        )

    def start_copies(self) -> None:
        for number, follower in enumerate(self.followers):
            user = User.objects.create_user(f"follower{number}@example.org")
            self.world.deposit(user, "900000")
            follower.copy = self.world.start(
                user,
                self.lead,
                str(follower.value),
                buy_existing=follower.buys_existing,
                stop_loss_units=None if np.isnan(follower.stop_loss) else usdt(follower.stop_loss),
                weight_max=None if np.isnan(follower.weight_max) else follower.weight_max,
                terms=follower.custom(),
            )
            follower.paid_in = float(follower.value)

    def let_followers_change(self, hour: int) -> None:
        for number, follower in enumerate(self.followers):
            copy = Copy.objects.get(pk=follower.copy.pk)
            if copy.status not in Copy.GUARDED or self.random.random() > 0.25:
                continue
            kind = self.random.choice([ChangeKind.INCREASE, ChangeKind.REDUCE, ChangeKind.PAUSE, ChangeKind.STOP_LOSS])
            if copy.status == Copy.Status.PAUSED:
                kind = self.random.choice([ChangeKind.RESUME, kind])
            self.change(number, copy, kind, hour)

    def change(self, number: int, copy: Copy, kind: ChangeKind, hour: int) -> None:
        world, value = self.world, np.nan
        if kind is ChangeKind.INCREASE:
            value = float(self.random.choice([500, 20_000]))
            copies.increase_copy(copy_id=copy.pk, units=usdt(value), idempotency_key=world.key(), now=world.now)
            self.followers[number].paid_in += value
        elif kind is ChangeKind.REDUCE:
            value = round(copy.invested_units / 10**8 * self.random.choice([0.1, 0.3]), 2)
            copies.reduce_copy(copy_id=copy.pk, units=usdt(value), idempotency_key=world.key(), now=world.now)
        elif kind is ChangeKind.PAUSE:
            if copy.status == Copy.Status.PAUSED:
                return
            copies.pause_copy(copy_id=copy.pk, now=world.now)
        elif kind is ChangeKind.RESUME:
            copies.resume_copy(copy_id=copy.pk, now=world.now)
        else:
            value = round(copy.invested_units / 10**8 * 0.1, 2)
            copies.change_stop_loss(copy_id=copy.pk, stop_loss_units=usdt(value), now=world.now)
        self.changes.append(Change(time=hour * HOUR_SECONDS, copy=number, kind=kind, value=value))

    def check_stops(self) -> int:
        """Stop those whose loss is confirmed, and return how many."""
        stops.check_stop_losses(now=self.world.now)
        self.world.wait(6)
        return stops.check_stop_losses(now=self.world.now)

    def wealth(self) -> list[float]:
        """Return what each copy is worth and has paid out, in USDT."""
        board, cash = market_queries.load_board(now=self.world.now, rules=platform_rules()), market_queries.cash_asset()
        table = holdings.load_copies(self.lead, board=board, cash=cash)
        worth = dict(zip(table.ids.tolist(), table.valued(board).worth.tolist(), strict=True))
        rows = [Copy.objects.get(pk=follower.copy.pk) for follower in self.followers]
        return [(worth.get(row.pk, 0) + row.paid_out_units) / 10**8 for row in rows]

    def path(self) -> LeadPath:
        bars = bars_of(times=np.arange(HOURS) * HOUR_SECONDS, closes=np.array(self.closes))
        return path_of_trades(bars=bars, trades=self.trades, lead_cash=STAKE, fee_rate=self.fee_rate, in_one_order=True)

    def look_back(self, number: int) -> Replay:
        """Return what the engine alone says of one follower's copy."""
        follower = self.followers[number]
        terms = Investments(
            investments=np.array([float(follower.value)]),
            mode=follower.mode,
            buys_existing=follower.buys_existing,
            fee_rate=float(self.fee_rate),
            slippage_rate=0.0,
            stop_losses=np.array([follower.stop_loss]),
            order_values=np.array([follower.order_value]),
            order_ratios=np.array([follower.order_ratio]),
            weight_max=np.array([follower.weight_max]),
            changes=tuple(replace(change, copy=0) for change in self.changes if change.copy == number),
        )
        # Orders have nothing existing: what was given before the start is not followed.
        start = 0 if follower.mode.holds_ratios else 1
        return replay_portfolio(
            path=self.path(), lead_cash=float(STAKE), terms=terms, start_time=start, last_bar=HOURS - 1
        )


@pytest.mark.django_db
class TestWhatIf:
    @pytest.mark.parametrize("seed", range(WORLDS))
    def test_equals_the_stack_whatever_followers_do(self, seed: int, settings: object) -> None:
        settings.SMARTSYNC_SLIPPAGE_CAP = 0.0
        settings.SMARTSYNC_LIMIT_CUSHION = 0.0
        fee_rate = Decimal("0.001") if seed % 2 else Decimal(0)
        settings.SMARTSYNC_FEE_RATE = fee_rate
        with undone():
            story = Story(seed, fee_rate=fee_rate)
            story.play()

            for number, follower in enumerate(story.followers):
                replayed = story.look_back(number)
                expected = story.worths[-1][number]
                found = float(replayed.copy_equity[0, -1] + replayed.paid_out[0])
                assert found == pytest.approx(expected, abs=1e-5 * follower.paid_in), (number, follower, story.changes)
            assert reconciling.check_ledger().is_clean
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            transaction.set_rollback(True)
