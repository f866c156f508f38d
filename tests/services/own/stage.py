"""Accounts of people's own at the paper venue, and the rounds of the copies that trade on them."""

from decimal import Decimal

from accounts.models import Balance, User
from copytrading.engine.holdings.terms import Terms
from copytrading.exchange.paper import world as paper
from copytrading.exchange.paper.models import PaperBalance
from copytrading.models import Copy, Lead, OwnAccount
from copytrading.services.copies import own_verbs
from copytrading.services.cycle import syncing
from copytrading.services.own import accounts, rounds
from copytrading.services.safety.sealed_keys import ExchangeKey
from tests.cast import World, usdt


def key_of(user: User) -> ExchangeKey:
    return ExchangeKey(key=f"key-of-{user.pk}-0001", secret=f"secret-of-{user.pk}")


def open_paper(user: User, cash: str = "5000", **rights: bool) -> ExchangeKey:
    """Give a person an account at the paper venue with some cash, and return its key."""
    key = key_of(user)
    paper.put_key(key=key.key, secret=key.secret, account=f"person-{user.pk}", **rights)
    if Decimal(cash):
        paper.credit(f"person-{user.pk}", "USDT", Decimal(cash), f"to person {user.pk}: {cash}")
    return key


def connect(world: World, user: User, cash: str = "5000") -> OwnAccount:
    """Return a person's own account, connected, with so much cash in it."""
    key = open_paper(user, cash)
    return accounts.connect_account(user=user, exchange="paper", key=key, now=world.now)


def start(world: World, account: OwnAccount, lead: Lead, value: str = "1000", terms: Terms | None = None) -> Copy:
    return own_verbs.start_copy(
        follower=account.user,
        lead_id=lead.pk,
        own_account_id=account.pk,
        investment_units=usdt(value),
        terms=terms or Terms(),
        idempotency_key=world.key(),
        now=world.now,
    )


def settle(world: World, *, looks: int = 20) -> None:
    """Let leads and own accounts be looked at until nothing is left to do."""
    for _ in range(looks):
        world.wait(1)
        due, own = syncing.leads_to_sync(now=world.now), rounds.leads_due(now=world.now)
        if not due and not own:
            return
        for lead_id in due:
            syncing.sync_lead(lead_id=lead_id, now=world.now)
        for lead_id in own:
            rounds.sync_own(lead_id=lead_id, clock=lambda: world.now)


def kept_by(user: User) -> dict[str, Decimal]:
    """Return what a person's account at the paper venue holds."""
    rows = PaperBalance.objects.filter(account=f"person-{user.pk}").exclude(quantity=0)
    return dict(rows.values_list("asset", "quantity"))


def mirror_of(account: OwnAccount) -> dict[str, int]:
    """Return what copies have on an account, in units by symbol, as the ledger's mirror says it."""
    rows = Balance.objects.filter(ledger_account=account.ledger_account_id).exclude(posted=0)
    return {symbol: -posted for symbol, posted in rows.values_list("asset__symbol", "posted")}
