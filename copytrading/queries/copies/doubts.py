"""
What cannot be told of a copy for sure, in sentences: coins without a price, terms of another version of the program.

A page that shows a figure which leaves something out says so beside it; a row that is not understood is no error.
"""

from collections.abc import Sequence

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

from copytrading.engine.sizing import registry
from copytrading.models import Copy
from copytrading.queries.copies.own import CopySummary
from copytrading.queries.names import listed

UNKNOWN_TERMS_STATE = _("terms not known")


def knows_terms_of(copy: Copy) -> bool:
    """Return whether this version of the program knows the mode that a copy was started in."""
    return registry.is_known(copy.mode)


def state_of(summary: CopySummary) -> str:
    """Return where a copy stands, in the words of its chip."""
    if copy_runs(summary.copy) and not knows_terms_of(summary.copy):
        return gettext(UNKNOWN_TERMS_STATE)
    return summary.state


def copy_runs(copy: Copy) -> bool:
    return copy.status in Copy.GUARDED


def doubts_of(summary: CopySummary) -> tuple[str, ...]:
    """Return what has to be said beside the figures of a copy; nothing where they are sure."""
    doubts = []
    if copy_runs(summary.copy) and not knows_terms_of(summary.copy):
        doubts.append(
            gettext(
                "This copy is on terms that this version of the platform does not know (%(mode)s): ask its operators to"
                " look. Your money is where it was, and you can stop the copy at any time."
            )
            % {"mode": summary.copy.mode}
        )
    unpriced = summary.comparison.unpriced if summary.comparison else ()
    if unpriced:
        doubts.append(unpriced_sentence(unpriced))
    return tuple(doubts)


def unpriced_sentence(symbols: Sequence[str]) -> str:
    """Return what it means that coins have no price."""
    said = ngettext(
        "%(coins)s has no price at the moment: it counts as nothing in worth and result until there is one, and nothing"
        " that needs it is traded or quoted.",
        "%(coins)s have no price at the moment: they count as nothing in worth and result until there is one, and"
        " nothing that needs it is traded or quoted.",
        len(symbols),
    )
    return said % {"coins": listed(symbols)}
