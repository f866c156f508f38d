"""What the engine's tests are played with: a market, and the platform's rules as they come."""

from decimal import Decimal
from typing import Any

from copytrading.engine.market.board import MarketTerms
from copytrading.engine.rules import Rules

RULES: dict[str, Any] = {
    "fee_rate": Decimal("0.001"),
    "investment_min": 100,
    "drift_band": 0.01,
    "repair_seconds": 60,
    "settling_seconds": 900,
    "cycle_spacing_seconds": 0.5,
    "profit_share_max": 0.3,
    "platform_share": 0.0,
    "reference_copy_amount": 100,
    "stake_min": 500,
    "stake_alarm": 0.1,
    "limit_order_days": 30,
    "lead_order_seconds": 60,
    "link_look_seconds": 10,
    "link_retry_seconds": 60,
    "link_check_seconds": 3_600,
    "slippage_cap": 0.005,
    "depth_share": 0.25,
    "limit_cushion": 0.0005,
    "price_age_max_seconds": 10,
    "price_outlier": 0.03,
    "price_jump": 0.1,
    "price_leap": 5.0,
    "frozen_after_seconds": 900,
    "delisted_after_seconds": 600,
    "stop_loss_confirm_seconds": 5,
    "order_value_max": 5_000_000,
    "minute_value_max": 50_000_000,
    "day_value_max": 1_000_000_000,
    "price_collar": 0.12,
    "reconcile_seconds": 60,
    "failures_max": 5,
    "dust_float": 10_000,
    "deposit_max": 1_000_000,
    "deposit_day_max": 10_000_000,
    "deposit_total_max": 10_000_000_000,
    "cash": "USDT",
    "cash_decimals": 8,
}


def rules(**changes: Any) -> Rules:
    """Return the platform's rules, some of them changed."""
    return Rules(**RULES | changes)


def market(*, mark: str = "50000", lot_units: int = 1_000, tick_size: str = "0.01") -> MarketTerms:
    """Return a market like BTC-USDT, both with eight decimals."""
    return MarketTerms(
        market_id=1,
        base_decimals=8,
        quote_decimals=8,
        lot_units=lot_units,
        value_min_units=5 * 10**8,
        tick_size=Decimal(tick_size),
        mark=Decimal(mark),
    )
