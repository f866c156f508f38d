"""Looks up what a request names. Everything starts from a query scoped to the person, so another's is a 404."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from rest_framework import exceptions
from rest_framework.request import Request

from accounts.models import User
from copytrading.queries.copies import own as copy_queries
from copytrading.queries.copies.own_accounts import own_account_of
from copytrading.queries.leads import listing as lead_queries
from copytrading.queries.shown.visibility import Visibility, visibility_of


def person(request: Request) -> User:
    """Return who asks; the door was closed to everybody else."""
    assert isinstance(request.user, User)
    return request.user


def visitor(request: Request) -> User | None:
    """Return who asks, where nobody has to be signed in; None for somebody who is not."""
    return request.user if isinstance(request.user, User) else None


def own_copy(request: Request, copy_id: int) -> Any:
    return get_object_or_404(copy_queries.copies_of(person(request)), pk=copy_id)


def own_account_id(request: Request, account_id: int | None) -> int | None:
    """
    Return the own account that a body names, None where it names none.

    :raises ValidationError: if it is not one of whoever asks.
    """
    if account_id is not None and own_account_of(person(request), account_id) is None:
        raise exceptions.ValidationError({"own_account": gettext("You have no such account; see wallet/own-accounts.")})
    return account_id


def public_lead(slug: str) -> Any:
    return get_object_or_404(lead_queries.public_leads(), slug=slug)


def visible_to(request: Request, lead: Any) -> Visibility:
    """Return what whoever asks sees of a lead's book."""
    return visibility_of(lead, visitor(request), now=timezone.now())


def copy_in_figures(request: Request, copy_id: int) -> copy_queries.CopySummary:
    """Return one copy as it stands after what was just done to it."""
    return copy_queries.summary_of(own_copy(request, copy_id), now=timezone.now())
