"""Every fact has its sentence."""

from decimal import Decimal

import pytest

from accounts.models import Asset
from copytrading.engine.adjustments import Reason
from copytrading.models import Copy, Lead, Notice
from copytrading.queries.happened import sentences
from copytrading.queries.happened.sentences import adjustment_sentence, notice_sentence, ratio_caution, trade_sentence
from copytrading.queries.leads.proportions import Proportion
from copytrading.queries.notices.kinds import KINDS
from copytrading.queries.rules import installed_rules
from tests.cast import usdt

CASH = {"cash_symbol": "USDT", "cash_decimals": 8}
TOLD = {**CASH, "rules": installed_rules()}


def a_copy(**fields: object) -> Copy:
    return Copy(lead=Lead(name="Basalt"), **fields)


def trade(**changes: object) -> sentences.Sentence:
    facts: dict[str, object] = {
        "lead_name": "Basalt",
        "symbol": "SOL",
        "decimals": 8,
        "cash_decimals": 8,
        "quantity_units": 41_820_000,
        "value_units": -usdt("59.514042"),
        "fee_units": usdt("0.06"),
        "lead_traded": True,
        "followers": 1204,
    }
    return trade_sentence(**(facts | changes))  # type: ignore[arg-type]


class TestTradeSentence:
    def test_says_who_traded_and_at_what_price(self) -> None:
        sentence = trade()

        assert sentence.headline == "Basalt bought SOL; so did you: 0.4182 at 142.31"
        assert sentence.detail == "One price for the lead and all 1,204 followers. Fee 0.06."

    def test_names_only_you_where_the_lead_did_not_trade(self) -> None:
        sentence = trade(quantity_units=-41_820_000, value_units=usdt("59.514042"), lead_traded=False, followers=1)

        assert sentence.headline == "You sold SOL: 0.4182 at 142.31"
        assert sentence.detail == "For your copy alone. Fee 0.06."

    def test_never_shows_a_quantity_rounded_up(self) -> None:
        assert "0.00012345 at" in trade(quantity_units=12_345, value_units=-usdt("1")).headline
        assert "0.99999 at" in trade(quantity_units=99_999_999, value_units=-usdt("1")).headline


class TestAdjustmentSentence:
    @pytest.mark.parametrize("reason", list(Reason))
    @pytest.mark.parametrize("is_taken_over", [False, True])
    def test_promises_nothing_to_a_copy_that_has_ended(self, reason: Reason, is_taken_over: bool) -> None:
        sentence = adjustment_sentence(
            reason=reason,
            copy=a_copy(status=Copy.Status.STOPPED),
            symbol="DOGE",
            side="SELL",
            wanted_units=usdt("5.04"),
            planned_units=0,
            is_taken_over=is_taken_over,
            **TOLD,  # type: ignore[arg-type]
        )

        assert "follows" not in sentence.detail
        assert "stays cash" not in sentence.detail

    @pytest.mark.parametrize("reason", list(Reason))
    def test_explains_every_reason(self, reason: Reason) -> None:
        sentence = adjustment_sentence(
            reason=reason,
            copy=a_copy(weight_max=0.2),
            symbol="LINK",
            side="BUY",
            wanted_units=usdt("14.05"),
            planned_units=usdt("11.20"),
            **TOLD,  # type: ignore[arg-type]
        )

        assert sentence.headline == "Bought a little less LINK than wanted: 11.20 instead of 14.05 USDT"
        assert sentence.detail.endswith(".")
        assert "{" not in sentence.detail

    @pytest.mark.parametrize(
        ("side", "planned", "headline"),
        [
            ("SELL", "2", "Sold less LINK than wanted: 2.00 instead of 14.05 USDT"),
            ("BUY", "0", "Did not buy LINK: 0.00 instead of 14.05 USDT"),
            (None, "0", "Did not trade LINK: 0.00 instead of 14.05 USDT"),
        ],
    )
    def test_says_what_was_done_instead(self, side: str | None, planned: str, headline: str) -> None:
        sentence = adjustment_sentence(
            reason=Reason.DEPTH_CAPPED,
            copy=a_copy(),
            symbol="LINK",
            side=side,
            wanted_units=usdt("14.05"),
            planned_units=usdt(planned),
            **TOLD,  # type: ignore[arg-type]
        )

        assert sentence.headline == headline


