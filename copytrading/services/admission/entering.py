"""
The doors: what pages and the API call where somebody starts or increases a copy, brings money in, takes it out, or
applies as a lead. Each looks whether it may be done, and then calls the verb, which knows nothing of this.

A key that was used already goes straight to the verb, which answers as it did before. What the verb would refuse anyway
is refused before anybody is asked. With neither pack nor gate a door is its verb, and not a statement more.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.utils.translation import gettext

from accounts import queries as account_queries
from accounts import request_keys
from accounts.models import Transfer, User
from accounts.transactions import outside_transaction
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.suitability.packs import Pack
from copytrading.models import Copy, Lead
from copytrading.models import GateAct as Act
from copytrading.queries.admission.packs import pack_of, packs
from copytrading.queries.market.board import cash_asset
from copytrading.queries.rules import platform_rules
from copytrading.services.admission import cases, gates, readiness
from copytrading.services.admission.gates import Asked
from copytrading.services.copies import own_verbs
from copytrading.services.copies import refusals as copy_refusals
from copytrading.services.copies import verbs as copies
from copytrading.services.leads import verbs as leads
from copytrading.services.refusals import Refusal
from copytrading.services.wallet import transfers

Done = TypeVar("Done")


@outside_transaction
def start_copy(
    *, follower: User, lead_id: int, investment_units: int, terms: Terms, idempotency_key: str, now: datetime,
    own_account_id: int | None = None, invitation: str = "",
) -> Copy:  # fmt: skip
    """
    Start a copy, as `copies.verbs.start_copy` does, if nothing stands before it.

    :param own_account_id: the follower's own account at the exchange that it is to trade on, see `copies.own_verbs`.
    :param invitation: the token of the invitation that the person comes by; empty for none.

    :raises Refusal: what that refuses, what the person's jurisdiction puts before a copy, or what the check says.
    """
    pack = _pack_that_asks(follower)

    def start() -> Copy:
        if own_account_id is not None:
            return own_verbs.start_copy(
                follower=follower,
                lead_id=lead_id,
                own_account_id=own_account_id,
                investment_units=investment_units,
                terms=terms,
                idempotency_key=idempotency_key,
                now=now,
            )
        return copies.start_copy(
            follower=follower,
            lead_id=lead_id,
            investment_units=investment_units,
            terms=terms,
            idempotency_key=idempotency_key,
            now=now,
            invitation=invitation,
        )

    if _is_open(Act.COPY, pack, follower, idempotency_key):
        return start()
    lead = Lead.objects.get(pk=lead_id)
    if pack is not None:
        # Before anything can be refused: the while begins with the wish.
        readiness.note_wish(user=follower, pack=pack, lead=lead, now=now)
    own = own_verbs.cash_of(follower, own_account_id)
    # Its row is locked for the look.
    with transaction.atomic() if own else nullcontext():
        copy_refusals.refuse_start(
            lead, follower, investment_units, terms, now, rules=platform_rules(), own=own, invitation=invitation
        )
    asked = Asked(act=Act.COPY, user=follower, lead=lead, units=investment_units, key=idempotency_key)
    return _let_in(start, asked, pack, now, is_start=True)


@outside_transaction
def increase_copy(*, copy_id: int, units: int, idempotency_key: str, now: datetime) -> Copy:
    """
    Put more behind a lead, as `copies.verbs.increase_copy` does, if nothing stands before it.

    :raises Refusal: as start_copy; texts and the while are of a start alone.
    """

    def increase() -> Copy:
        return copies.increase_copy(copy_id=copy_id, units=units, idempotency_key=idempotency_key, now=now)

    if not packs() and not gates.is_asked(Act.COPY):
        return increase()
    copy = Copy.objects.select_related("lead", "follower").get(pk=copy_id)
    pack = _pack_that_asks(copy.follower)
    if _is_open(Act.COPY, pack, copy.follower, idempotency_key):
        return increase()
    copy_refusals.refuse_increase(copy, units, now, rules=platform_rules())
    asked = Asked(act=Act.COPY, user=copy.follower, lead=copy.lead, units=units, key=idempotency_key)
    return _let_in(increase, asked, pack, now, is_start=False)


@outside_transaction
def deposit(*, user: User, units: int, idempotency_key: str, now: datetime) -> Transfer:
    """
    Bring money in, as `transfers.deposit` does; while an operator looks at it, it is booked and held.

    :raises Refusal: what that refuses, a text that is not accepted, or what the check says.
    """
    pack = _pack_that_asks(user)

    def bring(verdict: Transfer.Verdict = Transfer.Verdict.NOT_ASKED) -> Transfer:
        return transfers.deposit(user=user, units=units, idempotency_key=idempotency_key, now=now, verdict=verdict)

    if _is_open(Act.DEPOSIT, pack, user, idempotency_key):
        return bring()
    for missing in readiness.missing_consents(user):
        raise missing
    rules = platform_rules()
    if not 0 < units <= rules.deposit_max * 10**rules.cash_decimals:
        return bring()
    with gates.gate(Asked(act=Act.DEPOSIT, user=user, units=units, key=idempotency_key), now=now) as case:
        if case is None:
            return bring()
        transfer = bring(Transfer.Verdict.WAITING)
    # Somebody may have been quick.
    cases.catch_up(case, now=now)
    transfer.refresh_from_db()
    return transfer


@outside_transaction
def withdraw(*, user: User, units: int, idempotency_key: str, now: datetime) -> Transfer:
    """
    Take money out, as `transfers.withdraw` does, if the check lets it out.

    :raises Refusal: what that refuses, or what the check says.
    """

    def take() -> Transfer:
        return transfers.withdraw(user=user, units=units, idempotency_key=idempotency_key, now=now)

    if _is_open(Act.WITHDRAW, None, user, idempotency_key):
        return take()
    if not 0 < units <= account_queries.available_units_of(user, asset_symbol=cash_asset().symbol):
        return take()
    with gates.gate(Asked(act=Act.WITHDRAW, user=user, units=units, key=idempotency_key), now=now):
        return take()


@outside_transaction
def apply_as_lead(*, user: User, now: datetime, **wanted: Any) -> Lead:
    """
    Ask to become a lead, as `leads.verbs.apply_as_lead` does with what is wanted, if the check has nothing against it.

    :raises Refusal: what that refuses, or what the check says.
    """
    if not gates.is_asked(Act.LEAD):
        return leads.apply_as_lead(user=user, now=now, **wanted)
    if Lead.objects.filter(user=user).exclude(status=Lead.Status.ENDED).exists():
        raise leads.AlreadyLeading(gettext("You lead already; end that first."))
    with gates.gate(Asked(act=Act.LEAD, user=user), now=now):
        return leads.apply_as_lead(user=user, now=now, **wanted)


def before_start(*, user: User, lead: Lead, now: datetime) -> list[Refusal]:
    """Return everything that the person's jurisdiction puts before a copy of a lead, whatever the amount."""
    pack = _pack_that_asks(user)
    return [] if pack is None else list(readiness.obstacles(user=user, pack=pack, lead=lead, now=now))


def _pack_that_asks(user: User) -> Pack | None:
    pack = pack_of(user)
    return pack if pack is not None and pack.asks_something else None


def _is_open(act: Act, pack: Pack | None, user: User, key: str) -> bool:
    """Return whether there is nothing to look at: nobody asks, or the verb only answers again."""
    return (pack is None and not gates.is_asked(act)) or request_keys.is_used(user=user, key=key)


def _let_in(verb: Callable[[], Done], asked: Asked, pack: Pack | None, now: datetime, *, is_start: bool) -> Done:
    with _admitted(asked, pack, now, is_start=is_start), gates.gate(asked, now=now):
        return verb()


@contextmanager
def _admitted(asked: Asked, pack: Pack | None, now: datetime, *, is_start: bool) -> Iterator[None]:
    if pack is None:
        yield
        return
    assert asked.user is not None and asked.lead is not None and asked.units is not None, "a copy is somebody's"
    admission = readiness.let_in(
        user=asked.user,
        pack=pack,
        lead=asked.lead,
        units=asked.units,
        key=asked.key,
        now=now,
        is_start=is_start,
    )
    try:
        yield
    except Refusal:
        readiness.drop(admission, now=now)
        raise
