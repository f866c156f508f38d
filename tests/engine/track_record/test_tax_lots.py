"""Tax lots: worked by hand, and against a second program that counts unit by unit and knows no heap."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from copytrading.engine.track_record.tax_lots import LotBook, LotEvent, LotEventKind, LotMethod, book_lots, shared_out
from tests.engine.track_record.second_lots import second_program

DAY = timedelta(days=1)
NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
ROUNDS = 300


def event(kind: str, day: int, units: int, value: int = 0, coin: str = "BTC") -> LotEvent:
    return LotEvent(kind=LotEventKind(kind), at=NEW_YEAR + day * DAY, coin=coin, units=units, value_units=value)


def buy(day: int, units: int, value: int) -> LotEvent:
    return event("ACQUIRE", day, units, value)


def sell(day: int, units: int, value: int) -> LotEvent:
    return event("SELL", day, units, value)


def book(method: str, *events: LotEvent) -> LotBook:
    return book_lots(events=events, method=LotMethod(method))


def closed(found: LotBook) -> list[tuple[int | None, int, int, int | None]]:
    """Return (day acquired, units, cost, proceeds) of each disposal."""
    return [
        (one.acquired_at and (one.acquired_at - NEW_YEAR).days, one.units, one.cost_units, one.proceeds_units)
        for one in found.disposals
    ]


def left(found: LotBook) -> list[tuple[int, int, int]]:
    return [((lot.acquired_at - NEW_YEAR).days, lot.units, lot.cost_units) for lot in found.lots]


class TestWhatLeftBeforeItCame:
    def test_is_closed_by_what_comes_then_and_waits_on_with_the_rest(self) -> None:
        found = book("fifo", buy(1, 4, 40), sell(2, 10, 100), buy(3, 5, 60))

        assert closed(found) == [(1, 4, 40, 40), (3, 5, 60, 50), (None, 1, 0, 10)]

    def test_goes_before_what_left_later_with_its_rest_too(self) -> None:
        found = book("fifo", sell(1, 4, 40), sell(2, 3, 60), buy(3, 2, 10), buy(4, 2, 10))

        assert closed(found) == [(3, 2, 10, 20), (4, 2, 10, 20), (None, 3, 0, 60)]

    def test_brings_nothing_where_it_was_handed_over(self) -> None:
        found = book("fifo", event("HAND_OVER", 1, 5, 50))

        assert closed(found) == [(None, 5, 0, None)]


class TestByHand:
    TRADES = (buy(1, 10, 100), buy(2, 10, 200), sell(3, 10, 180))

    @pytest.mark.parametrize(
        ("method", "disposals", "lots"),
        [
            ("fifo", [(1, 10, 100, 180)], [(2, 10, 200)]),
            ("hifo", [(2, 10, 200, 180)], [(1, 10, 100)]),
            ("average", [(1, 10, 150, 180)], [(2, 10, 150)]),
        ],
    )
    def test_closes_what_the_method_says(self, method: str, disposals: list[Any], lots: list[Any]) -> None:
        found = book(method, *self.TRADES)

        assert (closed(found), left(found)) == (disposals, lots)

    def test_cuts_a_part_downwards_and_leaves_the_rest_with_the_lot(self) -> None:
        found = book("fifo", buy(1, 3, 10), sell(2, 1, 5), sell(3, 1, 5))

        assert closed(found) == [(1, 1, 3, 5), (1, 1, 3, 5)]
        assert left(found) == [(1, 1, 4)]
        assert [one.gain_units for one in found.disposals] == [2, 2]

    def test_shares_the_proceeds_among_the_lots_that_a_sale_closes(self) -> None:
        found = book("fifo", buy(1, 2, 20), buy(2, 1, 30), sell(3, 3, 100))

        assert closed(found) == [(1, 2, 20, 66), (2, 1, 30, 34)]

    def test_takes_the_dearest_of_the_day_it_was_bought_and_the_older_of_two_alike(self) -> None:
        found = book("hifo", buy(1, 10, 100), buy(2, 5, 50), buy(3, 1, 11), sell(4, 1, 9), sell(5, 12, 90))

        assert [acquired for acquired, *_ in closed(found)] == [3, 1, 2]
        assert left(found) == [(2, 3, 30)]

    def test_knows_nothing_of_a_recount_of_coins_that_nobody_holds(self) -> None:
        found = book("fifo", event("RECOUNT", 1, 5), buy(2, 3, 30))

        assert (closed(found), left(found)) == ([], [(2, 3, 30)])

    def test_hands_coins_over_with_their_cost_and_without_a_gain(self) -> None:
        found = book("fifo", buy(1, 10, 100), event("HAND_OVER", 2, 4))

        assert closed(found) == [(1, 4, 40, None)]
        assert found.disposals[0].gain_units == 0
        assert left(found) == [(1, 6, 60)]

    def test_keeps_dates_and_costs_of_a_coin_that_is_counted_anew(self) -> None:
        found = book("fifo", buy(1, 1_500, 30), buy(2, 2_999, 60), event("RECOUNT", 3, 4), sell(4, 2, 100))

        # 4,499 old units are 4 new ones: 1.33 and 2.67 of them, to the unit 1 and 3.
        assert closed(found) == [(1, 1, 30, 50), (2, 1, 20, 50)]
        assert left(found) == [(2, 2, 40)]

    def test_ranks_what_was_counted_anew_beside_what_was_bought_since(self) -> None:
        dear, cheap = buy(1, 1_000, 500), buy(3, 1, 400)

        assert closed(book("hifo", dear, event("RECOUNT", 2, 1), cheap, sell(4, 1, 450))) == [(1, 1, 500, 450)]

    def test_leaves_the_cost_of_less_than_a_new_unit_to_the_next_lot(self) -> None:
        found = book("fifo", buy(1, 1, 7), buy(2, 999, 60), event("RECOUNT", 3, 1))

        assert left(found) == [(2, 1, 67)]
        assert left(book("fifo", buy(1, 999, 60), buy(2, 1, 7), event("RECOUNT", 3, 1))) == [(1, 1, 67)]

    def test_counts_what_becomes_nothing_as_a_loss(self) -> None:
        found = book("fifo", buy(1, 5, 7), event("RECOUNT", 2, 0))

        assert (closed(found), left(found)) == ([(1, 5, 7, 0)], [])

    def test_waits_for_what_left_a_moment_before_it_came(self) -> None:
        found = book("fifo", sell(1, 3, 30), buy(1, 5, 50), sell(2, 2, 40))

        assert closed(found) == [(1, 3, 30, 30), (1, 2, 20, 40)]
        assert closed(book("fifo", sell(1, 3, 30))) == [(None, 3, 0, 30)]

    def test_keeps_coins_apart(self) -> None:
        found = book("fifo", buy(1, 5, 50), event("ACQUIRE", 1, 7, 70, "ETH"), event("SELL", 2, 7, 60, "ETH"))

        assert (found.units_of("BTC"), found.units_of("ETH")) == (5, 0)


def random_events(random: Random) -> tuple[list[LotEvent], dict[str, int]]:
    """Return events of three coins in the order in which they happened, and what is held of each at the end."""
    events: list[LotEvent] = []
    held = {"BTC": 0, "ETH": 0, "PEPE": 0}
    for day in range(random.randint(5, 120)):
        coin = random.choice(list(held))
        kind = random.choice(["ACQUIRE", "ACQUIRE", "SELL", "SELL", "HAND_OVER", "RECOUNT"])
        units = random.choice([1, 3, random.randint(1, 10**4), random.randint(1, 10**16)])
        if kind == "RECOUNT":
            # So many old ones that every lot is a new unit: what becomes nothing is told by hand above.
            if not held[coin] or random.random() < 0.7:
                continue
            held[coin] *= random.choice([2, 10, 1_000]) if held[coin] < 10**18 else 1
            events.append(event(kind, day, held[coin], 0, coin))
        elif kind == "ACQUIRE":
            held[coin] += units
            events.append(event(kind, day, units, random.randint(0, 10**15), coin))
        elif held[coin]:
            units = random.choice([min(units, held[coin]), held[coin]])
            held[coin] -= units
            events.append(event(kind, day, units, random.randint(0, 10**15) if kind == "SELL" else 0, coin))
    return events, held


class TestAgainstASecondProgram:
    @pytest.mark.parametrize("method", list(LotMethod))
    def test_differs_in_nothing_over_random_trades(self, method: LotMethod) -> None:
        disposals = 0
        for seed in range(ROUNDS):
            events, held = random_events(Random(seed))

            found = book_lots(events=events, method=method)

            gone, kept = second_program(events, method.value)
            assert [
                (one.coin, one.units, one.acquired_at, one.disposed_at, one.cost_units, one.proceeds_units)
                for one in found.disposals
            ] == gone, seed
            assert [(lot.coin, lot.acquired_at, lot.units, lot.cost_units) for lot in found.lots] == kept, seed
            assert {coin: found.units_of(coin) for coin in held} == held, seed
            disposals += len(gone)
        assert disposals > ROUNDS * 10

    @pytest.mark.parametrize("method", list(LotMethod))
    def test_loses_nothing_of_what_was_ever_paid(self, method: LotMethod) -> None:
        for seed in range(ROUNDS):
            events, _ = random_events(Random(seed))

            found = book_lots(events=events, method=method)

            paid = sum(one.value_units for one in events if one.kind == LotEventKind.ACQUIRE)
            brought = sum(one.value_units for one in events if one.kind == LotEventKind.SELL)
            gone = sum(one.cost_units for one in found.disposals)
            assert paid == gone + sum(lot.cost_units for lot in found.lots)
            assert brought == sum(one.proceeds_units or 0 for one in found.disposals)


class TestSharedOut:
    def test_gives_the_largest_remainders_the_units_that_are_left(self) -> None:
        assert shared_out(10, [1, 1, 1]) == [4, 3, 3]
        assert shared_out(5, [7, 2, 1]) == [4, 1, 0]
        assert shared_out(0, [7, 2]) == [0, 0]
