"""What cannot be acted on, why, and in which words."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from copytrading.exchange.markets import Quote
from copytrading.models import Halt, Lead, Market
from copytrading.queries.market import degraded
from copytrading.services.market import quotes
from copytrading.services.safety import halts
from tests.cast import World


def troubles(world: World) -> dict[str, str]:
    return {symbol: trouble.code.value for symbol, trouble in degraded.troubles(now=world.now).items()}


def market_of(symbol: str) -> Market:
    return Market.objects.get(symbol=f"{symbol}-USDT")


def disagree(world: World) -> None:
    for source, price in (("test", "2500"), ("other", "3000")):
        quote = Quote(symbol="ETH-USDT", price=Decimal(price), as_of=world.now, source=source)
        quotes.record_quotes(quotes=[quote], now=world.now)


class TestTroubles:
    def test_are_none_where_everything_is_as_it_should_be(self, world: World) -> None:
        assert troubles(world) == {}

    def test_name_what_is_old(self, world: World) -> None:
        world.now += timedelta(seconds=11)

        assert set(troubles(world).values()) == {"PRICE_STALE"}

    def test_name_sources_that_disagree_for_more_than_a_moment(self, world: World) -> None:
        disagree(world)
        at_once = troubles(world)
        world.now += timedelta(seconds=3)

        assert (at_once, troubles(world)) == ({}, {"ETH": "SOURCES_DISAGREE"})

    @pytest.mark.parametrize("status", [Market.Status.SUSPENDED, Market.Status.DELISTED])
    def test_name_what_the_venue_does_not_trade(self, world: World, status: str) -> None:
        Market.objects.filter(symbol="SOL-USDT").update(status=status, status_since=world.now)

        assert troubles(world) == {"SOL": status}

    def test_name_what_operators_halted_until_they_lift_it(self, world: World, operator: User) -> None:
        by_market = halts.place_halt(
            scope=Halt.Scope.MARKET, target_id=market_of("SOL").pk, reason="odd", now=world.now, by=operator
        )
        halts.place_halt(
            scope=Halt.Scope.ASSET, target_id=market_of("ETH").base_id, reason="odd", now=world.now, by=operator
        )
        both = troubles(world)
        halts.lift_halt(halt_id=by_market.pk, now=world.now, by=operator)

        assert (both, troubles(world)) == ({"ETH": "HALTED", "SOL": "HALTED"}, {"ETH": "HALTED"})

    def test_tell_the_gravest_of_several(self, world: World) -> None:
        Market.objects.filter(symbol="SOL-USDT").update(status=Market.Status.DELISTED)
        world.now += timedelta(seconds=60)

        assert troubles(world)["SOL"] == "DELISTED"


class TestCautions:
    def test_are_about_what_somebody_holds(self, world: World) -> None:
        world.now += timedelta(seconds=11)
        found = degraded.troubles(now=world.now)

        cautions = degraded.cautions_for(["BTC", "SOL", "Cash"], troubles=found)

        assert [caution.code for caution in cautions] == [degraded.Code.PRICE_STALE]
        assert cautions[0].sentence.startswith("There is no fresh price for BTC and SOL.")
        assert degraded.cautions_for(["USDT"], troubles=found) == ()

    def test_tell_of_a_lead_or_everything_that_is_halted(self, world: World, lead: Lead, operator: User) -> None:
        halts.place_halt(scope=Halt.Scope.LEAD, target_id=lead.pk, reason="odd", now=world.now, by=operator)
        halts.place_halt(scope=Halt.Scope.PLATFORM, reason="odd", now=world.now, by=operator)

        cautions = degraded.cautions_for([], troubles={}, leads=[lead])

        assert [caution.sentence.split(".")[0] for caution in cautions] == [
            "All trading is halted by the operators",
            "Trading with Basalt is halted by the operators",
        ]

    @pytest.mark.parametrize("code", list(degraded.Code))
    def test_have_words_for_every_code(self, code: degraded.Code) -> None:
        trouble = degraded.Trouble(symbol="SOL", code=code, since=None, frozen_after_seconds=900)

        assert "SOL" in trouble.sentence
        assert "{" not in trouble.sentence
        assert trouble.label
