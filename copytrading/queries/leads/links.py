"""Accounts elsewhere that leads let us read: what is known of them, without the key."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.conf import settings

from copytrading.models import Lead, LinkedAccount
from copytrading.queries.portfolios import lead_portfolio, price_list

# What the exchanges are called, where their id is not the name.
NAMES = {"binance": "Binance", "okx": "OKX", "bybit": "Bybit", "kucoin": "KuCoin", "mexc": "MEXC"}
# What the places of an account are called that a key may not be able to read.
PLACES = {"FUNDING": "funding account", "EARN": "Earn", "STAKED": "staking"}
# Exchanges that ask for a third part of a key.
WITH_PASSWORD = frozenset({"okx", "kucoin", "bitget"})


def exchange_name(exchange: str) -> str:
    """Return what people call an exchange."""
    return NAMES.get(exchange, exchange.capitalize())


def exchanges() -> list[tuple[str, str]]:
    """Return the exchanges whose accounts can be linked here, as (id, name)."""
    return [(exchange, exchange_name(exchange)) for exchange in settings.SMARTSYNC_LINK_EXCHANGES]


@dataclass(frozen=True, kw_only=True)
class Link:
    """What may be shown of an account elsewhere: `fingerprint` is the last characters of its key."""

    exchange_name: str
    status: str
    reason: str
    fingerprint: str
    connected_at: datetime | None
    looked_at: datetime | None
    look_seconds: float
    unfollowed: tuple[str, ...]
    unpriced: tuple[str, ...]
    unread: tuple[str, ...]
    # What is counted and not traded here, as a share of everything.
    other_weight: float

    @property
    def is_seen(self) -> bool:
        return self.status == LinkedAccount.Status.CONNECTED


def link_of(lead: Lead) -> Link | None:
    """Return the account that a lead has linked, or had; None for one who never did."""
    link = LinkedAccount.objects.filter(lead=lead).defer("sealed_key").first()
    if link is None:
        return None
    return Link(
        exchange_name=exchange_name(link.exchange),
        status=link.status,
        reason=link.reason,
        fingerprint=link.fingerprint,
        connected_at=link.connected_at,
        looked_at=link.looked_at,
        look_seconds=settings.SMARTSYNC_LINK_LOOK_SECONDS,
        unfollowed=tuple(link.unfollowed),
        unpriced=tuple(link.unpriced),
        unread=tuple(PLACES.get(place, place.lower()) for place in link.unread),
        other_weight=_other_weight(lead),
    )


def _other_weight(lead: Lead) -> float:
    if lead.other_value_units <= 0:
        return 0.0
    prices = price_list()
    equity = float(lead_portfolio(lead, prices=prices) @ np.append(prices.unit_prices, 1.0))
    return lead.other_value_units / equity if equity > 0 else 0.0


def alarm_key(lead_id: int) -> str:
    """Return the key of the alarm that a lead's account elsewhere cannot be read."""
    return f"link:{lead_id}"


def is_seen(lead: Lead) -> bool:
    """Return whether what is known of a lead's portfolio is how it is now."""
    if lead.source == Lead.Source.PLATFORM:
        return True
    return not LinkedAccount.objects.filter(lead=lead).exclude(status=LinkedAccount.Status.CONNECTED).exists()


def links_to_look_at(*, now: datetime) -> list[int]:
    """Return the ids of the accounts that are due, longest waiting first; one that is broken is tried less often."""
    due = LinkedAccount.objects.raw(
        "SELECT id FROM copytrading_linkedaccount WHERE status <> 'REVOKED' AND (tried_at IS NULL OR tried_at <="
        " %s - make_interval(secs => CASE status WHEN 'CONNECTED' THEN %s ELSE %s END)) ORDER BY tried_at NULLS FIRST",
        [now, settings.SMARTSYNC_LINK_LOOK_SECONDS, settings.SMARTSYNC_LINK_RETRY_SECONDS],
    )
    return [link.pk for link in due]
