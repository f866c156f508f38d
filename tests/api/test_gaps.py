"""The tracking gap through the API."""

from decimal import Decimal

import pytest

from accounts.models import User
from copytrading.models import Copy, CopyGap, Lead
from tests.api.program import Program
from tests.cast import World


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    copy = world.start(follower, lead)
    world.settle()
    return copy


class TestReadCopyGap:
    def test_names_parts_that_sum_to_it_to_the_last_unit(self, program: Program, copy: Copy) -> None:
        gap = program.get(f"copies/{copy.pk}/gap").json()

        assert sum(Decimal(part["value"]) for part in gap["parts"]) == Decimal(gap["value"]) < 0
        fees = next(part for part in gap["parts"] if part["part"] == "fees")
        assert Decimal(fees["value"]) == pytest.approx(Decimal("-0.50"), rel=Decimal("0.01"))

    def test_is_not_found_before_the_first_look(self, program: Program, copy: Copy) -> None:
        CopyGap.objects.all().delete()

        assert program.get(f"copies/{copy.pk}/gap").status_code == 404
