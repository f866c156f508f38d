"""Who may do what here by the operator's own checks, a jurisdiction's rules and the texts that were accepted."""

from copytrading.models.admission.gates import GateAct, GateCase, GateQuestion
from copytrading.models.admission.standing import (
    Admission,
    ConsentGiven,
    FirstWish,
    JurisdictionChange,
    LossFigure,
    SuitabilityAnswer,
)

__all__ = [
    "Admission",
    "ConsentGiven",
    "FirstWish",
    "GateAct",
    "GateCase",
    "GateQuestion",
    "JurisdictionChange",
    "LossFigure",
    "SuitabilityAnswer",
]
