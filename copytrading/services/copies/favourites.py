"""The leads that somebody keeps an eye on before, or instead of, copying them."""

from datetime import datetime

from django.utils.translation import gettext

from accounts.models import User
from accounts.transactions import owns_transaction
from copytrading.models import Favourite, Lead
from copytrading.services.refusals import Refusal

FAVOURITES_MAX = 200


class TooManyFavourites(Refusal, code="too_many_favourites"):
    """Somebody keeps an eye on as many leads as there may be."""


@owns_transaction
def keep_eye_on(*, user: User, lead: Lead, now: datetime) -> None:
    """
    Make a lead a favourite; one that is already stays as it was.

    :raises TooManyFavourites: where there are two hundred.
    """
    kept = Favourite.objects.filter(user=user)
    if kept.filter(lead=lead).exists():
        return
    if kept.count() >= FAVOURITES_MAX:
        raise TooManyFavourites(
            gettext("You have %(most)s favourites, which is the most. Take one away first.") % {"most": FAVOURITES_MAX}
        )
    Favourite.objects.get_or_create(user=user, lead=lead, defaults={"chosen_at": now})


@owns_transaction
def let_go_of(*, user: User, lead: Lead) -> None:
    """Take a lead from somebody's favourites, if it is among them."""
    Favourite.objects.filter(user=user, lead=lead).delete()
