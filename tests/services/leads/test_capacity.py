"""What more money would cost, asked of the books of the paper venue."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copytrading.exchange.errors import VenueUnreachable
from copytrading.exchange.paper.models import PaperMarket
from copytrading.exchange.paper.venue import PaperVenue
from copytrading.models import Lead
from copytrading.queries.leads import pages as lead_pages
from copytrading.queries.shown.visibility import EVERYTHING
from copytrading.services.leads import capacity
from tests.cast import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def invested(world: World, lead: Lead) -> Lead:
    world.lead_trades(lead, "SOL", "BUY", "50")
    world.settle()
    world.wait(1)
    return lead


class TestEntryCosts:
    def test_rise_with_the_money(self, invested: Lead, world: World):
        costs = capacity.entry_costs_of(lead_pages.portfolio_of(invested, visibility=EVERYTHING), now=world.now)

        assert costs is not None
        assert [cost.value for cost in costs] == [1_000, 10_000, 100_000]
        assert 0 < costs[0].cost_bp < costs[2].cost_bp
        assert costs[0].filled_fraction == 1

    def test_cost_nothing_where_all_is_cash(self, lead: Lead, world: World):
        costs = capacity.entry_costs_of(lead_pages.portfolio_of(lead, visibility=EVERYTHING), now=world.now)

        assert costs is not None
        assert [cost.cost_bp for cost in costs] == [0, 0, 0]

    def test_ask_each_book_once_in_half_a_minute(self, invested: Lead, world: World):
        portfolio = lead_pages.portfolio_of(invested, visibility=EVERYTHING)
        first = capacity.entry_costs_of(portfolio, now=world.now)

        with CaptureQueriesContext(connection) as queries:
            second = capacity.entry_costs_of(portfolio, now=world.now)

        assert second == first
        assert not any(PaperMarket._meta.db_table in query["sql"] for query in queries)

    def test_are_unknown_while_the_venue_does_not_answer(
        self, invested: Lead, world: World, monkeypatch: pytest.MonkeyPatch
    ):
        def no_answer(*_: object, **__: object) -> None:
            raise VenueUnreachable("The line is dead.")

        monkeypatch.setattr(PaperVenue, "book", no_answer)

        assert capacity.entry_costs_of(lead_pages.portfolio_of(invested, visibility=EVERYTHING), now=world.now) is None
