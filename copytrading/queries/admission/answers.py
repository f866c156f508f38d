"""The questionnaire of a person's jurisdiction, and how they answered it last."""

from accounts.models import User
from copytrading.engine.suitability.packs import Pack
from copytrading.models import Copy, SuitabilityAnswer


def answer_of(user: User, pack: Pack) -> SuitabilityAnswer | None:
    """Return a person's last answers to a pack's questionnaire, of whatever version."""
    return SuitabilityAnswer.objects.filter(user=user, pack=pack.name).order_by("-pk").first()


def is_current(answer: SuitabilityAnswer | None, pack: Pack) -> bool:
    """Return whether answers are to the version that is asked now."""
    return answer is not None and pack.questionnaire is not None and answer.version == pack.questionnaire.version


def has_copied(user: User) -> bool:
    """Return whether somebody ever started a copy."""
    return Copy.objects.filter(follower=user).exists()
