"""
Announcements: what operators say to many at once, for a while, on every page.

It holds from `holds_from` until `holds_until`, or until somebody ends it. What it says is never changed: who wants it
otherwise ends it and writes another.
"""

from django.db import models
from django.db.models import F, Q

from accounts.models import User


class Announcement(models.Model):
    """One announcement, in English and perhaps in German; `told_at` is when it went out as a notice as well."""

    class Level(models.TextChoices):
        INFORMATION = "INFORMATION", "information"
        WARNING = "WARNING", "warning"

    class Audience(models.TextChoices):
        EVERYBODY = "EVERYBODY", "everybody"
        FOLLOWERS = "FOLLOWERS", "followers with a copy that has not stopped"
        LEADS = "LEADS", "leads who run"

    title = models.CharField(max_length=120)
    text = models.CharField(max_length=1000)
    title_de = models.CharField(max_length=120, blank=True)
    text_de = models.CharField(max_length=1000, blank=True)
    level = models.CharField(max_length=11, choices=Level)
    audience = models.CharField(max_length=9, choices=Audience)
    holds_from = models.DateTimeField()
    holds_until = models.DateTimeField()
    # It goes out as a notice too, once it holds.
    is_told = models.BooleanField()
    told_at = models.DateTimeField(null=True)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    written_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(holds_until__gt=F("holds_from")), name="an_announcement_holds_for_a_while"
            ),
            models.CheckConstraint(
                condition=Q(title_de="", text_de="") | (~Q(title_de="") & ~Q(text_de="")),
                name="an_announcement_is_whole_in_a_language",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="an_announcement_is_ended_by_somebody",
            ),
            models.CheckConstraint(condition=Q(told_at__isnull=True) | Q(is_told=True), name="what_is_told_is_wanted"),
        )
        indexes = (
            models.Index(fields=["holds_until"], condition=Q(ended_at__isnull=True), name="announcement_that_holds"),
        )

    def __str__(self) -> str:
        return self.title


class AnnouncementClosing(models.Model):
    """That a person has read an announcement and closed it: it is gone from that person's pages, on every device."""

    announcement = models.ForeignKey(Announcement, on_delete=models.PROTECT, related_name="closings", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    closed_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["announcement", "user"], name="an_announcement_is_closed_once_a_person"),
        )

    def __str__(self) -> str:
        return f"{self.announcement_id}, closed by {self.user_id}"
