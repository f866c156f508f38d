"""What the campaign changes: all of it is in the sources as they are, and each change is one thing."""

import ast
from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from copytrading.engine import units
from copytrading.engine.orders import allocation
from copytrading.engine.orders.netting import net_market
from copytrading.engine.track_record import performance
from copytrading.engine.track_record.trade_record import RecordedTrade
from tests.mutants.__main__ import Campaign
from tests.mutants.changing import Live, NotInReach
from tests.mutants.equivalents import EQUIVALENTS
from tests.mutants.finding import drawn, is_a_program, mutants_of
from tests.mutants.named import NAMED
from tests.mutants.reading import lines_run_by
from tests.mutants.rooms import SOURCES, TESTS
from tests.mutants.running import End, Watch

SOURCE = '''
"""A source."""


def pay(owed: int | None, paid: int) -> int | None:
    """Pay."""
    assert owed is not None
    if owed < paid:
        raise ValueError("too much")
    book(paid)
    left = max(owed - paid, 0)
    pairs = zip([owed], [paid], strict=True)
    return left
'''


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source.py").write_text(SOURCE)
    return tmp_path


class TestMutants:
    def test_are_one_thing_each_in_what_runs(self, source: Path) -> None:
        found = mutants_of("source.py", root=source)

        changes = {mutant.change(source) for mutant in found}
        assert ("book(paid)", "pass") in changes
        assert ('raise ValueError("too much")', "pass") in changes
        assert ("left = max(owed - paid, 0)", "left = min(owed - paid, 0)") in changes
        assert ("left = max(owed - paid, 0)", "left = max(owed + paid, 0)") in changes
        assert ("if owed < paid:", "if owed <= paid:") in changes
        # Neither a type nor an assertion, and no name that would only be missing.
        assert not any("def pay" in before or "assert" in before for before, _ in changes)
        assert ("left = max(owed - paid, 0)", "pass") not in changes
        assert not any("strict=True" in before for before, _ in changes)
        assert all(is_a_program(mutant.source(source)) for mutant in found)
        assert not is_a_program("def pay(+, owed): ...")

    def test_are_drawn_one_of_a_place_and_by_the_seed_alone(self, source: Path) -> None:
        found = mutants_of("source.py", root=source)

        assert drawn(found, seed=1) == drawn(list(reversed(found))[::-1], seed=1)
        assert drawn(found, seed=1) != drawn(found, seed=2)
        assert len({mutant.site for mutant in drawn(found, seed=1)}) == len({mutant.site for mutant in found})


class TestLists:
    @pytest.mark.parametrize("named", NAMED, ids=[named.what for named in NAMED])
    def test_name_what_is_there_once(self, named: object) -> None:
        ast.parse(named.source(settings.BASE_DIR))
        assert all((settings.BASE_DIR / tests.partition("::")[0]).exists() for tests in named.tests)

    def test_excuse_only_what_is_there(self) -> None:
        for one in EQUIVALENTS:
            lines = " ".join(line.strip() for line in (settings.BASE_DIR / one.path).read_text().splitlines())
            assert one.before in lines, f"{one.before} is not in {one.path} any more"
            assert one.reason.endswith(".")

    def test_name_sources_and_tests_that_are_there(self) -> None:
        assert [path for path in (*SOURCES, *TESTS) if not (settings.BASE_DIR / path).exists()] == []


PAYING = """
LEAST, MOST = 1, 9


def pay(owed, paid=0):
    if owed <= 0 or (
        paid > MOST
    ):
        return 0
    for part in parts(
        owed,
        least=LEAST,
    ):
        owed -= part
    return owed
"""


