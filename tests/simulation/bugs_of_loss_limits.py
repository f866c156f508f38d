"""Bugs in the loss at which all copies of a person stop together: too early, too late, or only in name."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray
from copytrading.models import LossLimit
from copytrading.queries.copies import loss_limits as queries
from copytrading.services.copies import loss_limits


def fires_at_the_first_look() -> list[Any]:
    """Nobody waits for younger prices: a wick stops everything."""

    def at_once(*, breached: BoolArray, newest_price_at: FloatArray, **_: object) -> tuple[FloatArray, BoolArray]:
        return np.where(breached, newest_price_at, np.nan), breached.copy()

    return [patch.object(loss_limits, "stop_loss", SimpleNamespace(confirm=at_once))]


def used_up_before_it_stopped_anything() -> list[Any]:
    def forget(limit: LossLimit, **_: object) -> None:
        LossLimit.objects.filter(pk=limit.pk).delete()

    return [patch.object(loss_limits, "_stop_all", forget)]


def nobody_looks() -> list[Any]:
    return [patch.object(queries, "limited_losses", lambda **_: None)]


BUGS: dict[str, tuple[str, Callable[[], list[Any]]]] = {
    "loss limit fires at the first look": ("a price that nobody traded at sells everything", fires_at_the_first_look),
    "loss limit used up by telling": (
        "the person is told that all is sold, and it is not",
        used_up_before_it_stopped_anything,
    ),
    "loss limits looked at by nobody": ("the loss goes on beyond what the person named", nobody_looks),
}
