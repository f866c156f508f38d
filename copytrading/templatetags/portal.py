"""What every page of the portal shows besides its own: the visitor's cash and the way they want the light."""

from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from accounts import queries
from accounts.devices import NO_NAME
from copytrading.queries.copies import doubts as copy_doubts
from copytrading.queries.copies.own import CopySummary
from copytrading.queries.desk.announcements import Said, announcements_for
from copytrading.queries.market.degraded import Trouble
from copytrading.queries.notices import listing
from copytrading.queries.operating import halts
from copytrading.queries.rules import cash_symbol
from copytrading.services.wallet.money_words import MoneyWords
from copytrading.templatetags.figures import round_money

register = template.Library()

THEMES = ("system", "light", "dark")


@register.simple_tag(takes_context=True)
def available_cash(context: dict[str, Any]) -> int | None:
    """Return what the visitor's main account has available, in cash units; nothing for a stranger."""
    request: HttpRequest = context["request"]
    if not request.user.is_authenticated:
        return None
    return queries.available_units_of(request.user, asset_symbol=cash_symbol())


@register.simple_tag(takes_context=True)
def unread_notices(context: dict[str, Any]) -> int:
    """Return how many notices the visitor has not read, 100 at most; none for a stranger."""
    request: HttpRequest = context["request"]
    return listing.unread_of(request.user) if request.user.is_authenticated else 0


@register.simple_tag
def halted_since(lead_id: int | None = None) -> datetime | None:
    """Return since when a lead, or without one all trading, is halted; nothing while it goes on."""
    return halts.halted_since(lead_id=lead_id)


@register.simple_tag(takes_context=True)
def announcements(context: dict[str, Any]) -> list[Said]:
    """Return what operators announce to the visitor now, in one statement."""
    request: HttpRequest = context["request"]
    user = request.user if request.user.is_authenticated else None
    return announcements_for(user, now=timezone.now())


@register.filter
def of_coin(troubles: dict[str, Trouble], symbol: str) -> Trouble | None:
    """Return why a coin cannot be acted on; nothing where it can."""
    return troubles.get(symbol)


@register.filter
def of_lead(found: dict[int, Any], lead_id: int) -> Any:
    """Return what was found for a lead, by its id; nothing where nothing was."""
    return found.get(lead_id, ())


@register.filter
def said(text: str) -> str:
    """Return a text that is marked for the catalogue elsewhere, in the language of the page; nothing stays nothing."""
    return gettext(text) if text else ""


@register.filter
def named(name: str) -> str:
    """Return what a program is called: as somebody did, or that it is one."""
    return gettext(NO_NAME) if name == NO_NAME else name


@register.filter
def is_among(lead_id: int, lead_ids: set[int]) -> bool:
    """Return whether a lead is one of some."""
    return lead_id in lead_ids


@register.filter
def doubts(summary: CopySummary) -> tuple[str, ...]:
    """Return what has to be said beside the figures of a copy."""
    return copy_doubts.doubts_of(summary)


@register.filter
def state(summary: CopySummary) -> str:
    """Return where a copy stands, in two or three words."""
    return copy_doubts.state_of(summary)


@register.filter
def knows_terms(summary: CopySummary) -> bool:
    """Return whether this version of the platform knows on which terms a copy is."""
    return copy_doubts.knows_terms_of(summary.copy)


@register.simple_tag(takes_context=True)
def theme(context: dict[str, Any]) -> str:
    """Return the theme the visitor chose: light, dark, or system."""
    chosen = context["request"].COOKIES.get("theme", "")
    return chosen if chosen in THEMES else "system"


@register.simple_tag(takes_context=True)
def address_with(context: dict[str, Any], **changes: Any) -> str:
    """Return this page's address with some of its questions changed; an empty value takes one away."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in ("", None):
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else "."


@register.filter
def add_and_go_on(words: MoneyWords, units: int) -> str:
    """Return what the button says that brings in so many units of play money on the way."""
    return words.add_and_go_on(round_money(units))
