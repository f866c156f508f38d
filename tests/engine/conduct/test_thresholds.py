"""Where each rule of conduct begins: what stands exactly on a threshold is found, a little less is let be."""

from datetime import datetime, timedelta

import pytest

from copytrading.engine.conduct import against_followers, averaging_down, round_trips, size_jumps, stake_withdrawn
from copytrading.engine.conduct.stake_withdrawn import StakeMove
from copytrading.engine.conduct.trades import Trade, by_coin
from tests.cast import NOON


def trade(days: float, quantity: float, price: float, *, minutes: float = 0, coin: str = "BTC") -> Trade:
    return Trade(at=NOON + timedelta(days=days, minutes=minutes), coin=coin, quantity=quantity, price=price)


def day(number: float) -> datetime:
    return NOON + timedelta(days=number)


class TestTrades:
    def test_are_told_apart_by_coin_and_put_in_the_order_of_time(self) -> None:
        late, early, other = trade(2, 1, 100), trade(1, -1, 100), trade(0, 1, 5, coin="ETH")

        assert by_coin([other, late, early]) == {"BTC": [early, late], "ETH": [other]}

    def test_of_nothing_are_no_purchase(self) -> None:
        assert [trade(0, quantity, 100).is_buy for quantity in (1, 0, -1)] == [True, False, False]
        assert trade(0, -2, 100).value == 200


class TestAveragingDown:
    # Half of what was bought for 200 is sold: 100 are paid for what is left, at 100 each.
    BEFORE = [trade(0, 2, 100), trade(1, -1, 120)]

    @pytest.mark.parametrize(("last_value", "is_found"), [(30.0, True), (29.0, False)])
    def test_asks_for_three_times_what_was_paid_for_what_is_left(self, last_value: float, is_found: bool) -> None:
        run = [trade(2, 1, 90), trade(3, 1, 80), trade(4, last_value / 60, 60)]

        found = averaging_down.find([*self.BEFORE, *run])

        assert [finding.figures for finding in found] == (
            ["3 buys into a fall, 3.0 times what was paid before"] if is_found else []
        )

    @pytest.mark.parametrize(("price", "is_found"), [(92.0, True), (92.5, False)])
    def test_asks_for_a_fall_of_eight_in_a_hundred(self, price: float, is_found: bool) -> None:
        trades = [trade(0, 1, 100), trade(1, 1, price), trade(2, 2, 60), trade(3, 3, 40)]

        assert bool(averaging_down.find(trades)) is is_found

    def test_ends_with_a_buy_at_what_was_paid_on_average(self) -> None:
        run = [trade(1, 1, 80), trade(2, 1, 60)]
        # Three were bought for 240.
        at_average = [trade(0, 1, 100), *run, trade(3, 1, 80), trade(4, 9, 40)]
        just_below = [trade(0, 1, 100), *run, trade(3, 1, 79), trade(4, 9, 40)]

        assert averaging_down.find(at_average) == []
        (finding,) = averaging_down.find(just_below)
        # What is only a little below the average is neither part of the run nor its end.
        assert finding.figures == "3 buys into a fall, 6.8 times what was paid before"

    def test_begins_anew_where_everything_was_sold(self) -> None:
        run = [trade(2, 1.1, 90), trade(3, 1.5, 80), trade(4, 2, 70)]

        # More than was seen to be bought: nothing is left, and what comes next is a first buy.
        (finding,) = averaging_down.find([trade(0, 1, 300), trade(1, -2, 300), trade(1.5, 1, 100), *run])

        assert finding.figures == "3 buys into a fall, 4.6 times what was paid before"
        assert (finding.first_at, finding.last_at) == (day(2), day(4))

    def test_tells_a_run_that_ended_from_the_next_one(self) -> None:
        first = [trade(0, 1, 100), trade(1, 1.1, 90), trade(2, 1.5, 80), trade(3, 2, 70)]

        found = averaging_down.find([*first, trade(4, -1, 60), trade(5, 1, 60)])

        assert [(finding.first_at, finding.last_at) for finding in found] == [(day(1), day(3))]


