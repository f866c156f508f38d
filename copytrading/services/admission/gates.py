"""
The operator's own identity, sanctions or age check, asked whether somebody may do something.

One question (who, which act, which figures), three answers: allow, deny with a sentence, ask an operator. It goes out
as a webhook does, signed as Standard Webhooks are, to a machine that was checked, within its time, with no transaction
open. No answer, or none that can be read, is a no.

    1. What an operator decided, or the check said a while ago and still stands by, counts.
    2. Otherwise it is asked, under an id that is the same for the same request of the same person.
    3. The question is written with its answer, and with it what an operator has to decide.
    4. Only then the act is done.

An act that dies between 3 and 4 was asked about for nothing; none is ever done without its row.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from accounts.transactions import outside_transaction
from copytrading.models import GateAct as Act
from copytrading.models import GateCase, GateQuestion, Lead
from copytrading.queries.admission.packs import pack_of
from copytrading.queries.rules import CASH_DECIMALS, cash_symbol
from copytrading.services.admission.refusals import GateDenied, GateNotReached, GateWaits
from copytrading.services.hooks import hook_secrets
from copytrading.services.hooks.posting import Answer, post
from copytrading.services.refusals import Refusal

Verdict = GateQuestion.Answer
TYPE = "gate.question"
ANSWERS = {"allow": Verdict.ALLOW, "deny": Verdict.DENY, "ask": Verdict.ASK}
CACHE_SECONDS_MAX = 30 * 24 * 3600
SENTENCE_LENGTH_MAX = 200
# What may go on while an operator decides: a deposit comes in and is held, an account is made and can do nothing.
GOES_ON = (Act.DEPOSIT, Act.SIGN_UP)

DENIED = gettext_noop("The check that this platform makes said no.")
NOT_REACHED = gettext_noop(
    "The check that this platform makes before this gave no answer, so nothing was done. Try again later."
)
WAITS = gettext_noop("Somebody has to look at this first. You are told once it is decided; then press again.")
WAITS_SIGN_UP = gettext_noop("Your sign-up is still being looked at. You are told once it is decided.")
CASE_DENIED = gettext_noop("This was looked at, and the answer is no. Nothing that you hold here changes.")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An act that somebody is about to do: `units` in quote units, `key` of the request where it has one."""

    act: Act
    user: User | None = None
    email: str = ""
    lead: Lead | None = None
    units: int | None = None
    key: str = ""
    jurisdiction: str = ""

    @property
    def address(self) -> str:
        return (self.email if self.user is None else self.user.email).lower()

    @property
    def event_id(self) -> str:
        """Return the id that it is asked under: the same for the same request."""
        if self.user is None or not self.key:
            return f"gate_{uuid4().hex}"
        said = [self.user.pk, self.act, self.key, self.units, None if self.lead is None else self.lead.pk]
        return f"gate_{hashlib.sha256(json.dumps(said).encode()).hexdigest()[:40]}"

    def is_within(self, units: int | None, *, allowed: bool) -> bool:
        """Return whether an earlier answer about so much covers this: a yes covers less, and a no covers more."""
        if self.units is None or units is None:
            return True
        return self.units <= units if allowed else self.units >= units


def is_asked(act: Act) -> bool:
    """Return whether anybody is asked about such an act."""
    return bool(settings.SMARTSYNC_GATE.url) and act in settings.SMARTSYNC_GATE_ACTS


@contextmanager
def gate(asked: Asked, *, now: datetime) -> Iterator[GateCase | None]:
    """
    Do an act inside this block, if it may be done; yield the case that decides on it, where it goes on meanwhile.

    A verdict of an operator is used up by it; an act that is refused for something else gives it back.

    :raises GateDenied: if the check, or an operator, said no; GateNotReached if there was no answer that counts.
    :raises GateWaits: if an operator has to decide first.
    """
    if not is_asked(asked.act):
        yield None
        return
    used, waiting = pass_gate(asked, now=now)
    try:
        yield waiting
    except Refusal:
        if used is not None:
            GateCase.objects.filter(pk=used.pk).update(used_at=None)
        if waiting is not None:
            GateCase.objects.filter(pk=waiting.pk, status=GateCase.Status.OPEN).update(
                status=GateCase.Status.DROPPED, decided_at=now
            )
        raise


