"""Pictures of figures, as the browser gets them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from copytrading.templatetags import pictures


@dataclass(frozen=True)
class Part:
    symbol: str
    colour: int
    weight: float


BTC, ETH, CASH = Part("BTC", 1, 0.6), Part("ETH", 2, 0.3), Part("Cash", 0, 0.1)


def widths(ribbon: str) -> list[float]:
    return [float(width) for width in re.findall(r'<rect[^>]* width="([\d.]+)"', ribbon)]


class TestRibbon:
    def test_gives_each_coin_its_share_and_its_colour(self):
        drawn = pictures.ribbon([BTC, ETH, CASH])

        assert widths(drawn) == pytest.approx([60 - pictures.GAP, 30 - pictures.GAP, 10 - pictures.GAP])
        assert re.findall(r'class="(f\d+)"', drawn) == ["f1", "f2", "f0"]

    def test_reads_itself_aloud(self):
        assert 'aria-label="Basalt: BTC 60.0\u202f%, ETH 30.0\u202f%, Cash 10.0\u202f%"' in pictures.ribbon(
            [BTC, ETH, CASH], "Basalt"
        )

    def test_leaves_out_what_is_too_thin_to_see(self):
        assert len(widths(pictures.ribbon([BTC, Part("DOGE", 3, 0.0005)]))) == 1

    def test_is_empty_for_nobody(self):
        assert widths(pictures.ribbon([])) == []

    def test_escapes_names(self):
        assert "<b>" not in pictures.ribbon([Part("<b>", 1, 1.0)], "<b>")


class TestSparkline:
    def test_rises_green_and_falls_red(self):
        assert 'class="spark gain"' in pictures.sparkline([1.0, 2.0])
        assert 'class="spark loss"' in pictures.sparkline([2.0, 1.0])

    def test_spans_the_whole_width(self):
        drawn = pictures.sparkline([1.0, 3.0, 2.0])

        assert '<path d="M0.0 36.0L50.0 4.0L100.0 20.0"/>' in drawn

    def test_draws_a_flat_line_where_nothing_moves(self):
        assert "M0.0 36.0L100.0 36.0" in pictures.sparkline([5.0, 5.0])

    @pytest.mark.parametrize("values", [[], [1.0]])
    def test_says_when_it_is_too_early(self, values: list[float]):
        assert "too early" in pictures.sparkline(values)


class TestChart:
    def test_carries_its_points_one_a_second(self):
        noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
        points = [(noon, 1.0), (noon.replace(microsecond=9), 2.0), (noon.replace(second=1), 3.0)]

        drawn = pictures.chart(points, unit="%")

        seconds = int(noon.timestamp())
        assert f'data-points="[[{seconds},2.0],[{seconds + 1},3.0]]"' in drawn

    def test_stands_as_a_sparkline_without_a_script(self):
        noon = datetime(2026, 1, 5, 12, tzinfo=UTC)

        assert "<svg" in pictures.chart([(noon, 1.0), (noon.replace(second=1), 3.0)])


class TestAvatar:
    def test_is_the_same_everywhere(self):
        assert pictures.avatar("basalt") == pictures.avatar("basalt")
        assert len({pictures.avatar(f"lead {number}") for number in range(40)}) > 20
