"""
The cast, named by role, and the small world they live in: three coins at a paper venue, and a clock that we hold.

    world.prices(BTC="60000")      a new price for everybody, now
    world.wait(seconds=5)          time passes; prices are quoted anew
    world.settle()                 every lead is looked at until nothing is left to do
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any, TypeVar, cast

import pytest
from django.conf import settings as django_settings
from pytest_django.fixtures import Settings

from accounts.models import Balance, LedgerAccount, User
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.rules import BOUNDS
from copytrading.engine.units import units_of
from copytrading.exchange.markets import Quote
from copytrading.exchange.paper import world as paper
from copytrading.models import Copy, Lead, LeadOrder, Market
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import syncing
from copytrading.services.leads import orders as lead_orders
from copytrading.services.leads import verbs as leads
from copytrading.services.market import quotes as market
from copytrading.services.wallet import transfers
from tests.stage import staged

Somebody = TypeVar("Somebody")
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ONE_USDT = 10**8

COINS = {
    "BTC": {"price": "50000", "lot_size": "0.00001", "tick_size": "0.01", "level_value": "200000"},
    "ETH": {"price": "2500", "lot_size": "0.0001", "tick_size": "0.01", "level_value": "100000"},
    "SOL": {"price": "100", "lot_size": "0.001", "tick_size": "0.01", "level_value": "20000"},
}


def usdt(value: str | float) -> int:
    """Return a value in USDT as whole units."""
    return units_of(Decimal(str(value)), 8)


@dataclass
class World:
    """A paper venue with prices and a clock. `smooth` books fill exactly at the price, without spread or end."""

    now: datetime = NOON
    last: dict[str, Decimal] = field(default_factory=dict)
    keys: int = 0

    def prices(self, **changes: str) -> None:
        self.last |= {symbol: Decimal(price) for symbol, price in changes.items()}
        quotes = [
            Quote(symbol=f"{symbol}-{django_settings.SMARTSYNC_CASH}", price=price, as_of=self.now, source="test")
            for symbol, price in self.last.items()
        ]
        market.record_quotes(quotes=quotes, now=self.now)

    def wait(self, seconds: float = 1, **changes: str) -> None:
        self.now += timedelta(seconds=seconds)
        self.prices(**changes)

    def settle(self, *, looks: int = 20) -> None:
        for _ in range(looks):
            self.wait(1)
            due = syncing.leads_to_sync(now=self.now)
            if not due:
                return
            for lead_id in due:
                syncing.sync_lead(lead_id=lead_id, now=self.now)

    def key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    def deposit(self, user: User, value: str) -> None:
        transfers.deposit(user=user, units=usdt(value), idempotency_key=self.key(), now=self.now)

    def start(
        self,
        follower: User,
        lead: Lead,
        value: str = "1000",
        *,
        terms: Terms | None = None,
        idempotency_key: str | None = None,
        invitation: str = "",
        **chosen: object,
    ) -> Copy:
        """Start a copy on some terms, Smart Sync where none are given, with what was `chosen` on top."""
        return copies.start_copy(
            follower=follower,
            lead_id=lead.pk,
            investment_units=usdt(value),
            terms=replace(terms or Terms(), **chosen),
            idempotency_key=idempotency_key or self.key(),
            now=self.now,
            invitation=invitation,
        )

    def lead_trades(self, lead: Lead, symbol: str, side: str, quantity: str) -> LeadOrder:
        traded = Market.objects.select_related("base").get(symbol=f"{symbol}-{django_settings.SMARTSYNC_CASH}")
        return lead_orders.submit_lead_order(
            lead_id=lead.pk,
            market_id=traded.pk,
            side=LeadOrder.Side(side),
            quantity_units=units_of(Decimal(quantity), traded.base.decimals),
            idempotency_key=self.key(),
            now=self.now,
        )

    def make_lead(self, user: User, *, name: str = "Basalt", stake: str = "10000", shows_all: bool = True) -> Lead:
        """Return an active lead; one who shows the whole book to everybody at once, unless it is to show it later."""
        lead = leads.apply_as_lead(
            user=user,
            name=name,
            bio="",
            tags=[],
            profit_share_rate=Decimal("0.1"),
            followers_max=100,
            now=self.now,
        )
        leads.approve_lead(lead_id=lead.pk, now=self.now)
        self.deposit(user, stake)
        leads.deposit_to_lead(lead_id=lead.pk, units=usdt(stake), idempotency_key=self.key(), now=self.now)
        if shows_all:
            Lead.objects.filter(pk=lead.pk).update(trades_delay_hours=0, weights_shown=Lead.WeightsShown.WITH_TRADES)
        # The first deposit is no change of ratios that anybody follows yet.
        Lead.objects.filter(pk=lead.pk).update(settling_until=None)
        return Lead.objects.get(pk=lead.pk)

    def held(self, account: LedgerAccount) -> dict[str, int]:
        """Return what a ledger account has, in units by symbol; empty balances left out."""
        balances = Balance.objects.filter(ledger_account=account).exclude(posted=0).select_related("asset")
        return {balance.asset.symbol: balance.posted for balance in balances}

    def main(self, user: User) -> dict[str, int]:
        return self.held(LedgerAccount.objects.get(owner=user, kind=LedgerAccount.Kind.MAIN))


def build_world(*, smooth: bool = False, coins: dict[str, dict[str, str]] | None = None) -> World:
    """Open the markets, quote them at NOON and fund the dust account."""
    for symbol, coin in (coins or COINS).items():
        paper.open_market(
            symbol=f"{symbol}-{django_settings.SMARTSYNC_CASH}",
            lot_size=Decimal(coin["lot_size"]),
            tick_size=Decimal(coin["tick_size"]),
            value_min=Decimal("5"),
            spread_rate=Decimal(0 if smooth else "0.0002"),
            level_count=0 if smooth else 20,
            level_value=Decimal(coin["level_value"]),
        )
    market.list_markets()
    world = World()
    world.prices(**{symbol: coin["price"] for symbol, coin in (coins or COINS).items()})
    transfers.fund_dust_account(now=world.now)
    return world


@pytest.fixture(autouse=True)
def _silent_bell(settings: object) -> None:
    """Tests call each step themselves; those about the bell switch it on."""
    django_settings.SMARTSYNC_BELL = False


@pytest.fixture(autouse=True)
def _prices_that_jump(settings: object) -> None:
    """A test says once what the price is now; those about wicks switch the doubt on."""
    django_settings.SMARTSYNC_PRICE_JUMP = BOUNDS["price_jump"].most


@pytest.fixture
def old_prices_are_fine(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The world's clock stands at NOON, the pages' does not: no price is too old, not even for the rule's bounds."""
    monkeypatch.setitem(BOUNDS, "price_age_max_seconds", BOUNDS["price_age_max_seconds"]._replace(most=10**9))
    settings.SMARTSYNC_PRICE_AGE_MAX_SECONDS = 10**9


