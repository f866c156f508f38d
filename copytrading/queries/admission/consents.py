"""Which legal texts a person is to accept, in which version, and which of them they have."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import get_language

from accounts.models import User
from copytrading.models import ConsentGiven
from copytrading.queries.admission.packs import pack_of


@dataclass(frozen=True, kw_only=True)
class AskedText:
    """
    A text in its present version, in the language of the moment where it is written in it.

    `given_at` is when the person accepted just that version, in whatever language; None if they have not.
    """

    name: str
    title: str
    version: str
    language: str
    given_at: datetime | None


def texts_for(user: User) -> list[AskedText]:
    """Return the texts that a person's jurisdiction has accepted, in its order; no statement where it asks for none."""
    pack = pack_of(user)
    if pack is None or not pack.consents:
        return []
    rows = ConsentGiven.objects.filter(user=user, text__in=pack.consents)
    given = {(text, version): at for text, version, at in rows.values_list("text", "version", "given_at")}
    known = {text.name: text.in_language(get_language()) for text in settings.SMARTSYNC_BRAND.legal}
    return [
        AskedText(
            name=name,
            title=known[name].title,
            version=known[name].version,
            language=known[name].language,
            given_at=given.get((name, known[name].version)),
        )
        for name in pack.consents
    ]
