"""
Copies of every kind beside one lead, and what their pages say of them, held against the decision and the ledger.

They joined at prices a quarter and twice of today's, so some have tripled and some have lost half; profit shares lie
between nothing and 30 %, some have caps, some answer orders, some left out what was there, some wait for money.
"""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from random import Random

import pytest
from django.db import connection

from accounts.models import Balance, Posting, User
from copytrading.engine.sizing import registry
from copytrading.engine.sizing.custom import custom_terms
from copytrading.models import Copy, CopyFlow, Lead, Mark, Order, ProfitShare
from copytrading.queries.copies import coin_results, gap_pages
from copytrading.queries.copies import own as queries
from copytrading.queries.copies.own import CopySummary
from copytrading.queries.copies.portfolios import price_list
from copytrading.services.books import records
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import syncing
from copytrading.services.safety import reconciling
from tests.cast import World, usdt

# `make worlds` looks at a thousand.
COPIES = 5 * int(os.environ.get("WORLDS", "12"))
BATCHES = 5
MANY = 500
# What BTC cost when each batch joined, of today's 50,000.
PRICES = ("100000", "62000", "50500", "25000", "12500")
MILLION = 1_000_000


@dataclass
class Crowd:
    """A lead with many copies, made by a seed."""

    world: World
    lead: Lead
    random: Random
    reduced: list[int] = field(default_factory=list)

    def gather(self) -> None:
        self.world.prices(BTC=PRICES[0])
        self.world.lead_trades(self.lead, "BTC", "BUY", "0.095")
        self.world.settle()
        for batch, price in enumerate(PRICES):
            self.world.wait(30, BTC=price)
            Lead.objects.filter(pk=self.lead.pk).update(
                profit_share_rate=Decimal(self.random.choice([0, 10, 20, 30])) / 100
            )
            for number in range(COPIES // BATCHES):
                self.start(f"{batch}-{number}")
            if batch % 2:
                self.world.lead_trades(self.lead, "ETH", "BUY", "0.05")
            self.world.settle(looks=40)
            if COPIES >= MANY:
                with connection.cursor() as cursor:
                    # As the database does by itself, of rows that are committed: else a thousand are taken for one.
                    cursor.execute("ANALYZE")
        self.world.wait(90, BTC="50000", ETH="2600")

    def start(self, name: str) -> None:
        user = User.objects.create_user(f"follower-{name}@example.org")
        self.world.deposit(user, "5000")
        mode = self.random.choice(registry.modes()) if self.random.random() < 0.3 else registry.modes()[0]
        terms = None
        if not mode.holds_ratios:
            by_ratio = "order_ratio" in mode.requires
            terms = custom_terms(
                order_ratio=0.1 if by_ratio else None, order_value_units=None if by_ratio else usdt(60)
            )
        self.world.start(
            user,
            self.lead,
            str(self.random.choice([100, 250, 1_000, 4_000])),
            buy_existing=terms is None and self.random.random() < 0.7,
            weight_max=self.random.choice([None, None, 0.2, 0.35]) if terms is None else None,
            terms=terms,
        )

    def ask_for_money(self) -> None:
        """Let some ask for a part of their money, which nothing has been sold for yet."""
        for copy in Copy.objects.filter(lead=self.lead, invested_units__gt=usdt(200)).order_by("pk"):
            if self.random.random() < 0.15:
                copies.reduce_copy(
                    copy_id=copy.pk,
                    units=copy.invested_units // 10,
                    idempotency_key=self.world.key(),
                    now=self.world.now,
                )
                self.reduced.append(copy.pk)

    def summaries(self) -> list[CopySummary]:
        return queries.summaries_of(Copy.objects.filter(lead=self.lead).select_related("lead"), now=self.world.now)


@pytest.fixture
def crowd(world: World, lead: Lead) -> Crowd:
    Lead.objects.filter(pk=lead.pk).update(followers_max=10 * COPIES)
    crowd = Crowd(world, lead, Random(7))
    crowd.gather()
    return crowd


def worth_by_hand(copy: Copy) -> tuple[int, int]:
    """Return gross and profit share due of a copy from its balances and the marks alone, in quote units."""
    prices = dict(Mark.objects.values_list("market__base_id", "price"))
    gross = 0
    for balance in Balance.objects.filter(ledger_account=copy.ledger_account_id).select_related("asset"):
        price = prices.get(balance.asset_id, Decimal(1))
        value = Decimal(balance.posted) * price.scaleb(8 - balance.asset.decimals)
        gross += int(value.to_integral_value(rounding=ROUND_FLOOR))
    profit = max(gross - copy.mark_value_units, 0)
    return gross, profit * int(copy.profit_share_rate * MILLION) // MILLION


class TestPages:
    def test_say_in_sync_exactly_where_the_decision_trades_nothing(self, crowd: Crowd) -> None:
        crowd.ask_for_money()
        said = {summary.copy.ledger_account_id: summary for summary in crowd.summaries()}
        before = set(Order.objects.values_list("pk", flat=True))

        syncing.sync_lead(lead_id=crowd.lead.pk, now=crowd.world.now)

        trading = {one for order in Order.objects.exclude(pk__in=before) for one in order.participant_ids}
        ratios = {account: one for account, one in said.items() if one.is_smart_sync and one.copy.status == "ACTIVE"}
        in_sync = {account for account, one in ratios.items() if one.is_in_sync}
        assert len(said) == COPIES
        assert set(ratios) - in_sync == trading & set(ratios)
        assert in_sync and trading, "both kinds are there"

    def test_say_what_the_ledger_knows_to_the_unit(self, crowd: Crowd) -> None:
        crowd.ask_for_money()
        prices = price_list()
        gains = []
        for summary in crowd.summaries():
            copy, seen = summary.copy, summary.comparison
            gross, due = worth_by_hand(copy)
            paid_in = sum(CopyFlow.objects.filter(copy=copy, units__gt=0).values_list("units", flat=True))
            shared = sum(ProfitShare.objects.filter(copy=copy).values_list("share_units", flat=True))

            assert seen is not None
            assert (seen.gross_units, summary.due_units, summary.worth_units) == (gross, due, gross - due)
            assert summary.result_units == gross - due + copy.paid_out_units - paid_in
            assert summary.profit_share_units == due + shared
            assert sum(position.value_units for position in seen.positions) == gross
            rows = coin_results.result_rows(summary, prices=prices)
            assert sum(row.result_units or 0 for row in rows) == summary.result_units
            gap = gap_pages.gap_of(copy, now=crowd.world.now)
            assert gap is not None and sum(line.units for line in gap.lines) == gap.units
            cash = Posting.objects.filter(ledger_account=copy.ledger_account_id, asset=prices.cash)
            assert sum(cash.values_list("units", flat=True)) == seen.positions[-1].value_units
            gains.append(summary.result_fraction)
        assert min(gains) < -0.3 and max(gains) > 0.8
        assert reconciling.check_ledger().is_clean

    def test_move_nothing_over_midnight_for_money_that_is_only_asked_for(self, crowd: Crowd) -> None:
        for _ in range(3):
            syncing.sync_lead(lead_id=crowd.lead.pk, now=crowd.world.now)
            crowd.world.wait(1)
        crowd.ask_for_money()
        midnight = datetime.combine(crowd.world.now.date() + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
        crowd.world.now = midnight - timedelta(seconds=1)
        crowd.world.prices()
        records.record_values(now=midnight, slot=midnight)
        crowd.world.now = midnight + timedelta(seconds=1)
        crowd.world.prices()

        summaries = crowd.summaries()

        waiting = [summary for summary in summaries if summary.copy.pk in crowd.reduced]
        assert waiting and all(summary.leaving_units > 0 for summary in waiting)
        assert {summary.today_units for summary in summaries} == {0}

    def test_cost_as_many_statements_for_all_as_for_one(self, crowd: Crowd) -> None:
        one = Copy.objects.filter(lead=crowd.lead).order_by("pk")[:1]
        counts = []
        for rows in (Copy.objects.filter(pk__in=one.values("pk")), Copy.objects.filter(lead=crowd.lead)):
            before = len(connection.queries_log)
            connection.force_debug_cursor = True
            queries.summaries_of(rows.select_related("lead"), now=crowd.world.now)
            connection.force_debug_cursor = False
            counts.append(len(connection.queries_log) - before)

        assert counts[0] == counts[1] > 0
