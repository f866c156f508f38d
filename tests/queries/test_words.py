"""Sentences in another language: what the engine says is marked for it, and what is stored is not in it."""

from decimal import Decimal

import pytest
from django.utils import translation
from django.utils.translation import gettext

from accounts.models import Asset, RequestKey, User
from copytrading.engine.adjustments import Reason
from copytrading.engine.sizing import registry
from copytrading.engine.track_record import ranking
from copytrading.models import Copy, Lead, LimitOrder, Market, Notice
from copytrading.queries import engine_words
from copytrading.queries.copies.doubts import unpriced_sentence
from copytrading.queries.happened.sentences import adjustment_sentence, notice_sentence, trade_sentence
from copytrading.queries.happened.stored_words import said_anew
from copytrading.queries.notices.kinds import KINDS, TOPICS
from copytrading.queries.rules import installed_rules
from copytrading.services.books.limit_orders import words_of
from copytrading.services.wallet import transfers
from tests.cast import NOON, usdt

CASH = {"cash_symbol": "USDT", "cash_decimals": 8}


class TestEngineWords:
    def test_hold_every_text_of_a_score(self) -> None:
        score = ranking.score_of(
            return_90_days=0.1,
            drawdown_90_days=0.1,
            followers_median=0.1,
            own_stake_units=1,
            following_units=1,
            days_leading=90,
        )

        assert {text for part in score.parts for text in (part.name, part.formula)} == set(engine_words.SCORE)

    def test_hold_every_label_of_a_mode_but_the_one_that_brands_name(self) -> None:
        labels = {text for mode in registry.modes() for text in (mode.label, mode.short_label)}

        assert labels - set(engine_words.MODES) == {"Smart Sync"}


class TestGerman:
    @pytest.fixture(autouse=True)
    def in_german(self) -> object:
        with translation.override("de"):
            if gettext("Fee {fee}.") == "Fee {fee}.":
                pytest.skip("the German of the sentences is not in the catalogue yet")
            yield

    def test_says_what_was_traded(self) -> None:
        sentence = trade_sentence(
            lead_name="Basalt",
            symbol="SOL",
            decimals=8,
            cash_decimals=8,
            quantity_units=41_820_000,
            value_units=-usdt("59.514042"),
            fee_units=usdt("0.06"),
            lead_traded=True,
            followers=1204,
        )

        assert sentence.headline == "Basalt kaufte SOL; Sie auch: 0,4182 zu 142,31"
        assert sentence.detail == "Ein Kurs für den Lead und alle 1.204 Follower. Gebühr 0,06."

    def test_says_why_a_plan_differs_from_the_wish(self) -> None:
        sentence = adjustment_sentence(
            reason=Reason.DEPTH_CAPPED,
            copy=Copy(lead=Lead(name="Basalt")),
            symbol="SOL",
            side="BUY",
            wanted_units=usdt("1000"),
            planned_units=usdt("900.5"),
            rules=installed_rules(),
            **CASH,
        )

        assert sentence.headline == "Etwas weniger SOL gekauft als gewünscht: 900,50 statt 1.000,00 USDT"
        assert sentence.detail == "Das Orderbuch war innerhalb von 0,5 % dünn; der Rest folgt, sobald es geht."

    @pytest.mark.parametrize("kind", list(Notice.Kind))
    def test_says_every_notice_with_its_figures(self, kind: Notice.Kind) -> None:
        copy = Copy(lead=Lead(name="Basalt"), profit_share_rate=Decimal("0.1"))

        for units in (usdt("12.5"), None):
            sentence = notice_sentence(
                kind=kind, copy=copy, units=units, number=1, words="Wort", text="Text", rules=installed_rules(), **CASH
            )

            assert "{" not in sentence.headline + sentence.detail
            assert sentence.headline not in {words[0] for words in (KINDS[kind].words, KINDS[kind].plain) if words}

    @pytest.mark.parametrize(
        ("kind", "words", "said"),
        [
            (Notice.Kind.WEEK_RESULT, "29 December to 4 January", "29. Dezember bis 4. Januar"),
            (Notice.Kind.MONTH_RESULT, "March 2026", "März 2026"),
            (Notice.Kind.SIGNED_IN, "a program on Linux", "ein Programm auf Linux"),
            (Notice.Kind.SECOND_FACTOR_CHANGED, "a passkey, added", "ein Passkey, hinzugefügt"),
            (Notice.Kind.LOSS_LIMIT_CHANGED, "12.5 % of what is invested", "12,5 % des Investierten"),
            (Notice.Kind.LOSS_LIMIT_CHANGED, "1,234.50 USDT", "1.234,50 USDT"),
            (
                Notice.Kind.CHECK_PASSED,
                "start or increase of a copy of 500.00 USDT (Basalt)",
                "Start oder Aufstockung einer Kopie über 500,00 USDT (Basalt)",
            ),
            (Notice.Kind.CHECK_FAILED, "what nobody says", "what nobody says"),
            (Notice.Kind.EMAIL_CHANGED, "March 2026", "March 2026"),
        ],
    )
    def test_says_anew_what_only_the_moment_knew(self, kind: Notice.Kind, words: str, said: str) -> None:
        assert said_anew(kind, words) == said
        with translation.override("en"):
            assert said_anew(kind, words) == words

    def test_names_every_topic(self) -> None:
        assert all(topic.label != topic.title and topic.section != topic.about for topic in TOPICS.values())

    def test_counts_one_and_several(self) -> None:
        assert unpriced_sentence(["BTC"]).startswith("BTC hat im Moment keinen Kurs")
        assert unpriced_sentence(["BTC", "ETH"]).startswith("BTC und ETH haben im Moment keinen Kurs")


class TestStored:
    @pytest.mark.parametrize("side", ["BUY", "SELL"])
    def test_an_order_is_written_in_the_form_that_is_read_again(self, side: str) -> None:
        market = Market(base=Asset(symbol="BTC", decimals=8), quote=Asset(symbol="USDT", decimals=8), symbol="BTC-USDT")
        own = LimitOrder(market=market, side=side, quantity_units=50_000_000, price_limit=Decimal("49000.50"))
        way = "weniger kaufen" if side == "BUY" else "mehr verkaufen"

        words = words_of(own)

        assert said_anew(Notice.Kind.LIMIT_FILLED, words) == words
        with translation.override("de"):
            assert said_anew(Notice.Kind.LIMIT_FILLED, words) == f"0,5 BTC zu 49000,5 USDT oder {way}"
            ended = said_anew(Notice.Kind.LIMIT_ENDED, f"{words} was ended: {LimitOrder.Why.DELISTED.label}")
        assert ended == f"0,5 BTC zu 49000,5 USDT oder {way}; beendet: der Markt ist nicht mehr gelistet"

    def test_a_key_stands_for_the_same_request_in_every_language(self, follower: User) -> None:
        with translation.override("de"):
            first = transfers.deposit(user=follower, units=usdt("1234.5"), idempotency_key="one", now=NOON)
        again = transfers.deposit(user=follower, units=usdt("1234.5"), idempotency_key="one", now=NOON)

        assert again == first
        assert RequestKey.objects.get(user=follower, key="one").words == "a deposit of 1,234.50 USDT"
