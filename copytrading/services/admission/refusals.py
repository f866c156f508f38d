"""What the doors say no with."""

from copytrading.services.refusals import Refusal


class GateDenied(Refusal, code="gate_denied"):
    """The operator's own check said no. Nothing was done; `title` says why, as far as the check lets it be told."""


class GateNotReached(GateDenied, code="gate_not_reached"):
    """The operator's own check gave no answer that counts, and no answer is a no. Try again later, with a new key."""


class GateWaits(Refusal, code="gate_waits"):
    """An operator decides first. You are told once it is decided; then ask again, with a new key."""


class ConsentMissing(Refusal, code="consent_missing", page="consents"):
    """A legal text is new, or was never accepted. Read it and accept it, see `consents`."""


class TextNotAsked(Refusal, code="text_not_asked", field="version"):
    """There is no such text to accept, or it has another version by now. Read it again."""


class SuitabilityMissing(Refusal, code="suitability_missing", page="suitability"):
    """The questions of your jurisdiction are not answered, or are new. Answer them, see `suitability`."""


class AnswersIncomplete(Refusal, code="answers_incomplete", field="answers"):
    """A question has no answer, or one that is not among its choices, or there is no such question."""


class AnsweredTooSoon(Refusal, code="answered_too_soon"):
    """The questions were answered a short while ago; `title` says from when on they can be answered again."""


class NothingToAnswer(Refusal, code="nothing_to_answer"):
    """Your jurisdiction asks no questions."""


class LeadNotSuitable(Refusal, code="lead_not_suitable", page="suitability"):
    """The lead is riskier than your answers allow, or has no figure of risk yet. Choose another lead."""


class InvestmentNotSuitable(Refusal, code="investment_not_suitable", field="investment", page="suitability"):
    """All copies together would be more than your answers allow. Choose less."""


class CoolingOff(Refusal, code="cooling_off"):
    """A while has to pass between the first wish to copy and the first copy; `title` says until when."""


class JurisdictionNotChanged(Refusal, code="jurisdiction_not_changed", field="jurisdiction"):
    """There is no such jurisdiction here, it counts already, or only an operator can change it."""


class CaseDecided(Refusal, code="case_decided"):
    """The check is decided already."""


class OwnCase(Refusal, code="own_case"):
    """The check is about the operator who would decide it."""
