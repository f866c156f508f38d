"""Complaints: a person's own with what was said, and those that wait for an operator, by the clock."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.dateformat import format as date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext

from accounts.models import User
from copytrading.models import Complaint, ComplaintStep, Copy

Status = Complaint.Status
# What an operator has still to do something about.
WAITING = (Status.RECEIVED, Status.ACKNOWLEDGED, Status.REOPENED)
STATUSES = Status.choices
STEP_KINDS = ComplaintStep.Kind.choices
# For how long after an answer the person may say that it is none.
REOPENED_WITHIN = timedelta(days=30)
# A list to choose from; who has more copies writes in words which one it is.
COPIES_TO_CHOOSE = 100
NUMBER_DIGITS_MAX = 19
UNITS = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))


def complaints_of(user: User) -> QuerySet[Complaint]:
    """Return a person's own complaints, the latest first."""
    return Complaint.objects.filter(user=user).select_related("copy__lead").order_by("-pk")


def with_steps(complaints: QuerySet[Complaint]) -> QuerySet[Complaint]:
    """Return complaints with their steps, the first first, in one more statement for all of them."""
    return complaints.prefetch_related("steps")


def steps_of(complaint: Complaint) -> list[ComplaintStep]:
    """Return the steps of one complaint that was read with them, in their order."""
    return sorted(complaint.steps.all(), key=lambda step: step.pk)


def copies_to_choose(user: User) -> list[tuple[int, str]]:
    """Return a person's own copies as (id, the lead's name and the day it began), the latest first."""
    rows = Copy.objects.filter(follower=user).select_related("lead").order_by("-pk")[:COPIES_TO_CHOOSE]
    said, form = gettext("%(name)s, since %(day)s"), pgettext("date format", "j F Y")
    return [
        (row.pk, said % {"name": row.lead.name, "day": date_format(localtime(row.started_at), form)}) for row in rows
    ]


def may_be_reopened(complaint: Complaint, *, now: datetime) -> bool:
    """Return whether the person may still say that the answer is none."""
    return (
        complaint.status == Status.ANSWERED
        and complaint.answered_at is not None
        and now <= complaint.answered_at + REOPENED_WITHIN
    )


def waiting() -> QuerySet[Complaint]:
    """Return the complaints that wait for an operator, those first whose time runs out first."""
    return Complaint.objects.filter(status__in=WAITING).select_related("user").order_by("answer_by", "pk")


def overdue(*, now: datetime) -> QuerySet[Complaint]:
    """Return the complaints whose time has run out: to acknowledge them, or to answer."""
    unacknowledged = Q(status=Status.RECEIVED, acknowledge_by__lt=now)
    return waiting().filter(unacknowledged | Q(answer_by__lt=now))


def in_time(*, now: datetime) -> QuerySet[Complaint]:
    """Return the complaints that wait and whose time has not run out."""
    return waiting().exclude(pk__in=overdue(now=now).order_by().values("pk"))


def due_at(complaint: Complaint) -> datetime | None:
    """Return by when an operator has to do the next thing; None where nothing is left to do."""
    if complaint.status == Status.RECEIVED:
        return min(complaint.acknowledge_by, complaint.answer_by)
    return complaint.answer_by if complaint.status in WAITING else None


def clock_words(complaint: Complaint, *, now: datetime) -> str:
    """Return what a complaint's clock says to an operator, as "acknowledge within 3 hours"; a dash once it rests."""
    due = due_at(complaint)
    if due is None:
        return "—"
    act = "acknowledge" if complaint.status == Status.RECEIVED else "answer"
    return f"{act} within {span_words(due - now)}" if due > now else f"{act}: overdue by {span_words(now - due)}"


def line_of(complaint: Complaint, *, now: datetime) -> str:
    """Return one complaint as the panel's first page has it: how old it is, what the clock says, whose it is."""
    age = span_words(now - complaint.received_at)
    return f"{complaint}, of {complaint.user}, {age} old: {clock_words(complaint, now=now)}"


def span_words(span: timedelta) -> str:
    """Return how long something lasts in its largest unit, in English and rounded down: "3 days", "5 hours"."""
    for unit, name in UNITS:
        count = span // unit
        if count:
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "less than a minute"


def said_in(number: str) -> str:
    """Return what the complaint of a number says, as an address names it; nothing where there is none."""
    is_number = number.isascii() and number.isdecimal() and len(number) < NUMBER_DIGITS_MAX
    found = Complaint.objects.filter(pk=int(number)).first() if is_number else None
    return "" if found is None else f"{found.subject}: {found.text}"


def exists(number: int) -> bool:
    """Return whether there is a complaint of a number, whoever's."""
    return Complaint.objects.filter(pk=number).exists()
