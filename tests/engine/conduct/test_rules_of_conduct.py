"""Leads who do exactly what a rule is about are found, and honest ones who look a little like them are not."""

import random
from collections.abc import Sequence
from datetime import timedelta

import pytest

from copytrading.engine.conduct import against_followers, averaging_down, round_trips, size_jumps, stake_withdrawn
from copytrading.engine.conduct.stake_withdrawn import StakeMove
from copytrading.engine.conduct.trades import Finding, Trade
from tests.cast import NOON


def trade(days: float, quantity: float, price: float, *, coin: str = "BTC", minutes: float = 0) -> Trade:
    return Trade(at=NOON + timedelta(days=days, minutes=minutes), coin=coin, quantity=quantity, price=price)


def move(days: float, value: float, *, had: float, following: float) -> StakeMove:
    return StakeMove(at=NOON + timedelta(days=days), value=value, equity_before=had, following=following)


def rules_of(found: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.coin) for finding in found]


class TestAveragingDown:
    def test_finds_who_doubles_into_a_fall(self) -> None:
        trades = [trade(0, 1, 100), trade(1, 1.1, 90), trade(2, 1.5, 80), trade(3, 2, 70)]

        (finding,) = averaging_down.find(trades)

        assert (finding.rule, finding.coin) == ("averaging down", "BTC")
        assert (finding.first_at, finding.last_at) == (NOON + timedelta(days=1), NOON + timedelta(days=3))
        # 100 were paid at first, and 459 in the end.
        assert finding.figures == "3 buys into a fall, 4.6 times what was paid before"

    def test_finds_each_coin_and_each_run(self) -> None:
        falling = [trade(0, 1, 100), trade(1, 1.1, 90), trade(2, 1.5, 80), trade(3, 2, 70)]
        again = [trade(4, -5.6, 65), *(trade(one.at.day, one.quantity, one.price) for one in falling)]
        other = [Trade(at=one.at, coin="ETH", quantity=one.quantity, price=one.price) for one in falling]

        assert rules_of(averaging_down.find([*falling, *again, *other])) == [
            ("averaging down", "BTC"),
            ("averaging down", "BTC"),
            ("averaging down", "ETH"),
        ]

    @pytest.mark.parametrize(
        "trades",
        [
            # A saver: the same value every week, for a year, and then a crash.
            [trade(7 * week, 1, 100) for week in range(40)] + [trade(300 + day, 1.3, 75 - day) for day in range(6)],
            # Two more buys, and no third.
            [trade(0, 1, 100), trade(1, 2, 90), trade(2, 3, 80)],
            # A sale in between: the loss was taken.
            [trade(0, 1, 100), trade(1, 2, 90), trade(2, -1, 85), trade(3, 3, 80), trade(4, 4, 70)],
            # A trader who buys what rises.
            [trade(day, 1 + day, 100 + 10 * day) for day in range(8)],
            # Small dips are bought.
            [trade(day, 2**day, 100 - day) for day in range(5)],
        ],
    )
    def test_lets_honest_leads_be(self, trades: list[Trade]) -> None:
        assert averaging_down.find(trades) == []


class TestSizeJumps:
    USUAL = [trade(day, 1, 100) for day in range(12)]

    def test_finds_the_one_buy_that_is_all_in(self) -> None:
        (finding,) = size_jumps.find([*self.USUAL, trade(13, 50, 100)], equity_at=lambda _: 10_000.0)

        assert (finding.rule, finding.last_at) == ("size jump", NOON + timedelta(days=13))
        assert finding.figures == "50.0 times the usual buy, 50% of the lead's worth"

    @pytest.mark.parametrize(
        ("last", "equity"),
        [
            (trade(13, 4.9, 100), 1_000.0),  # not five times as large
            (trade(13, 50, 100), 30_000.0),  # five times next to nothing
            (trade(13, -50, 100), 10_000.0),  # a sale of what was built in steps
            (trade(13, 50, 100), None),  # nobody knows what the lead was worth
        ],
    )
    def test_lets_honest_leads_be(self, last: Trade, equity: float | None) -> None:
        assert size_jumps.find([*self.USUAL, last], equity_at=lambda _: equity) == []

    def test_asks_for_a_habit_first(self) -> None:
        assert size_jumps.find([*self.USUAL[:9], trade(13, 50, 100)], equity_at=lambda _: 10_000.0) == []

    def test_lets_growth_be(self) -> None:
        grows = [trade(day, 1.1**day, 100) for day in range(40)]

        assert size_jumps.find(grows, equity_at=lambda _: 100.0) == []


class TestStakeWithdrawn:
    def test_finds_who_leaves_in_one_step_or_in_several(self) -> None:
        at_once = [move(0, -6_000, had=10_000, following=50_000)]
        in_steps = [move(day, -2_000, had=10_000 - 2_000 * day, following=50_000) for day in range(3)]

        (finding,) = stake_withdrawn.find(at_once)
        (stepped,) = stake_withdrawn.find(in_steps)

        assert finding.figures == "60% of 10,000 taken out, 4,000 left beside 50,000"
        (fresh,) = stake_withdrawn.find([move(0, 10_000, had=0, following=0), *in_steps[:1], *at_once])
        assert fresh.figures.startswith("80% of 10,000")
        # Found with the step that makes it more than half.
        assert (stepped.first_at, stepped.last_at) == (NOON, NOON + timedelta(days=2))

    @pytest.mark.parametrize(
        "moves",
        [
            [move(0, -3_000, had=10_000, following=50_000)],  # a third
            [move(0, -6_000, had=10_000, following=3_000)],  # the own money still outweighs
            [move(0, -6_000, had=10_000, following=0)],  # nobody follows
            [move(0, -4_000, had=10_000, following=50_000), move(8, -2_000, had=6_000, following=50_000)],  # slowly
            [move(0, 5_000, had=10_000, following=50_000), move(1, -6_000, had=15_000, following=50_000)],  # it was in
            [move(0, 10_000, had=0, following=0)],
        ],
    )
    def test_lets_honest_leads_be(self, moves: list[StakeMove]) -> None:
        assert stake_withdrawn.find(moves) == []