@pytest.fixture
def world(db: None) -> World:
    return cast(World, staged("world", build_world))


@pytest.fixture
def smooth_world(db: None, settings: object) -> World:
    settings.SMARTSYNC_SLIPPAGE_CAP = 0.0  # type: ignore[attr-defined]
    settings.SMARTSYNC_LIMIT_CUSHION = 0.0  # type: ignore[attr-defined]
    return cast(World, staged("smooth world", lambda: build_world(smooth=True)))


def come(name: str, world: World, build: Callable[[], Somebody]) -> Somebody:
    """Return who or what comes into a world, from the second time on as at the first; the world goes on behind it."""

    @wraps(build)
    def built() -> tuple[Somebody, dict[str, Any]]:
        return build(), vars(world)

    somebody, then = staged(name, built)
    vars(world).update(then)
    return cast(Somebody, somebody)


def _person(email: str, world: World, money: str) -> User:
    user = User.objects.create_user(email, "correct horse battery")
    world.deposit(user, money)
    return user


@pytest.fixture
def follower(world: World) -> User:
    return come("follower", world, lambda: _person("follower@example.org", world, "10000"))


@pytest.fixture
def other_follower(world: World) -> User:
    return come("other follower", world, lambda: _person("other@example.org", world, "10000"))


@pytest.fixture
def stranger(db: None) -> User:
    return cast(
        User, staged("stranger", lambda: User.objects.create_user("stranger@example.org", "correct horse battery"))
    )


@pytest.fixture
def operator(db: None) -> User:
    return cast(
        User, staged("operator", lambda: User.objects.create_superuser("operator@example.org", "correct horse battery"))
    )


@pytest.fixture
def lead(world: World) -> Lead:
    def make() -> Lead:
        return world.make_lead(User.objects.create_user("lead@example.org", "correct horse battery"))

    return come("lead", world, make)
