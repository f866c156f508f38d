"""Opening own accounts with their sealed keys, for whoever is to ask or send there."""

from collections.abc import Iterable

import structlog

from copytrading.exchange import registry
from copytrading.exchange.live.client import ExchangeUnknown
from copytrading.exchange.protocols import OwnVenue
from copytrading.models import OwnAccount
from copytrading.models.own_accounts import NAME_BEFORE
from copytrading.services.safety import sealed_keys
from copytrading.services.safety.sealed_keys import ExchangeKey, KeyDoesNotOpen

log = structlog.get_logger()


def open_with(key: ExchangeKey, *, exchange: str) -> OwnVenue:
    """
    Return an account at the exchange by its key; nothing is asked yet.

    :raises ExchangeUnknown: if it is not the exchange that is traded at here.
    """
    return registry.own_venue(exchange=exchange, key=key.key, secret=key.secret, password=key.password)


def open_accounts(account_ids: Iterable[int]) -> dict[int, OwnVenue]:
    """Return those of some accounts that can be opened, by their ids: each by its own key, and by no other."""
    rows = OwnAccount.objects.filter(pk__in=set(account_ids)).exclude(status=OwnAccount.Status.REVOKED)
    opened: dict[int, OwnVenue] = {}
    for account in rows:
        try:
            opened[account.pk] = open_with(sealed_keys.open_key(account), exchange=account.exchange)
        except (KeyDoesNotOpen, ExchangeUnknown) as trouble:
            log.error("An own account cannot be opened.", account_id=account.pk, trouble=type(trouble).__name__)
    return opened


def account_id_of(venue_account: str) -> int:
    """Return the own account that an order carries as its account at the venue."""
    assert venue_account.startswith(NAME_BEFORE), "an order on an own account names it"
    return int(venue_account.removeprefix(NAME_BEFORE))
