"""Answering the questionnaire of one's jurisdiction. Each time is a row; the last of the present version counts."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext, pgettext

from accounts.models import User
from accounts.transactions import owns_transaction
from copytrading.engine.suitability.scoring import AnswerMissing, score
from copytrading.models import SuitabilityAnswer
from copytrading.queries.admission.answers import answer_of, is_current
from copytrading.queries.admission.packs import pack_of
from copytrading.queries.rules import CASH_DECIMALS
from copytrading.services.admission.refusals import AnsweredTooSoon, AnswersIncomplete, NothingToAnswer


@owns_transaction
def answer(*, user: User, answers: Mapping[str, str], now: datetime) -> SuitabilityAnswer:
    """
    Take somebody's answers, by the names of questions, and return what they come to. Running copies go on as they are.

    :raises NothingToAnswer: if the person's jurisdiction asks nothing.
    :raises AnswersIncomplete: if a question has none of its answers, or there is no such question.
    :raises AnsweredTooSoon: if the same version was answered a short while ago.
    """
    pack = pack_of(user)
    if pack is None or pack.questionnaire is None:
        raise NothingToAnswer(gettext("There are no questions to answer here."))
    asked = pack.questionnaire
    if strange := set(answers) - {question.name for question in asked.questions}:
        raise AnswersIncomplete(
            gettext("There is no question that is called %(name)s.") % {"name": repr(min(strange)[:40])}
        )
    try:
        found = score(asked, answers)
    except AnswerMissing as missing:
        raise AnswersIncomplete(
            gettext("Choose an answer: %(question)s") % {"question": missing.text},
            field=f"answers.{missing.question}",
        ) from missing
    # Two answers at once are one after the other.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    last = answer_of(user, pack)
    if last is not None and is_current(last, pack):
        again_at = last.answered_at + timedelta(hours=asked.again_after_hours)
        if now < again_at:
            said = gettext("You answered this already; you can answer again from %(moment)s on.")
            raise AnsweredTooSoon(said % {"moment": in_words(again_at)})
    most = found.band.invested_max
    return SuitabilityAnswer.objects.create(
        user=user,
        pack=pack.name,
        version=asked.version,
        questions=[question.name for question in asked.questions],
        answers=[answers[question.name] for question in asked.questions],
        points=found.points,
        risk_max=found.risk_max,
        invested_max_units=None if most is None else most * 10**CASH_DECIMALS,
        share_max=found.band.share_max,
        answered_at=now,
    )


def in_words(moment: datetime) -> str:
    """Return a moment as sentences name it, in the times of whoever reads them."""
    return date_format(timezone.localtime(moment), pgettext("date format", "j F, H:i T"))
