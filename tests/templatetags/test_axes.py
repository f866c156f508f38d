"""Round values upward, and times across that are true to time."""

from datetime import UTC, datetime, timedelta

import pytest

from copytrading.templatetags.axes import CHARACTER_WIDTH, ValueAxis, time_ticks

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class TestValueAxis:
    @pytest.mark.parametrize(
        ("low", "high", "labels"),
        [
            (870, 1320, ["1,400", "1,200", "1,000", "800"]),
            (999.61, 1000.42, ["1,000.6", "1,000.4", "1,000.2", "1,000.0", "999.8", "999.6"]),
            (-12.4, 31, ["40", "20", "0", "−20"]),
            (0, 1, ["1.0", "0.8", "0.6", "0.4", "0.2", "0.0"]),
        ],
    )
    def test_has_a_few_round_labels_around_what_is_drawn(self, low: float, high: float, labels: list[str]):
        axis = ValueAxis.around(low, high, span_min=0.1)

        assert axis.low <= low < high <= axis.high
        assert [tick.label for tick in reversed(axis.ticks)] == labels

    def test_runs_from_the_bottom_to_the_top(self):
        axis = ValueAxis.around(-5, 12, span_min=1)

        assert axis.ticks[0].place == 100
        assert axis.ticks[-1].place == 0
        assert [tick.label for tick in axis.ticks if tick.is_zero] == ["0"]

    def test_does_not_make_a_mountain_of_a_cent(self):
        axis = ValueAxis.around(1000.00, 1000.01, span_min=1)

        assert axis.high - axis.low >= 1

    def test_stays_above_nothing_for_what_is_worth_nothing(self):
        assert ValueAxis.around(0, 0, span_min=1).low == 0


class TestTimeTicks:
    @pytest.mark.parametrize("seconds", [1, 9, 47, 300, 5_000, 40_000, 300_000, 2_000_000, 10**7, 10**8, 10**9])
    def test_leave_room_between_each_other(self, seconds: int):
        ticks = time_ticks(NOON, NOON + timedelta(seconds=seconds), last_label="now")

        assert (ticks[0].place, ticks[-1].place, ticks[-1].label) == (0, 100, "now")
        # The first label begins at its place, the last one ends there.
        anchors = [0.0, *[0.5] * (len(ticks) - 2), 1.0]
        widths = [len(tick.label) * CHARACTER_WIDTH for tick in ticks]
        lefts = [tick.place - anchor * width for tick, anchor, width in zip(ticks, anchors, widths, strict=True)]
        assert all(
            left + width < other
            for (left, width), other in zip(zip(lefts, widths, strict=True), lefts[1:], strict=False)
        )
        assert len(ticks) >= 3 or seconds < 5

    def test_stand_where_their_time_is(self):
        ticks = time_ticks(NOON, NOON + timedelta(days=90))

        assert [(tick.label, round(tick.place, 1)) for tick in ticks] == [
            ("5 Jan", 0.0),
            ("Feb", 29.4),
            ("Mar", 60.6),
            ("5 Apr", 100.0),
        ]

    def test_tell_seconds_of_a_young_copy(self):
        ticks = time_ticks(NOON, NOON + timedelta(seconds=40), last_label="now")

        assert [tick.label for tick in ticks] == ["12:00:00", "12:00:15", "12:00:30", "now"]

    def test_name_the_day_at_midnight(self):
        ticks = time_ticks(NOON, NOON + timedelta(hours=24), last_label="now")

        assert "6 Jan" in [tick.label for tick in ticks]
