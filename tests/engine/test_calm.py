"""How far prices may move before anybody has drifted: never too far, and far enough to be of use."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from copytrading.engine.deciding.calm import MOVES, price_slack
from copytrading.engine.deciding.decision import Decision, decide
from copytrading.engine.holdings.portfolios import STATUS_NUMBERS, CopyTable, LeadPortfolio
from copytrading.engine.holdings.profit_share import ShareState
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.market.board import Board
from copytrading.engine.sizing import registry
from tests.engine.stage import rules

USDT = 10**8
COINS = 5
RULES = rules(fee_rate=0)


def a_board(prices: np.ndarray) -> Board:
    ids, yes = np.arange(1, COINS + 1), np.ones(COINS, dtype=np.bool_)
    return Board(
        asset_ids=ids, market_ids=ids, unit_prices=prices, lot_units=ids * 0 + 1, value_min_units=ids * 0 + 1,
        decimals=ids * 0 + 8, quote_decimals=ids * 0 + 8, tick_sizes=ids.astype(object), marks=ids.astype(object),
        fresh=yes, listed=yes, tradable=yes, frozen=~yes, priced_at=np.zeros(COINS),
        doubted_prices=np.full(COINS, np.nan),
    )  # fmt: skip


def a_lead(random: np.random.Generator) -> LeadPortfolio:
    none = np.zeros(COINS, dtype=np.int64)
    units = (random.dirichlet(np.ones(COINS)) * 100_000 * USDT).astype(np.int64)
    return LeadPortfolio(
        account_id=None, cash_units=int(random.uniform(0, 50_000) * USDT), cash_held_units=0, units=units,
        held_units=none, survival=np.ones(COINS), epoch=none, touched=none > 0, pending_units=none,
        pending_orders=none,
    )  # fmt: skip


def copies_near(random: np.random.Generator, lead: LeadPortfolio, board: Board, count: int) -> CopyTable:
    """Return copies that hold nearly what they aim at: some with a cap, some without what the lead held before."""
    worth = (random.uniform(100, 10_000, count) * USDT).astype(np.int64)
    caps = np.where(random.random(count) < 0.3, random.uniform(0.1, 0.5, count), np.nan)
    terms = [Terms(weight_max=None if np.isnan(cap) else float(cap)) for cap in caps]
    none = np.zeros((count, COINS), dtype=np.int64)
    without = (random.random((count, COINS)) < 0.2) * lead.units
    table = CopyTable(
        ids=np.arange(count), account_ids=np.arange(count), invested_units=worth,
        stop_loss_units=np.full(count, np.nan),
        status=np.full(count, STATUS_NUMBERS["ACTIVE"]), owed_units=0 * worth,
        share_state=ShareState(
            issued_units=worth, mark_value_units=(worth * random.uniform(0.7, 1.3, count)).astype(np.int64),
            rate_millionths=random.choice([0, 100_000, 300_000], count),
        ),
        terms=registry.columns_of(terms, market_ids=board.market_ids), aligning=np.ones(count, dtype=np.bool_),
        stopping_at=np.full(count, np.nan), cash_units=worth, cash_held_units=0 * worth, units=none, held_units=none,
        baseline_units=without, baseline_survival=np.ones((count, COINS)), baseline_epoch=none,
    )  # fmt: skip
    targets = glance(board, lead, table).wishes.targets
    units = np.maximum(targets * (1 + random.normal(0, 0.01, targets.shape)), 0).astype(np.int64)
    cash = worth - np.floor(units * board.unit_prices).astype(np.int64).sum(axis=1)
    return replace(table, units=units, cash_units=np.maximum(cash, 0), aligning=np.zeros(count, dtype=np.bool_))


def glance(board: Board, lead: LeadPortfolio, copies: CopyTable) -> Decision:
    return decide(
        board=board, lead=lead, copies=copies, lead_orders=(), books=None, phase=None, rules=RULES, now=0.0
    )  # fmt: skip


def test_moves_are_tried_from_the_widest() -> None:
    assert list(MOVES) == sorted(MOVES, reverse=True)
    assert MOVES[-1] > 0


class TestPriceSlack:
    @pytest.mark.parametrize("seed", range(6))
    def test_lets_nobody_drift_however_prices_move_within_it(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        board, lead = a_board(random.uniform(0.5, 2, COINS)), a_lead(random)
        copies = copies_near(random, lead, board, 60)
        copies = copies.narrow(~glance(board, lead, copies).wishes.copies.any(axis=1))
        wishes = glance(board, lead, copies).wishes

        slack = price_slack(wishes=wishes, copies=copies, lead=lead, board=board, drift_band=RULES.drift_band)

        assert len(copies.ids) > 20
        for one in range(len(copies.ids)):
            only = copies.narrow(np.arange(len(copies.ids)) == one)
            alone = glance(board, lead, only).wishes
            own = price_slack(wishes=alone, copies=only, lead=lead, board=board, drift_band=RULES.drift_band)
            assert own >= slack
            for _ in range(8):
                moves = 1 + own * random.choice([-1, 1], COINS)
                moved = a_board(board.unit_prices * moves)
                assert not glance(moved, lead, only).wishes.copies.any()

    def test_is_wide_for_copies_that_hold_what_the_lead_does(self) -> None:
        random = np.random.default_rng(3)
        board, lead = a_board(np.ones(COINS)), a_lead(random)
        copies = copies_near(random, lead, board, 1)
        exact = replace(
            copies, baseline_units=0 * copies.units, terms=registry.columns_of([Terms()], market_ids=board.market_ids)
        )
        units = glance(board, lead, exact).wishes.targets.astype(np.int64)
        exact = replace(exact, units=units, cash_units=exact.invested_units - units.sum(axis=1))

        slack = price_slack(
            wishes=glance(board, lead, exact).wishes, copies=exact, lead=lead, board=board, drift_band=RULES.drift_band
        )

        assert slack >= 0.05

    def test_is_none_where_somebody_has_drifted(self) -> None:
        random = np.random.default_rng(4)
        board, lead = a_board(np.ones(COINS)), a_lead(random)
        copies = copies_near(random, lead, board, 3)
        drifted = replace(copies, units=copies.units // 2)

        slack = price_slack(
            wishes=glance(board, lead, drifted).wishes, copies=drifted, lead=lead, board=board,
            drift_band=RULES.drift_band,
        )  # fmt: skip

        assert slack == 0
