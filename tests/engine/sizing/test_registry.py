"""
What a sizing mode needs, tried by an exercise: the lead's coins in equal weights.

The mode is known for the duration of a test and nowhere else. That its aim, terms, row and words follow from
the registry is what keeps a new mode to a handful of files.
"""

import re
from dataclasses import replace

import numpy as np
import pytest
from django.conf import settings

from copytrading.api.shapes.copies import PreviewInput
from copytrading.engine.deciding.decision import decide
from copytrading.engine.holdings.portfolios import STATUS_NUMBERS, CopyTable, LeadPortfolio
from copytrading.engine.holdings.profit_share import ShareState
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.market.board import Board
from copytrading.engine.sizing import registry
from copytrading.engine.sizing.mode import Aim, Sight, SizingMode, nowhere
from copytrading.services.copies.refusals import TermsNotKnown, TermsNotPossible, refuse_terms
from tests.engine.stage import rules

FILES_AT_MOST = 8
USDT = 10**8


class EqualWeights(SizingMode):
    """As much of each coin that the lead holds, for what the lead has in coins."""

    name = "EQUAL"
    label = short_label = "Equal weights"
    holds_ratios = True
    allows = ("buy_existing",)

    def aim(self, sight: Sight) -> Aim:
        held, prices = sight.lead_units > 0, np.nan_to_num(sight.board.unit_prices)
        in_coins = float((sight.lead_units * prices).sum()) / sight.lead_equity
        each = in_coins / max(int(held.sum()), 1)
        values = np.outer(np.maximum(sight.sizing, 0.0), np.where(held, each, 0.0))
        return Aim(target_units=np.divide(values, prices, out=0 * values, where=prices > 0), capped=nowhere(sight))


def board() -> Board:
    """Return three coins at 100, 10 and 1, all of which trade."""
    none, every = np.zeros(3, dtype=np.int64), np.ones(3, dtype=np.bool_)
    objects = np.empty(3, dtype=object)
    return Board(
        asset_ids=np.arange(3), market_ids=np.arange(3), unit_prices=np.array([100.0, 10.0, 1.0]), lot_units=none + 1,
        value_min_units=none, decimals=none + 8, quote_decimals=none + 8, tick_sizes=objects, marks=objects,
        fresh=every, listed=every, tradable=every, frozen=~every, priced_at=np.zeros(3),
        doubted_prices=np.full(3, np.nan),
    )  # fmt: skip


def lead() -> LeadPortfolio:
    """Return a lead with 60 % in the first coin, 20 % in the second and 20 % cash."""
    none = np.zeros(3, dtype=np.int64)
    return LeadPortfolio(
        account_id=None, cash_units=200 * USDT, cash_held_units=0, units=np.array([6 * USDT, 20 * USDT, 0]),
        held_units=none, survival=np.ones(3), epoch=none, touched=none > 0, pending_units=none, pending_orders=none,
    )  # fmt: skip


def a_copy(terms: Terms) -> CopyTable:
    """Return one copy of 1,000 in cash that is to be brought to what its terms aim at."""
    cash, none = np.array([1_000 * USDT]), np.zeros((1, 3), dtype=np.int64)
    return CopyTable(
        ids=np.array([1]), account_ids=np.array([1]), invested_units=cash, stop_loss_units=np.full(1, np.nan),
        status=np.array([STATUS_NUMBERS["ACTIVE"]]), owed_units=0 * cash,
        share_state=ShareState(issued_units=cash, mark_value_units=cash, rate_millionths=0 * cash),
        terms=registry.columns_of([terms], market_ids=np.arange(3)), aligning=np.array([True]),
        stopping_at=np.full(1, np.nan), cash_units=cash, cash_held_units=0 * cash, units=none, held_units=none,
        baseline_units=none, baseline_survival=np.ones((1, 3)), baseline_epoch=none,
    )  # fmt: skip


def wished_values(terms: Terms) -> list[float]:
    decided = decide(
        board=board(), lead=lead(), copies=a_copy(terms), lead_orders=(), books=None, phase=None,
        rules=rules(fee_rate=0, slippage_cap=0), now=0.0,
    )  # fmt: skip
    return (decided.wishes.copies[0] * board().unit_prices / USDT).round(2).tolist()


class TestAModeMore:
    def test_is_decided_like_the_others(self) -> None:
        with registry.with_mode(EqualWeights()):
            assert wished_values(Terms(mode="EQUAL")) == [400.0, 400.0, 0.0]
            assert wished_values(Terms()) == [600.0, 200.0, 0.0]

    @pytest.mark.django_db
    def test_takes_the_terms_that_it_names_and_no_others(self) -> None:
        with registry.with_mode(EqualWeights()):
            refuse_terms(Terms(mode="EQUAL"), 1_000 * USDT)
            with pytest.raises(TermsNotPossible, match="Equal weights has no use for weight_max"):
                refuse_terms(Terms(mode="EQUAL", weight_max=0.3), 1_000 * USDT)

    def test_is_known_by_its_name_and_by_its_word_and_then_no_more(self) -> None:
        with registry.with_mode(EqualWeights()) as number:
            assert registry.modes()[number] is registry.mode_of("equal") is registry.mode_of("EQUAL")

        with pytest.raises(TermsNotKnown, match="no sizing mode 'EQUAL'; there are SMART_SYNC"):
            refuse_terms(Terms(mode="EQUAL"), 1_000 * USDT)


class TestTheRegistry:
    @pytest.mark.parametrize("mode", registry.modes(), ids=str)
    def test_keeps_a_mode_to_few_files(self, mode: SizingMode) -> None:
        """How many files of the platform name one mode; the default one is named where nothing is chosen besides."""
        names = re.compile(rf"\b({mode.name}|{mode.word}|{type(mode).__name__})\b")
        rooms = [settings.BASE_DIR / room for room in ("copytrading", "templates", "static")]
        paths = [path for room in rooms for path in room.rglob("*.*") if path.suffix in {".py", ".html", ".js"}]

        found = [str(path) for path in paths if names.search(path.read_text())]

        if mode.name != Terms().mode:
            assert len(found) <= FILES_AT_MOST, found

    def test_says_which_mode_holds_ratios_and_that_an_unknown_one_does_not(self) -> None:
        names = ["SMART_SYNC", "CUSTOM_FIXED", "CUSTOM_RATIO", "NO_SUCH_MODE"]

        assert [registry.holds_ratios(name) for name in names] == [True, False, False, False]

    def test_gives_the_api_its_choices(self) -> None:
        names = [mode.name for mode in registry.modes() if mode.holds_ratios]

        assert list(PreviewInput().fields["mode"].choices) == names
        assert replace(Terms(), mode=names[0]).mode in names
