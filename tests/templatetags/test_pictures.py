"""Pictures of figures, as the browser gets them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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
    def test_is_green_above_its_zero_line_and_red_below(self):
        drawn = pictures.sparkline([0.0, 0.1, -0.1], (-0.1, 0.1), 2)

        assert re.findall(r'class="line (\w+)"', drawn) == ["gain", "loss"]
        assert '<path class="zero" d="M0 500L1000 500"/>' in drawn

    def test_is_red_for_a_loss_however_it_came_about(self):
        drawn = pictures.sparkline([0.0, -0.3, -0.05], (-0.3, 0.0), 2)

        assert "gain" not in drawn
        assert 'aria-label="−5.0' in drawn

    def test_stands_on_the_scale_of_all_that_stand_together(self):
        small = pictures.sparkline([0.0, 0.1], (-0.5, 0.5), 1)
        large = pictures.sparkline([0.0, 0.5], (-0.5, 0.5), 1)

        assert 'class="line gain" d="M0 500L1000 400"' in small
        assert 'class="line gain" d="M0 500L1000 0"' in large

    def test_begins_where_the_record_began(self):
        assert 'd="M750 500L1000 0"' in pictures.sparkline([0.0, 0.5], (-0.5, 0.5), 4)

    @pytest.mark.parametrize("returns", [[], [0.0]])
    def test_says_when_it_is_too_early(self, returns: list[float]):
        drawn = pictures.sparkline(returns, (-0.1, 0.1), 60)

        assert "too early" in drawn
        assert 'class="zero"' in drawn


class TestLevelLine:
    def test_stands_on_zero_true_to_time_and_without_a_colour_of_gain(self):
        noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
        points = [(noon, 100.0), (noon + timedelta(days=9), 50.0), (noon + timedelta(days=10), 100.0)]

        drawn = pictures.level_line(points, label="Own money")

        assert 'class="line own" d="M0 0L900 500L1000 0"' in drawn
        assert "gain" not in drawn


class TestAvatar:
    def test_is_the_same_everywhere(self):
        assert pictures.avatar("basalt") == pictures.avatar("basalt")
        assert len({pictures.avatar(f"lead {number}") for number in range(40)}) > 20