class TestNoticeSentence:
    def test_says_of_less_than_a_cent_that_it_is_that(self) -> None:
        sentence = notice_sentence(
            kind=Notice.Kind.REST_TAKEN_OVER,
            copy=a_copy(),
            units=1_233,
            coin=Asset(symbol="SOL", decimals=8),
            paid_units=178_000,
            **TOLD,  # type: ignore[arg-type]
        )

        assert sentence.headline.endswith("was taken over by the platform at the mark for less than 0.01 USDT")

    @pytest.mark.parametrize("kind", Notice.Kind.values)
    @pytest.mark.parametrize("units", [None, usdt("4000")])
    def test_says_every_kind_with_and_without_a_figure(self, kind: str, units: int | None) -> None:
        copy = a_copy(stop_reason=Copy.StopReason.STOP_LOSS)

        sentence = notice_sentence(kind=kind, copy=copy, units=units, words="buy 1 SOL", **TOLD)  # type: ignore[arg-type]

        assert ("Basalt" in sentence.headline + sentence.detail) == ("{lead}" in "".join(KINDS[kind].words))
        assert "{" not in sentence.headline + sentence.detail
        assert "  " not in sentence.headline

    def test_says_what_came_back_and_why(self) -> None:
        copy = a_copy(stop_reason=Copy.StopReason.STOP_LOSS)

        sentence = notice_sentence(
            kind=Notice.Kind.COPY_STOPPED,
            copy=copy,
            units=usdt("849.31"),
            **TOLD,  # type: ignore[arg-type]
        )

        assert sentence.headline == "Your copy of Basalt has stopped: 849.31 USDT came back to your wallet"
        assert sentence.detail == "Why: the stop loss was reached."


class TestPriceInWords:
    @pytest.mark.parametrize(
        ("price", "words"),
        [("68412.5", "68,412.50"), ("142.31", "142.31"), ("0.0821437", "0.082144"), ("0", "0.00"), ("1", "1.00")],
    )
    def test_has_the_decimals_that_its_size_needs(self, price: str, words: str) -> None:
        assert sentences.price_in_words(Decimal(price)) == words


class TestRatioCaution:
    @pytest.mark.parametrize(
        ("ratio", "times", "taken"),
        [
            (0.0667, "6.7 times", "67 % of what you invest"),
            (0.02, "2.0 times", "20 % of what you invest"),
            (0.1, "10 times", "all that you invest"),
            (13.0, "1,300 times", "all that you invest"),
        ],
    )
    def test_says_how_far_and_what_an_order_would_take(self, ratio: float, times: str, taken: str) -> None:
        proportion = Proportion(lead_name="Basalt", investment_units=usdt(150), equity_units=usdt(15_000))

        sentence = ratio_caution(ratio=ratio, proportion=proportion, **CASH)  # type: ignore[arg-type]

        assert f" times each order is {times} what is in proportion: 150 USDT beside the 15,000 USDT" in sentence
        assert f"would take {taken} instead of a tenth" in sentence


class TestARowOfAnotherVersion:
    """A kind or reason that this version does not know is said to be so; a page that shows it does not break."""

    def test_has_a_sentence_with_the_reason_it_names(self) -> None:
        sentence = adjustment_sentence(
            reason="MOON_PHASE",
            copy=a_copy(),
            symbol="LINK",
            side="LEND",
            wanted_units=usdt("14.05"),
            planned_units=usdt("11.2"),
            **TOLD,  # type: ignore[arg-type]
        )

        assert sentence.headline == "Traded a little less LINK than wanted: 11.20 instead of 14.05 USDT"
        assert "(MOON_PHASE)" in sentence.detail

    @pytest.mark.parametrize("units", [None, usdt(5)])
    def test_has_a_sentence_with_the_kind_it_names(self, units: int | None) -> None:
        sentence = notice_sentence(kind="COPY_CLONED", copy=a_copy(), units=units, **TOLD)  # type: ignore[arg-type]

        assert sentence.headline == "Something happened to your copy of Basalt"
        assert "(COPY_CLONED)" in sentence.detail
