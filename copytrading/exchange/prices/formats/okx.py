"""
OKX's trading history as downloaded (Order center → Download → Trading history), newest first: a bill of two lines a
trade, one for the coin and one for what was paid, in the time zone that the line above the header names.

    UID:…,Account Type:…,Time Zone:UTC+8
    id,Order id,Time,Trade Type,Symbol,Action,Amount,Trading Unit,Filled Price,[Filled Price Unit,]PnL,Fee,Fee Unit,
    Position Change,Position Balance,[Position Unit,]Balance Change,Balance,Balance Unit

A cost stands there below zero, a rebate above. Lines of other kinds (transfers, swaps, margin) are left out and told.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Sequence

from copytrading.exchange.prices.cells import to_decimal, to_symbol
from copytrading.exchange.prices.formats.layout import Format, Kind, bare_number, in_utc, offset_minutes, split_pair
from copytrading.exchange.prices.rows import Rows
from copytrading.exchange.prices.sheets import RecordingError

HEADER = (
    "id", "order id", "time", "trade type", "symbol", "action", "amount", "filled price", "fee", "fee unit",
    "balance unit",
)  # fmt: skip
SPOT = "spot"
OTHER_SIDE = {"buy": "sell", "sell": "buy"}


def read(rows: Rows, above: Sequence[Sequence[str]]) -> Rows:
    """Return a trading history in our columns, one row a trade."""
    rows, minutes = _with_zone(rows, above)
    rows = _once_each(_spot_alone(rows))
    symbols = [split_pair(text) for text in rows.texts("symbol")]
    # Half a trade is told by its coin: look at its pair before that.
    rows.converted("symbol", lambda text: to_symbol(split_pair(text)))
    units = [text.strip().upper() for text in rows.texts("balance unit")]
    coins = [place for place, symbol in enumerate(symbols) if units[place] == symbol.partition("-")[0]]
    paid = _paid(rows, coins)
    strangers = sorted(set(range(len(rows))) - set(coins) - set(paid))
    if strangers:
        raise rows.refusal(
            strangers[0],
            f"The line is of {units[strangers[0]] or 'no coin'}, and no line of the same order, time and price is its "
            "other half. Fetch the whole history again.",
        )
    return _rewritten(rows.at(coins), rows.at(paid), symbols=[symbols[place] for place in coins], minutes=minutes)


def _with_zone(rows: Rows, above: Sequence[Sequence[str]]) -> tuple[Rows, int]:
    told = [cell for line in above for cell in line if "zone" in cell.casefold()]
    for text in (*told, rows.written["time"]):
        minutes = offset_minutes(text)
        if minutes is not None:
            return rows, minutes
    return rows.warned("OKX names no time zone above the header: its times are taken as UTC."), 0


def _spot_alone(rows: Rows) -> Rows:
    kinds = [text.strip().casefold() for text in rows.texts("trade type")]
    others = Counter(text.strip() for text in rows.texts("trade type") if text.strip().casefold() != SPOT)
    first = next((line for line, kind in zip(rows.lines, kinds, strict=True) if kind != SPOT), 0)
    if SPOT not in kinds:
        raise RecordingError(
            path=rows.path, sentence="None of its lines is a spot trade. Download the trading history of spot."
        )
    spot = rows.only([kind == SPOT for kind in kinds])
    if others:
        named = ", ".join(f"{count} of {kind or 'no type'}" for kind, count in sorted(others.items()))
        spot = spot.warned(
            f"Only spot trades are read; lines of other types are left out, from line {first} on: {named}."
        )
    return spot


def _once_each(rows: Rows) -> Rows:
    """Return each line once, as its id says; parts of a history that was fetched twice overlap."""
    firsts = {text: place for place, text in reversed(list(enumerate(rows.texts("id")))) if text.strip()}
    kept = [firsts.get(text, place) == place for place, text in enumerate(rows.texts("id"))]
    for place, text in enumerate(rows.texts("id")):
        if not kept[place] and list(rows.cells[place]) != list(rows.cells[firsts[text]]):
            raise rows.refusal(
                place, f"id {text!r} stands in line {rows.lines[firsts[text]]} too, and says something else. Keep one."
            )
    if all(kept):
        return rows
    repeated = rows.lines[kept.index(False)]
    return rows.only(kept).warned(f"line {repeated} repeats a line by its id; {kept.count(False)} in all count once.")


def _paid(rows: Rows, coins: Sequence[int]) -> list[int]:
    """Return for each line of a coin the one that says what was paid or received."""
    keys = list(zip(*map(rows.texts, ("order id", "time", "filled price")), strict=True))
    actions = [text.strip().casefold() for text in rows.texts("action")]
    others: defaultdict[tuple[tuple[str, ...], str], deque[int]] = defaultdict(deque)
    for place in sorted(set(range(len(rows))) - set(coins)):
        others[keys[place], actions[place]].append(place)
    found = []
    for place in coins:
        wanted = others[keys[place], OTHER_SIDE.get(actions[place], "")]
        if not wanted:
            raise rows.refusal(place, _no_other_half(rows, place, coins=coins))
        found.append(wanted.popleft())
    return found


def _no_other_half(rows: Rows, place: int, *, coins: Sequence[int]) -> str:
    orders = rows.texts("order id")
    half = next((other for other in range(len(rows)) if orders[other] == orders[place] and other not in coins), None)
    if half is None:
        return "There is no second line of this trade, which says what was paid. Fetch the whole history again."
    differing = next(
        (name for name in ("time", "filled price") if rows.texts(name)[place] != rows.texts(name)[half]), "action"
    )
    return (
        f"{rows.written[differing]} {rows.texts(differing)[place]!r} does not fit the other half of the trade, line "
        f"{rows.lines[half]}: {rows.texts(differing)[half]!r}. Correct the row, or fetch the file again."
    )


def _rewritten(coins: Rows, paid: Rows, *, symbols: Sequence[str], minutes: int) -> Rows:
    fees = [
        (fee, unit) if _is_number_but_zero(fee) else (other_fee, other_unit)
        for fee, unit, other_fee, other_unit in zip(
            coins.texts("fee"), coins.texts("fee unit"), paid.texts("fee"), paid.texts("fee unit"), strict=True
        )
    ]
    return coins.rewritten(
        {
            "ts": [in_utc(text, minutes=minutes) for text in coins.texts("time")],
            "symbol": symbols,
            "side": coins.texts("action"),
            "quantity": [_unsigned(text) for text in coins.texts("amount")],
            "price": [bare_number(text) for text in coins.texts("filled price")],
            "value": [_unsigned(text) for text in paid.texts("amount")],
            "fee": [_turned(fee) for fee, _ in fees],
            "fee_asset": [unit for _, unit in fees],
            "trade_id": coins.texts("id"),
        },
        written={
            "ts": "Time",
            "symbol": "Symbol",
            "side": "Action",
            "quantity": "Amount",
            "price": "Filled Price",
            "value": "Amount of what was paid",
            "fee": "Fee",
            "trade_id": "id",
        },
    )


def _is_number_but_zero(text: str) -> bool:
    try:
        return to_decimal(text) != 0
    except ValueError:
        return bool(text.strip())


def _unsigned(text: str) -> str:
    return bare_number(text).removeprefix("-")


def _turned(fee: str) -> str:
    """Return what was paid as a number above zero, and what was given back as one below."""
    fee = bare_number(fee)
    return fee[1:] if fee.startswith("-") else f"-{fee}" if _is_number_but_zero(fee) else fee


FORMAT = Format(
    name="okx",
    kind=Kind.TRADES,
    where="Order center, Download, Trading history of spot",
    layouts=(HEADER,),
    read=read,
)
