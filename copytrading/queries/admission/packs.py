"""Whose rules count for whom. Packs are the installation's, read once at its start: asking costs no statement."""

from django.conf import settings

from accounts.models import User
from copytrading.engine.suitability.packs import Pack


def packs() -> tuple[Pack, ...]:
    """Return the packs of this installation; none where it has no rules of this kind."""
    found: tuple[Pack, ...] = settings.SMARTSYNC_JURISDICTIONS
    return found


def pack_named(name: str) -> Pack | None:
    """Return a pack by its name."""
    return next((pack for pack in packs() if pack.name == name), None)


def pack_of(user: User | None) -> Pack | None:
    """
    Return the pack that counts for somebody; None where the installation has none.

    Who named no jurisdiction, or one that is not here any more, is under the installation's own, as is a visitor.
    """
    own = pack_named(user.jurisdiction) if user is not None and user.jurisdiction else None
    return own or pack_named(settings.SMARTSYNC_JURISDICTION_DEFAULT)