class TestSizeJumps:
    def test_asks_for_five_times_the_usual_and_a_fifth_of_the_worth(self) -> None:
        usual = [trade(number, 1, 100) for number in range(10)]

        (finding,) = size_jumps.find([*usual, trade(11, 5, 100)], equity_at=lambda _: 2_500.0)

        assert finding.figures == "5.0 times the usual buy, 20% of the lead's worth"
        assert finding.first_at == finding.last_at == day(11)
        assert size_jumps.find([*usual, trade(11, 5, 100)], equity_at=lambda _: 2_501.0) == []

    def test_asks_what_the_lead_was_worth_at_that_moment(self) -> None:
        usual = [trade(number, 1, 100) for number in range(10)]

        found = size_jumps.find([*usual, trade(11, 9, 100)], equity_at=lambda at: 1_000.0 if at == day(11) else 1e9)

        assert len(found) == 1

    def test_calls_usual_what_the_last_twenty_buys_were(self) -> None:
        # The middle of ten of 300 and ten of 100 is 200; one more of either would make it 300 or 100.
        usual = [trade(number, 3, 100) for number in range(15)] + [trade(15 + number, 1, 100) for number in range(10)]

        (finding,) = size_jumps.find([*usual, trade(30, 10, 100)], equity_at=lambda _: 1_000.0)

        assert finding.figures.startswith("5.0 times the usual buy")

    def test_puts_a_jump_among_what_is_usual_afterwards(self) -> None:
        usual = [trade(number, 1, 100) for number in range(10)]
        jumps = [trade(11 + number, 5, 100) for number in range(12)]

        found = size_jumps.find(list(reversed([*usual, *jumps])), equity_at=lambda _: 1_000.0)

        # From the eleventh on more of the last twenty were large than small.
        assert [finding.first_at for finding in found] == [day(11 + number) for number in range(10)]


class TestStakeWithdrawn:
    @staticmethod
    def move(at: float, value: float, *, had: float, following: float = 50_000.0) -> StakeMove:
        return StakeMove(at=day(at), value=value, equity_before=had, following=following)

    @pytest.mark.parametrize(("value", "is_found"), [(-5_000, True), (-4_999, False)])
    def test_asks_for_half_of_what_there_was(self, value: float, is_found: bool) -> None:
        assert bool(stake_withdrawn.find([self.move(0, value, had=10_000)])) is is_found

    @pytest.mark.parametrize(("days", "is_found"), [(7, True), (7.001, False)])
    def test_looks_back_a_week(self, days: float, is_found: bool) -> None:
        moves = [self.move(days, -1_500, had=6_000), self.move(0, -4_000, had=10_000)]

        assert bool(stake_withdrawn.find(moves)) is is_found

    @pytest.mark.parametrize(("following", "is_found"), [(4_000, False), (4_001, True)])
    def test_asks_for_more_that_follows_than_is_left(self, following: float, is_found: bool) -> None:
        moves = [self.move(0, -6_000, had=10_000, following=following)]

        assert bool(stake_withdrawn.find(moves)) is is_found

    def test_takes_nothing_for_left_where_more_went_than_was_seen(self) -> None:
        (finding,) = stake_withdrawn.find([self.move(0, -6_000, had=5_000, following=0.5)])

        assert finding.figures == "120% of 5,000 taken out, 0 left beside 0"

    def test_finds_each_withdrawal_once(self) -> None:
        first = self.move(0, -6_000, had=10_000)
        found = stake_withdrawn.find([first, self.move(1, -1_000, had=4_000), self.move(9, -2_000, had=3_000)])

        assert [(finding.first_at, finding.figures[:14]) for finding in found] == [
            (day(0), "60% of 10,000 "), (day(9), "67% of 3,000 t")
        ]  # fmt: skip

    def test_counts_from_the_move_since_which_most_was_taken(self) -> None:
        moves = [self.move(0, -1_000, had=10_000), self.move(1, 11_000, had=9_000), self.move(2, -12_000, had=20_000)]

        (finding,) = stake_withdrawn.find(moves)

        assert (finding.first_at, finding.last_at) == (day(2), day(2))
        assert finding.figures.startswith("60% of 20,000")


