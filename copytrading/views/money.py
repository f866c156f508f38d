"""What every page knows of money: what it is called, and every sentence that depends on whether it is real."""

from django.http import HttpRequest

from copytrading.queries.admission.packs import packs
from copytrading.services.wallet.money_words import MoneyWords, money_words


def money_context(request: HttpRequest) -> dict[str, str | bool | MoneyWords]:
    """
    Return `cash`, the name of the currency, and `money_words`, for all templates.

    `has_rules` is whether anybody is asked something before money is put behind a lead.
    """
    words = money_words()
    return {"cash": words.cash, "money_words": words, "has_rules": bool(packs())}
