"""Why somebody's account at an exchange cannot be used, in words for its owner and for operators."""

from django.utils.translation import gettext

from copytrading.exchange.errors import (
    KEY_TROUBLES,
    AnswerNotUnderstood,
    ClockSkewed,
    KeyRefused,
    PlaceBarred,
    QuestionRefused,
    VenueBusy,
    VenueUnreachable,
)
from copytrading.queries.leads import links


def reason_of(trouble: VenueUnreachable, *, exchange: str) -> str:
    """Return what is wrong as a sentence for the lead and for operators."""
    name = links.exchange_name(exchange)
    match trouble:
        case KeyRefused():
            said = gettext("%(exchange)s does not take this key: %(trouble)s.")
            return said % {"exchange": name, "trouble": gettext(KEY_TROUBLES[trouble.code])}
        case PlaceBarred():
            return gettext(
                "%(exchange)s serves nobody in the country that our server is in. That is ours to repair."
            ) % {"exchange": name}
        case ClockSkewed():
            return gettext("%(exchange)s says that our clock is off by too much. That is ours to repair.") % {
                "exchange": name
            }
        case VenueBusy():
            said = gettext("%(exchange)s asks us to be slower. Try again in %(seconds)s seconds.")
            return said % {"exchange": name, "seconds": max(round(trouble.wait_seconds), 1)}
        case QuestionRefused():
            return gettext("%(exchange)s refuses to say what this account holds.") % {"exchange": name}
        case AnswerNotUnderstood():
            return gettext("%(exchange)s answered something that is no list of balances.") % {"exchange": name}
    return gettext("%(exchange)s does not answer at the moment.") % {"exchange": name}
