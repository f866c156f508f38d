"""A venue whose list changes, and a copy that holds what may vanish from it."""

from datetime import timedelta
from decimal import Decimal

from accounts.models import User
from copytrading.exchange.markets import MarketStatus
from copytrading.exchange.paper import world as paper
from copytrading.models import Copy, Lead
from copytrading.services.copies import verbs as copies
from copytrading.services.market import listings
from tests.cast import COINS, World, usdt

TEN_MINUTES = timedelta(seconds=601)


def open_market(symbol: str, *, status: MarketStatus = MarketStatus.TRADING) -> None:
    coin = COINS.get(symbol, COINS["SOL"])
    paper.open_market(
        symbol=f"{symbol}-USDT",
        lot_size=Decimal(coin["lot_size"]),
        tick_size=Decimal(coin["tick_size"]),
        value_min=Decimal(5),
        level_value=Decimal(coin["level_value"]),
        status=status,
    )


def watch(world: World, *, after: timedelta = timedelta(0)) -> list[str]:
    """Look at the venue's list, and return what changed."""
    world.now += after
    return [change.sentence for change in listings.watch_listings(now=world.now)]


def delist(world: World, symbol: str) -> None:
    paper.close_market(f"{symbol}-USDT")
    watch(world)
    watch(world, after=TEN_MINUTES)
    world.last.pop(symbol, None)
    world.prices()


def copy_of_two_coins(world: World, lead: Lead, follower: User) -> Copy:
    """Return a copy of a lead who holds BTC and SOL."""
    world.lead_trades(lead, "BTC", "BUY", "0.08")
    world.lead_trades(lead, "SOL", "BUY", "30")
    world.settle()
    copy = world.start(follower, lead, "1000", stop_loss_units=usdt(300))
    world.settle()
    return copy


def stop(world: World, copy: Copy) -> None:
    copies.stop_copy(copy_id=copy.pk, now=world.now)
    world.settle()
