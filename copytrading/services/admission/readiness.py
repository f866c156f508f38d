"""
What the pack of a person's jurisdiction puts before a copy: texts, questions with their limits, a while to think.

Nothing of it touches a copy that runs. A start or an increase that is let in is written down before the money moves,
one a person at a time: so two at once cannot both be the last that a limit has room for.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils.translation import gettext, ngettext

from accounts.identity.places import written
from accounts.models import RequestKey, User
from accounts.transactions import owns_transaction
from copytrading.engine.suitability.packs import RISK_MOST, Pack
from copytrading.models import Admission, Copy, FirstWish, Lead, LeadSummary, SuitabilityAnswer
from copytrading.queries.admission.answers import answer_of, has_copied, is_current
from copytrading.queries.admission.consents import texts_for
from copytrading.queries.admission.warnings import losing_percent
from copytrading.queries.market.board import available_cash_units_of
from copytrading.services import keys
from copytrading.services.admission.refusals import (
    ConsentMissing,
    CoolingOff,
    InvestmentNotSuitable,
    LeadNotSuitable,
    SuitabilityMissing,
)
from copytrading.services.admission.suitability import in_words
from copytrading.services.refusals import Refusal

# Whoever was let in has the money moved by then, or it came to nothing.
LET_IN_FOR = timedelta(minutes=1)


def obstacles(*, user: User, pack: Pack, lead: Lead, now: datetime, is_start: bool = True) -> Iterator[Refusal]:
    """Yield everything but the amount that stands between somebody and money behind a lead, the first to mend first."""
    if is_start:
        yield from missing_consents(user)
    if pack.questionnaire is not None:
        answer = answer_of(user, pack)
        if answer is None or not is_current(answer, pack):
            is_new = answer is not None
            yield SuitabilityMissing(
                gettext("The questions about your experience are new: answer them before you put in more.")
                if is_new
                else gettext("Answer some questions about your experience first.")
            )
        elif answer.risk_max == 0:
            yield LeadNotSuitable(gettext("By your answers copying does not suit you now."))
        elif (refusal := _too_risky(lead, answer)) is not None:
            yield refusal
    if is_start and pack.cooling_off_hours and not has_copied(user):
        wish = FirstWish.objects.filter(user=user).first()
        hours = timedelta(hours=pack.cooling_off_hours)
        if wish is None:
            yield CoolingOff(
                ngettext(
                    "Between your first wish to copy and your first copy %(hours)s hour has to pass: press once now,"
                    " and it begins.",
                    "Between your first wish to copy and your first copy %(hours)s hours have to pass: press once now,"
                    " and they begin.",
                    pack.cooling_off_hours,
                )
                % {"hours": pack.cooling_off_hours}
            )
        elif now < wish.wished_at + hours:
            yield CoolingOff(
                gettext("Your wish is noted. You can start your first copy from %(moment)s on.")
                % {"moment": in_words(wish.wished_at + hours)}
            )


def missing_consents(user: User) -> Iterator[Refusal]:
    """Yield the refusal for texts that somebody has not accepted in their present version."""
    missing = [text.title for text in texts_for(user) if text.given_at is None]
    if missing:
        yield ConsentMissing(gettext("Read and accept first: %(texts)s.") % {"texts": ", ".join(missing)})


@owns_transaction
def note_wish(*, user: User, pack: Pack, lead: Lead, now: datetime) -> None:
    """Note that somebody wants to copy for the first time, where a while has to pass from then on; once."""
    if pack.cooling_off_hours and not has_copied(user):
        FirstWish.objects.get_or_create(user=user, defaults={"lead": lead, "wished_at": now})


@owns_transaction
def let_in(*, user: User, pack: Pack, lead: Lead, units: int, key: str, now: datetime, is_start: bool) -> Admission:
    """
    Write down that more money may go behind a lead, if the pack has nothing against it.

    :raises Refusal: the first of `obstacles`, or that it would be too much.
    """
    # One after the other for one person.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    for obstacle in obstacles(user=user, pack=pack, lead=lead, now=now, is_start=is_start):
        raise obstacle
    answer = answer_of(user, pack) if pack.questionnaire is not None else None
    if answer is not None:
        _refuse_too_much(user, answer, units, now, field="investment" if is_start else "value")
    return Admission.objects.create(
        user=user,
        lead=lead,
        units=units,
        idempotency_key=key,
        pack=pack.name,
        suitability=answer,
        risk=_risk_of(lead),
        losing_percent=losing_percent() if pack.warning else None,
        let_in_at=now,
    )


def drop(admission: Admission, *, now: datetime) -> None:
    """Note that nothing came of it."""
    Admission.objects.filter(pk=admission.pk, dropped_at__isnull=True).update(dropped_at=now)


def _too_risky(lead: Lead, answer: SuitabilityAnswer) -> LeadNotSuitable | None:
    if answer.risk_max >= RISK_MOST:
        return None
    risk = _risk_of(lead)
    if risk is None:
        return LeadNotSuitable(
            gettext(
                "%(lead)s is too young for a figure of risk, and by your answers leads up to %(most)s of %(of)s suit"
                " you: choose another lead."
            )
            % {"lead": lead.name, "most": answer.risk_max, "of": RISK_MOST}
        )
    if risk <= answer.risk_max:
        return None
    return LeadNotSuitable(
        gettext(
            "%(lead)s has a risk of %(risk)s of %(of)s, and by your answers leads up to %(most)s suit you: choose"
            " another lead."
        )
        % {"lead": lead.name, "risk": risk, "of": RISK_MOST, "most": answer.risk_max}
    )


def _risk_of(lead: Lead) -> int | None:
    return LeadSummary.objects.filter(lead=lead).values_list("risk", flat=True).first()


def _refuse_too_much(user: User, answer: SuitabilityAnswer, units: int, now: datetime, *, field: str) -> None:
    if answer.invested_max_units is None and answer.share_max is None:
        return
    live = Copy.objects.filter(follower=user).exclude(status=Copy.Status.STOPPED)
    invested = live.aggregate(units=Sum("invested_units"))["units"] or 0
    invested_then = invested + _on_the_way(user, now) + units
    limits = [] if answer.invested_max_units is None else [answer.invested_max_units]
    if answer.share_max is not None:
        limits.append(int(answer.share_max * (invested + available_cash_units_of(user))))
    most = min(limits)
    if invested_then > most:
        room = max(most - (invested_then - units), 0)
        raise InvestmentNotSuitable(
            gettext("By your answers at most %(most)s may be in copies; there is room for %(room)s more.")
            % {"most": written(keys.cash_words(most)), "room": written(keys.cash_words(room))},
            field=field,
        )


def _on_the_way(user: User, now: datetime) -> int:
    """Return what was let in a moment ago and has not moved yet: its key is not used."""
    lately = Admission.objects.filter(user=user, dropped_at__isnull=True, let_in_at__gt=now - LET_IN_FOR)
    units_by_key = dict(lately.values_list("idempotency_key", "units"))
    if not units_by_key:
        return 0
    used = RequestKey.objects.filter(user=user, key__in=units_by_key).values_list("key", flat=True)
    return sum(units for key, units in units_by_key.items() if key not in set(used))