class TestLinesRunBy:
    @pytest.mark.parametrize(
        ("line", "lines"),
        [
            (7, [6, 7, 8]),  # a condition over three lines, and not what it guards
            (9, [9]),
            (12, [10, 11, 12, 13]),  # the head of a loop
            (14, [14]),
            (5, list(range(5, 16))),  # a default runs with any of its function
            (2, [2, 7, 12]),  # a value is read where a line speaks of it
        ],
    )
    def test_are_those_of_the_statement_alone(self, line: int, lines: list[int]) -> None:
        sources = {"paying.py": PAYING.splitlines(), "other.py": ["UTMOST = 1"]}

        assert lines_run_by(sources, "paying.py", line)["paying.py"] == lines

    def test_of_a_value_are_in_every_source(self) -> None:
        sources = {"paying.py": PAYING.splitlines(), "other.py": ["from paying import LEAST", "", "print(LEAST)"]}

        assert lines_run_by(sources, "paying.py", 2)["other.py"] == [1, 3]


class TestWatch:
    PATH = "copytrading/engine/orders/netting.py"

    @pytest.fixture
    def watch(self) -> Watch:
        return Watch(settings.BASE_DIR, ["copytrading/engine/arrays.py", self.PATH])

    def _line(self, watch: Watch, text: str) -> int:
        return next(number for number, line in enumerate(watch.lines[self.PATH], start=1) if text in line)

    def _net(self, *wishes: int) -> bool:
        net_market(
            wish_units=np.array(wishes), lot_units=20, depth_units=None, unit_price=1.0, value_min_units=1
        )  # fmt: skip
        return True

    def test_asks_the_tests_that_run_the_line(self, watch: Watch) -> None:
        watch.lines_of(lambda: self._net(70, -30), "test_of_both")
        watch.lines_of(lambda: True, "test_of_nothing")

        assert watch.tests_of(self.PATH, self._line(watch, "sells = -int(")) == ["test_of_both"]

    def test_asks_those_of_the_source_where_none_runs_the_line(self, watch: Watch) -> None:
        watch.lines_of(lambda: self._net(70, -30), "test_of_both")

        assert watch.tests_of(self.PATH, self._line(watch, "Many wishes")) == ["test_of_both"]

    def test_asks_none_that_fails_as_it_is(self, watch: Watch) -> None:
        watch.lines_of(lambda: self._net(70, -30) and False, "test_of_both")

        assert watch.tests_of(self.PATH, self._line(watch, "sells = -int(")) == []

    def test_asks_the_nearest_first_and_of_them_the_quickest(self, watch: Watch) -> None:
        names = [
            "tests/engine/orders/test_netting.py::slow", "tests/engine/orders/test_netting.py::quick",
            "tests/engine/orders/test_bunching.py::a", "tests/services/a",
        ]  # fmt: skip
        for name in reversed(names):
            watch.lines_of(lambda: self._net(70, -30), name)
        watch.seconds = dict(zip(names, [2, 1, 0.5, 0.1], strict=True))

        found = watch.tests_of(self.PATH, self._line(watch, "sells = -int("))

        assert found == [names[1], names[0], names[2], names[3]]

    def test_goes_on_from_what_another_run_kept(self, watch: Watch) -> None:
        watch.lines_of(lambda: self._net(70, -30), "test_of_both")
        watch.lines_of(lambda: False, "test_that_fails")

        again = Watch(settings.BASE_DIR, list(watch.lines))
        again.take(watch.kept())

        assert (again.ran, again.seconds, again.failed) == (watch.ran, watch.seconds, {"test_that_fails"})

    def test_watches_anew_what_ran_a_source_that_has_changed(self, watch: Watch) -> None:
        watch.lines_of(lambda: self._net(70, -30), "test_of_both")
        watch.lines_of(lambda: True, "test_of_nothing")
        watch.lines[self.PATH] = ["another"]

        again = Watch(settings.BASE_DIR, [self.PATH])
        again.take(watch.kept())

        assert list(again.ran) == ["test_of_nothing"]

    def test_watches_anew_what_has_changed_itself(self, source: Path) -> None:
        (source / "test_source.py").write_text("")
        watch, again = Watch(source, ["source.py"]), Watch(source, ["source.py"])
        watch.lines_of(lambda: True, "test_source.py::TestPay::test_pays")
        kept = watch.kept()
        (source / "test_source.py").write_text("pass")

        again.take(kept)

        assert again.ran == {}


