"""
An account at the paper exchange, for whoever wants to try copies on an own account without an exchange.

It is opened and connected by one press, by a key of the same form as those of real exchanges. Its money is play money.
"""

import secrets
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext

from accounts.models import User
from accounts.transactions import outside_transaction
from copytrading.exchange import registry
from copytrading.queries.rules import cash_symbol
from copytrading.services.own import accounts
from copytrading.services.own.accounts import OwnAccountNotPossible
from copytrading.services.safety.sealed_keys import ExchangeKey

# What is in such an account when it is opened, in whole coins of the platform's cash.
OPENS_WITH = 10_000


def can_be_opened() -> bool:
    """Return whether accounts here are at the paper exchange."""
    return accounts.offered_exchange() == registry.PAPER


@outside_transaction
def open_account(*, user: User, now: datetime) -> ExchangeKey:
    """
    Open a person's account at the paper exchange with play money in it, connect it, and return its key.

    The second time it is the same account with the money that is in it then, and a new secret for its key.

    :raises OwnAccountNotPossible: if accounts here are not at the paper exchange.
    """
    if not can_be_opened():
        raise OwnAccountNotPossible(gettext("There are no practice accounts here: connect one of your exchange."))
    key = ExchangeKey(key=f"practice-account-{user.pk:04}", secret=secrets.token_urlsafe(24))
    registry.open_paper_account(
        account=f"own-{user.pk}", key=key.key, secret=key.secret, asset=cash_symbol(), quantity=Decimal(OPENS_WITH)
    )
    accounts.connect_account(user=user, exchange=registry.PAPER, key=key, now=now)
    return key
