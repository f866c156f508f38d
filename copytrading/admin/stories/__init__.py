"""
One page that tells a copy's day, one a person's, and the person's own pages as that person sees them.

    copy_pages       why a copy made or lost what it did, step by step
    person_pages     a person's sheet
    customers_view   the portal, read only, as the person sees it; inert_pages leaves of it what can be read
"""

from copytrading.admin.stories.copy_pages import copy_story_page
from copytrading.admin.stories.customers_view import seen_as_page
from copytrading.admin.stories.person_pages import person_sheet_page

__all__ = ["copy_story_page", "person_sheet_page", "seen_as_page"]
