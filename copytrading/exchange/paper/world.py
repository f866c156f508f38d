"""
The world around the paper venue: markets are listed, prices move, money arrives and leaves.

At a real exchange nobody of us does this. Here it is somebody else's hand, so the counter knows nothing of it.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction

from copytrading.exchange.errors import VenueError
from copytrading.exchange.markets import MarketStatus
from copytrading.exchange.paper.balances import change_balances
from copytrading.exchange.paper.models import PaperBalance, PaperKey, PaperMarket, PaperRecount, PaperTransfer

# One statement for all markets. The rows are locked by symbol first, so that two feeds cannot deadlock.
SET_PRICES = """
    WITH locked AS (
        SELECT symbol FROM paper_papermarket WHERE symbol = ANY(%(symbols)s) ORDER BY symbol FOR UPDATE
    )
    UPDATE paper_papermarket AS market
    SET price = news.price, priced_at = %(now)s, taken_bid_quantity = 0, taken_ask_quantity = 0
    FROM unnest(%(symbols)s::text[], %(prices)s::numeric[]) AS news (symbol, price), locked
    WHERE market.symbol = news.symbol AND locked.symbol = news.symbol
"""


class TransferChanged(VenueError):
    """The reference was used for another transfer before."""


def open_market(
    *,
    symbol: str,
    lot_size: Decimal,
    tick_size: Decimal,
    value_min: Decimal,
    fee_rate: Decimal = Decimal("0.001"),
    spread_rate: Decimal = Decimal("0.0002"),
    level_gap_rate: Decimal = Decimal("0.0002"),
    level_value: Decimal = Decimal(5000),
    level_count: int = 20,
    status: MarketStatus = MarketStatus.TRADING,
) -> None:
    """
    List a market, `BASE-QUOTE`, or give a listed one these rules; its price stays.

    `level_count=0` gives no spread and endless depth, so that orders fill exactly at the price.
    """
    # A coin whose name returned carries a date: MOON (2024-03-20)-USDT.
    base, _, quote = symbol.rpartition("-")
    if not (base and quote):
        raise ValueError(f"{symbol!r} is not a pair such as BTC-USDT.")
    PaperMarket.objects.update_or_create(
        symbol=symbol,
        defaults={
            "base": base,
            "quote": quote,
            "lot_size": lot_size,
            "tick_size": tick_size,
            "value_min": value_min,
            "fee_rate": fee_rate,
            "spread_rate": spread_rate,
            "level_gap_rate": level_gap_rate,
            "level_value": level_value,
            "level_count": level_count,
            "status": status,
        },
    )


def close_market(symbol: str) -> bool:
    """Take a market off the list, as a venue that delists it; return whether it was there. Balances stay."""
    deleted, _ = PaperMarket.objects.filter(symbol=symbol).delete()
    return bool(deleted)


def set_prices(prices: Mapping[str, Decimal], now: datetime) -> int:
    """
    Give markets a new price and a fresh book, in one statement; return how many are listed.

    A price of a market that is not listed here is nobody's business and left out.

    :raises IntegrityError: if a price is not above zero; none is set then.
    """
    with connection.cursor() as cursor:
        cursor.execute(SET_PRICES, {"symbols": list(prices), "prices": list(prices.values()), "now": now})
        return cursor.rowcount


def credit(account: str, asset: str, quantity: Decimal, reference: str) -> bool:
    """
    Let money arrive at the venue, once per reference; return False if it had arrived before.

    :raises TransferChanged: if the reference was used for another transfer.
    """
    return _transfer(account=account, asset=asset, quantity=quantity, sign=1, reference=reference)


def debit(account: str, asset: str, quantity: Decimal, reference: str) -> bool:
    """
    Let money leave the venue, once per reference; return False if it had left before.

    :raises NotEnoughBalance: if the account holds less; nothing was written.
    :raises TransferChanged: if the reference was used for another transfer.
    """
    return _transfer(account=account, asset=asset, quantity=quantity, sign=-1, reference=reference)


def put_key(
    *, key: str, secret: str, account: str, may_trade: bool = True, may_withdraw: bool = False, is_revoked: bool = False
) -> None:
    """Give an account of the venue a key, or change what a key may do."""
    PaperKey.objects.update_or_create(
        key=key,
        defaults={
            "secret": secret,
            "account": account,
            "may_trade": may_trade,
            "may_withdraw": may_withdraw,
            "is_revoked": is_revoked,
        },
    )


def recount(
    *, asset: str, old_count: int, new_count: int, decimals: int, price: Decimal, reference: str, now: datetime
) -> bool:
    """
    Count a coin anew, once per reference: of all that anybody holds `old_count` become `new_count`.

    What is held is cut to whole units; lots and ticks turn along, so that an order of one lot is worth what it was.

    :param price: what one new coin is worth. :param decimals: of the coin, so many make a whole unit.
    :returns: False if that was done before.
    """
    with transaction.atomic(durable=True):
        _, is_new = PaperRecount.objects.get_or_create(
            reference=reference, defaults={"asset": asset, "old_count": old_count, "new_count": new_count}
        )
        if not is_new:
            return False
        for market in PaperMarket.objects.select_for_update().filter(base=asset).order_by("symbol"):
            market.lot_size = max(market.lot_size * new_count / old_count, Decimal(1).scaleb(-decimals))
            market.tick_size = market.tick_size * old_count / new_count
            market.price, market.priced_at = price, now
            market.taken_bid_quantity = market.taken_ask_quantity = Decimal(0)
            market.save()
        for balance in PaperBalance.objects.select_for_update().filter(asset=asset).order_by("account"):
            units = int(balance.quantity.scaleb(decimals)) * new_count // old_count
            balance.quantity = Decimal(units).scaleb(-decimals)
            balance.save(update_fields=["quantity"])
    return True


def has_money() -> bool:
    """Return whether money ever arrived at this venue."""
    return PaperTransfer.objects.exists()


def _transfer(*, account: str, asset: str, quantity: Decimal, sign: int, reference: str) -> bool:
    if not isinstance(quantity, Decimal) or quantity <= 0:
        raise ValueError(f"A transfer needs a Decimal above zero, not {quantity!r}.")
    wanted = {"account": account, "asset": asset, "quantity": sign * quantity}
    with transaction.atomic(durable=True):
        transfer, is_new = PaperTransfer.objects.get_or_create(reference=reference, defaults=wanted)
        if is_new:
            change_balances(account=account, changes={asset: sign * quantity})
        elif any(getattr(transfer, name) != value for name, value in wanted.items()):
            raise TransferChanged(f"The reference {reference} was used for {transfer.quantity} {transfer.asset}.")
    return is_new
