"""
What recorded files say about the bars that a question asks for: the lead's path, and how it came about.

A fee in a third coin (an exchange's own, say) is taken as cash at that coin's price: a lead's portfolio here is cash
and the coins it traded, and nobody copies what is only held to pay fees with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np

from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.engine.replay.feasible_order import feasible_order
from copytrading.engine.replay.lead_path import (
    Bars,
    LeadPath,
    LeadTrade,
    SoldMoreThanHeld,
    SpentMoreThanCash,
    bars_of,
    path_of_trades,
    path_of_weights,
)
from copytrading.engine.rules import Rules
from copytrading.exchange.prices.files import (
    LeadTrades,
    PriceTable,
    RecordingError,
    moment_of,
    read_lead_trades,
    read_prices,
    read_weights,
    time_of,
)
from copytrading.exchange.prices.plausibility import check_leaps, check_trades
from copytrading.exchange.prices.price_tables import exact
from copytrading.exchange.prices.trade_legs import in_one_quote
from copytrading.services.lookback.questions import Question, WhatIfRefused, check_question


@dataclass(frozen=True, kw_only=True)
class Recording:
    """
    What the files say: the lead's path over the bars, its pairs (A,), and which bars the question is about.

    `lead_trades` are the trades that made the path; None where the lead came as weights. `warnings` are sentences about
    what the files say that whoever reads the outcome should know.
    """

    path: LeadPath
    symbols: Sequence[str]
    lead_trades: Sequence[LeadTrade] | None
    start_time: int
    first_bar: int
    last_bar: int
    skipped_rows: int
    warnings: tuple[str, ...] = ()


def read_recording(question: Question, *, rules: Rules) -> Recording:
    """
    Return what the question's files say about the bars it asks for.

    :raises WhatIfRefused: if an option is out of its range or a file cannot be used.
    """
    check_question(question, rules=rules)
    try:
        return _read(question)
    except RecordingError as error:
        raise WhatIfRefused(str(error)) from error


def _read(question: Question) -> Recording:
    prices = read_prices(*question.price_paths, format_name=question.format_name)
    if question.trades_path is not None:
        return _read_trades(question, prices=prices)
    assert question.weights_path is not None, "one of the two was asked for"
    table = read_weights(question.weights_path, trader=question.trader, prices=prices)
    bars = bars_of(
        times=prices.times,
        closes=_closes_of(prices, symbols=table.symbols),
        lows=_lows_of(prices, symbols=table.symbols),
    )
    path = path_of_weights(bars=bars, times=table.times, weights=table.weights, fee_rate=float(question.fee_rate))
    asked_for = _bars_asked_for(question, bars=bars, first_time=int(table.times[0]))
    return Recording(
        path=path,
        symbols=table.symbols,
        lead_trades=None,
        skipped_rows=0,
        warnings=(
            *table.warnings,
            *_warnings_of(prices, symbols=table.symbols, times=table.times, asked_for=asked_for),
        ),
        **asked_for,
    )


def _read_trades(question: Question, *, prices: PriceTable) -> Recording:
    assert question.trades_path is not None, "trades were asked for"
    trades = in_one_quote(
        read_lead_trades(
            question.trades_path,
            trader=question.trader,
            with_fees=question.uses_recorded_fees,
            format_name=question.format_name,
        ),
        table=prices,
    )
    symbols = sorted(set(trades.symbols))
    lead_trades = _lead_trades_of(trades, prices=prices, symbols=symbols)
    # Within one second a file says nothing of what came first.
    order = feasible_order(lead_trades, lead_cash=question.lead_cash, fee_rate=question.fee_rate)
    trades, lead_trades = trades.at(order), [lead_trades[place] for place in order]
    told = check_trades(trades, table=prices)
    path = _path_of_trades(trades, lead_trades, prices=prices, symbols=symbols, question=question)
    asked_for = _bars_asked_for(question, bars=path.bars, first_time=int(trades.times[0]))
    return Recording(
        path=path,
        symbols=symbols,
        lead_trades=lead_trades,
        skipped_rows=trades.skipped_rows,
        warnings=(
            *trades.warnings,
            *told,
            *_warnings_of(prices, symbols=symbols, times=trades.times, asked_for=asked_for),
        ),
        **asked_for,
    )


def _warnings_of(
    prices: PriceTable, *, symbols: Sequence[str], times: IntArray, asked_for: dict[str, int]
) -> list[str]:
    """Return what there is to say about these pairs over the bars that were asked for."""
    last_time = int(prices.times[asked_for["last_bar"]])
    first_time = min(int(times[0]), int(prices.times[asked_for["first_bar"]]))
    told = check_leaps(prices, symbols=symbols, first_time=first_time, last_time=last_time)
    after = int((times > prices.times[-1]).sum())
    if after:
        told.append(
            f"The prices end at {moment_of(prices.times[-1]):%Y-%m-%d %H:%M}: what the lead did later is not looked "
            f"at, {after} of its {len(times)} moves."
        )
    return [*prices.notes_of(symbols), *told]


def _bars_asked_for(question: Question, *, bars: Bars, first_time: int) -> dict[str, int]:
    start_time = first_time if question.start is None else time_of(question.start)
    first_bar, last_bar = _bars_to_run(bars, start_time=start_time, end=question.end)
    return {"start_time": start_time, "first_bar": first_bar, "last_bar": last_bar}


def _lead_trades_of(trades: LeadTrades, *, prices: PriceTable, symbols: Sequence[str]) -> list[LeadTrade]:
    rows = zip(
        trades.times.tolist(), trades.symbols, trades.sides.tolist(), trades.quantities, trades.prices, strict=True
    )
    return [
        LeadTrade(
            time=time,
            asset=symbols.index(symbol),
            side=side,
            quantity=quantity,
            price=price,
            **_fee_of(trades, place, prices=prices),
        )
        for place, (time, symbol, side, quantity, price) in enumerate(rows)
    ]


def _fee_of(trades: LeadTrades, place: int, *, prices: PriceTable) -> dict[str, Decimal]:
    """Return what a trade really cost: in its own coin, in cash, or in a third coin, which is taken as cash."""
    if not trades.fees:
        return {}
    fee, coin = trades.fees[place], trades.fee_coins[place]
    if fee is None:
        return {}
    base, _, quote = trades.symbols[place].rpartition("-")
    if coin == base.partition(" ")[0]:
        return {"fee_coins": fee, "fee_cash": Decimal(0)}
    if not fee or coin == quote:
        return {"fee_cash": fee}
    price = _price_at(prices, symbol=f"{coin}-{quote}", time=int(trades.times[place]))
    if price is None:
        sentence = f"The fee is in {coin}, and there are no prices of {coin}-{quote}. Add a file that has them."
        raise RecordingError(path=trades.path, line=int(trades.lines[place]), sentence=sentence)
    return {"fee_cash": fee * price}


def _price_at(prices: PriceTable, *, symbol: str, time: int) -> Decimal | None:
    """Return the close of a pair at its first bar at or after a time, or else at its last; None without any."""
    if symbol not in prices.symbols:
        return None
    closes = prices.closes[:, prices.symbols.index(symbol)]
    own_bars = np.flatnonzero(~np.isnan(closes))
    place = min(int(np.searchsorted(prices.times[own_bars], time)), len(own_bars) - 1)
    return exact(float(closes[own_bars[place]]))


def _path_of_trades(
    trades: LeadTrades,
    lead_trades: Sequence[LeadTrade],
    *,
    prices: PriceTable,
    symbols: Sequence[str],
    question: Question,
) -> LeadPath:
    bars = bars_of(
        times=prices.times,
        closes=_closes_of(prices, symbols=symbols),
        lead_trades=lead_trades,
        lows=_lows_of(prices, symbols=symbols),
    )
    try:
        return path_of_trades(bars=bars, trades=lead_trades, lead_cash=question.lead_cash, fee_rate=question.fee_rate)
    except SoldMoreThanHeld as error:
        notes = " ".join(prices.notes_of([trades.symbols[error.trade]]))
        raise trades.refusal(error.trade, f"{_sold_too_much(trades, lead_trades, error)} {notes}".strip()) from error
    except SpentMoreThanCash as error:
        raise trades.refusal(
            error.trade,
            f"The trade costs {error.cost:.2f} USDT but the lead has {error.cash:.2f} left. "
            "Give the lead more cash (--lead-cash).",
        ) from error


def _sold_too_much(trades: LeadTrades, lead_trades: Sequence[LeadTrade], error: SoldMoreThanHeld) -> str:
    symbol, quantity = trades.symbols[error.trade], lead_trades[error.trade].quantity
    said = f"The lead sells {quantity:f} of {symbol} but holds {error.held:f}."
    bought = any(
        trade.side > 0 and name == symbol
        for trade, name in zip(lead_trades[: error.trade], trades.symbols, strict=False)
    )
    if bought:
        return f"{said} Add the trades that bought the rest."
    return (
        f"{said} Nothing was bought under this name before: add the trades that did. A coin that was renamed needs one "
        "name, in trades and prices."
    )


def _closes_of(prices: PriceTable, *, symbols: Sequence[str]) -> FloatArray:
    # All bars stay, also those none of these pairs has: they are bars of the recording.
    return prices.closes[:, [prices.symbols.index(symbol) for symbol in symbols]]


def _lows_of(prices: PriceTable, *, symbols: Sequence[str]) -> FloatArray | None:
    columns = [prices.symbols.index(symbol) for symbol in symbols]
    return None if prices.written is None else prices.written.lows[:, columns]


def _bars_to_run(bars: Bars, *, start_time: int, end: datetime | None) -> tuple[int, int]:
    """Return the first and the last bar of the run."""
    first_bar = bars.bar_at_or_after(start_time)
    if first_bar == len(bars.times):
        raise WhatIfRefused(
            f"The prices end at {moment_of(bars.times[-1]):%Y-%m-%dT%H:%M:%SZ}, "
            f"before the run starts at {moment_of(start_time):%Y-%m-%dT%H:%M:%SZ}."
        )
    if end is None:
        return first_bar, len(bars.times) - 1
    last_bar = int(np.searchsorted(bars.times, time_of(end), side="right")) - 1
    if last_bar < first_bar:
        raise WhatIfRefused(
            f"There is no bar from the start at {moment_of(start_time):%Y-%m-%dT%H:%M:%SZ} "
            f"to the end at {end:%Y-%m-%dT%H:%M:%SZ}."
        )
    return first_bar, last_bar
