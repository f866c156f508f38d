"""Bugs of copies on own accounts: a wrong account, a mirror that knows nothing, and trouble that spreads."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import LedgerAccount
from copytrading.models import Copy, Notice, OwnAccount
from copytrading.services.own import accounts, acting, booking, venues


def sent_by_another_account() -> list[Any]:
    """Whoever sends holds the keys of everybody, and takes the next one."""

    def open_next_ones(account_ids: Iterable[int]) -> dict[int, Any]:
        ids = list(OwnAccount.objects.order_by("pk").values_list("pk", flat=True))
        opened = venues.open_accounts(ids)
        nexts = dict(zip(ids, [*ids[1:], *ids[:1]], strict=True))
        return {one: opened[nexts[one]] for one in account_ids if nexts[one] in opened}

    return [patch.object(acting, "venues", SimpleNamespace(**{**vars(venues), "open_accounts": open_next_ones}))]


def mirror_not_booked() -> list[Any]:
    """What an own account traded is booked as if it had been ours."""

    def post_to_the_platform(*, lines: Lines, now: datetime, **named: Any) -> Any:
        mirrors = list(OwnAccount.objects.values_list("ledger_account_id", flat=True))
        ours = ledger.platform_account(LedgerAccount.Kind.VENUE, now=now).pk
        sides = np.where(np.isin(lines.ledger_account_ids, mirrors), ours, lines.ledger_account_ids)
        return ledger.post(lines=replace(lines, ledger_account_ids=sides), now=now, **named)

    return [patch.object(booking, "ledger", SimpleNamespace(**{**vars(ledger), "post": post_to_the_platform}))]


def trouble_spreads() -> list[Any]:
    """One dead key, or one account with too little in it, pauses the copies of everybody."""
    end_trading = accounts._end_trading

    def end_everybodys(
        account_id: int, status: OwnAccount.Status, reason: str, kind: Notice.Kind, now: datetime
    ) -> None:
        end_trading(account_id, status, reason, kind, now)
        Copy.objects.filter(status__in=Copy.FOLLOWING).update(status=Copy.Status.PAUSED)

    return [patch.object(accounts, "_end_trading", end_everybodys)]


BUGS: dict[str, tuple[str, Callable[[], list[Any]]]] = {
    "own order sent by another account": ("Somebody's money trades for somebody else.", sent_by_another_account),
    "own mirror not booked": ("The platform owes what lies in somebody's own account.", mirror_not_booked),
    "trouble of an own account spreads": ("One dead key stops everybody.", trouble_spreads),
}
