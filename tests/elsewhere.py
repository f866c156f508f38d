"""
An exchange elsewhere, where a lead has an account that can be read with a key; each verb is something it does.

It is the fake venue behind a socket, and what reads it is ccxt's real client.
"""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.exchange.live import wire
from copytrading.models import Lead, LinkedAccount
from copytrading.services.leads import linking
from copytrading.services.leads import verbs as leads
from copytrading.services.leads.observing import Sight
from copytrading.services.safety.sealed_keys import ExchangeKey
from tests.cast import World
from tests.fake_venue.venue import FakeVenue, started_in_thread

KEY = ExchangeKey(key="read-only-key-AB12", secret="the-secret-of-the-lead", password="the-phrase-of-the-lead")
ACCOUNT = "lead"
WORLD = {
    "accounts": {ACCOUNT: {"BTC": "0.1", "USDT": "5000"}},
    "keys": [
        {"key": KEY.key, "secret": KEY.secret, "passphrase": KEY.password, "account": ACCOUNT, "scopes": ["read"]}
    ],
    "markets": [{"symbol": "BTC-USDT", "price": "50000"}],
    "weight_max": 10**6,
}
# How each exchange says that our time is wrong.
CLOCK_SKEWED = {
    "binance": (400, {"code": -1021, "msg": "Timestamp for this request was 1000ms ahead of the server's time."}),
    "okx": (401, {"code": "50102", "msg": "Timestamp request expired", "data": []}),
    "bybit": (200, {"retCode": 10002, "retMsg": "please check your server timestamp or recv_window", "result": {}}),
    "bitget": (400, {"code": "40008", "msg": "Request timestamp expired", "data": None}),
}


class Elsewhere:
    def __init__(self, venue: FakeVenue) -> None:
        self.venue = venue
        self.exchange = venue.dialect

    @property
    def questions(self) -> int:
        """Return how often the account was asked for what it holds."""
        return self.venue.state()["requests"].get("balances", 0)

    def has(self, symbol: str) -> str:
        """Return what the account has of a coin on the spot market."""
        return str(self.venue.state()["balances"][ACCOUNT].get(symbol, "0"))

    def everything(self) -> dict[str, float]:
        """Return what the account has in all places together, under the exchange's names."""
        return {symbol: float(quantity) for symbol, quantity in self.venue.state()["everything"][ACCOUNT].items()}

    def puts(self, place: str, **balances: str) -> None:
        """Let coins come into a place of the account besides the spot market; negative ones leave it."""
        self.venue.deposit(ACCOUNT, place=place, **balances)

    def trades(self, **trade: str) -> None:
        """Let the account trade by hand: symbol, side, quantity, price, fee and its coin."""
        self.venue.trade(ACCOUNT, **trade)

    def lists(self, symbol: str, price: str) -> None:
        """List a pair there, or quote it anew."""
        self.venue.change_market(symbol, price=price, tick_size="0.00000001")

    def holds(self, **balances: str) -> None:
        """Set what the account has of some assets."""
        has = self.venue.state()["balances"][ACCOUNT]
        changes = {symbol: Decimal(wanted) - Decimal(has.get(symbol, "0")) for symbol, wanted in balances.items()}
        self.venue.deposit(ACCOUNT, **{symbol: str(change) for symbol, change in changes.items()})

    def permits(self, *rights: str) -> None:
        self.venue.change_key(KEY.key, scopes=list(rights))

    def refuses_the_key(self) -> None:
        self.venue.change_key(KEY.key, revoked=True)

    def is_silent(self) -> None:
        self.venue.disturb(fault="lost", times=0)

    def has_another_clock(self) -> None:
        status, body = CLOCK_SKEWED[self.exchange]
        for endpoint in ("balances", "permissions"):
            self.venue.disturb(fault="answer", endpoint=endpoint, status=status, body=body, times=0)

    def talks_nonsense(self) -> None:
        self.venue.disturb(fault="answer", body="<html>Maintenance</html>", content_type="text/html", times=0)

    def is_busy(self, seconds: int) -> None:
        self.venue.disturb(fault="answer", status=429, headers={"Retry-After": str(seconds)}, times=0)

    def is_well(self) -> None:
        self.venue.calm()
        self.venue.change_key(KEY.key, revoked=False)


def _open(dialect: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    # Nobody waits here for an exchange to come round.
    monkeypatch.setattr(wire, "BACK_OFF_SECONDS", 0.001)
    with started_in_thread(dialect=dialect, world=WORLD) as venue:
        settings.SMARTSYNC_EXCHANGE_URLS = {dialect: venue.address}
        yield Elsewhere(venue)


@pytest.fixture
def elsewhere(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    yield from _open("binance", settings, monkeypatch)


@pytest.fixture(params=["binance", "okx", "bybit", "bitget"])
def either_elsewhere(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Elsewhere]:
    """Each of the exchanges that are known in detail, one after the other."""
    yield from _open(request.param, settings, monkeypatch)


@pytest.fixture
def faraway(world: World, stranger: User) -> Lead:
    """A lead who trades elsewhere, has connected nothing yet, and shows everybody the whole book at once."""
    lead = leads.apply_as_lead(
        user=stranger, name="Faraway", bio="", tags=[], profit_share_rate=Decimal("0.1"), followers_max=10,
        now=world.now, source=Lead.Source.OBSERVED,
    )  # fmt: skip
    leads.approve_lead(lead_id=lead.pk, now=world.now)
    Lead.objects.filter(pk=lead.pk).update(trades_delay_hours=0, weights_shown=Lead.WeightsShown.WITH_TRADES)
    return Lead.objects.get(pk=lead.pk)


@pytest.fixture
def link(world: World, faraway: Lead, elsewhere: Elsewhere) -> LinkedAccount:
    """Half of 10,000 USDT in BTC, half in cash; connected long ago."""
    link = connect(world, faraway)
    Lead.objects.filter(pk=faraway.pk).update(settling_until=None)
    return link


def connect(world: World, lead: Lead, key: ExchangeKey = KEY, exchange: str = "binance") -> LinkedAccount:
    return linking.connect_account(lead_id=lead.pk, exchange=exchange, key=key, now=world.now)


def look(world: World, link: LinkedAccount, seconds: float = 10, **prices: str) -> Sight | None:
    world.wait(seconds, **prices)
    return linking.look_at_link(link_id=link.pk, now=world.now)


def seen(lead: Lead) -> dict[str, int]:
    """Return what a lead was seen to hold, in units by symbol."""
    held = lead.holdings.exclude(units=0).values_list("asset__symbol", "units")
    return dict(held)
