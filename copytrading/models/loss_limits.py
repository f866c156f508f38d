"""
A `LossLimit` is the loss over all running copies of a person together at which every one of them is stopped.

    (none) ─→ set ─→ fired ─→ (none)

One a person. It is used up by firing: the row stays, fired, until the last copy is being stopped, and then it goes.
"""

from django.db import models
from django.db.models import Q

from accounts.models import User


class LossLimit(models.Model):
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="loss_limit")
    # One of both: quote units, or a share of what counts as invested in the copies that run.
    loss_units = models.BigIntegerField(null=True)
    loss_fraction = models.FloatField(null=True)
    set_at = models.DateTimeField()
    # The newest price of the first look that found the loss; as with the stop loss of a copy.
    breached_at = models.DateTimeField(null=True)
    fired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(loss_units__gt=0, loss_fraction__isnull=True)
                | Q(loss_units__isnull=True, loss_fraction__gt=0, loss_fraction__lt=1),
                name="a_loss_limit_is_units_or_a_share",
            ),
        )

    def __str__(self) -> str:
        return f"loss limit of {self.user_id}"
