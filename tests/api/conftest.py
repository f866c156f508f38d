"""Programs of the cast, at the hour of the world."""

from collections.abc import Iterator

import pytest
import time_machine

from accounts.models import User
from tests.api.program import Program
from tests.cast import NOON


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """The API reads the clock; here it stands at the hour of the world's prices."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def program(follower: User) -> Program:
    return Program.of(follower)
