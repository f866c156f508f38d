"""What operators say to people and note of them, and what people complain of."""

from copytrading.models.desk.announcements import Announcement, AnnouncementClosing
from copytrading.models.desk.complaints import Complaint, ComplaintStep
from copytrading.models.desk.person_notes import PersonNote

__all__ = ["Announcement", "AnnouncementClosing", "Complaint", "ComplaintStep", "PersonNote"]
