"""
One quote: every pair of a table in USDT.

A pair quoted in something else is converted at recorded prices, bar by bar:

    ETH-BTC × BTC-USDT  =  ETH-USDT                where the quote has a pair of its own, either way round
    BTC-USDT ÷ BTC-USDC  =  what a USDC costs      or else where one coin is quoted in both

A coin that has a pair in USDT needs no conversion. What nothing converts is left out, and told to whoever asks for it.
"""

from collections import defaultdict
from dataclasses import replace

import numpy as np

from copytrading.engine.arrays import FloatArray
from copytrading.exchange.prices.price_tables import PriceTable, Written
from copytrading.exchange.prices.rows import named

CASH_QUOTE = "USDT"
PRICE_DIGITS = 12

# What people hold as cash: a trade against it leaves no coin behind. Everything else that quotes a pair is a coin.
# fmt: off
CURRENCIES = frozenset({
    "USDT", "USD", "USDC", "FDUSD", "BUSD", "TUSD", "USDP", "USDS", "USD1", "USDE", "RLUSD", "PYUSD", "GUSD", "DAI",
    "PAX", "EURI", "EURC", "AEUR", "EUR", "GBP", "CHF", "JPY", "AUD", "CAD", "NZD", "TRY", "BRL", "MXN", "ARS", "COP",
    "ZAR", "PLN", "CZK", "RON", "UAH", "RUB", "NGN", "INR", "KRW", "SGD", "HKD", "SEK", "NOK", "DKK",
})
# fmt: on


def in_one_quote(table: PriceTable) -> PriceTable:
    """
    Return a table of the same bars whose pairs are all quoted in USDT.

    :raises RecordingError: if nothing says what any of the pairs cost in USDT.
    """
    quotes_of = defaultdict(list)
    for symbol in table.symbols:
        base, _, paid_in = symbol.partition("-")
        quotes_of[base].append(paid_in)
    others = sorted({other for quotes in quotes_of.values() for other in quotes} - {CASH_QUOTE})
    if not others:
        return table
    found = {other: _rate_of(other, table) for other in others}
    rates = {other: rate for other, (rate, _) in found.items() if not np.isnan(rate).all()}
    columns: list[int] = []
    factors: list[FloatArray] = []
    symbols: list[str] = []
    unpriced: dict[str, str] = {}
    converted = defaultdict(list)
    for base, quotes in sorted(quotes_of.items()):
        if base == CASH_QUOTE:
            continue
        symbol = f"{base}-{CASH_QUOTE}"
        quote = _best_quote(base, quotes, table=table, rates=rates)
        if quote is None:
            unpriced[symbol] = f"{base}-{quotes[0]}"
            continue
        columns.append(table.symbols.index(f"{base}-{quote}"))
        factors.append(rates[quote] if quote != CASH_QUOTE else np.ones(len(table.times)))
        symbols.append(symbol)
        if quote != CASH_QUOTE:
            converted[quote].append(symbol)
    if not columns:
        raise _nothing_converts(table)
    notes = [
        (
            frozenset(pairs),
            f"{named([_in(pair, paid_in) for pair in pairs])}: converted into USDT at {found[paid_in][1]}.",
        )
        for paid_in, pairs in converted.items()
    ]
    return _converted(
        replace(table, rates=rates, unpriced=unpriced, notes=(*table.notes, *notes)),
        columns=columns,
        factors=np.array(factors).T,
        symbols=tuple(symbols),
    )


def _rate_of(quote: str, table: PriceTable) -> tuple[FloatArray, str]:
    """Return what a unit of a quote is worth in USDT at each bar (T,), and what says so."""
    if f"{quote}-{CASH_QUOTE}" in table.symbols:
        return _closes(f"{quote}-{CASH_QUOTE}", table), f"the recorded prices of {quote}-{CASH_QUOTE}"
    if f"{CASH_QUOTE}-{quote}" in table.symbols:
        return 1 / _closes(f"{CASH_QUOTE}-{quote}", table), f"the recorded prices of {CASH_QUOTE}-{quote}"
    best, said = np.full(len(table.times), np.nan), ""
    for symbol in table.symbols:
        base, _, other = symbol.partition("-")
        if other == quote and f"{base}-{CASH_QUOTE}" in table.symbols:
            rate = _closes(f"{base}-{CASH_QUOTE}", table) / _closes(symbol, table)
            if (~np.isnan(rate)).sum() > (~np.isnan(best)).sum():
                best, said = rate, f"what {base}-{CASH_QUOTE} and {symbol} say of {quote}"
    return best, said


def _best_quote(base: str, quotes: list[str], *, table: PriceTable, rates: dict[str, FloatArray]) -> str | None:
    """Return the quote in which a coin is best known: USDT itself, or else the one with the most bars that convert."""
    if CASH_QUOTE in quotes:
        return CASH_QUOTE
    known = {
        quote: int((~np.isnan(_closes(f"{base}-{quote}", table) * rates[quote])).sum())
        for quote in quotes
        if quote in rates
    }
    best = max(known, key=lambda quote: known[quote], default=None)
    return best if best is not None and known[best] else None


def _converted(table: PriceTable, *, columns: list[int], factors: FloatArray, symbols: tuple[str, ...]) -> PriceTable:
    assert table.written is not None, "bars that were read have their lines"
    part = table.written.at(slice(None), columns)
    return replace(
        table,
        symbols=symbols,
        closes=_times(table.closes[:, columns], factors),
        written=Written(
            paths=part.paths,
            opens=_times(part.opens, factors),
            highs=_times(part.highs, factors),
            lows=_times(part.lows, factors),
            files=part.files,
            lines=part.lines,
        ),
    )


def _times(prices: FloatArray, factors: FloatArray) -> FloatArray:
    """Return converted prices with as many digits as a price is written with; those that need no factor as they are."""
    product = prices * factors
    # Divided, not multiplied by a tenth: the float nearest to a number of so many digits reads back as that number.
    scales = 10.0 ** (PRICE_DIGITS - 1 - np.floor(np.log10(product)))
    return np.where(factors == 1, prices, np.round(product * scales) / scales)


def _nothing_converts(table: PriceTable) -> Exception:
    assert table.written is not None, "bars that were read have their lines"
    bar, column = divmod(int(np.flatnonzero(table.listed.ravel())[0]), len(table.symbols))
    quote = table.symbols[column].partition("-")[2]
    return table.written.refusal(
        bar,
        column,
        f"{table.symbols[column]} is quoted in {quote}, and nothing says what a {quote} costs in USDT. "
        f"Add a file with prices of {quote}-USDT.",
    )


def _closes(symbol: str, table: PriceTable) -> FloatArray:
    closes: FloatArray = table.closes[:, table.symbols.index(symbol)]
    return closes


def _in(symbol: str, quote: str) -> str:
    return f"{symbol.partition('-')[0]}-{quote}"
