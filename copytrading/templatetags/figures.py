"""
Figures and dates as people read them, in the language of the moment: thousands apart, a true minus sign, a narrow
space before the unit. Here pages have them put into a language; what programs read never comes by.

Money comes as whole units and is cut, never rounded up: nobody is shown a cent they do not have, nor a smaller loss.
"""

from datetime import date, datetime
from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal

from django import template
from django.template.defaultfilters import date as formatted
from django.utils import timezone
from django.utils.translation import gettext, ngettext, pgettext, pgettext_lazy

from accounts.identity.places import written
from copytrading.queries.rules import CASH_DECIMALS

register = template.Library()

CENT_UNITS = 10 ** (CASH_DECIMALS - 2)
MINUTE, HOUR, DAY = 60, 3_600, 86_400
MINUS = "\u2212"
NARROW_SPACE = "\u202f"
NOTHING = "\u2013"
# How dates are written, in Django's letters; each language has its own way for each.
DATES = {
    "j F Y": pgettext_lazy("date format", "j F Y"),
    "j F": pgettext_lazy("date format", "j F"),
    "j F H:i": pgettext_lazy("date format", "j F H:i"),
    "j F, H:i": pgettext_lazy("date format", "j F, H:i"),
    "j F, H:i T": pgettext_lazy("date format", "j F, H:i T"),
    "j F Y, H:i": pgettext_lazy("date format", "j F Y, H:i"),
    "j F Y, H:i T": pgettext_lazy("date format", "j F Y, H:i T"),
    "j F Y H:i": pgettext_lazy("date format", "j F Y H:i"),
    "j F Y H:i:s": pgettext_lazy("date format", "j F Y H:i:s"),
    "j M": pgettext_lazy("date format", "j M"),
    "j M Y": pgettext_lazy("date format", "j M Y"),
    "M Y": pgettext_lazy("date format", "M Y"),
    "F Y": pgettext_lazy("date format", "F Y"),
    "Y-m-d": pgettext_lazy("date format", "Y-m-d"),
    "Y-m-d H:i": pgettext_lazy("date format", "Y-m-d H:i"),
    "Y-m-d H:i T": pgettext_lazy("date format", "Y-m-d H:i T"),
    "Y-m-d H:i:s": pgettext_lazy("date format", "Y-m-d H:i:s"),
}


@register.filter
def money(units: int | None) -> str:
    """Return cash units with two decimals: 118420000000 → 1,184.20."""
    if units is None:
        return NOTHING
    return _written(f"{_cents(units):,}")


@register.filter
def signed_money(units: int | None) -> str:
    """Return cash units with their sign: +184.20, −3.40, 0.00."""
    if units is None:
        return NOTHING
    # Down, not toward zero: what came back less what was put in is then the result beside them, to the cent.
    cents = _cents(units, rounding=ROUND_FLOOR)
    return _written(f"{cents:+,}" if cents else "0.00")


@register.filter
def round_money(units: int | None) -> str:
    """Return cash units without decimals where there are none to show: 850, or 850.50."""
    text = money(units)
    return text.removesuffix(written(".00"))


@register.filter
def short_money(units: int | None) -> str:
    """Return cash units in three figures: 950, 12.4 K, 3.1 M."""
    if units is None:
        return NOTHING
    value = Decimal(int(units)).scaleb(-CASH_DECIMALS)
    for name, scale in (
        (pgettext("billions", "B"), 9),
        (pgettext("millions", "M"), 6),
        (pgettext("thousands", "K"), 3),
    ):
        if abs(value) >= 10**scale:
            shown = value.scaleb(-scale).quantize(Decimal("0.1"), rounding=ROUND_DOWN)
            return f"{_written(str(shown))}{NARROW_SPACE}{name}"
    return _written(f"{int(value)}")


@register.filter
def money_input(units: int | None) -> str:
    """
    Return cash units as somebody would type them: 1000 or 1000.5.

    Three decimals get a zero behind them: they can then be no thousands, whatever the language they are read in.
    """
    if units is None:
        return ""
    text = f"{Decimal(int(units)).scaleb(-CASH_DECIMALS).normalize():f}"
    return written(f"{text}0" if len(text.partition(".")[2]) == 3 else text)


def coins_input(units: int, decimals: int) -> str:
    """Return units of a coin as somebody would type them, with all decimals that they have: 0.05, 1.2340."""
    text = f"{Decimal(units).scaleb(-decimals):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return written(f"{text}0" if len(text.partition(".")[2]) == 3 else text)


@register.filter
def quantity(units: int | None, decimals: int = CASH_DECIMALS) -> str:
    """Return units of a coin with as many decimals as say something: 0.00712, 1.023, 412."""
    if units is None:
        return NOTHING
    value = Decimal(int(units)).scaleb(-int(decimals))
    digits_before = len(str(abs(int(value)))) if abs(value) >= 1 else 0
    shown = value.quantize(Decimal(1).scaleb(-max(0, 6 - digits_before)), rounding=ROUND_DOWN)
    if not shown and value:
        shown = value
    text = f"{shown:,f}"
    return _written(text.rstrip("0").rstrip(".") if "." in text else text)


