"""What checks were asked and answered, what they leave to operators, and what people accepted and answered."""

from copytrading.admin.admission.gates import GateCaseAdmin, GateQuestionAdmin
from copytrading.admin.admission.standing import (
    AdmissionAdmin,
    ConsentGivenAdmin,
    FirstWishAdmin,
    JurisdictionChangeAdmin,
    LossFigureAdmin,
    SuitabilityAnswerAdmin,
)

__all__ = [
    "AdmissionAdmin",
    "ConsentGivenAdmin",
    "FirstWishAdmin",
    "GateCaseAdmin",
    "GateQuestionAdmin",
    "JurisdictionChangeAdmin",
    "LossFigureAdmin",
    "SuitabilityAnswerAdmin",
]
