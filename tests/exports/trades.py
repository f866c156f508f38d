"""The four trades in each layout that is read."""

from decimal import Decimal

from tests.exports.tables import TRADES, Table, Trade


def iso(trade: Trade) -> str:
    return f"{trade.at:%Y-%m-%d %H:%M:%S}"


def fee_coin(trade: Trade) -> str:
    return trade.coin if trade.side == "buy" else "USDT"


def fee_quantity(trade: Trade) -> Decimal:
    return Decimal(trade.quantity) / 1000 if trade.side == "buy" else trade.fee


def smartsync() -> Table:
    return Table(
        name="smartsync",
        header=["ts", "symbol", "side", "quantity", "price"],
        rows=[[f"{t.at:%Y-%m-%dT%H:%M:%SZ}", f"{t.coin}-USDT", t.side, t.quantity, t.price] for t in TRADES],
        roles={"time": "ts", "pair": "symbol", "side": "side", "quantity": "quantity", "price": "price"},
        first_sale=2,
        is_export=False,
    )


def binance() -> Table:
    return Table(
        name="binance",
        header=["Date(UTC)", "Pair", "Side", "Price", "Executed", "Amount", "Fee"],
        rows=[
            [
                iso(t), f"{t.coin}USDT", t.side.upper(), f"{Decimal(t.price):,.10f}", f"{t.quantity}{t.coin}",
                f"{t.value:,.8f}USDT", f"{fee_quantity(t):.8f}{fee_coin(t)}",
            ]
            for t in reversed(TRADES)
        ],
        roles={"time": "Date(UTC)", "pair": "Pair", "side": "Side", "quantity": "Executed", "price": "Price"},
        first_sale=0,
    )  # fmt: skip


def binance_until_2021() -> Table:
    return Table(
        name="binance",
        header=["Date(UTC)", "Market", "Type", "Price", "Amount", "Total", "Fee", "Fee Coin"],
        rows=[
            [
                iso(t), f"{t.coin}USDT", t.side.upper(), t.price, t.quantity, f"{t.value}", f"{fee_quantity(t)}",
                fee_coin(t),
            ]
            for t in reversed(TRADES)
        ],
        roles={"time": "Date(UTC)", "pair": "Market", "side": "Type", "quantity": "Amount", "price": "Price"},
        first_sale=0,
    )  # fmt: skip


def okx() -> Table:
    rows = []
    for number, t in enumerate(reversed(TRADES)):
        other = "Sell" if t.side == "buy" else "Buy"
        at = f"{t.at.replace(tzinfo=None).isoformat(sep=' ')}"
        coin_fee, cash_fee = (-fee_quantity(t), 0) if t.side == "buy" else (0, -t.fee)
        change = Decimal(t.quantity) * (1 if t.side == "buy" else -1)
        rows += [
            [
                f"9{number}1", f"5{number}", at, "Spot", f"{t.coin}-USDT", t.side.title(), t.quantity, t.coin, t.price,
                "0", f"{coin_fee}", t.coin, "0", "0", f"{change + coin_fee}", "0", t.coin,
            ],
            [
                f"9{number}0", f"5{number}", at, "Spot", f"{t.coin}-USDT", other, f"{t.value}", "USDT", t.price, "0",
                f"{cash_fee}", "USDT", "0", "0", f"{t.value}", "0", "USDT",
            ],
        ]  # fmt: skip
    return Table(
        name="okx",
        above=["UID:000,Account Type:Main,Time Zone:UTC+0"],
        header=[
            "id", "Order id", "Time", "Trade Type", "Symbol", "Action", "Amount", "Trading Unit", "Filled Price", "PnL",
            "Fee", "Fee Unit", "Position Change", "Position Balance", "Balance Change", "Balance", "Balance Unit",
        ],
        rows=rows,
        roles={"time": "Time", "pair": "Symbol", "side": "Action", "quantity": "Amount", "price": "Filled Price"},
        first_sale=0,
    )  # fmt: skip


def bybit() -> Table:
    return Table(
        name="bybit",
        above=["UID: 281915315,Company Name: ,Country:"],
        header=[
            "Uid", "Spot Pairs", "Order Type", "Direction", "Filled Value", "Filled Price", "Filled Quantity", "Fees",
            "Transaction ID", "Order No.", "Timestamp (UTC+0)",
        ],
        rows=[
            [
                "281915315", f"{t.coin}USDT", "LIMIT", t.side.upper(), f"{t.value:.20f}", f"{Decimal(t.price):.20f}",
                t.quantity, f"{fee_quantity(t):.20f}", f"229{number}", f"183{number}", iso(t),
            ]
            for number, t in enumerate(reversed(TRADES))
        ],
        roles={
            "time": "Timestamp (UTC+0)", "pair": "Spot Pairs", "side": "Direction", "quantity": "Filled Quantity",
            "price": "Filled Price",
        },
        first_sale=0,
    )  # fmt: skip


