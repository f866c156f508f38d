"""A copy of a lead who holds SOL, worth 100 each, and a coin that is counted anew at the venue: 1,000 become one."""

from decimal import Decimal

from accounts.models import User
from copytrading.exchange.paper.models import PaperMarket
from copytrading.models import CoinVerdict, Copy, Lead, Mark, Market
from copytrading.services.books import stops
from copytrading.services.market import verdicts
from tests.cast import World, usdt


def sol() -> Market:
    return Market.objects.select_related("base", "mark").get(symbol="SOL-USDT")


def mark_of_sol() -> Mark:
    return Mark.objects.get(market__symbol="SOL-USDT")


def copy_of_sol(world: World, lead: Lead, follower: User, **options: object) -> Copy:
    """Return a copy of 1,000 USDT, two thirds of it in SOL at 100, one third in cash and BTC."""
    PaperMarket.objects.update(fee_rate=0)
    world.lead_trades(lead, "SOL", "BUY", "66")
    world.lead_trades(lead, "BTC", "BUY", "0.04")
    world.settle()
    copy = world.start(follower, lead, "1000", **({"stop_loss_units": usdt(300)} | options))
    world.settle()
    return Copy.objects.get(pk=copy.pk)


def leap(world: World, price: str = "100000", *, quotes: int = 2) -> None:
    """Let the one source say a price so often, a second apart."""
    for _ in range(quotes):
        world.wait(1, SOL=price)
        stops.check_stop_losses(now=world.now)


def judge(
    world: World, operator: User, second: User, kind: CoinVerdict.Kind, *, price: str | None = "100000", **terms: int
) -> CoinVerdict:
    """Let one operator say which coin SOL is, and another one approve it."""
    verdict = verdicts.request_verdict(
        market_id=sol().pk,
        kind=kind,
        price=None if price is None else Decimal(price),
        reason="The issuer says so.",
        by=operator,
        now=world.now,
        **terms,
    )
    return verdicts.approve_verdict(verdict_id=verdict.pk, by=second, now=world.now)
