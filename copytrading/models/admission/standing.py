"""
What a person said and was told before they copy, by the pack of their jurisdiction. Rows are added and never changed.

`ConsentGiven` is a text in one version, `SuitabilityAnswer` the questionnaire in one version with what it came to,
`FirstWish` when somebody first wanted to copy, and `Admission` a start or increase that was let in, on which footing.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models import User
from copytrading.models.leads import Lead


class ConsentGiven(models.Model):
    """One version of one legal text that a person accepted."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    # In which it was read; empty for what was accepted before that was kept.
    language = models.CharField(max_length=10, blank=True, default="", db_default="")
    given_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "consents given"
        constraints = (models.UniqueConstraint(fields=["user", "text", "version"], name="a_version_is_accepted_once"),)

    def __str__(self) -> str:
        return f"{self.text}, version {self.version}"


class SuitabilityAnswer(models.Model):
    """
    A questionnaire as somebody answered it: `answers` beside `questions`, by their names.

    What it came to: the highest risk of a lead, the most that may be invested in all in quote units, and the largest
    share of the person's money here; null where there is no limit.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    pack = models.CharField(max_length=20)
    version = models.PositiveIntegerField()
    questions = ArrayField(models.CharField(max_length=40))
    answers = ArrayField(models.CharField(max_length=40))
    points = models.IntegerField()
    risk_max = models.PositiveSmallIntegerField()
    invested_max_units = models.BigIntegerField(null=True)
    share_max = models.FloatField(null=True)
    answered_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(questions__len=F("answers__len")), name="each_question_is_answered"),
            models.CheckConstraint(condition=Q(risk_max__lte=10), name="risk_goes_to_ten"),
        )
        indexes = (models.Index(fields=["user", "-id"], name="suitability_of_user"),)

    def __str__(self) -> str:
        return f"{self.pack} {self.version}: {self.points} points"


class FirstWish(models.Model):
    """When somebody first wanted to copy, where a while has to pass between that and the first copy."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="+")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+", db_index=False)
    wished_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "first wishes"

    def __str__(self) -> str:
        return f"{self.wished_at:%Y-%m-%d %H:%M}"


class Admission(models.Model):
    """
    A start or increase of a copy that was let in: by which pack and answers, and what was said of losses.

    It is taken before the money moves, one a person at a time, so that two starts at once cannot pass one limit. One
    that came to nothing has `dropped_at`.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+", db_index=False)
    units = models.BigIntegerField()
    idempotency_key = models.CharField(max_length=80)
    pack = models.CharField(max_length=20)
    suitability = models.ForeignKey(
        SuitabilityAnswer, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # The risk of the lead as it stood, and the share of losing copies that the warning named, in percent.
    risk = models.PositiveSmallIntegerField(null=True)
    losing_percent = models.PositiveSmallIntegerField(null=True)
    let_in_at = models.DateTimeField()
    dropped_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["user", "-id"], name="admission_of_user"),)

    def __str__(self) -> str:
        return f"{self.pack}, {self.let_in_at:%Y-%m-%d %H:%M}"


class LossFigure(models.Model):
    """How many copies there were in the twelve months before `counted_at`, and how many of them lost money in those."""

    counted_at = models.DateTimeField()
    copies = models.PositiveIntegerField()
    losing = models.PositiveIntegerField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(losing__lte=F("copies")), name="no_more_lose_than_there_are"),
        )
        indexes = (models.Index(fields=["-counted_at"], name="loss_figure_latest"),)

    def __str__(self) -> str:
        return f"{self.losing} of {self.copies}"


class JurisdictionChange(models.Model):
    """Whose rules count for somebody from then on; by an operator, or by the person where nothing was set."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    before = models.CharField(max_length=20, blank=True)
    after = models.CharField(max_length=20)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~Q(before=F("after")), name="a_change_changes_something"),
            models.CheckConstraint(
                condition=Q(before="") | ~Q(changed_by=F("user")), name="nobody_changes_their_own_jurisdiction"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.after}"