def kraken() -> Table:
    names = {"BTC": "XBTUSDT", "ETH": "ETHUSDT"}
    return Table(
        name="kraken",
        header=[
            "txid", "ordertxid", "pair", "time", "type", "ordertype", "price", "cost", "fee", "vol", "margin", "misc",
            "ledgers",
        ],
        rows=[
            [
                f"T{number}", f"O{number}", names[t.coin], f"{iso(t)}.0000", t.side, "limit", t.price, f"{t.value}",
                f"{t.fee}", t.quantity, "0.00000", "", f"L{number}",
            ]
            for number, t in enumerate(TRADES)
        ],
        roles={"time": "time", "pair": "pair", "side": "type", "quantity": "vol", "price": "price"},
        first_sale=2,
    )  # fmt: skip


def coinbase_fills() -> Table:
    return Table(
        name="coinbase",
        header=[
            "portfolio", "trade id", "product", "side", "created at", "size", "size unit", "price", "fee", "total",
            "price/fee/total unit",
        ],
        rows=[
            [
                "default", f"38{number}", f"{t.coin}-USDT", t.side.upper(), f"{t.at:%Y-%m-%dT%H:%M:%S.000Z}",
                t.quantity, t.coin, t.price, f"{t.fee}", f"{-t.value}", "USDT",
            ]
            for number, t in enumerate(TRADES)
        ],
        roles={"time": "created at", "pair": "product", "side": "side", "quantity": "size", "price": "price"},
        first_sale=2,
    )  # fmt: skip


def coinbase_report() -> Table:
    return Table(
        name="coinbase",
        above=["Transactions", "User,somebody,0000"],
        header=[
            "ID", "Timestamp", "Transaction Type", "Asset", "Quantity Transacted", "Price Currency",
            "Price at Transaction", "Subtotal", "Total (inclusive of fees and/or spread)", "Fees and/or Spread",
            "Notes",
        ],
        rows=[
            [
                f"61cf{number}", f"{iso(t)} UTC", t.side.title(), t.coin,
                f"{'-' if t.side == 'sell' else ''}{t.quantity}", "USDT", f"${t.price}", f"${t.value}",
                f"${t.value + t.fee}", f"${t.fee}", "",
            ]
            for number, t in reversed(list(enumerate(TRADES)))
        ],
        roles={
            "time": "Timestamp", "pair": "Asset", "side": "Transaction Type", "quantity": "Quantity Transacted",
            "price": "Price at Transaction",
        },
        first_sale=0,
    )  # fmt: skip


def freqtrade_trades() -> Table:
    return Table(
        name="freqtrade",
        header=[
            "id", "pair", "is_open", "fee_open", "fee_close", "open_rate", "close_rate", "amount", "stake_amount",
            "open_date", "close_date", "leverage", "is_short",
        ],
        rows=[
            [
                f"{number}", f"{bought.coin}/USDT", "0", "0.001", "0.001", bought.price, sold.price, bought.quantity,
                f"{bought.value}", f"{iso(bought)}.000000", f"{iso(sold)}.000000", "1.0", "0",
            ]
            for number, (bought, sold) in enumerate([(TRADES[0], TRADES[2]), (TRADES[1], TRADES[3])])
        ],
        roles={"time": "open_date", "pair": "pair", "quantity": "amount", "price": "open_rate"},
    )  # fmt: skip


def freqtrade_orders() -> Table:
    return Table(
        name="freqtrade",
        header=[
            "id", "ft_trade_id", "ft_pair", "order_id", "status", "side", "price", "average", "amount", "filled",
            "order_date", "order_filled_date", "ft_fee_base",
        ],
        rows=[
            [
                f"{number}", f"{number % 2}", f"{t.coin}/USDT", f"77{number}", "closed", t.side, t.price, t.price,
                t.quantity, t.quantity, f"{iso(t)}.000000", f"{iso(t)}.000000", "",
            ]
            for number, t in enumerate(TRADES)
        ],
        roles={
            "time": "order_filled_date", "pair": "ft_pair", "side": "side", "quantity": "filled", "price": "average",
        },
        first_sale=2,
    )  # fmt: skip


LAYOUTS = {
    writer.__name__: writer
    for writer in (
        smartsync, binance, binance_until_2021, okx, bybit, kraken, coinbase_fills, coinbase_report, freqtrade_trades,
        freqtrade_orders,
    )
}  # fmt: skip
