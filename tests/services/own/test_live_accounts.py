"""Own accounts at an exchange's door: over a socket, each order by its own key, fees in coins, silence and refusals."""

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from copytrading.engine.units import units_of
from copytrading.exchange import registry
from copytrading.exchange.live import budget, client, wire
from copytrading.models import Copy, Fill, Lead, Order, OwnAccount
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import syncing
from copytrading.services.market import quotes
from copytrading.services.own import accounts, rounds
from copytrading.services.safety import reconciling
from copytrading.services.safety.sealed_keys import ExchangeKey
from tests.cast import World
from tests.fake_venue.venue import FakeVenue, started_in_thread
from tests.fake_venue.world import SMALL_WORLD
from tests.services.own.stage import mirror_of, start

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS_MAX = 60


def key_of(user: User) -> ExchangeKey:
    return ExchangeKey(key=f"key-{user.pk}", secret=f"secret-{user.pk}", password=f"phrase-{user.pk}")


def described(user: User, **changes: object) -> dict[str, object]:
    key = key_of(user)
    return {
        "key": key.key, "secret": key.secret, "passphrase": key.password, "account": f"person-{user.pk}"
    } | changes  # fmt: skip


@pytest.fixture(params=["binance", "okx", "bybit", "bitget"])
def exchange(
    request: pytest.FixtureRequest, settings, monkeypatch, world: World, follower: User, other_follower: User,
    free_lead: Lead,
) -> Iterator[FakeVenue]:  # fmt: skip
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(wire, "BACK_OFF_SECONDS", 0.01)
    # The budget has tests of its own; Bitget's would have these wait.
    monkeypatch.setattr(budget.RateBudget, "take", lambda *_, **__: 0.0)
    kept = {asset: str(quantity) for asset, quantity in registry.venue().balances().items()}
    people = (follower, other_follower)
    holders = {"platform": kept} | {f"person-{user.pk}": {"USDT": "5000", "SOL": "7"} for user in people}
    keys = [*SMALL_WORLD["keys"], *(described(user) for user in people)]
    with started_in_thread(dialect=request.param, world=SMALL_WORLD | {"accounts": holders, "keys": keys}) as venue:
        settings.SMARTSYNC_VENUE = request.param
        settings.SMARTSYNC_VENUE_URL = venue.address
        settings.SMARTSYNC_VENUE_LIVE = True
        settings.SMARTSYNC_VENUE_KEY = "platform-key"
        settings.SMARTSYNC_VENUE_SECRET = "platform-secret"
        settings.SMARTSYNC_VENUE_PASSWORD = "platform-phrase"
        settings.SMARTSYNC_PRICES = "live"
        settings.SMARTSYNC_COINS = []
        quotes.list_markets()
        world.now = timezone.now()
        world.prices()
        yield venue


def work(world: World) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        world.now = timezone.now()
        world.prices()
        due, own = syncing.leads_to_sync(now=world.now), rounds.leads_due(now=world.now)
        if not due and not own:
            return
        for lead_id in due:
            syncing.sync_lead(lead_id=lead_id, now=world.now)
        for lead_id in own:
            rounds.sync_own(lead_id=lead_id, clock=timezone.now)
        time.sleep(0.1)
    raise AssertionError("there is always something left to do")


def connect(exchange: FakeVenue, user: User) -> OwnAccount:
    return accounts.connect_account(user=user, exchange=exchange.dialect, key=key_of(user), now=timezone.now())


def kept_by(exchange: FakeVenue, user: User) -> dict[str, Decimal]:
    held = exchange.state()["balances"][f"person-{user.pk}"]
    return {asset: Decimal(str(quantity)) for asset, quantity in held.items() if Decimal(str(quantity))}


class TestOwnAccounts:
    def test_trade_each_by_their_own_key_and_are_booked_to_the_unit(
        self, exchange, world, free_lead, follower, other_follower
    ):
        people = (follower, other_follower)
        theirs = [connect(exchange, user) for user in people]
        started = [
            start(world, account, free_lead, value) for account, value in zip(theirs, ("1000", "300"), strict=True)
        ]
        world.lead_trades(free_lead, "BTC", "BUY", "0.1")
        work(world)
        world.lead_trades(free_lead, "BTC", "SELL", "0.04")
        work(world)

        state = exchange.state()
        for user, account, copy in zip(people, theirs, started, strict=True):
            ours = Order.objects.filter(venue_account=account.venue_account, claimed_at__isnull=False)
            there = [order for order in state["orders"] if order["account"] == f"person-{user.pk}"]
            assert {order["client_order_id"] for order in there} == set(ours.values_list("client_order_id", flat=True))
            held = world.held(copy.ledger_account)
            assert mirror_of(account) == held
            assert units_of(kept_by(exchange, user)["BTC"], 8) == held["BTC"]
            assert kept_by(exchange, user)["SOL"] == 7
            accounts.look_at_account(account_id=account.pk, now=timezone.now())
            account.refresh_from_db()
            assert account.status == OwnAccount.Status.CONNECTED
        assert Fill.objects.count() == len(state["trades"])
        assert reconciling.check_ledger().is_clean

    @pytest.mark.parametrize("fault", ["cut", "hold", "truncated"])
    def test_find_an_order_whose_answer_never_came(self, exchange, world, free_lead, follower, other_follower, fault):
        world.lead_trades(free_lead, "BTC", "BUY", "0.1")
        work(world)
        account, other = connect(exchange, follower), connect(exchange, other_follower)
        copy, other_copy = start(world, account, free_lead), start(world, other, free_lead)
        exchange.disturb(fault=fault, endpoint="place")

        work(world)

        assert exchange.state()["faults"][0]["fired"] == 1
        for row in (copy, other_copy):
            row.refresh_from_db()
            assert row.status == Copy.Status.ACTIVE
            assert world.held(row.ledger_account)["BTC"] > 0
        filled = Order.objects.filter(filled_units__gt=0).count()
        assert len(exchange.orders()) == filled
        assert reconciling.check_ledger().is_clean

    def test_go_on_when_one_key_is_revoked(self, exchange, world, free_lead, follower, other_follower):
        account, other = connect(exchange, follower), connect(exchange, other_follower)
        copy, other_copy = start(world, account, free_lead), start(world, other, free_lead)
        work(world)
        exchange.change_key(key_of(follower).key, revoked=True)

        world.lead_trades(free_lead, "BTC", "BUY", "0.1")
        work(world)
        copies.stop_copy(copy_id=copy.pk, now=timezone.now())
        work(world)

        for row in (account, other, copy, other_copy):
            row.refresh_from_db()
        assert account.status == OwnAccount.Status.REFUSED
        assert copy.status == Copy.Status.STOPPED
        assert other_copy.status == Copy.Status.ACTIVE
        assert world.held(other_copy.ledger_account)["BTC"] > 0
        assert mirror_of(account) == {}
        assert reconciling.check_ledger().is_clean

    def test_are_refused_with_a_key_that_can_withdraw(self, exchange, follower):
        exchange.change_key(key_of(follower).key, scopes=["read", "trade", "withdraw"])

        with pytest.raises(accounts.OwnKeyNotTaken, match="move money out"):
            connect(exchange, follower)

        assert not OwnAccount.objects.exists()
