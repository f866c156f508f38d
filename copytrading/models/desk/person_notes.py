"""Notes on people: what one operator wants the others to know of somebody. Written once, and never shown to them."""

from django.db import models
from django.db.models import F, Q

from accounts.models import User


class PersonNote(models.Model):
    """One note of one operator on one person. Rows are added and never changed."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.CharField(max_length=1000)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = "note on a person"
        verbose_name_plural = "notes on people"
        constraints = (
            models.CheckConstraint(condition=~Q(person=F("written_by")), name="nobody_writes_a_note_on_themselves"),
        )
        indexes = (models.Index(fields=["person", "-id"], name="note_of_person"),)

    def __str__(self) -> str:
        return f"On {self.person}"
