"""Several sources, one mark: what is believed, what is doubted, and what nobody may act on."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from copytrading.exchange import registry
from copytrading.exchange.markets import Quote
from copytrading.models import Mark, Market, SourcePrice
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.services.market import quotes as market
from tests.cast import World


def say(world: World, *, at: datetime | None = None, symbol: str = "BTC", **prices: str) -> Mark:
    """Let sources name prices, and return the mark that comes of it."""
    quotes = [
        Quote(symbol=f"{symbol}-USDT", price=Decimal(price), as_of=at or world.now, source=source)
        for source, price in prices.items()
    ]
    market.record_quotes(quotes=quotes, now=world.now)
    return Mark.objects.get(market__symbol=f"{symbol}-USDT")


def is_fresh(world: World, symbol: str = "BTC") -> bool:
    board = market_queries.load_board(now=world.now, rules=platform_rules())
    market_id = Market.objects.get(symbol=f"{symbol}-USDT").pk
    return bool(board.fresh[board.market_ids == market_id][0])


@pytest.fixture
def later(world: World) -> World:
    """Return the world a minute on, so that its first quotes are too old to count."""
    world.now += timedelta(seconds=60)
    return world


class TestSeveralSources:
    def test_make_their_median_the_mark(self, later: World) -> None:
        mark = say(later, one="50000", two="50200", three="50300")

        assert (mark.price, mark.source, mark.doubt) == (Decimal(50200), "3 of 3 sources", "")

    def test_make_the_exact_middle_of_two_the_mark(self, later: World) -> None:
        assert say(later, one="50000.01", two="50000.04").price == Decimal("50000.025")

    def test_are_counted_one_feed_after_the_other(self, later: World) -> None:
        say(later, one="50000")
        say(later, two="50200")

        assert say(later, three="50300").price == Decimal(50200)
        assert SourcePrice.objects.filter(market__symbol="BTC-USDT").count() == 4

    def test_outvote_an_outlier(self, later: World) -> None:
        mark = say(later, one="50000", two="5000", three="50100")

        assert (mark.price, mark.source) == (Decimal(50050), "2 of 3 sources")
        assert is_fresh(later)

    def test_move_the_paper_book_together(self, later: World) -> None:
        say(later, one="50000", two="5000", three="50100")

        assert registry.venue().book("BTC-USDT", now=later.now).mid == pytest.approx(
            Decimal(50050), rel=Decimal("1e-6")
        )

    def test_that_disagree_leave_the_mark_and_nothing_to_act_on(self, later: World) -> None:
        say(later, one="50000", two="50000")
        later.now += timedelta(seconds=1)

        mark = say(later, one="50000", two="48000")

        assert (mark.price, mark.doubt, mark.doubted_price) == (Decimal(50000), Mark.Doubt.DISAGREEMENT, Decimal(50000))
        assert not is_fresh(later)

    def test_that_agree_again_end_the_doubt(self, later: World) -> None:
        say(later, one="50000", two="50000")
        later.now += timedelta(seconds=1)
        say(later, one="50000", two="48000")
        later.now += timedelta(seconds=1)

        mark = say(later, one="48100", two="48000")

        assert (mark.price, mark.doubt, mark.doubted_at) == (Decimal(48050), "", None)
        assert is_fresh(later)

    def test_remember_since_when_they_disagree(self, later: World) -> None:
        say(later, one="50000", two="50000")
        began = later.now
        for _ in range(3):
            say(later, one="50000", two="40000")
            later.now += timedelta(seconds=1)

        assert Mark.objects.get(market__symbol="BTC-USDT").doubted_at == began

    def test_do_not_count_when_they_have_fallen_silent(self, later: World) -> None:
        say(later, silent="40000", one="50000", two="50000")
        later.now += timedelta(seconds=11)

        mark = say(later, one="50000", two="50100")

        assert mark.source == "2 of 2 sources"

    def test_change_nothing_with_an_older_quote(self, later: World) -> None:
        say(later, one="50000")

        mark = say(later, at=later.now - timedelta(seconds=1), one="49000")

        assert mark.price == Decimal(50000)


class TestOneSource:
    @pytest.fixture(autouse=True)
    def _doubt_jumps(self, settings: object) -> None:
        settings.SMARTSYNC_PRICE_JUMP = 0.1  # type: ignore[attr-defined]

    def test_is_believed_at_once_when_it_moves_a_little(self, later: World) -> None:
        say(later, one="50000")
        later.now += timedelta(seconds=1)

        assert say(later, one="46000").price == Decimal(46000)

    def test_has_to_say_a_jump_twice(self, later: World) -> None:
        say(later, one="50000")
        later.now += timedelta(seconds=1)
        first = say(later, one="25000")
        doubted = is_fresh(later)
        later.now += timedelta(seconds=1)
        second = say(later, one="24900")

        assert (first.price, first.doubt, doubted) == (Decimal(50000), Mark.Doubt.JUMP, False)
        assert (second.price, second.doubt, second.as_of) == (Decimal(25000), "", later.now - timedelta(seconds=1))
        assert is_fresh(later)

    def test_that_falls_on_and_on_is_believed_a_quote_later(self, later: World) -> None:
        say(later, one="50000")
        found = []
        for price in ("40000", "30000", "20000", "20000"):
            later.now += timedelta(seconds=1)
            mark = say(later, one=price)
            found.append((int(mark.price), mark.doubt))

        assert found == [(50000, "JUMP"), (40000, "JUMP"), (30000, "JUMP"), (20000, "")]

    def test_does_not_confirm_itself_by_repeating_one_quote(self, later: World) -> None:
        say(later, one="50000")
        jumped_at = later.now + timedelta(seconds=1)
        for _ in range(3):
            later.now += timedelta(seconds=1)
            mark = say(later, at=jumped_at, one="5000")

        assert (mark.price, mark.doubt) == (Decimal(50000), Mark.Doubt.JUMP)

    def test_leaves_no_trace_of_a_wick(self, later: World) -> None:
        say(later, one="50000")
        for price in ("5000", "50100"):
            later.now += timedelta(seconds=1)
            mark = say(later, one=price)

        assert (mark.price, mark.doubt, mark.doubted_price) == (Decimal(50100), "", None)


class TestADelistedMarket:
    def test_takes_no_price_any_more(self, later: World) -> None:
        say(later, one="50000")
        Market.objects.filter(symbol="BTC-USDT").update(status=Market.Status.DELISTED)
        later.now += timedelta(seconds=1)

        assert say(later, one="0.5", two="0.5").price == Decimal(50000)
