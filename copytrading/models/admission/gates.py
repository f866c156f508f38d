"""
Gates: what the operator's own identity, sanctions or age check was asked, and what it answered.

    GateQuestion  ALLOW | DENY            that is all
                  ASK ──→ GateCase  OPEN ──→ ALLOWED | DENIED     an operator decides
                                     └─────→ DROPPED              the act was refused otherwise

A question is written once, with its answer, before the act that it is about: what was done was asked.
"""

from django.db import models
from django.db.models import Q

from accounts.models import User
from copytrading.models.leads import Lead


class GateAct(models.TextChoices):
    """What is asked about."""

    SIGN_UP = "SIGN_UP", "sign-up"
    DEPOSIT = "DEPOSIT", "deposit"
    COPY = "COPY", "start or increase of a copy"
    LEAD = "LEAD", "application as a lead"
    WITHDRAW = "WITHDRAW", "withdrawal"


class GateQuestion(models.Model):
    """One question to the operator's own check, with its answer. Never changed."""

    class Answer(models.TextChoices):
        ALLOW = "ALLOW", "allowed"
        DENY = "DENY", "denied"
        ASK = "ASK", "an operator decides"

    # The id that it was sent under: the same for the same request of the same person, however often it is asked.
    event_id = models.CharField(max_length=60, db_index=True)
    act = models.CharField(max_length=8, choices=GateAct)
    # Nobody at a sign-up: then there is only the address.
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    email = models.EmailField()
    lead = models.ForeignKey(Lead, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    # Quote units.
    units = models.BigIntegerField(null=True)
    jurisdiction = models.CharField(max_length=20, blank=True)
    answer = models.CharField(max_length=5, choices=Answer)
    # What the check wants the person told.
    sentence = models.CharField(max_length=200, blank=True)
    # Why it counts as denied though nobody said so: no answer, or none that can be read.
    trouble = models.CharField(max_length=200, blank=True)
    milliseconds = models.PositiveIntegerField()
    asked_at = models.DateTimeField()
    # Until then the answer counts for the same again.
    holds_until = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(trouble="") | Q(answer="DENY"), name="no_answer_is_a_denial"),
            models.CheckConstraint(
                condition=Q(holds_until__isnull=True) | (~Q(answer="ASK") & Q(trouble="")),
                name="only_a_plain_answer_holds",
            ),
            models.CheckConstraint(condition=Q(act="SIGN_UP") | Q(user__isnull=False), name="an_act_is_somebodys"),
        )
        indexes = (
            models.Index(fields=["user", "act", "-id"], name="gate_question_of_user"),
            models.Index(fields=["email", "-id"], condition=Q(user__isnull=True), name="gate_question_of_sign_up"),
        )

    def __str__(self) -> str:
        return f"{self.get_act_display()}: {self.get_answer_display()}"


class GateCase(models.Model):
    """What an operator decides because the check said so. A verdict is used once."""

    class Status(models.TextChoices):
        OPEN = "OPEN", "waits"
        ALLOWED = "ALLOWED", "allowed"
        DENIED = "DENIED", "denied"
        DROPPED = "DROPPED", "nothing came of it"

    question = models.OneToOneField(GateQuestion, on_delete=models.PROTECT, related_name="case")
    act = models.CharField(max_length=8, choices=GateAct)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    email = models.EmailField()
    lead = models.ForeignKey(Lead, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    units = models.BigIntegerField(null=True)
    # Of the request; a deposit is found by it.
    idempotency_key = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=7, choices=Status, default=Status.OPEN)
    opened_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=200, blank=True)
    # Until then the verdict counts, where it was not used.
    holds_until = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(status__in=["OPEN", "DROPPED"], decided_by__isnull=True, holds_until__isnull=True)
                | Q(
                    status__in=["ALLOWED", "DENIED"],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                    holds_until__isnull=False,
                ),
                name="a_verdict_is_somebodys",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(status="ALLOWED"), name="only_what_is_allowed_is_used"
            ),
        )
        indexes = (
            models.Index(fields=["user", "act"], name="gate_case_of_user"),
            models.Index(fields=["email"], condition=Q(act="SIGN_UP"), name="gate_case_of_sign_up"),
            models.Index(fields=["opened_at"], condition=Q(status="OPEN"), name="gate_case_open"),
        )

    def __str__(self) -> str:
        return f"{self.email}, {self.get_act_display()}"
