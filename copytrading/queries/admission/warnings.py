"""The warning of a jurisdiction, with the share of the platform's own copies that lost money."""

from accounts.models import User
from copytrading.engine.suitability.packs import Pack
from copytrading.models import LossFigure
from copytrading.queries.admission.packs import pack_of

# A share of fewer copies says nothing.
COPIES_MIN = 20


def losing_percent() -> int | None:
    """Return the share of copies that lost money over twelve months, in whole percent; None while there are too few."""
    figure = LossFigure.objects.order_by("-counted_at").first()
    if figure is None or figure.copies < COPIES_MIN:
        return None
    return round(100 * figure.losing / figure.copies)


def warning_of(user: User | None) -> str:
    """Return what stands beside a lead for somebody who may copy; empty, and no statement, where nothing has to."""
    pack = pack_of(user)
    return "" if pack is None or not pack.warning else warning_in(pack, losing_percent())


def warning_in(pack: Pack, percent: int | None) -> str:
    """Return a pack's warning with its figure."""
    return pack.warning_without_figure if percent is None else pack.warning.format(share=f"{percent} %")
