"""
The start of a copy on an own account: the exchange is asked first what is free there, with no transaction open, and
what it said is checked again against what copies use by then. All the other verbs are those of every copy.
"""

from datetime import datetime

from accounts.models import User
from accounts.transactions import outside_transaction
from copytrading.engine.holdings.terms import Terms
from copytrading.models import Copy, OwnAccount
from copytrading.services.copies import verbs
from copytrading.services.own import accounts
from copytrading.services.own.accounts import OwnCash


@outside_transaction
def start_copy(
    *, follower: User, lead_id: int, own_account_id: int, investment_units: int, terms: Terms, idempotency_key: str,
    now: datetime,
) -> Copy:  # fmt: skip
    """
    Put a part of what a follower has free at the exchange behind a lead, see `verbs.start_copy`.

    :raises Refusal: if the account is not connected, has less free, the exchange does not answer, or a start is
        refused.
    """
    known = Copy.objects.filter(follower=follower, idempotency_key=idempotency_key).first()
    account = OwnAccount.objects.get(pk=own_account_id, user=follower)
    # What was asked for before needs no answer of the exchange.
    own = OwnCash(account_id=account.pk, kept_units=0, free_units=0) if known else accounts.ask_cash(account)
    return verbs.start_copy(
        follower=follower,
        lead_id=lead_id,
        investment_units=investment_units,
        terms=terms,
        idempotency_key=idempotency_key,
        now=now,
        own=own,
    )


@outside_transaction
def cash_of(follower: User, own_account_id: int | None) -> OwnCash | None:
    """
    Ask what a follower's own account has; None where there is none to be asked.

    :raises Refusal: if the account is not connected, or the exchange does not answer.
    """
    if own_account_id is None:
        return None
    return accounts.ask_cash(OwnAccount.objects.get(pk=own_account_id, user=follower))
