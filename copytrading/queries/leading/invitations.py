"""
Invitations: what a link offers to whoever opens it, and what each brought to the lead who made it.

A lead sees how many came by an invitation, with how much and what they paid; who they are is theirs to know.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from copytrading.models import Copy, Invitation, Lead, ProfitShare
from copytrading.models.invitations import TOKEN_LENGTH_MAX as TOKEN_LENGTH_MAX


class InvitationState(StrEnum):
    """Whether an invitation lets anybody in now, and if not, why not."""

    OPEN = "OPEN"
    USED_UP = "USED_UP"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    UNKNOWN = "UNKNOWN"


WHY_NOT = {
    InvitationState.USED_UP: gettext_noop("This invitation is used up: as many as it was for came by it."),
    InvitationState.EXPIRED: gettext_noop("This invitation has expired."),
    InvitationState.WITHDRAWN: gettext_noop("This invitation was withdrawn."),
    InvitationState.UNKNOWN: gettext_noop("There is no such invitation of this lead."),
}


@dataclass(frozen=True, kw_only=True)
class Offer:
    """
    What a link says to who opens it. `rate` is what a copy would pay that starts now: with a link that is not open, or
    is no link, what everybody pays.
    """

    token: str
    state: InvitationState
    rate: Decimal
    expires_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state is InvitationState.OPEN

    @property
    def query(self) -> str:
        """Return the end of an address by which it travels along; empty where it lets nobody in."""
        return f"?invitation={quote(self.token, safe='')}" if self.is_open else ""

    @property
    def why_closed(self) -> str:
        """Return why it lets nobody in; empty while it does."""
        return "" if self.is_open else gettext(WHY_NOT[self.state])


@dataclass(frozen=True, kw_only=True)
class Invited:
    """
    An invitation with what came of it: copies that began by it, those that run, what is invested in these, and what all
    of them paid to the lead, less the platform's part; in quote units.
    """

    invitation: Invitation
    state: InvitationState
    rate: Decimal
    copies: int
    running: int
    invested_units: int
    earned_units: int

    @property
    def copies_left(self) -> int:
        return max(self.invitation.copies_max - self.copies, 0)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One copy that came by an invitation: when, what is in it, and what it paid to the lead, in quote units."""

    invitation_id: int
    started_at: datetime
    stopped_at: datetime | None
    invested_units: int
    rate: Decimal
    earned_units: int


def found(lead: Lead, token: str) -> Invitation | None:
    """Return the invitation of a lead that a link names; None where there is none."""
    if not 0 < len(token) <= TOKEN_LENGTH_MAX or "\0" in token:
        return None
    return Invitation.objects.filter(lead=lead, token=token).first()


def state_of(invitation: Invitation | None, *, copies: int, now: datetime) -> InvitationState:
    """Return whether an invitation lets anybody in, of which so many copies came already."""
    if invitation is None:
        return InvitationState.UNKNOWN
    if invitation.withdrawn_at is not None:
        return InvitationState.WITHDRAWN
    if invitation.expires_at <= now:
        return InvitationState.EXPIRED
    return InvitationState.OPEN if copies < invitation.copies_max else InvitationState.USED_UP


def rate_by(invitation: Invitation, lead: Lead) -> Decimal:
    """Return what a copy pays that comes by an invitation: nobody pays more for having been invited."""
    return min(invitation.profit_share_rate, lead.profit_share_rate)


def used_by(invitation: Invitation) -> int:
    """Return how many copies came by an invitation, whether they still run or not."""
    return Copy.objects.filter(invitation=invitation).count()


def offer_of(lead: Lead, token: str, *, now: datetime) -> Offer | None:
    """Return what a link offers; None without one."""
    if not token:
        return None
    invitation = found(lead, token)
    copies = 0 if invitation is None else used_by(invitation)
    state = state_of(invitation, copies=copies, now=now)
    if invitation is None or state is not InvitationState.OPEN:
        return Offer(token=token, state=state, rate=lead.profit_share_rate)
    return Offer(token=token, state=state, rate=rate_by(invitation, lead), expires_at=invitation.expires_at)


def invitations_of(lead: Lead) -> QuerySet[Invitation]:
    """Return the invitations that a lead made, latest first, each with what came of it."""
    running = Q(copies__status__in=Copy.LIVE)
    return lead.invitations.annotate(
        copies_so_far=Count("copies"),
        copies_running=Count("copies", filter=running),
        invested_units=Sum("copies__invested_units", filter=running, default=0),
    ).order_by("-pk")


def own_invitation(user: User, invitation_id: int) -> QuerySet[Invitation]:
    """Return one invitation, if it is of a lead that this person is."""
    return Invitation.objects.filter(pk=invitation_id, lead__user=user)


def summed_up(invitations: QuerySet[Invitation] | list[Invitation], lead: Lead, *, now: datetime) -> list[Invited]:
    """Return invitations of `invitations_of` with what they earned; one statement more, however many there are."""
    # With what `invitations_of` counted beside each.
    rows: list[Any] = list(invitations)
    earned = _earned_by("copy__invitation_id", [row.pk for row in rows])
    return [
        Invited(
            invitation=row,
            state=state_of(row, copies=row.copies_so_far, now=now),
            rate=rate_by(row, lead),
            copies=row.copies_so_far,
            running=row.copies_running,
            invested_units=row.invested_units,
            earned_units=earned.get(row.pk, 0),
        )
        for row in rows
    ]


def arrivals_of(lead: Lead, *, count: int) -> list[Arrival]:
    """Return who came last by any invitation of a lead, as copies without names, latest first."""
    came = Copy.objects.filter(lead=lead, invitation__isnull=False).order_by("-pk")[:count]
    rows = list(came)
    earned = _earned_by("copy_id", [row.pk for row in rows])
    return [
        Arrival(
            invitation_id=row.invitation_id or 0,
            started_at=row.started_at,
            stopped_at=row.stopped_at,
            invested_units=row.invested_units,
            rate=row.profit_share_rate,
            earned_units=earned.get(row.pk, 0),
        )
        for row in rows
    ]


def _earned_by(column: str, values: list[int]) -> dict[int, int]:
    shares = ProfitShare.objects.filter(**{f"{column}__in": values}).values(column)
    return dict(shares.annotate(sum=Sum(F("share_units") - F("platform_units"))).values_list(column, "sum"))
