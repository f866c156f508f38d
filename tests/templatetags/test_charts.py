"""Charts as the browser gets them: true to time, coloured by the result, the same with and without a script."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from copytrading.queries.copies.curves import AccountCurve, CopyCurve, Move, WorthPoint
from copytrading.templatetags import charts, comparisons
from copytrading.templatetags.plots import stretches_of
from tests.cast import usdt

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def curve(*points: tuple[float, float, float, float], moves: tuple[Move, ...] = ()) -> CopyCurve:
    """Return a curve of (hours, worth, invested, result)."""
    return CopyCurve(
        points=tuple(
            WorthPoint(at=at(hours), worth_units=usdt(worth), invested_units=usdt(invested), result_units=usdt(result))
            for hours, worth, invested, result in points
        ),
        moves=moves,
    )


# Ten hours behind, with a deposit in the fifth.
LOSING = curve(
    (0, 1000, 1000, 0),
    (5, 900, 1000, -100),
    (5, 1400, 1500, -100),
    (10, 1440, 1500, -60),
    moves=(Move(at=at(5), units=usdt(500), worth_units=usdt(1400)),),
)


def numbers(drawn: str) -> dict[str, Any]:
    found = re.search(r'data-chart="([^"]*)"', drawn)
    assert found
    return dict(json.loads(unescape(found[1])))


def paths(drawn: str, classes: str) -> list[list[tuple[int, int]]]:
    found = re.findall(rf'<path class="{classes}" d="M([^"]*?)Z?"', drawn)
    return [[tuple(int(place) for place in spot.split()) for spot in path.split("L")] for path in found]  # type: ignore[misc]


class TestStretchesOf:
    def test_cut_the_curve_where_the_result_is_zero(self):
        stretches = stretches_of([(0, 10, 10, 0), (10, 14, 10, 4), (20, 6, 10, -4)])

        assert [(stretch.kind, stretch.rows[0][0], stretch.rows[-1][0]) for stretch in stretches] == [
            ("gain", 0, 15),
            ("loss", 15, 20),
        ]
        assert stretches[1].rows[0][1:] == (10, 10)

    def test_do_not_call_a_step_a_result(self):
        stretches = stretches_of([(0, 10, 10, 0), (10, 14, 10, 4), (10, 24, 20, 4), (20, 25, 20, 5)])

        assert [(stretch.kind, len(stretch.rows)) for stretch in stretches] == [("gain", 2), ("gain", 2)]

    def test_have_no_colour_where_nothing_was_gained_or_lost(self):
        assert [stretch.kind for stretch in stretches_of([(0, 10, 10, 0), (10, 10, 10, 0)])] == ["even"]


class TestWorthChart:
    def test_is_red_for_a_losing_copy_though_a_deposit_lifted_its_worth(self):
        drawn = charts.worth_chart(LOSING)

        assert paths(drawn, "line loss")
        assert not paths(drawn, "line gain")
        assert 'class="dot loss"' in drawn

    def test_steps_up_by_money_that_moved_instead_of_climbing(self):
        drawn = charts.worth_chart(LOSING)

        before, after = paths(drawn, "line loss")
        assert before[-1][0] == after[0][0] == 500
        assert before[-1][1] > after[0][1]
        assert '<line class="step" x1="50.00%" x2="50.00%"' in drawn

    def test_draws_what_is_invested_as_stairs(self):
        drawn = charts.worth_chart(LOSING)

        assert re.search(r'<path class="line invested" d="M0 \d+H500V\d+H1000"/>', drawn)

    def test_marks_what_moved_with_its_sum(self):
        drawn = charts.worth_chart(LOSING)

        assert re.search(r'<circle class="move" cx="50.00%" cy="[\d.]+%" r="4"><title>\+500</title>', drawn)
        assert ">+500</text>" in drawn

    def test_is_true_to_time(self):
        drawn = charts.worth_chart(
            curve((0, 1000, 1000, 0), (90, 990, 1000, -10), (99, 980, 1000, -20), (100, 970, 1000, -30))
        )

        assert [x for x, _ in paths(drawn, "line loss")[0]] == [0, 900, 990, 1000]

    def test_carries_every_number_it_shows_to_the_cent(self):
        told = numbers(charts.worth_chart(LOSING))

        worth, invested, result = told["lines"]
        assert worth["at"] == [0, 18000, 18000, 36000]
        assert worth["values"] == [1000, 900, 1400, 1440]
        assert invested["values"] == [1000, 1000, 1500, 1500]
        assert result["values"] == [0, -100, -100, -60]

    def test_cuts_its_numbers_like_the_figures_beside_it(self):
        told = numbers(charts.worth_chart(curve((0, 1000, 1000, 0), (1, 999.509, 1000, -0.491))))

        assert [line["values"][-1] for line in told["lines"]] == [999.5, 1000, -0.5]

    def test_says_aloud_what_it_shows(self):
        drawn = charts.worth_chart(LOSING)

        assert "1,000.00 USDT on 5 January" in drawn
        assert "1,440.00 now; invested 1,500.00, result −60.00. Money moved: +500 on 5 January." in drawn

    def test_names_the_sums_that_have_room_and_marks_the_others(self):
        moves = tuple(Move(at=at(5 + number / 10), units=usdt(1), worth_units=usdt(900)) for number in range(9))

        drawn = charts.worth_chart(curve((0, 900, 900, 0), (10, 900, 900, 0), moves=moves))

        assert drawn.count('class="move"') == 9
        assert drawn.count("+1</text>") == 1


class TestAccountChart:
    def test_has_no_colour_of_gain_or_loss(self):
        drawn = charts.account_chart(
            AccountCurve(
                points=((at(0), usdt(10)), (at(1), usdt(10)), (at(1), usdt(5)), (at(2), usdt(5))),
                moves=(Move(at=at(1), units=usdt(-5), worth_units=usdt(5)),),
            )
        )

        assert "gain" not in drawn and "loss" not in drawn
        assert ">−5</text>" in drawn

    def test_says_when_it_is_too_early(self):
        assert "Too early" in charts.account_chart(AccountCurve(points=((at(0), usdt(10)),), moves=()))


class TestReturnChart:
    def test_is_green_above_zero_and_red_below(self):
        drawn = charts.return_chart([(at(0), 0.0), (at(1), 5.0), (at(3), -5.0)])

        assert [spots[-1][0] for spots in paths(drawn, "line gain")] == [667]
        assert [spots[0][0] for spots in paths(drawn, "line loss")] == [667]
        assert 'class="zero"' in drawn

    def test_is_red_for_a_loss_that_was_greater_before(self):
        drawn = charts.return_chart([(at(0), 0.0), (at(1), -20.0), (at(2), -4.0)])

        assert "gain" not in drawn

    def test_says_when_it_is_too_early(self):
        assert "Too early" in charts.return_chart([(at(0), 0.0)])


class TestCurves:
    def test_places_each_line_by_its_own_times(self):
        lines = [
            ("Basalt", "lead", [(at(0), 1000.0), (at(1), 1010.0), (at(10), 1020.0)]),
            ("Smart Sync", "smart", [(at(0), 1000.0), (at(10), 990.0)]),
        ]

        drawn = comparisons.curves(lines, label="What if", unit="USDT")

        assert [x for x, _ in paths(drawn, "line lead")[0]] == [0, 100, 1000]
        assert [x for x, _ in paths(drawn, "line smart")[0]] == [0, 1000]
        assert [line.get("at") for line in numbers(drawn)["lines"]] == [[0, 3600, 36000], [0, 36000]]
