"""
Whose the reference copies are, and the money for them.

The platform made this person for itself: no password, no sign-in, an address that reaches nobody, and no notices. Paper
money comes by an ordinary deposit as it is needed. Real money is brought by operators, by an ordinary transfer to that
address; nothing is started without it.
"""

import secrets
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.transactions import outside_transaction
from copytrading.engine.rules import Rules
from copytrading.exchange import registry
from copytrading.models import ReferenceHolder
from copytrading.queries.market.board import available_cash_units_of
from copytrading.services.refusals import Refusal
from copytrading.services.wallet import transfers


@outside_transaction
def holder(*, now: datetime) -> ReferenceHolder:
    """Return whose the reference copies are, made on first use."""
    while True:
        found = ReferenceHolder.objects.select_related("user").first()
        if found is not None:
            return found
        try:
            with transaction.atomic():
                # Nobody can have taken an address that nobody can guess.
                email = f"reference-copies-{secrets.token_hex(8)}@platform.invalid"
                user = User.objects.create_user(email, None, is_active=False)
                ReferenceHolder.objects.create(user=user, made_at=now)
        except IntegrityError:
            # Somebody else was a moment faster, and theirs counts.
            continue


@outside_transaction
def has_money(held_by: ReferenceHolder, *, units: int, key: str, now: datetime, rules: Rules) -> bool:
    """
    Return whether the holder can pay so many quote units now; paper money is brought where it is missing.

    What was brought for a copy that did not start pays for the next one.

    :param key: names what the money is for, and this look for it.
    """
    missing = units - available_cash_units_of(held_by.user)
    if missing > 0 and registry.is_paper():
        brought = min(missing, rules.deposit_max * 10**rules.cash_decimals)
        try:
            transfers.deposit(user=held_by.user, units=brought, idempotency_key=key, now=now)
        except Refusal:
            # No more money is taken here, or not today.
            return False
        return brought == missing
    return missing <= 0
