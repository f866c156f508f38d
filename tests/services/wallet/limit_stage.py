"""What the tests of limit orders say in one line: place one, look, and compare what is held with what it needs."""

from datetime import datetime
from decimal import Decimal
from math import ceil

from accounts.models import Balance, Hold, LedgerAccount, User
from copytrading.engine.units import units_of
from copytrading.models import LimitOrder, Market
from copytrading.queries.rules import platform_rules
from copytrading.services.safety import reconciling
from copytrading.services.wallet import limits, touching
from tests.cast import World, usdt


def place(
    world: World,
    user: User,
    side: str,
    symbol: str,
    price: str,
    *,
    quantity: str | None = None,
    value: str | None = None,
    expires_at: datetime | None = None,
    key: str = "",
) -> LimitOrder:
    market = Market.objects.select_related("base").get(symbol=f"{symbol}-USDT")
    return limits.place_limit_order(
        user=user,
        market_id=market.pk,
        side=side,
        price_limit=Decimal(price),
        quantity_units=None if quantity is None else units_of(Decimal(quantity), market.base.decimals),
        value_units=None if value is None else usdt(value),
        expires_at=expires_at,
        idempotency_key=key or world.key(),
        now=world.now,
    )


def look(world: World, seconds: float = 1, **prices: str) -> int:
    """Let time pass, with new prices, and look at everybody's limit orders."""
    world.wait(seconds, **prices)
    return touching.look_at_limit_orders(now=world.now)


def held(user: User) -> dict[str, int]:
    """Return what a person's main account has promised, in units by symbol."""
    balances = Balance.objects.filter(ledger_account__owner=user, ledger_account__kind=LedgerAccount.Kind.MAIN)
    return dict(balances.exclude(held=0).values_list("asset__symbol", "held"))


def needed(user: User) -> dict[str, int]:
    """Return what a person's waiting limit orders need, in units by symbol, from their own figures alone."""
    total: dict[str, int] = {}
    for own in LimitOrder.objects.filter(user=user, finished_at__isnull=True).select_related(
        "market__base", "market__quote"
    ):
        base, quote = own.market.base, own.market.quote
        left = own.quantity_units - own.filled_units
        symbol, units = base.symbol, left
        if own.side == "BUY":
            exact = Decimal(left) * own.price_limit * (1 + platform_rules().fee_rate)
            symbol, units = quote.symbol, ceil(exact.scaleb(quote.decimals - base.decimals)) + 2
        total[symbol] = total.get(symbol, 0) + units
    return total


def is_clean() -> bool:
    """Return whether the ledger adds up, and every open hold is of something that waits or is on its way."""
    open_keys = set(Hold.objects.filter(released_at__isnull=True).values_list("key", flat=True))
    waiting = set(LimitOrder.objects.exclude(hold_key="").values_list("hold_key", flat=True))
    return reconciling.check_ledger().is_clean and {key for key in open_keys if key.startswith("limit:")} == waiting