def trips(*starts: float, minutes: float = 5, there: float = 100, back: float = 100, price: float = 1_000.0,
          price_back: float = 1_000.0) -> list[Trade]:  # fmt: skip
    """Return purchases at some days, each sold again after some minutes."""
    return [
        leg
        for start in starts
        for leg in (trade(start, there, price), trade(start, -back, price_back, minutes=minutes))
    ]


class TestRoundTrips:
    @pytest.mark.parametrize(
        ("legs", "is_found"),
        [
            (trips(0, 0.1, 0.2, minutes=10), True),
            (trips(0, 0.1, 0.2, minutes=10.1), False),
            (trips(0, 0.1, 0.2, back=95), True),
            (trips(0, 0.1, 0.2, back=105), True),
            (trips(0, 0.1, 0.2, back=94), False),
            (trips(0, 0.1, 0.2, price_back=1_003), True),
            (trips(0, 0.1, 0.2, price_back=997), True),
            (trips(0, 0.1, 0.2, price_back=1_004), False),
            (trips(0, 0.1), False),
            # From the first purchase to the last sale.
            (trips(0, 0.5, 1 - 5 / 1440), True),
            (trips(0, 0.5, 1), False),
        ],
    )
    def test_begin_on_their_thresholds(self, legs: list[Trade], is_found: bool) -> None:
        assert bool(round_trips.find(legs)) is is_found

    def test_use_each_trade_once(self) -> None:
        # Three purchases and two sales are two trips.
        legs = [
            *(trade(0, 1, 100, minutes=number) for number in range(3)),
            *(trade(0, -1, 100, minutes=4 + number) for number in range(2)),
        ]

        assert round_trips.find(legs) == []
        assert len(round_trips.find([*legs, trade(0, -1, 100, minutes=7)])) == 1

    def test_may_begin_with_a_sale(self) -> None:
        sold_first = [
            Trade(at=leg.at, coin=leg.coin, quantity=-leg.quantity, price=leg.price) for leg in trips(0, 0.1, 0.2)
        ]

        assert len(round_trips.find(sold_first)) == 1

    def test_are_told_for_each_day(self) -> None:
        found = round_trips.find(trips(0, 5, 5.1, 5.2, 5.3, 9, 9.1, 9.2))

        assert [(finding.first_at, finding.figures[:7]) for finding in found] == [
            (day(5), "4 times"), (day(9), "3 times")
        ]  # fmt: skip
        assert found[0].last_at == NOON + timedelta(days=5.3, minutes=5)


class TestAgainstFollowers:
    @staticmethod
    def met(*days: float, quantity: float = -5, minutes: float = 3, price: float = 100) -> list[tuple[object, ...]]:
        found = against_followers.find(
            followed=[trade(number, 10, 100) for number in days],
            own=[trade(number, quantity, price, minutes=minutes) for number in days],
        )
        return [(finding.first_at, finding.last_at, finding.figures.split(" ")[0]) for finding in found]

    @pytest.mark.parametrize(
        ("quantity", "minutes", "is_found"),
        [
            (-5, 10, True), (-5, -10, True), (5, -10, True), (-5, 10.1, False), (-5, -10.1, False), (5, -10.1, False),
            (-1, 3, True), (-0.99, 3, False),
        ],
    )  # fmt: skip
    def test_looks_at_ten_minutes_and_a_hundred_in_value(self, quantity: float, minutes: float, is_found: bool) -> None:
        assert bool(self.met(0, 1, 2, quantity=quantity, minutes=minutes)) is is_found

    @pytest.mark.parametrize(("last", "is_found"), [(30, True), (30.01, False)])
    def test_looks_at_thirty_days(self, last: float, is_found: bool) -> None:
        assert bool(self.met(0, 15, last)) is is_found

    def test_tells_each_month(self) -> None:
        assert self.met(0, 40, 41, 42, 43, 100, 101, 102) == [(day(40), day(43), "4"), (day(100), day(102), "3")]

    @pytest.mark.parametrize(("quantity", "is_found"), [(-1, True), (-0.99, False)])
    def test_looks_at_a_hundred_in_value_elsewhere(self, quantity: float, is_found: bool) -> None:
        found = against_followers.find(
            followed=[trade(number, 10, 100) for number in range(3)],
            own=[],
            led=[trade(number, quantity, 100, minutes=1) for number in range(3)],
        )

        assert bool(found) is is_found
