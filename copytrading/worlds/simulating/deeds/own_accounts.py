"""
What people do with accounts of their own at the exchange, and what befalls these: a key dies, coins go, the owner
trades there by hand.

In every eighth seed only, and drawn from a randomness of its own: the number of the seed decides, so that all others
stay the stories that they were.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from accounts.models import Asset, Balance, User
from copytrading.engine.holdings.terms import Terms
from copytrading.models import Copy, Lead, OwnAccount
from copytrading.services.copies import own_verbs
from copytrading.services.leads import own_accounts as lead_verbs
from copytrading.services.own import accounts
from copytrading.services.safety.sealed_keys import ExchangeKey
from copytrading.worlds.simulating.deeds.deed import Clock, Deed
from copytrading.worlds.simulating.own_venue import OwnSimulatedAccount
from copytrading.worlds.simulating.rules.snapshot import Snapshot

if TYPE_CHECKING:
    from copytrading.worlds.simulating.world import World

EVERY, REST = 8, 7
EXCHANGE, CASH = "paper", "USDT"
OWNERS = 2
DEED_CHANCE, ASKED_MAX = 0.15, 5
KEY_DIES_CHANCE, TAKES_AWAY_CHANCE, TRADES_CHANCE, BRINGS_BACK_CHANCE = 0.03, 0.03, 0.06, 0.05
UNIT = 10**8
# The timetable as such a seed hears it, besides what every seed does.
BEAT_CHANCES = {"sync_own_accounts": 0.9, "look_at_own_accounts": 0.6}
COIN = Decimal("0.00000001")


def has_own_accounts(seed: int) -> bool:
    """Return whether a seed has people with accounts of their own."""
    return seed % EVERY == REST


@dataclass(kw_only=True)
class OwnDeeds:
    """The owners of one world, with their accounts at the exchange by person."""

    world: "World"
    random: Random
    is_there: bool
    accounts: dict[int, OwnSimulatedAccount] = field(default_factory=dict)

    def begin(self) -> None:
        """Let owners come, connect, and begin to copy the first lead. Nothing fails meanwhile."""
        if not self.is_there:
            return
        swarm = self.world.swarm
        ended, swarm.ended = swarm.ended, True
        for lead in Lead.objects.order_by("pk"):
            lead_verbs.choose_own_accounts(lead_id=lead.pk, takes=True, now=self.world.now)
        first = Lead.objects.order_by("pk").first()
        assert first is not None, "there is a lead"
        for number in range(1, OWNERS + 1):
            owner = User.objects.create_user(f"owner{number}@simulation.invalid")
            account = OwnSimulatedAccount(
                of=self.world.venue, user_id=owner.pk, key=f"key-of-person-{owner.pk}", secret=f"secret-{owner.pk}"
            )
            account.balance[CASH] = Decimal(self.random.choice([3_000, 20_000]))
            self.accounts[owner.pk] = self.world.venue.own_accounts[account.key] = account
            accounts.connect_account(user=owner, exchange=EXCHANGE, key=_key_of(account), now=self.world.now)
            self._start(owner.pk, first.pk, self.random.choice([150, 1_000]) * UNIT).call(self.world.clock)
        swarm.ended = ended

    def next_deed(self, seen: Snapshot, *, asked: int) -> Deed | None:
        """Return what an owner does next; None most of the time, or where `asked` for too much."""
        if not self.is_there or asked >= ASKED_MAX or self.random.random() >= DEED_CHANCE:
            return None
        user_id, lead = self.random.choice(sorted(self.accounts)), self.random.choice(seen["leads"])
        draw = self.random.random()
        if draw < 0.5:
            return self._start(user_id, lead["id"], self.random.choice([100, 500, 1_500]) * UNIT)
        if draw < 0.8:
            return Deed(title=f"person {user_id} connects the own account", call=self._connect(user_id))
        if draw < 0.9:
            return Deed(title=f"person {user_id} disconnects the own account", call=self._disconnect(user_id))
        takes = self.random.random() < 0.7
        return Deed(
            title=f"lead {lead['id']} {'takes' if takes else 'takes no more'} copies on own accounts",
            call=lambda clock: lead_verbs.choose_own_accounts(lead_id=lead["id"], takes=takes, now=clock()),
        )

    def pass_time(self) -> None:
        """Let something befall an account, now and then."""
        if not self.is_there or self.world.swarm.ended:
            return
        for chance, befall in (
            (KEY_DIES_CHANCE, self._key_dies),
            (TAKES_AWAY_CHANCE, self._takes_away),
            (TRADES_CHANCE, self._trades),
            (BRINGS_BACK_CHANCE, self._brings_back),
        ):
            if self.random.random() < chance:
                befall(self.accounts[self.random.choice(sorted(self.accounts))])

    def calm_down(self, *, look: int) -> None:
        """
        Let owners see to their accounts: what is missing comes back, and keys open again what copies trade on.

        At the first look the platform notices what is wrong, and at the later ones nothing is.
        """
        if look == 0:
            for account in self.accounts.values():
                self._is_looked_at(account)
            return
        for user_id, account in self.accounts.items():
            account.is_dead = False
            self._brings_back(account)
            shut = OwnAccount.objects.filter(
                user=user_id, status__in=[OwnAccount.Status.REFUSED, OwnAccount.Status.SHORT]
            )
            if shut.exists():
                self._connect(user_id)(self.world.clock)
                self.world.note(f"person {user_id} connects the own account again")
                self.world.crew.committed = True

    # -- What owners do ------------------------------------------------------------------------------------------------

    def _start(self, user_id: int, lead_id: int, units: int) -> Deed:
        key = self.world.press("copies", units)
        stop_loss_units = units // 5 if self.random.random() < 0.3 else None

        def start(clock: Clock) -> Copy:
            return own_verbs.start_copy(
                follower=User.objects.get(pk=user_id),
                lead_id=lead_id,
                own_account_id=OwnAccount.objects.get(user=user_id).pk,
                investment_units=units,
                terms=Terms(stop_loss_units=stop_loss_units),
                idempotency_key=key,
                now=clock(),
            )

        return Deed(
            title=f"person {user_id} starts to copy lead {lead_id} with {units / UNIT:,.0f} on the own account, {key}",
            call=start,
            has_key=True,
        )

    def _connect(self, user_id: int) -> Callable[[Clock], object]:
        account = self.accounts[user_id]

        def connect(clock: Clock) -> OwnAccount:
            account.is_dead = False
            return accounts.connect_account(
                user=User.objects.get(pk=user_id), exchange=EXCHANGE, key=_key_of(account), now=clock()
            )

        return connect

    def _disconnect(self, user_id: int) -> Callable[[Clock], object]:
        return lambda clock: accounts.disconnect_account(
            account_id=OwnAccount.objects.get(user=user_id).pk, now=clock()
        )

    # -- What befalls an account ---------------------------------------------------------------------------------------

    def _key_dies(self, account: OwnSimulatedAccount) -> None:
        account.die()
        self.world.note(f"the key of person {account.user_id} is dead")
        if self.random.random() < 0.5:
            self._is_looked_at(account)

    def _takes_away(self, account: OwnSimulatedAccount) -> None:
        symbol = self.random.choice(sorted(account.balance))
        taken = (account.balance[symbol] * Decimal(str(round(self.random.uniform(0.2, 1), 2)))).quantize(COIN)
        account.balance[symbol] -= taken
        self.world.note(f"person {account.user_id} takes {taken:f} {symbol} out of the own account")
        if self.random.random() < 0.5:
            self._is_looked_at(account)

    def _trades(self, account: OwnSimulatedAccount) -> None:
        market = self.random.choice(sorted(self.world.venue.markets))
        symbol, price = market.partition("-")[0], self.world.price(market)
        is_buy = self.random.random() < 0.6
        spent = account.balance[CASH if is_buy else symbol] * Decimal("0.1")
        bought = spent / price if is_buy else spent * price
        account.balance[CASH if is_buy else symbol] -= spent.quantize(COIN)
        account.balance[symbol if is_buy else CASH] += bought.quantize(COIN)
        self.world.note(f"person {account.user_id} {'buys' if is_buy else 'sells'} {symbol} there by hand")

    def _brings_back(self, account: OwnSimulatedAccount) -> None:
        mirrored = Balance.objects.filter(ledger_account__own_account__user=account.user_id)
        symbols = dict(Asset.objects.values_list("pk", "symbol"))
        for asset_id, posted in mirrored.order_by("asset").values_list("asset_id", "posted"):
            symbol, copies_have = symbols[asset_id], Decimal(-posted).scaleb(-8)
            if account.balance[symbol] < copies_have:
                account.balance[symbol] = copies_have
                self.world.note(f"person {account.user_id} has {copies_have:f} {symbol} in the own account again")

    def _is_looked_at(self, account: OwnSimulatedAccount) -> None:
        """Let the next look be due now: otherwise hardly a story is long enough for one."""
        OwnAccount.objects.filter(user=account.user_id).update(tried_at=None)


def _key_of(account: OwnSimulatedAccount) -> ExchangeKey:
    return ExchangeKey(key=account.key, secret=account.secret)
