"""A statement as plain values, for programs: decimal strings that are exact to the last unit, times in UTC."""

from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any

from copytrading.engine.track_record.tax_lots import Disposal, Lot
from copytrading.queries.money.statement_lines import Costs, Stand, Statement, StatementTrade

CENTS = 2
FRACTION_PLACES = 6
AVERAGE = Context(prec=12)


def as_plain(statement: Statement) -> dict[str, Any]:
    """Return a statement as JSON has it, the same on the page and in the API."""
    money = _Money(statement.cash_decimals)
    decimals = statement.decimals_of
    return {
        "copy": statement.copy_id,
        "name": statement.name,
        "from": moment_text(statement.begins_at),
        "until": moment_text(statement.ends_at),
        "lots": statement.method.value,
        "cash": statement.cash_symbol,
        "opening": _stand(statement.opening, money),
        "flows_total": money(statement.flow_units),
        "result": money(statement.result_units),
        "closing": _stand(statement.closing, money),
        "result_fraction": fraction_text(statement.result_fraction),
        "bitcoin_fraction": fraction_text(statement.benchmark_fraction),
        "results": [
            {"part": part.part.value, "coin": part.symbol or None, "value": money(part.units)}
            for part in statement.results
        ],
        "costs": _costs(statement.costs, money),
        "flows": [
            {
                "at": moment_text(flow.at),
                "kind": flow.kind.value,
                "place": flow.place,
                "coin": flow.symbol,
                "quantity": exact(flow.units, flow.decimals),
                "value": money(flow.value_units),
            }
            for flow in statement.flows
        ],
        "trades": [_trade(trade, statement, money) for trade in statement.trades],
        "profit_shares": [
            {"at": moment_text(share.at), "place": share.place, "value": money(share.units)}
            for share in statement.shares
        ],
        "other_moves": [
            {
                "at": moment_text(other.at),
                "kind": other.kind.value,
                "place": other.place,
                "coin": other.symbol,
                "quantity": exact(other.units, other.decimals),
                "value": money(other.value_units),
            }
            for other in statement.others
        ],
        "disposals": [_disposal(one, decimals[one.coin], money) for one in statement.disposals],
        "lots_left": [_lot(lot, decimals[lot.coin], money) for lot in statement.lots],
        "years": [
            {
                "year": year.year,
                "proceeds": money(year.proceeds_units),
                "cost": money(year.cost_units),
                "gain": money(year.gain_units),
            }
            for year in statement.years
        ],
    }


def exact(units: int, decimals: int, *, places_min: int = 0) -> str:
    """Return units as a decimal string: exact, with no more places than it takes but for places_min."""
    coins, rest = divmod(abs(units), 10**decimals)
    fraction = (f"{rest:0{decimals}d}".rstrip("0") if decimals else "").ljust(places_min, "0")
    return f"{'-' if units < 0 else ''}{coins}{'.' + fraction if fraction else ''}"


def price_text(price: Decimal | None) -> str | None:
    """Return a price as a decimal string, as it was recorded; None where there is none."""
    return None if price is None else f"{price.normalize():f}"


def average_text(price: Decimal) -> str:
    """Return an average, whose digits have no end, as a decimal string: money is in the sums that it is of."""
    return f"{AVERAGE.plus(price).normalize():f}"


def moment_text(at: datetime) -> str:
    """Return a moment in UTC as RFC 3339 has it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def fraction_text(fraction: float | None) -> str | None:
    """Return a share of 1 to six places, None where there is none."""
    if fraction is None:
        return None
    text = f"{fraction:.{FRACTION_PLACES}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


class _Money:
    """Quote units as money."""

    def __init__(self, decimals: int) -> None:
        self._decimals = decimals

    def __call__(self, units: int) -> str:
        return exact(units, self._decimals, places_min=CENTS)


def _stand(stand: Stand, money: _Money) -> dict[str, Any]:
    return {
        "value": money(stand.value_units),
        "holdings": [
            {
                "coin": holding.symbol,
                "quantity": exact(holding.units, holding.decimals),
                "price": price_text(holding.price),
                "priced_at": moment_text(holding.priced_at) if holding.priced_at else None,
                "value": money(holding.value_units),
            }
            for holding in stand.holdings
        ],
        "unpriced": list(stand.unpriced),
    }


def _costs(costs: Costs, money: _Money) -> dict[str, Any]:
    return {
        "fees": money(costs.fee_units),
        "spread": money(costs.spread_units),
        "profit_share": money(costs.share_units),
        "total": money(costs.total_units),
        "turnover": money(costs.turnover_units),
        "fees_fraction": fraction_text(costs.fee_fraction),
        "spread_fraction": fraction_text(costs.spread_fraction),
        "total_fraction": fraction_text(costs.total_fraction),
    }


def _trade(trade: StatementTrade, statement: Statement, money: _Money) -> dict[str, Any]:
    fees = (
        (statement.cash_symbol, trade.fee_units, statement.cash_decimals),
        (trade.symbol, trade.fee_base_units, trade.decimals),
    )
    return {
        "at": moment_text(trade.at),
        "place": trade.place,
        "market": trade.market,
        "coin": trade.symbol,
        "side": trade.side,
        "quantity": exact(abs(trade.units), trade.decimals),
        "price": average_text(trade.price),
        "mid": price_text(trade.price_mid),
        "value": money(trade.value_units),
        "fees": [{"coin": symbol, "quantity": exact(units, decimals)} for symbol, units, decimals in fees if units],
        "spread": money(-trade.spread_units),
        "order_id": trade.order_id,
        "cycle_id": trade.cycle_id,
    }


def _disposal(one: Disposal, decimals: int, money: _Money) -> dict[str, Any]:
    is_sale = one.proceeds_units is not None
    return {
        "coin": one.coin,
        "quantity": exact(one.units, decimals),
        "acquired_at": moment_text(one.acquired_at) if one.acquired_at else None,
        "disposed_at": moment_text(one.disposed_at),
        "cost": money(one.cost_units),
        "proceeds": money(one.proceeds_units) if one.proceeds_units is not None else None,
        "gain": money(one.gain_units) if is_sale else None,
    }


def _lot(lot: Lot, decimals: int, money: _Money) -> dict[str, Any]:
    return {
        "coin": lot.coin,
        "quantity": exact(lot.units, decimals),
        "acquired_at": moment_text(lot.acquired_at),
        "cost": money(lot.cost_units),
    }
