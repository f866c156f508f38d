"""
What a lead traded, one row a fill: here, as the own share of a bunched order, and elsewhere, where we only looked.

Coins that nobody saw bought were never here: a sale counts for as much as was bought before. Elsewhere that is how it
is; here it means that rows contradict each other, which `who_sold_unbought` finds for the people of the platform.
"""

from collections.abc import Iterable
from dataclasses import replace

from django.db import connection

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
    return _of_what_was_bought(
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
    )


def seen_elsewhere(lead: Lead, *, visibility: Visibility) -> list[RecordedTrade]:
    """
    Return the trades of a lead that were only looked at and may be seen, also those from before it came here.

    Fees are within their values.
    """
    seen = ObservedTrade.objects.filter(lead=lead, market__isnull=False).exclude(units=0)
    if visibility.trades_until is not None:
        seen = seen.filter(traded_at__lte=visibility.trades_until)
    rows = seen.order_by("traded_at", "pk").values_list(
        "traded_at", "market__base__symbol", "market__lot_units", "units", "cash_units"
    )
    return _of_what_was_bought(
        RecordedTrade(
            time=int(traded_at.timestamp()),
            asset=symbol,
            quantity_units=units,
            value_units=abs(cash_units),
            fee_units=0,
            lot_units=lot_units,
        )
        for traded_at, symbol, lot_units, units, cash_units in rows
    )


def who_sold_unbought() -> list[tuple[int, str]]:
    """
    Return the leads, with a coin, whose orders here sold more than they bought: (lead_id, symbol), in that order.

    Of a coin that was counted anew nothing is said: its orders are of two units.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT lead_id, symbol FROM (
                SELECT lead.id AS lead_id, asset.symbol,
                    sum(share.quantity_units) OVER (
                        PARTITION BY lead.id, asset.id ORDER BY an_order.booked_at, share.id
                    ) AS held_units
                FROM copytrading_lead AS lead
                JOIN copytrading_allocation AS share ON share.ledger_account_id = lead.ledger_account_id
                JOIN copytrading_order AS an_order ON an_order.id = share.order_id
                JOIN copytrading_market AS market ON market.id = an_order.market_id
                JOIN accounts_asset AS asset ON asset.id = market.base_id
                WHERE an_order.booked_at IS NOT NULL AND NOT EXISTS (
                    SELECT FROM copytrading_coinverdict AS verdict
                    WHERE verdict.market_id = market.id AND verdict.kind = 'NEW_UNIT' AND verdict.done_at IS NOT NULL
                )
            ) AS sums
            WHERE held_units < 0 ORDER BY lead_id, symbol
            """
        )
        return [(int(lead_id), str(symbol)) for lead_id, symbol in cursor.fetchall()]


def _of_what_was_bought(trades: Iterable[RecordedTrade]) -> list[RecordedTrade]:
    """Return trades, oldest first, each sale with as much of it as was bought before; of nothing none is left."""
    held: dict[str, int] = {}
    counted = []
    for trade in trades:
        units = max(trade.quantity_units, -held.get(trade.asset, 0))
        if not units:
            continue
        held[trade.asset] = held.get(trade.asset, 0) + units
        if units != trade.quantity_units:
            of_it = {
                name: getattr(trade, name) * units // trade.quantity_units for name in ("value_units", "fee_units")
            }
            trade = replace(trade, quantity_units=units, **of_it)
        counted.append(trade)
    return counted
