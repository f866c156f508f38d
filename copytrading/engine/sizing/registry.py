"""All sizing modes, by the name that a row or a program says and by the number that a table of copies keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from copytrading.engine.arrays import IntArray
from copytrading.engine.holdings.terms import CopyTerms, Terms
from copytrading.engine.sizing.custom import CUSTOM_FIXED, CUSTOM_RATIO
from copytrading.engine.sizing.mode import SizingMode
from copytrading.engine.sizing.smart_sync import SMART_SYNC

# A number is a place in this list: only ever add at the end.
_MODES: list[SizingMode] = [SMART_SYNC, CUSTOM_FIXED, CUSTOM_RATIO]


class ModeUnknown(ValueError):
    """There is no sizing mode of that name; its words say which there are."""


def modes() -> tuple[SizingMode, ...]:
    """Return all modes in the order of their numbers."""
    return tuple(_MODES)


def mode_of(name: str) -> SizingMode:
    """
    Return the mode of a name, as rows or as command lines say it.

    :raises ModeUnknown: if there is none.
    """
    return _MODES[number_of(name)]


def is_known(name: str) -> bool:
    """Return whether there is a mode of that name."""
    return any(name in (mode.name, mode.word) for mode in _MODES)


def holds_ratios(name: str) -> bool:
    """Return whether a copy of that mode is kept at ratios; one of a mode that is not known is left as it is."""
    return is_known(name) and mode_of(name).holds_ratios


def number_of(name: str) -> int:
    """
    Return the number of a mode.

    :raises ModeUnknown: if there is none of that name.
    """
    for number, mode in enumerate(_MODES):
        if name in (mode.name, mode.word):
            return number
    raise ModeUnknown(f"There is no sizing mode {name!r}; there are {', '.join(mode.name for mode in _MODES)}.")


@contextmanager
def with_mode(mode: SizingMode) -> Iterator[int]:
    """Know one mode more for the duration of a block, which is given its number: for tests of what a mode needs."""
    _MODES.append(mode)
    try:
        yield len(_MODES) - 1
    finally:
        _MODES.remove(mode)


def columns_of(many: Sequence[Terms], *, market_ids: IntArray) -> CopyTerms:
    """
    Return the terms of some copies as columns, on a board with these markets (A,).

    :raises ModeUnknown: if one of them names a mode that there is not.
    """
    return CopyTerms.of(many, mode_numbers=[number_of(terms.mode) for terms in many], market_ids=market_ids)
