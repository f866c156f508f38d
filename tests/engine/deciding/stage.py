"""
What decisions are tried on: two coins at 100 and at 10, a lead who trades here, and copies of that lead.

Everything is said in whole coins and in quote currency; the stage counts the units, eight decimals to each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np

from copytrading.engine.adjustments import Adjusted, Reason
from copytrading.engine.deciding.decision import Decision, Phase, decide
from copytrading.engine.deciding.lead_orders import OpenOrder
from copytrading.engine.holdings.portfolios import STATUS_NUMBERS, CopyTable, LeadPortfolio
from copytrading.engine.holdings.profit_share import ShareState
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.market.board import Board
from copytrading.engine.market.books import Book, Level, Side
from copytrading.engine.sizing import registry
from tests.engine.stage import rules

UNIT = 10**8
PRICES = (100, 10)
NEAR, FAR = 0, 1  # the coin at 100 and the coin at 10
LEAD_ACCOUNT = 900
# No fee, so that what is read in a test is what is traded.
FREE = rules(fee_rate=Decimal(0))


def units(coins: Any) -> Any:
    """Return coins, or quote currency, in whole units."""
    return np.rint(np.asarray(coins, dtype=np.float64) * UNIT).astype(np.int64)


def a_board(prices: Sequence[float] = PRICES, **changes: Any) -> Board:
    """Return a market in which everything is listed, priced and traded, except what is changed."""
    ids, every = np.arange(1, len(prices) + 1), np.ones(len(prices), dtype=np.bool_)
    board = Board(
        asset_ids=ids, market_ids=ids + 10, unit_prices=np.array(prices, dtype=np.float64), lot_units=0 * ids + 1_000,
        value_min_units=0 * ids + UNIT, decimals=0 * ids + 8, quote_decimals=0 * ids + 8,
        tick_sizes=np.array([Decimal("0.01")] * len(prices), dtype=object),
        marks=np.array([Decimal(str(price)) for price in prices], dtype=object),
        fresh=every, listed=every, tradable=every, frozen=~every, priced_at=np.zeros(len(prices)),
        doubted_prices=np.full(len(prices), np.nan),
    )  # fmt: skip
    return replace(board, **{name: np.array(value) for name, value in changes.items()})


def a_lead(*, coins: Sequence[float] = (6, 20), cash: float = 200, **changes: Any) -> LeadPortfolio:
    """Return a lead worth 1,000, of which 600 are in the coin at 100 and 200 in the coin at 10."""
    none = np.zeros(len(coins), dtype=np.int64)
    lead = LeadPortfolio(
        account_id=LEAD_ACCOUNT, cash_units=int(units(cash)), cash_held_units=0, units=units(coins), held_units=none,
        survival=np.ones(len(coins)), epoch=none, touched=none > 0, pending_units=none, pending_orders=none,
    )  # fmt: skip
    return replace(
        lead, **{name: np.array(value) if isinstance(value, list) else value for name, value in changes.items()}
    )


def copies_of(*some: dict[str, Any]) -> CopyTable:
    """Return copies, each by what is special about it: `cash`, `coins`, `status`, `terms`, `aligning`, `owed`, ..."""

    def column(name: str, otherwise: Any) -> Any:
        return np.array([one.get(name, otherwise) for one in some])

    ids = np.arange(1, len(some) + 1)
    cash, coins = units(column("cash", 1_000)), units(column("coins", (0, 0)))
    invested = units(column("invested", 1_000))
    nowhere = np.zeros_like(coins)
    return CopyTable(
        ids=ids, account_ids=ids + 100, invested_units=invested, stop_loss_units=np.full(len(some), np.nan),
        status=np.array([STATUS_NUMBERS[one.get("status", "ACTIVE")] for one in some]),
        owed_units=units(column("owed", 0)),
        share_state=ShareState(
            issued_units=invested, mark_value_units=invested, rate_millionths=column("rate_millionths", 0)
        ),
        terms=registry.columns_of([one.get("terms", Terms()) for one in some], market_ids=np.array([11, 12])),
        aligning=column("aligning", False), stopping_at=column("stopping_at", np.nan), cash_units=cash,
        cash_held_units=units(column("cash_held", 0)), units=coins, held_units=units(column("held", (0, 0))),
        baseline_units=units(column("baseline", (0, 0))), baseline_survival=np.ones(coins.shape),
        baseline_epoch=nowhere,
    )  # fmt: skip


# What a copy of 1,000 holds that is as its lead is.
ALIKE = {"cash": 200, "coins": (6, 20)}


def a_book(price: float, *, quantity: float = 1_000, spread: float = 0.01) -> Book:
    """Return a book with one level on each side, half a spread from the price."""
    half = Decimal(str(spread)) / 2
    return Book(
        symbol="", as_of=None,
        bids=(Level(price=Decimal(str(price)) - half, quantity=Decimal(str(quantity))),),
        asks=(Level(price=Decimal(str(price)) + half, quantity=Decimal(str(quantity))),),
    )  # fmt: skip


BOOKS = {place: a_book(price) for place, price in enumerate(PRICES)}


def an_order(
    place: int, coins: float, *, limit: str | None = None, number: int = 1, of: float | None = None
) -> OpenOrder:
    """Return an open order of the lead: positive coins buy, `of` what it began with."""
    return OpenOrder(
        id=number, place=place, side=Side.BUY if coins > 0 else Side.SELL, left_units=int(units(abs(coins))),
        quantity_units=int(units(abs(of or coins))), price_limit=None if limit is None else Decimal(limit),
    )  # fmt: skip


def decided(
    *, board: Board | None = None, lead: LeadPortfolio | None = None, copies: CopyTable | None = None,
    orders: Iterable[OpenOrder] = (), books: Mapping[int, Book] | None = BOOKS, phase: Phase | None = None,
    now: float = 1_000.0, **changes: Any,
) -> Decision:  # fmt: skip
    """Return what is decided on the stage as it stands, except what is named."""
    return decide(
        board=board or a_board(), lead=lead or a_lead(), copies=copies_of({}) if copies is None else copies,
        lead_orders=orders, books=books, phase=phase, now=now, **({"rules": FREE} | changes),
    )  # fmt: skip


def coins_of(wish_units: Any) -> Any:
    """Return units as coins, to a thousandth."""
    return (np.asarray(wish_units) / UNIT).round(3).tolist()


def told(decision: Decision, reason: Reason) -> Adjusted | None:
    """Return what is told for a reason."""
    return next((one for one in decision.adjustments if one.reason is reason), None)
