"""The three kinds of array that the engine speaks in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# Weights, prices, values that only decide.
FloatArray = npt.NDArray[np.float64]

# Whole units of an asset: what is held, wished, traded, owed.
IntArray = npt.NDArray[np.int64]

BoolArray = npt.NDArray[np.bool_]
