"""
Changes of the platform's rules while it runs: who asked for which value and why, who approved it, since when it holds.

    asked ──→ approved: holds from then on, until a later change of the same rule holds
      └─────→ withdrawn

Append only: what was decided stays, and a change back is a new row. What no row says is as the installation says.
"""

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from accounts.models.operators import APPROVED_WITHIN
from copytrading.engine.rules import ALONE


class RuleChange(models.Model):
    """One rule's new value, as text; an empty one takes the rule back to what the installation says."""

    name = models.CharField(max_length=40)
    value = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=200)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    holds_from = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False) & ~Q(approved_by=F("requested_by")),
                name="two_people_change_a_rule",
            ),
            models.CheckConstraint(
                condition=Q(holds_from__isnull=True)
                | Q(approved_at__isnull=False, approved_at=F("holds_from"))
                | Q(name__in=sorted(ALONE)),
                name="a_rule_about_money_holds_once_approved",
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True)
                | Q(approved_at__gte=F("requested_at"), approved_at__lte=F("requested_at") + APPROVED_WITHIN),
                name="a_rule_is_approved_within_a_day",
            ),
            models.CheckConstraint(
                condition=Q(holds_from__isnull=True) | Q(withdrawn_at__isnull=True),
                name="a_rule_holds_or_is_withdrawn",
            ),
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(holds_from__isnull=True, withdrawn_at__isnull=True),
                name="one_open_change_per_rule",
            ),
        )
        # What holds is read at every door.
        indexes = (models.Index(fields=["name", "-id"], condition=Q(holds_from__isnull=False), name="rule_that_holds"),)

    def __str__(self) -> str:
        return f"{self.name} = {self.value or 'as installed'}"