@outside_transaction
def pass_gate(asked: Asked, *, now: datetime) -> tuple[GateCase | None, GateCase | None]:
    """
    Return the verdict that was used, and the case that is open; both are None where the check itself allowed it.

    :raises GateDenied, GateNotReached, GateWaits: as `gate`.
    """
    found = _standing(asked, now)
    if found is not None:
        return found
    question = ask(asked, now=now)
    if question.answer == Verdict.DENY:
        raise (
            GateNotReached(gettext(NOT_REACHED))
            if question.trouble
            else GateDenied(question.sentence or gettext(DENIED))
        )
    if question.answer == Verdict.ALLOW:
        return None, None
    if asked.act not in GOES_ON:
        raise GateWaits(question.sentence or gettext(WAITS))
    return None, GateCase.objects.get(question=question)


@outside_transaction
def ask(asked: Asked, *, now: datetime) -> GateQuestion:
    """Ask the check, and return the question with its answer as it was written down, and with it a case to decide."""
    event_id = asked.event_id
    payload = _payload(asked, now)
    answer = post(
        address=settings.SMARTSYNC_GATE.url,
        headers=hook_secrets.signed_headers(
            secrets_=[settings.SMARTSYNC_GATE.secret], event_id=event_id, payload=payload, now=now
        ),
        payload=payload,
        seconds_max=settings.SMARTSYNC_GATE_SECONDS_MAX,
        now=now,
        local_hosts=settings.SMARTSYNC_GATE.local_hosts,
    )
    told = read(answer)
    with transaction.atomic():
        question = GateQuestion.objects.create(
            event_id=event_id,
            act=asked.act,
            user=asked.user,
            email=asked.address,
            lead=asked.lead,
            units=asked.units,
            jurisdiction=_jurisdiction(asked),
            answer=told.verdict,
            sentence=told.sentence,
            trouble=told.trouble,
            milliseconds=answer.milliseconds,
            asked_at=now,
            holds_until=now + timedelta(seconds=told.cache_seconds) if told.cache_seconds else None,
        )
        if told.verdict == Verdict.ASK:
            GateCase.objects.create(
                question=question,
                act=asked.act,
                user=asked.user,
                email=asked.address,
                lead=asked.lead,
                units=asked.units,
                idempotency_key=asked.key,
                opened_at=now,
            )
    return question


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an answer says; `trouble` is why it counts as a no though it said none."""

    verdict: Verdict
    sentence: str = ""
    cache_seconds: int = 0
    trouble: str = ""


def read(answer: Answer) -> Told:
    """Return what an answer says: JSON with `answer`, and beside it `sentence` and `cache_seconds` where it likes."""
    if answer.trouble:
        return _unread(answer.trouble)
    if not answer.is_taken:
        return _unread(f"It answered with {answer.status}.")
    try:
        said = json.loads(answer.text)
    except (ValueError, RecursionError):
        return _unread("Its answer is no JSON.")
    named = said.get("answer") if isinstance(said, dict) else None
    if not isinstance(named, str) or named not in ANSWERS:
        return _unread("Its answer says neither allow, deny nor ask.")
    seconds, sentence = said.get("cache_seconds", 0), said.get("sentence", "")
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds <= CACHE_SECONDS_MAX:
        return _unread(f"Its cache_seconds is no whole number from 0 to {CACHE_SECONDS_MAX}.")
    if not isinstance(sentence, str):
        return _unread("Its sentence is no text.")
    plain = "".join(letter if letter.isprintable() else " " for letter in sentence)
    verdict = ANSWERS[named]
    return Told(
        verdict=verdict,
        sentence=" ".join(plain.split())[:SENTENCE_LENGTH_MAX],
        # What an operator decides on is asked as often as somebody asks for it.
        cache_seconds=0 if verdict == Verdict.ASK else seconds,
    )


def cases_of(asked: Asked) -> QuerySet[GateCase]:
    """Return the cases of whoever asks: by the person, or of a sign-up by the address until there is a person."""
    of_address = Q(user__isnull=True, act=Act.SIGN_UP, email=asked.address)
    return GateCase.objects.filter(of_address if asked.user is None else Q(user=asked.user) | of_address)


def _standing(asked: Asked, now: datetime) -> tuple[GateCase | None, GateCase | None] | None:
    """Return what was decided before and still counts, as `pass_gate` does; None where it has to be asked."""
    acts = {asked.act} if asked.act == Act.WITHDRAW else {asked.act, Act.SIGN_UP}
    counts = Q(status=GateCase.Status.OPEN) | Q(act=Act.SIGN_UP) | Q(holds_until__gt=now, used_at__isnull=True)
    found_before = cases_of(asked).filter(counts, act__in=acts).exclude(status=GateCase.Status.DROPPED)
    for case in found_before.order_by("-pk"):
        found = _by_sign_up(case, asked) if case.act == Act.SIGN_UP else _by_case(case, asked, now)
        if found is not None:
            return found
    return _remembered(asked, now)


def _by_sign_up(case: GateCase, asked: Asked) -> tuple[GateCase | None, GateCase | None] | None:
    """Return what the case of a sign-up says of it, or let nobody do more whose sign-up is not allowed yet."""
    if case.status == GateCase.Status.DENIED:
        raise GateDenied(gettext(CASE_DENIED))
    if asked.act != Act.SIGN_UP:
        if case.status == GateCase.Status.OPEN:
            raise GateWaits(gettext(WAITS_SIGN_UP))
        return None
    return (None, case) if case.status == GateCase.Status.OPEN else (None, None)


def _by_case(case: GateCase, asked: Asked, now: datetime) -> tuple[GateCase | None, GateCase | None] | None:
    """Return what a case says of the same act; None where it is about something else, or was just used up."""
    if case.lead_id != (None if asked.lead is None else asked.lead.pk):
        return None
    if case.status == GateCase.Status.OPEN:
        if asked.act not in GOES_ON:
            raise GateWaits(gettext(WAITS))
        # Another deposit waits for a verdict of its own.
        return (None, case) if case.idempotency_key == asked.key else None
    if case.status == GateCase.Status.DENIED and asked.is_within(case.units, allowed=False):
        raise GateDenied(gettext(CASE_DENIED))
    if case.status != GateCase.Status.ALLOWED or not asked.is_within(case.units, allowed=True):
        return None
    # Two at once use it once; the other one is asked about anew.
    is_ours = GateCase.objects.filter(pk=case.pk, used_at__isnull=True).update(used_at=now)
    return (case, None) if is_ours else None


def _remembered(asked: Asked, now: datetime) -> tuple[None, None] | None:
    """Return that the check still stands by a yes, or raise its no; None where it has said nothing that holds."""
    same = GateQuestion.objects.filter(act=asked.act, lead=asked.lead, holds_until__gt=now)
    same = same.filter(user__isnull=True, email=asked.address) if asked.user is None else same.filter(user=asked.user)
    for question in same.order_by("-pk"):
        allowed = question.answer == Verdict.ALLOW
        if asked.is_within(question.units, allowed=allowed):
            if not allowed:
                raise GateDenied(question.sentence or gettext(DENIED))
            return None, None
    return None


def _payload(asked: Asked, now: datetime) -> str:
    person: dict[str, Any] = {
        "id": None if asked.user is None else asked.user.pk,
        "email": asked.address,
        "jurisdiction": _jurisdiction(asked) or None,
        "signed_up_at": None if asked.user is None else _time(asked.user.date_joined),
    }
    what: dict[str, Any] = {
        "act": asked.act.lower(),
        "person": person,
        "value": None if asked.units is None else f"{Decimal(asked.units).scaleb(-CASH_DECIMALS):f}",
        "currency": None if asked.units is None else cash_symbol(),
        "lead": None if asked.lead is None else asked.lead.slug,
    }
    return json.dumps({"type": TYPE, "timestamp": _time(now), "data": what}, ensure_ascii=False)


def _jurisdiction(asked: Asked) -> str:
    if asked.user is None:
        return asked.jurisdiction
    pack = pack_of(asked.user)
    return "" if pack is None else pack.name


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _unread(trouble: str) -> Told:
    return Told(verdict=Verdict.DENY, trouble=trouble[:200])
