"""Announcements, notes on people and complaints."""

from copytrading.admin.desk.announcements import AnnouncementAdmin, AnnouncementClosingAdmin
from copytrading.admin.desk.complaints import ComplaintAdmin, ComplaintStepAdmin
from copytrading.admin.desk.person_notes import PersonNoteAdmin

__all__ = [
    "AnnouncementAdmin",
    "AnnouncementClosingAdmin",
    "ComplaintAdmin",
    "ComplaintStepAdmin",
    "PersonNoteAdmin",
]
