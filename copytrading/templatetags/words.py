"""Languages on a page: which there are, and the sentences that its scripts say."""

import json
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, gettext

register = template.Library()


@register.simple_tag
def language() -> str:
    """Return the language that the page is in: en, de."""
    return get_language() or str(settings.LANGUAGE_CODE)


@register.simple_tag
def languages() -> list[tuple[str, str]]:
    """Return the languages that the platform is written in: (code, its name in itself)."""
    return list(settings.LANGUAGES)


@register.simple_tag
def zone() -> str:
    """Return the zone that the times of the page are in, as people write it: Europe/Berlin, America/New York."""
    found: Any = timezone.get_current_timezone()
    return found.key.replace("_", " ") if isinstance(found, ZoneInfo) else str(found)


@register.simple_tag
def words_of_scripts() -> str:
    """Return the sentences that the scripts of a page say, by name, as JSON for an attribute."""
    return json.dumps(
        {
            "not_sent": gettext("No connection: nothing was sent. Try again when you are online."),
            "not_fetched": gettext("No connection: nothing new could be fetched. Try again in a moment."),
            "perhaps_sent": gettext(
                "No connection: nobody knows whether this arrived. Try again; pressed twice it acts once."
            ),
            "no_answer": gettext(
                "No answer: nobody knows whether this arrived. Try again; pressed twice it acts once."
            ),
            "push_unknown": gettext("This browser cannot show notices that are pushed."),
            "push_denied": gettext(
                "This browser does not let us show notices. Allow them for this site, then try again."
            ),
            "push_refused": gettext("That did not work. Try again in a moment."),
            "push_on_home_screen": gettext(
                "This browser cannot show notices that are pushed."
                " On an iPhone, put the portal on the home screen first."
            ),
            "push_is_on": gettext("You are told on this device."),
            "push_is_off": gettext("You are not told on this device yet."),
            "push_failed": gettext("The browser could not subscribe. Is there a connection? Try again."),
            "push_not_here": gettext("This browser does not allow a service worker here, and push needs one."),
            "link_copied": gettext("The link is copied."),
            "link_not_copied": gettext("The browser does not let us copy. This is the link:"),
            "a_browser": gettext("A browser"),
            "browser_on_system": gettext("{browser} on {system}"),
        }
    )
