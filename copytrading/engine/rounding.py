"""
Figures that are shown beside their sum: each rounded, and the rounded ones still sum to it.

    −0.086  −0.014  0.000      rounded one by one −0.09  −0.01  0.00
    −0.104                     so the sum          −0.10
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def rounded_parts(parts: Sequence[float], *, step: float, whole: float | None = None) -> list[float]:
    """
    Return the parts as multiples of a step that sum to the rounded whole; those give way that were rounded most.

    :param whole: what they are to sum to, where it was rounded before; their own rounded sum when None.
    """
    steps = np.asarray(parts, dtype=np.float64) / step
    rounded = np.rint(steps)
    missing = round(float(steps.sum()) if whole is None else whole / step) - int(rounded.sum())
    way = 1 if missing > 0 else -1
    furthest = np.argsort(way * (rounded - steps), kind="stable")
    # Rarely more than one step is missing; more than there are parts never, unless the whole is another one.
    turns, rest = divmod(abs(missing), max(len(steps), 1))
    rounded += way * turns
    rounded[furthest[:rest]] += way
    return (rounded * step + 0.0).tolist()


def cut_together(parts: Sequence[int], *, whole: int, step: int) -> list[int]:
    """
    Return whole parts as multiples of a step that sum to `whole`, which is one; those give way that were cut most.

    :param whole: what they are to sum to: their own sum, cut downwards or a little beside it.
    """
    cut = [part // step for part in parts]
    missing = whole // step - sum(cut)
    way = 1 if missing > 0 else -1
    furthest = sorted(range(len(parts)), key=lambda place: -way * (parts[place] % step))
    for turn in range(abs(missing) if parts else 0):
        cut[furthest[turn % len(parts)]] += way
    return [part * step for part in cut]