class TestRoundTrips:
    def test_finds_who_goes_there_and_back(self) -> None:
        trips = [
            leg
            for number in range(4)
            for leg in (
                trade(0, 1, 100, minutes=60 * number),
                trade(0, -1.02, 100.1, minutes=60 * number + 5),
            )
        ]

        (finding,) = round_trips.find(trips)

        assert (finding.rule, finding.coin, finding.figures) == (
            "round trips",
            "BTC",
            "4 times there and back, 808 turned over",
        )
        assert (finding.first_at, finding.last_at) == (trips[0].at, trips[-1].at)

    @pytest.mark.parametrize(
        ("count", "minutes", "back", "price", "apart"),
        [
            (2, 5, 1.0, 100.0, 60),  # twice
            (6, 11, 1.0, 100.0, 60),  # slowly
            (6, 5, 0.9, 100.0, 60),  # of another quantity
            (6, 5, 1.0, 100.5, 60),  # for a price that pays the fees
            (6, 5, 1.0, 100.0, 60 * 24),  # once a day
        ],
    )
    def test_lets_honest_leads_be(self, count: int, minutes: float, back: float, price: float, apart: float) -> None:
        trades = [
            leg
            for number in range(count)
            for leg in (
                trade(0, 1, 100, minutes=apart * number),
                trade(0, -back, price, minutes=apart * number + minutes),
            )
        ]

        assert round_trips.find(trades) == []


class TestAgainstFollowers:
    FOLLOWED = [trade(day, 10, 100) for day in (0, 1, 2)]

    @pytest.mark.parametrize(
        ("quantity", "minutes"),
        [(-5, 3), (-5, -3), (5, -3)],
        ids=["sells to them", "sold just before", "bought just before"],
    )
    def test_finds_who_meets_the_copies(self, quantity: float, minutes: float) -> None:
        own = [trade(day, quantity, 100, minutes=minutes) for day in (0, 1, 2)]

        (finding,) = against_followers.find(followed=self.FOLLOWED, own=own)

        assert finding.figures == "3 trades of copies, 3,000 in value, were met by the lead's own"

    def test_finds_who_turns_elsewhere_after_the_copies(self) -> None:
        led = [leg for day in (0, 1, 2) for leg in (trade(day, 50, 100, minutes=-1), trade(day, -50, 100, minutes=4))]

        assert len(against_followers.find(followed=self.FOLLOWED, own=[], led=led)) == 1

    @pytest.mark.parametrize(
        "own",
        [
            [],
            [trade(0, -5, 100, minutes=3), trade(1, -5, 100, minutes=3)],  # twice
            [trade(day, -5, 100, minutes=11) for day in (0, 1, 2)],  # later
            [trade(day, 5, 100, minutes=3) for day in (0, 1, 2)],  # the same way, after them
            [trade(day, 5, 100) for day in (0, 1, 2)],  # the same way, with them
            [trade(day, -0.5, 100, minutes=3) for day in (0, 1, 2)],  # next to nothing
            [trade(day, -5, 100, minutes=3, coin="ETH") for day in (0, 1, 2)],
        ],
    )
    def test_lets_honest_leads_be(self, own: list[Trade]) -> None:
        assert against_followers.find(followed=self.FOLLOWED, own=own) == []

    def test_lets_a_lead_elsewhere_go_ahead_of_the_copies(self) -> None:
        led = [trade(day, 50, 100, minutes=-1) for day in (0, 1, 2)]

        assert against_followers.find(followed=self.FOLLOWED, own=[], led=led) == []

    def test_lets_a_lead_elsewhere_turn_before_them(self) -> None:
        led = [trade(day, -50, 100) for day in (0, 1, 2)]

        assert against_followers.find(followed=self.FOLLOWED, own=[], led=led) == []

    def test_counts_within_a_month(self) -> None:
        days = (0, 31, 62)
        followed = [trade(day, 10, 100) for day in days]
        own = [trade(day, -5, 100, minutes=3) for day in days]

        assert against_followers.find(followed=followed, own=own) == []


class TestHonestCrowd:
    """Two hundred leads who buy and sell by the day as people do: few of them are looked at for nothing."""

    @staticmethod
    def trades_of(chance: random.Random) -> list[Trade]:
        price, held, trades = 100.0, 0.0, []
        for day in range(90):
            price *= chance.lognormvariate(0, 0.03)
            if chance.random() < 0.5:
                continue
            if held and chance.random() < 0.4:
                part = chance.choice((0.5, 1.0)) * held
                held -= part
                trades.append(trade(day, -part, price, minutes=chance.uniform(0, 600)))
            else:
                bought = chance.uniform(50, 150) / price
                held += bought
                trades.append(trade(day, bought, price, minutes=chance.uniform(0, 600)))
        return trades

    def test_is_left_alone(self) -> None:
        found: list[Finding] = []
        for seed in range(200):
            trades = self.trades_of(random.Random(seed))
            found += [*averaging_down.find(trades), *round_trips.find(trades)]
            found += size_jumps.find(trades, equity_at=lambda _: 1_000.0)

        assert len(found) <= 8
