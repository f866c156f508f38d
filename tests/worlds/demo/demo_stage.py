"""What the tests of the demo share: its coins, how a portfolio is read, and a market that runs with its worker."""

from datetime import datetime, timedelta

from accounts.models import Balance, LedgerAccount
from copytrading.exchange.prices.simulated import COINS
from copytrading.models import Mark
from copytrading.services.cycle import syncing
from copytrading.services.feed import source as price_feed
from copytrading.worlds.demo.characters import CHARACTERS, Character
from copytrading.worlds.demo.feeding import MarketFeed

SYMBOLS = price_feed.by_size(coin.rules.symbol for coin in COINS)
START_PRICES = {coin.rules.symbol: coin.start_price for coin in COINS}


def weights_of(account: LedgerAccount) -> dict[str, float]:
    """Return the share of each pair in a ledger account, cash as the pair of its own name."""
    prices = {mark.market.base.symbol: mark.price for mark in Mark.objects.select_related("market__base")}
    values = {
        balance.asset.symbol: balance.posted * float(prices.get(balance.asset.symbol, 1))
        for balance in Balance.objects.filter(ledger_account=account, posted__gt=0).select_related("asset")
    }
    equity = sum(values.values())
    return {symbol: value / equity for symbol, value in values.items()}


def furthest(some: dict[str, float], others: dict[str, float]) -> float:
    """Return the largest difference between two portfolios in any coin."""
    return max(abs(some.get(symbol, 0) - others.get(symbol, 0)) for symbol in some.keys() | others.keys())


def run_market(feed: MarketFeed, *, start: datetime, seconds: int) -> datetime:
    """Let the market run second by second, with a worker that looks at every lead that is due."""
    for second in range(1, seconds + 1):
        now = start + timedelta(seconds=second)
        feed.tick(now=now)
        for lead_id in syncing.leads_to_sync(now=now):
            syncing.sync_lead(lead_id=lead_id, now=now)
    return now


def character(name: str) -> Character:
    return next(character for character in CHARACTERS if character.name == name)
