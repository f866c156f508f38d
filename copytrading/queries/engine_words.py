"""
What the engine and the books say in words, marked for the catalogue: the engine knows no framework, so no languages.

Whoever shows such a text asks for it in the language that is read, by the filter `said` or by `modes.label_of`.
"""

from django.utils.translation import gettext_noop as _

# The parts of a score, and how each is counted.
SCORE = (
    _("return"),
    _("calm"),
    _("followers"),
    _("stake"),
    _("time"),
    _("r ÷ (r + 25%), r the time-weighted return of 90 days, 0 if it is a loss"),
    _("1 − d ÷ 50%, d the deepest fall in 90 days"),
    _("0 at a median of −20% in 90 days or below five copies, 1 at +20%"),
    _("own money ÷ money following, full at 25%"),
    _("days leading ÷ 180, full at 180"),
)
MODES = (
    _("Custom copy, a fixed value per order"),
    _("Custom, fixed value"),
    _("Custom copy, a ratio of the lead's order"),
    _("Custom, ratio"),
)
# What is no coin, and stands where coins do.
NO_COINS = (_("Cash"), _("Other"))
