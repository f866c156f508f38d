"""
Before anything runs: may this installation trade where its settings say, with what it holds?

Real money is opened on purpose: an exchange by name, a word that it is meant, a key that can trade and not withdraw,
live prices, and books that have never held paper money.
"""

from django.core.exceptions import ImproperlyConfigured

from accounts.transactions import outside_transaction
from copytrading.exchange import registry
from copytrading.exchange.errors import VenueUnreachable
from copytrading.services.market import quotes
from copytrading.services.refusals import Refusal


class VenueNotUsable(Refusal):
    code = "venue_not_usable"


def check_settings() -> None:
    """
    Make sure that the settings name a venue and, where it is a real one, everything it takes; nobody is asked.

    :raises VenueNotUsable: with the sentence that says what to change.
    """
    try:
        if not registry.is_paper():
            registry.live_venue()
    except ImproperlyConfigured as mistake:
        raise VenueNotUsable(str(mistake)) from mistake


@outside_transaction
def open_venue() -> str:
    """
    Make sure that this installation may trade at its venue, bring our markets in line, and say where it trades.

    :raises VenueNotUsable: with the sentence that says what to change.
    """
    check_settings()
    if registry.is_paper():
        return "Paper money: orders meet the paper venue."
    if registry.has_paper_money():
        raise VenueNotUsable("These books hold paper money. A real venue needs a database of its own.")
    try:
        venue = registry.live_venue()
        venue.check_abilities()
        venue.check_key()
        count = quotes.list_markets()
    except VenueUnreachable as trouble:
        raise VenueNotUsable(str(trouble)) from trouble
    tag = registry.destination().broker_tag
    tagged = f", with the broker tag {tag}" if tag else ""
    return f"Real money: orders go to {venue.name}, in {count} markets{tagged}."
