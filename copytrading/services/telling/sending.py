"""One round of telling: what is new is spread, and what is due is sent."""

from collections.abc import Callable
from datetime import datetime

from accounts.transactions import outside_transaction
from copytrading.services.telling.mailing import send_letters
from copytrading.services.telling.pushing import send_pushes
from copytrading.services.telling.spreading import NOTICES_A_TIME, spread_notices


@outside_transaction
def send_round(*, clock: Callable[[], datetime]) -> int:
    """Spread every notice that waits, send what is due, and return how many messages were taken."""
    while spread_notices(now=clock()) == NOTICES_A_TIME:
        pass
    # Push first: it is quick, and its readers wait for it.
    return send_pushes(clock=clock) + send_letters(clock=clock)