@register.filter
def price(value: Decimal | None) -> str:
    """Return a price with the decimals its size needs: 68,412.50, 142.31, 0.08214."""
    if value is None:
        return NOTHING
    decimals = 2
    while decimals < 10 and abs(value) < Decimal(10) ** (3 - decimals) and value:
        decimals += 1
    return written(f"{value:,.{decimals}f}")


@register.filter
def percent(fraction: float | Decimal | None, decimals: int = 1) -> str:
    """Return a fraction as percent: 0.114 → 11.4 %."""
    if fraction is None:
        return NOTHING
    return f"{points(fraction, decimals)}{NARROW_SPACE}%"


@register.filter
def signed_percent(fraction: float | Decimal | None, decimals: int = 1) -> str:
    """Return a fraction as percent with its sign: +38.2 %, −6.2 %, 0.0 %."""
    if fraction is None:
        return NOTHING
    sign = "+" if _rounded(fraction, decimals) > 0 else ""
    return sign + percent(fraction, decimals)


@register.filter
def points(fraction: float | Decimal | None, decimals: int = 1) -> str:
    """Return a fraction as percent without the sign of percent, for columns: 0.412 → 41.2."""
    if fraction is None:
        return NOTHING
    return _written(f"{_rounded(fraction, decimals):,.{decimals}f}")


@register.filter
def signed_points(fraction: float | Decimal | None, decimals: int = 2) -> str:
    """Return a fraction in points with its sign: −0.0041 → −0.41, 0.00."""
    if fraction is None:
        return NOTHING
    return ("+" if _rounded(fraction, decimals) > 0 else "") + points(fraction, decimals)


@register.filter
def whole_percent(fraction: float | Decimal | None) -> str:
    """Return a fraction as percent with decimals only where it has them: 10 %, 12.5 %."""
    if fraction is None:
        return NOTHING
    return percent(fraction, 0 if abs(_rounded(fraction, 1) % 1) < 1e-9 else 1)


@register.filter
def count(number: int | None) -> str:
    """Return a number of things: 1204 → 1,204."""
    return NOTHING if number is None else written(f"{number:,}")


@register.filter
def ratio(value: float | None, decimals: int = 2) -> str:
    """Return a figure without a unit: 1.42, −0.31."""
    return NOTHING if value is None else _written(f"{round(value, decimals) + 0.0:,.{decimals}f}")


@register.filter
def duration(seconds: float | None) -> str:
    """Return a span of time in its largest unit: 40 minutes, 6.5 hours, 12 days."""
    if seconds is None:
        return NOTHING
    if seconds >= DAY:
        value, number = _span(seconds / DAY)
        return ngettext("%(value)s day", "%(value)s days", number) % {"value": value}
    if seconds >= HOUR:
        value, number = _span(seconds / HOUR)
        return ngettext("%(value)s hour", "%(value)s hours", number) % {"value": value}
    if seconds >= MINUTE:
        value, number = _span(seconds / MINUTE)
        return ngettext("%(value)s minute", "%(value)s minutes", number) % {"value": value}
    return gettext("less than a minute")


@register.filter
def direction(value: float | Decimal | None) -> str:
    """Return the class that colours a fraction or units: gain, loss, or nothing for what is shown as a zero."""
    if not value or (isinstance(value, float) and abs(value) < 0.0005):
        return ""
    if isinstance(value, int) and 0 < value < CENT_UNITS:
        return ""
    return "gain" if value > 0 else "loss"


@register.filter
def absolute(value: float | None) -> float | None:
    """Return a figure without its sign, where the sentence has it."""
    return None if value is None else abs(value)


@register.filter
def moment(when: datetime | None) -> str:
    """Return when something happened: 09:41:07 today, 4 March 09:41 this year, 4 March 2025 before."""
    if when is None:
        return NOTHING
    local, today = timezone.localtime(when), timezone.localtime()
    if local.date() == today.date():
        return f"{local:%H:%M:%S}"
    return dated(local, "j F H:i" if local.year == today.year else "j F Y")


@register.filter
def day(when: datetime | None) -> str:
    """Return a day, with the year where it is another one: 12 August, 12 August 2025."""
    if when is None:
        return NOTHING
    local = timezone.localtime(when)
    return dated(local, "j F" if local.year == timezone.localtime().year else "j F Y")


@register.filter("date", expects_localtime=True, is_safe=False)
def dated(when: datetime | date | None, form: str = "j F Y") -> str:
    """Return a time by one of the forms above, as the language of the moment has it; by others as Django does."""
    return str(formatted(when, str(DATES.get(form, form))))


def _cents(units: int, *, rounding: str = ROUND_DOWN) -> Decimal:
    return Decimal(int(units)).scaleb(-CASH_DECIMALS).quantize(Decimal("0.01"), rounding=rounding)


def _rounded(fraction: float | Decimal, decimals: int) -> float:
    # Adding zero turns a negative zero into a zero, which has no sign to show.
    return round(float(fraction) * 100, decimals) + 0.0


def _span(value: float) -> tuple[str, int]:
    """Return a number of units of time with one decimal where it has one, and the number that its plural goes by."""
    text = f"{value:.1f}".removesuffix(".0")
    return written(text), 1 if text == "1" else 2


def _written(figure: str) -> str:
    return written(figure).replace("-", MINUS)
