"""
An `Invitation` of a lead: a link by which so many people may begin to copy, until then, at a profit share of their own.

Who came by it is the `invitation` of their copy; so it is used up when as many copies name it as it lets in.
"""

from django.db import models
from django.db.models import F, Q

from copytrading.models.leads import Lead

TOKEN_LENGTH_MAX = 40


class Invitation(models.Model):
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="invitations")
    # What the link has in it. Who has the link may come, whoever it was sent to.
    token = models.CharField(max_length=TOKEN_LENGTH_MAX, unique=True, editable=False)
    # What the lead calls it; nobody else sees it.
    label = models.CharField(max_length=60, blank=True)
    copies_max = models.PositiveIntegerField()
    # Who comes by it pays this, or what the lead takes of everybody by then, if that is less.
    profit_share_rate = models.DecimalField(max_digits=5, decimal_places=4)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    idempotency_key = models.CharField(max_length=80)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["lead", "idempotency_key"], name="one_invitation_per_key"),
            models.CheckConstraint(condition=Q(copies_max__gt=0), name="an_invitation_lets_somebody_in"),
            models.CheckConstraint(
                condition=Q(profit_share_rate__gte=0, profit_share_rate__lte="0.3"),
                name="an_invitation_takes_up_to_30_percent",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at")), name="an_invitation_ends_after_it_is_made"
            ),
        )

    def __str__(self) -> str:
        return self.label or f"invitation {self.pk}"
