"""
Names that only the moment knew, in the language of whoever reads them.

A notice has one column for such a name: a device, a period, an order, a share. It was written in English, as everything
is that is stored, in a form that its kind has; here the form is read again and said anew. What has another form, since
another version of the program wrote it, stays as it is.
"""

import re
from collections.abc import Callable
from datetime import date

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_noop as _

from accounts.identity.places import written
from copytrading.models import Notice

Kind = Notice.Kind
MONTHS = tuple(date(2000, month, 1).strftime("%B") for month in range(1, 13))
MONTH = f"({'|'.join(MONTHS)})"
# Any leap year: a day of a period is said without its year.
LEAP_YEAR = 2000

WEEK = re.compile(rf"(\d+) {MONTH} to (\d+) {MONTH}")
MONTH_OF_YEAR = re.compile(rf"{MONTH} (\d+)")
DEVICE = re.compile(r"(.+) on (\w+)")
FACTOR = re.compile(r"(.+), (added|removed|made anew)")
ORDER = re.compile(r"(buy|sell) ([\d.]+) (\S+) at ([\d.]+) (\S+) or (?:less|more)(?: was ended: (.+))?")
SHARE = re.compile(r"([\d.e+-]+) % of what is invested")
CASH = re.compile(r"[\d,]+\.\d+ \S+")
ACTS = "sign-up|deposit|start or increase of a copy|application as a lead|withdrawal"
CASE = re.compile(rf"({ACTS})(?: of ([\d,.]+ \S+))?(?: \((.+)\))?")

# Only marked for the catalogue: written by `services.telling.safety` and by `models.admission.gates`.
MARKED = (
    *(_("a program"), _("the authenticator app"), _("the recovery codes"), _("a passkey"), _("a second factor")),
    *(_("added"), _("removed"), _("made anew")),
    *(_("sign-up"), _("deposit"), _("start or increase of a copy"), _("application as a lead"), _("withdrawal")),
)
# The side, and whether the order was ended → what it would have done.
ORDERS = {
    ("buy", False): _("buy {quantity} {coin} at {price} {cash} or less"),
    ("sell", False): _("sell {quantity} {coin} at {price} {cash} or more"),
    ("buy", True): _("buy {quantity} {coin} at {price} {cash} or less was ended: {why}"),
    ("sell", True): _("sell {quantity} {coin} at {price} {cash} or more was ended: {why}"),
}


def said_anew(kind: str, words: str) -> str:
    """Return the name that a notice of a kind has, in the language that is read."""
    form = FORMS.get(kind)
    if form is None:
        return words
    pattern, say = form
    found = pattern.fullmatch(words)
    return words if found is None else say(found)


def _week(found: re.Match[str]) -> str:
    first_day, first_month, last_day, last_month = found.groups()
    return gettext("{first} to {last}").format(first=_day(first_day, first_month), last=_day(last_day, last_month))


def _day(day: str, month: str) -> str:
    return date_format(date(LEAP_YEAR, MONTHS.index(month) + 1, int(day)), pgettext("date format", "j F"))


def _month(found: re.Match[str]) -> str:
    month, year = found.groups()
    return date_format(date(int(year), MONTHS.index(month) + 1, 1), pgettext("date format", "F Y"))


def _device(found: re.Match[str]) -> str:
    return gettext("{program} on {system}").format(program=gettext(found[1]), system=found[2])


def _factor(found: re.Match[str]) -> str:
    return f"{gettext(found[1])}, {gettext(found[2])}"


def _order(found: re.Match[str]) -> str:
    side, quantity, coin, price, cash, why = found.groups()
    return gettext(ORDERS[side, why is not None]).format(
        quantity=written(quantity), coin=coin, price=written(price), cash=cash, why=gettext(why) if why else ""
    )


def _loss(found: re.Match[str]) -> str:
    if found[1] is None:
        return written(found[0])
    # xgettext:no-python-format
    return gettext("{share} % of what is invested").format(share=written(found[1]))


def _case(found: re.Match[str]) -> str:
    act, value, lead = found.groups()
    about = gettext(act)
    if value is not None:
        about = gettext("{act} of {value}").format(act=about, value=written(value))
    return f"{about} ({lead})" if lead is not None else about


FORMS: dict[str, tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = {
    Kind.WEEK_RESULT: (WEEK, _week),
    Kind.EARNED: (WEEK, _week),
    Kind.MONTH_RESULT: (MONTH_OF_YEAR, _month),
    Kind.SIGNED_IN: (DEVICE, _device),
    Kind.SECOND_FACTOR_CHANGED: (FACTOR, _factor),
    Kind.LIMIT_FILLED: (ORDER, _order),
    Kind.LIMIT_EXPIRED: (ORDER, _order),
    Kind.LIMIT_ENDED: (ORDER, _order),
    Kind.LOSS_LIMIT_CHANGED: (re.compile(rf"{SHARE.pattern}|{CASH.pattern}"), _loss),
    Kind.CHECK_PASSED: (CASE, _case),
    Kind.CHECK_FAILED: (CASE, _case),
}
