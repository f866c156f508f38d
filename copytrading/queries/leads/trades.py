"""
What a lead traded, one row a fill: here, as the own share of a bunched order, and elsewhere, where we only looked.
"""

from copytrading.engine.track_record.trade_record import RecordedTrade
from copytrading.models import Allocation, Lead, ObservedTrade
from copytrading.queries.market import recounts
from copytrading.queries.shown.visibility import Visibility


def made_by(lead: Lead, *, visibility: Visibility) -> list[RecordedTrade]:
    """Return what a lead traded here and may be seen, oldest first, each with the lead's own share of value and fee."""
    if lead.ledger_account_id is None:
        return []
    recounted = recounts.load_recounts()
    made = Allocation.objects.filter(ledger_account=lead.ledger_account_id).exclude(quantity_units=0)
    if visibility.trades_until is not None:
        made = made.filter(order__booked_at__lte=visibility.trades_until)
    shares = made.order_by("order__booked_at", "pk").values_list(
        "order__booked_at",
        "order__market__base__symbol",
        "order__market__lot_units",
        "quantity_units",
        "value_units",
        "fee_units",
        "order__market_id",
        "order_id",
    )
    return [
        RecordedTrade(
            time=int(booked_at.timestamp()),
            asset=symbol,
            quantity_units=recounted.units(quantity_units, market_id=market_id, order_id=order_id),
            value_units=abs(value_units),
            fee_units=abs(fee_units),
            lot_units=lot_units,
        )
        for booked_at, symbol, lot_units, quantity_units, value_units, fee_units, market_id, order_id in shares
        if booked_at is not None
    ]


def seen_elsewhere(lead: Lead, *, visibility: Visibility) -> list[RecordedTrade]:
    """
    Return the trades of a lead that were only looked at and may be seen, also those from before it came here.

    Fees are within their values. Coins that nobody saw bought were never here.
    """
    seen = ObservedTrade.objects.filter(lead=lead, market__isnull=False).exclude(units=0)
    if visibility.trades_until is not None:
        seen = seen.filter(traded_at__lte=visibility.trades_until)
    rows = seen.order_by("traded_at", "pk").values_list(
        "traded_at", "market__base__symbol", "market__lot_units", "units", "cash_units"
    )
    held: dict[str, int] = {}
    trades = []
    for traded_at, symbol, lot_units, units, cash_units in rows:
        counted = max(units, -held.get(symbol, 0))
        if not counted:
            continue
        held[symbol] = held.get(symbol, 0) + counted
        trades.append(
            RecordedTrade(
                time=int(traded_at.timestamp()),
                asset=symbol,
                quantity_units=counted,
                value_units=abs(cash_units) * counted // units,
                fee_units=0,
                lot_units=lot_units,
            )
        )
    return trades
