"""Announcements and complaints by API."""
