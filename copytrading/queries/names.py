"""Names in a row, as people say them."""

from collections.abc import Sequence

from django.utils.translation import gettext


def listed(names: Sequence[str]) -> str:
    """Return some names in one: BTC; BTC and ETH; BTC, ETH and SOL."""
    if len(names) < 2:
        return "".join(names)
    return gettext("%(names)s and %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}
