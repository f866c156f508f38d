"""Holdings are read without a lock, and the world goes on meanwhile."""

from collections.abc import Callable

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.database import bulk_rows
from accounts.models import User
from copytrading.engine.sizing.custom import custom_terms
from copytrading.models import Copy, Lead, Market
from copytrading.queries import holdings
from copytrading.queries.copies import guarded
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from tests.cast import World, usdt


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    """Return a copy with a stop loss, in sync with a lead who holds BTC."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    copy = world.start(follower, lead, "1000", stop_loss_units=usdt(150))
    world.settle()
    return copy


def once_after(first_query: str, happen: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let something happen once, right after a query was read."""
    read, left = bulk_rows.read_columns, [happen]

    def read_and_let_happen(query: str, *arguments: object, **options: object) -> object:
        columns = read(query, *arguments, **options)
        if query == first_query and left:
            left.pop()()
        return columns

    monkeypatch.setattr(bulk_rows, "read_columns", read_and_let_happen)


class TestTheBookOfALead:
    @pytest.mark.parametrize("kind", ["all", "without existing assets", "custom"])
    def test_is_read_in_one_statement_so_that_nobody_is_there_by_half(
        self,
        world: World,
        lead: Lead,
        copy: Copy,
        other_follower: User,
        django_assert_num_queries: DjangoAssertNumQueries,
        kind: str,
    ) -> None:
        chosen = (Market.objects.get(symbol="BTC-USDT").pk,)
        wishes: dict[str, dict[str, object]] = {
            "all": {},
            "without existing assets": {"buy_existing": False},
            "custom": {"terms": custom_terms(order_value_units=usdt(50), market_ids=chosen)},
        }
        board, cash = market_queries.load_board(now=world.now, rules=platform_rules()), market_queries.cash_asset()
        before = holdings.load_copies(lead, board=board, cash=cash)
        world.start(other_follower, lead, "500", **wishes[kind])

        with django_assert_num_queries(1):
            after = holdings.load_copies(lead, board=board, cash=cash)
        with django_assert_num_queries(1):
            holdings.load_lead(lead, board=board, cash=cash)

        assert before.ids.tolist() == [copy.pk]
        assert after.cash_units.tolist() == [before.cash_units[0], usdt(500)]
        assert after.terms.chosen.sum(axis=1).tolist() == [
            len(board.market_ids),
            1 if kind == "custom" else len(board.market_ids),
        ]


class TestACopyThatStartsBetweenTwoReads:
    def test_waits_for_the_next_look_at_the_stop_losses(
        self, world: World, lead: Lead, copy: Copy, other_follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = guarded.load_guarded(now=world.now, rules=platform_rules())
        once_after(
            guarded.columns_of(guarded.ALL),
            lambda: world.start(other_follower, lead, "500", stop_loss_units=usdt(100)),
            monkeypatch,
        )

        during = guarded.load_guarded(now=world.now, rules=platform_rules())
        after = guarded.load_guarded(now=world.now, rules=platform_rules())

        assert (during.ids.tolist(), during.equity.tolist()) == ([copy.pk], before.equity.tolist())
        assert after.equity.tolist() == [before.equity[0], usdt(500)]
