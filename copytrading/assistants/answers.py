"""What a tool gives back: a sentence for people, and the API's own figures."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from pydantic import BaseModel, Field

# Points of a chart, hundreds of them, of which an assistant says nothing that the figures beside them do not.
CURVES = ("curve", "lead_curve")


class Told(BaseModel):
    """An answer: what it says in a sentence, and the figures; money, quantities and fractions are decimal strings."""

    sentence: str
    data: Any = Field(description="As the platform's API gives it.")


def without_curves(figures: Any) -> Any:
    """Return figures, whose own copy is changed, without the points of charts in them."""
    whole = deepcopy(figures)
    inner = [whole]
    while inner:
        one = inner.pop()
        if isinstance(one, dict):
            for name in CURVES:
                one.pop(name, None)
            inner += one.values()
        elif isinstance(one, list):
            inner += one
    return whole


def counted(things: Sequence[Any], one: str, many: str) -> str:
    """Return how many there are, in words."""
    return f"1 {one}" if len(things) == 1 else f"{len(things) or 'No'} {many}"


def page_of(page: dict[str, Any], one: str, many: str) -> Told:
    """Return a page of a list; more of it begins at its `next`."""
    more = " There are more: ask with the cursor in `next`." if page["next"] else ""
    return Told(sentence=f"{counted(page['results'], one, many)}.{more}", data=page)


def trades_in_words(trades: Sequence[dict[str, Any]]) -> str:
    """Return what would be traded."""
    said = [f"{trade['side']} {trade['quantity']} {trade['coin']} for {trade['value']}" for trade in trades]
    return "; ".join(said) or "nothing"
