"""
What a viewer may see of a lead's book, and up to which moment.

    everybody        the record: returns, falls, risk, own money, money that follows; live, since it is not the book
    stranger         trades that are as old as the lead chose, and the weights of a daily close, or of an hour, as old
    whoever copies   everything, as it happens; so do the lead, and operators by right

Whoever has a copy that has not stopped copies, be it paused or on its way out: the money still moves with the lead's.
Who ended a copy is a stranger again. Every reader of the book asks here and hands the answer down, so no reader has an
opinion of its own; what reads the book takes a `Visibility` and has no default for it.

A cut never moves back: what was public before the lead chose to show less stays public, up to that moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext

from accounts.models import User
from copytrading.models import Copy, Lead

SEES_EVERY_BOOK = "copytrading.view_leadorder"
HOURS_A_DAY = 24


@dataclass(frozen=True, kw_only=True)
class Visibility:
    """
    What one viewer sees of one lead's book.

    `trades_until` and `weights_until` are the moments up to which trades and weights are shown, None for as they
    happen. Where `is_daily`, of the weights that are younger than `public_until` only those of daily closes count.
    `delay_hours` is how long a trade waits.
    """

    trades_until: datetime | None = None
    weights_until: datetime | None = None
    is_daily: bool = False
    public_until: datetime | None = None
    delay_hours: int = 0

    @property
    def is_whole(self) -> bool:
        """Return whether the whole book is shown, as it is now."""
        return self.trades_until is None and self.weights_until is None

    @property
    def finer_until(self) -> datetime | None:
        """Return up to when the weights of every hour are shown, and after it those of daily closes; None for never."""
        return self.public_until if self.is_daily else self.weights_until

    @property
    def sentence(self) -> str:
        """Return in a sentence what is shown later, and why; nothing where everything is shown."""
        if self.is_whole:
            return ""
        if self.trades_until is None:
            return gettext("Shares are shown as of the last daily close; whoever copies sees them move.")
        if self.is_daily:
            said = gettext(
                "Trades are shown after %(delay)s, and shares as of a daily close that old, so that nobody trades ahead"
                " of those who copy; they see everything at once."
            )
        else:
            said = gettext(
                "Trades are shown after %(delay)s, and so are shares, so that nobody trades ahead of those who copy;"
                " they see everything at once."
            )
        return said % {"delay": delay_words(self.delay_hours)}


EVERYTHING = Visibility()


def delay_words(hours: int) -> str:
    """Return a delay as people say it."""
    days, rest = divmod(hours, HOURS_A_DAY)
    if days > 1 and not rest:
        return gettext("%(days)s days") % {"days": days}
    return gettext("an hour") if hours == 1 else gettext("%(hours)s hours") % {"hours": hours}


def visibility_of(lead: Lead, viewer: User | None, *, now: datetime) -> Visibility:
    """Return what a viewer, None for somebody who is not signed in, sees of a lead's book."""
    return visibilities_of([lead], viewer, now=now)[lead.pk]


def visibilities_of(leads: Sequence[Lead], viewer: User | None, *, now: datetime) -> dict[int, Visibility]:
    """Return what a viewer sees of the books of some leads, by lead id, in one statement; none for nobody signed in."""
    shown = {lead.pk: for_strangers(lead, now=now) for lead in leads}
    if viewer is None or not shown:
        return shown
    if viewer.is_active and viewer.is_staff and viewer.has_perm(SEES_EVERY_BOOK):
        return dict.fromkeys(shown, EVERYTHING)
    copied = Copy.objects.filter(follower=viewer, lead__in=list(shown)).exclude(status=Copy.Status.STOPPED)
    known = set(copied.values_list("lead_id", flat=True)) | {lead.pk for lead in leads if lead.user_id == viewer.pk}
    return {lead_id: EVERYTHING if lead_id in known else part for lead_id, part in shown.items()}


def for_strangers(lead: Lead, *, now: datetime) -> Visibility:
    """Return what strangers see of a lead's book, by what the lead chose."""
    trades_until = None
    if lead.trades_delay_hours:
        trades_until = now - timedelta(hours=lead.trades_delay_hours)
        if lead.public_until is not None:
            trades_until = max(trades_until, lead.public_until)
    is_daily = lead.weights_shown == Lead.WeightsShown.DAILY
    return Visibility(
        trades_until=trades_until,
        weights_until=now if trades_until is None and is_daily else trades_until,
        is_daily=is_daily,
        public_until=lead.public_until,
        delay_hours=lead.trades_delay_hours,
    )