class TestLeftOut:
    def test_are_a_star_among_parameters_and_how_many_rows_go_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "source.py").write_text(
            "def put(rows, *, twice):\n    return save(rows, count=7, batch_size=500) if twice else rows * 3\n"
        )

        found = {(mutant.line, mutant.column) for mutant in mutants_of("source.py", root=tmp_path)}

        # The count, the condition and the product; nothing of the first line, and not the 500.
        assert found == {(2, 28), (2, 50), (2, 66), (2, 68)}


class TestLive:
    def test_changes_a_function_whoever_holds_it(self) -> None:
        path = "copytrading/engine/units.py"
        source = (settings.BASE_DIR / path).read_text()
        held, as_it_is = units.coins, units.coins.__code__
        try:
            assert "coins" in Live(settings.BASE_DIR).change(path, source.replace("(-decimals)", "(-decimals - 1)"))
            assert held(10, 1) == Decimal("0.1")
        finally:
            held.__code__ = as_it_is
        assert held(10, 1) == 1

    def test_changes_a_value_wherever_it_was_imported(self) -> None:
        path = "copytrading/engine/orders/allocation.py"
        source = (settings.BASE_DIR / path).read_text()
        try:
            assert Live(settings.BASE_DIR).change(path, source.replace("EXACT_MAX = 2**62", "EXACT_MAX = 2**61"))
            assert allocation.EXACT_MAX == 2**61
        finally:
            allocation.EXACT_MAX = 2**62

    def test_changes_what_a_parameter_is_where_nobody_says(self) -> None:
        path = "copytrading/engine/track_record/performance.py"
        source = (settings.BASE_DIR / path).read_text()
        held, returns = performance.sharpe_ratio, np.array([0.1, -0.1, 0.2])
        before, as_it_is = held(returns=returns), held.__kwdefaults__
        try:
            assert Live(settings.BASE_DIR).change(path, source.replace("DAYS_A_YEAR = 365", "DAYS_A_YEAR = 4 * 365"))
            assert held(returns=returns) == pytest.approx(2 * before)
        finally:
            held.__kwdefaults__ = as_it_is
            performance.DAYS_A_YEAR = 365
        assert held(returns=returns) == before

    def test_changes_what_a_field_is_where_nobody_says(self) -> None:
        path = "copytrading/engine/track_record/trade_record.py"
        source = (settings.BASE_DIR / path).read_text()
        as_it_is = RecordedTrade.__init__.__kwdefaults__

        def lot() -> int:
            return RecordedTrade(time=0, asset="BTC", quantity_units=1, value_units=1, fee_units=0).lot_units

        try:
            assert Live(settings.BASE_DIR).change(path, source.replace("lot_units: int = 1", "lot_units: int = 7"))
            assert lot() == 7
        finally:
            RecordedTrade.__init__.__kwdefaults__ = as_it_is
            RecordedTrade.lot_units = 1
        assert lot() == 1

    def test_says_what_it_cannot_change(self) -> None:
        path = "copytrading/engine/units.py"
        source = (settings.BASE_DIR / path).read_text()

        with pytest.raises(NotInReach):
            Live(settings.BASE_DIR).change(path, source + "\n# A remark.\n")

    def test_says_so_of_a_source_that_nobody_loaded(self, source: Path) -> None:
        with pytest.raises(NotInReach):
            Live(source).change("source.py", SOURCE)


class TestEnd:
    def test_leaves_nothing_set_up_that_a_test_from_elsewhere_would_meet(self, request: pytest.FixtureRequest) -> None:
        assert End(request.session).listchain() == [request.session]


class TestIsBlind:
    @pytest.mark.parametrize(("failing", "is_blind"), [(10, False), (11, True)])
    def test_is_a_campaign_in_which_too_many_tests_fail_as_they_are(self, failing: int, is_blind: bool) -> None:
        campaign = Campaign.__new__(Campaign)
        campaign.tests, campaign.failing, campaign.fates, campaign.named_alive = 1_000, failing, Counter(), []

        assert campaign.is_blind is is_blind
        assert campaign.is_clean is not is_blind
