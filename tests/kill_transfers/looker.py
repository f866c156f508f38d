"""
A process that does what the beat rings for, all the time: asks the exchange what came and went, finishes, compares,
and, in the place of two operators, says of money by bank that it came.

    python -m tests.kill_transfers.looker
"""

import random
import time
import traceback

import django

django.setup()

from django.db import close_old_connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Transfer, User  # noqa: E402
from copytrading import tasks  # noqa: E402
from copytrading.services.refusals import Refusal  # noqa: E402
from copytrading.services.safety import reconciling  # noqa: E402
from copytrading.services.wallet import transfers  # noqa: E402
from tests.kill_transfers.dying import may_die_at_statements  # noqa: E402

# Half a minute passes in seconds here, so that what is found unassigned is found while people die.
CONFIRM_SECONDS, LOOK_SECONDS = 4, 2
PAUSE_SECONDS = (2.0, 5.0)


def book_by_bank() -> None:
    """Confirm what was announced, and approve what was confirmed, as two operators."""
    first, second = User.objects.filter(email__startswith="operator").order_by("pk")
    manual = Transfer.objects.filter(channel=Transfer.Channel.MANUAL)
    for status, verb, operator in (
        (Transfer.Status.REQUESTED, transfers.confirm_transfer, first),
        (Transfer.Status.CONFIRMED, transfers.approve_transfer, second),
    ):
        for transfer_id in manual.filter(status=status).values_list("pk", flat=True):
            try:
                verb(transfer_id=transfer_id, by=operator, now=timezone.now())
            except Refusal:
                # The other looker was here, or the money is not: it is tried again.
                continue


def main() -> None:
    reconciling.CONFIRM_SECONDS, reconciling.LOOK_SECONDS = CONFIRM_SECONDS, LOOK_SECONDS
    reconciling.LOOK_SECONDS_EARLY = 0
    may_die_at_statements()
    while True:
        for look in (
            tasks.look_at_transfers, tasks.reconcile, tasks.finish_transfers, tasks.work_off_orders, book_by_bank,
        ):  # fmt: skip
            try:
                look()
            except Exception:
                traceback.print_exc()
                close_old_connections()
        time.sleep(random.uniform(*PAUSE_SECONDS))


if __name__ == "__main__":
    main()
