"""Accepting a legal text, in the version and the language that were read."""

from datetime import datetime

from django.utils.translation import gettext

from accounts.models import User
from copytrading.models import ConsentGiven
from copytrading.queries.admission.consents import texts_for
from copytrading.services.admission.refusals import TextNotAsked


def accept(*, user: User, text: str, version: str, now: datetime) -> None:
    """
    Note that a person accepts a version of a text; twice is as once.

    :raises TextNotAsked: if the text is not asked for, or its present version is another one.
    """
    accept_all(user=user, versions={text: version}, now=now)


def accept_all(*, user: User, versions: dict[str, str], now: datetime) -> None:
    """
    Note that a person accepts versions of some texts, by their names: all of them or none.

    :raises TextNotAsked: if one of them is not asked for, or its present version is another one.
    """
    asked = {text.name: text for text in texts_for(user)}
    for name, version in versions.items():
        if name not in asked:
            raise TextNotAsked(gettext("There is no such text to accept."), field="text")
        if asked[name].version != version:
            raise TextNotAsked(
                gettext("%(text)s has another version by now: read it again, then accept it.")
                % {"text": asked[name].title}
            )
    ConsentGiven.objects.bulk_create(
        [
            ConsentGiven(user=user, text=name, version=version, language=asked[name].language, given_at=now)
            for name, version in versions.items()
            if asked[name].given_at is None
        ],
        ignore_conflicts=True,
    )
