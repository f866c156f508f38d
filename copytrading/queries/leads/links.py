"""Accounts elsewhere that leads let us read: what is known of them, without the key."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from copytrading.models import Lead, LinkedAccount
from copytrading.queries.rules import platform_rules
from copytrading.queries.shown.visibility import Visibility

# What the exchanges are called, where their id is not the name.
NAMES = {"binance": "Binance", "okx": "OKX", "bybit": "Bybit", "kucoin": "KuCoin", "mexc": "MEXC"}
# What the places of an account are called that a key may not be able to read.
PLACES = {"FUNDING": _("funding account"), "EARN": "Earn", "STAKED": _("staking")}
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
        look_seconds=platform_rules().link_look_seconds,
        unfollowed=tuple(link.unfollowed),
        unpriced=tuple(link.unpriced),
        unread=tuple(gettext(PLACES.get(place, place.lower())) for place in link.unread),
    )


def link_shown(lead: Lead, *, visibility: Visibility) -> Link | None:
    """Return the same for a visitor: which coins are not traded here, or have no price, is said with the whole book."""
    link = link_of(lead)
    return link if link is None or visibility.is_whole else replace(link, unfollowed=(), unpriced=())


def alarm_key(lead_id: int) -> str:
    """Return the key of the alarm that a lead's account elsewhere cannot be read."""
    return f"link:{lead_id}"


def is_seen(lead: Lead) -> bool:
    """Return whether what is known of a lead's portfolio is how it is now."""
    return not unseen_of([lead])


def unseen_of(leads: Iterable[Lead]) -> frozenset[int]:
    """Return the ids of those leads whose portfolio is not known as it is now."""
    observed = [lead.pk for lead in leads if lead.source != Lead.Source.PLATFORM]
    if not observed:
        return frozenset()
    broken = LinkedAccount.objects.filter(lead__in=observed).exclude(status=LinkedAccount.Status.CONNECTED)
    return frozenset(broken.values_list("lead_id", flat=True))


def links_to_look_at(*, now: datetime) -> list[int]:
    """Return the ids of the accounts that are due, longest waiting first; one that is broken is tried less often."""
    rules = platform_rules()
    due = LinkedAccount.objects.raw(
        "SELECT id FROM copytrading_linkedaccount WHERE status <> 'REVOKED' AND (tried_at IS NULL OR tried_at <="
        " %s - make_interval(secs => CASE status WHEN 'CONNECTED' THEN %s ELSE %s END)) ORDER BY tried_at NULLS FIRST",
        [now, rules.link_look_seconds, rules.link_retry_seconds],
    )
    return [link.pk for link in due]
