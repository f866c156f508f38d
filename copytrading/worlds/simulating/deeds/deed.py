"""One press of a button."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

Clock = Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One press of a button. `has_key`: pressed again, it is the same."""

    title: str
    call: Callable[[Clock], object]
    has_key: bool = False
