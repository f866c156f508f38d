"""
What people have lost over all their running copies together, beside the limits that they have set.

The loss is what counts as invested less what stays of the copies, net of the profit share and of what is on its way
out: the sums of what each copy's own stop loss goes by. A copy that gains makes good what another one lost; one that is
being stopped, or has ended, counts no more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from accounts.journals import ledger_news
from accounts.models import User
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.holdings import stop_loss
from copytrading.engine.rules import Rules
from copytrading.models import Copy, LossLimit
from copytrading.queries.copies import guarded
from copytrading.queries.copies.own import CopySummary
from copytrading.queries.market import doubts

OF_PEOPLE = "copy.follower_id = ANY(%(users)s)"


@dataclass(frozen=True, kw_only=True)
class Losses:
    """
    Columns (P,), people in the order of their ids; money in quote units, 0 for whoever has no running copy.

    `known`: every coin of every copy has a mark that may be acted on, and none is in doubt. Those marks were made
    between `oldest_price_at` and `newest_price_at`. `equity_hoped` counts every price in doubt at the higher one.
    """

    user_ids: IntArray
    invested: FloatArray
    equity: FloatArray
    equity_hoped: FloatArray
    known: BoolArray
    oldest_price_at: FloatArray
    newest_price_at: FloatArray

    @property
    def lost(self) -> FloatArray:
        return np.asarray(self.invested - self.equity, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class LimitedLosses:
    """The losses of people whose limit has not fired: its row, and what it comes to, (P,) in quote units."""

    limits: tuple[LossLimit, ...]
    limit_units: FloatArray
    losses: Losses

    @property
    def breached_at(self) -> FloatArray:
        """Return since when each is seen at the limit, in seconds; NaN for not."""
        seen = (limit.breached_at for limit in self.limits)
        return np.array([np.nan if at is None else at.timestamp() for at in seen], dtype=np.float64)

    def reached(self, equity: FloatArray) -> BoolArray:
        """Return who has lost the limit, or more, at a worth of the copies, (P,)."""
        invested = self.losses.invested
        return stop_loss.breached(equity=equity, invested=invested, stop_loss=self.limit_units) & (invested > 0)


@dataclass(frozen=True, kw_only=True)
class LossStanding:
    """A person's limit beside the loss of now, in quote units; `is_firing` while the copies are being stopped by it."""

    limit_units: int
    loss_fraction: float | None
    lost_units: int
    is_firing: bool

    @property
    def used_fraction(self) -> float:
        """Return how much of the limit is used up, 0 and more."""
        return max(self.lost_units, 0) / self.limit_units if self.limit_units else 0.0


def limit_of(user: User) -> LossLimit | None:
    """Return a person's limit, None without one."""
    return LossLimit.objects.filter(user=user).first()


def limit_units_of(limit: LossLimit, invested: float) -> int:
    """Return what a limit comes to with so much invested, in quote units."""
    return int(limit.loss_units if limit.loss_units is not None else (limit.loss_fraction or 0.0) * invested)


def standing_of(user: User, summaries: Iterable[CopySummary]) -> LossStanding | None:
    """Return a person's limit beside what the current copies, in figures, have lost; None without a limit."""
    limit = limit_of(user)
    if limit is None:
        return None
    running = [summary for summary in summaries if summary.copy.status in Copy.GUARDED]
    invested = sum(summary.copy.invested_units for summary in running)
    stays = sum(summary.worth_units - summary.leaving_units for summary in running)
    return LossStanding(
        limit_units=limit_units_of(limit, invested),
        loss_fraction=limit.loss_fraction,
        lost_units=invested - stays,
        is_firing=limit.fired_at is not None,
    )


def limited_losses(*, now: datetime, rules: Rules) -> LimitedLosses | None:
    """Return the losses of everybody with a limit, all as of one moment; None where nobody has one."""
    if not LossLimit.objects.filter(fired_at__isnull=True).exists():
        return None
    with ledger_news.one_moment():
        limits = tuple(LossLimit.objects.filter(fired_at__isnull=True).order_by("user_id"))
        losses = losses_of([limit.user_id for limit in limits], now=now, rules=rules)
    units = [limit_units_of(limit, invested) for limit, invested in zip(limits, losses.invested.tolist(), strict=True)]
    return LimitedLosses(limits=limits, limit_units=np.array(units, dtype=np.float64), losses=losses)


def losses_of(user_ids: Sequence[int], *, now: datetime, rules: Rules) -> Losses:
    """Return what some people's running copies have lost together, in the order of the people's ids."""
    people = np.unique(np.array(user_ids, dtype=np.int64))
    named = {"users": people.tolist()}
    table = guarded.load_valued(OF_PEOPLE, named, guard=guarded.RUNNING, now=now, rules=rules)
    owners = dict(Copy.objects.filter(pk__in=table.ids.tolist()).values_list("pk", "follower_id"))
    rows = np.searchsorted(people, [owners[copy_id] for copy_id in table.ids.tolist()]).astype(np.int64)
    known = table.fresh & np.isfinite(table.equity) & ~np.isin(table.ids, doubts.copy_ids_in_doubt())
    invested, equity, hoped = (np.zeros(len(people)) for _ in range(3))
    np.add.at(invested, rows, table.invested_units.astype(np.float64))
    np.add.at(equity, rows, table.equity)
    np.add.at(hoped, rows, table.equity_hoped)
    all_known = np.ones(len(people), dtype=np.bool_)
    all_known[rows[~known]] = False
    oldest, newest = np.full(len(people), np.inf), np.full(len(people), -np.inf)
    np.minimum.at(oldest, rows, table.oldest_price_at)
    np.maximum.at(newest, rows, table.newest_price_at)
    return Losses(
        user_ids=people,
        invested=invested,
        equity=equity,
        equity_hoped=hoped,
        known=all_known,
        oldest_price_at=oldest,
        newest_price_at=newest,
    )
