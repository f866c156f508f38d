"""A linked lead's equity is everything that has a value, wherever in the account it is and whether it trades here."""

from decimal import Decimal

import pytest

from accounts.models import LedgerAccount, User
from copytrading.exchange.live import holdings
from copytrading.exchange.paper import world as paper
from copytrading.models import Copy, CopyGap, Lead, LeadFlow, LinkedAccount, Notice
from copytrading.queries.rules import platform_rules
from copytrading.services.books import gaps
from copytrading.services.leads import verbs as leads
from copytrading.services.leads.observing import Sight
from copytrading.services.market import quotes as market
from tests.cast import World, usdt
from tests.elsewhere import Elsewhere, connect, look, seen

TOLERANCE = 0.006


@pytest.fixture(autouse=True)
def _prices_are_asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holdings, "BOARD_SECONDS", 0.0)


def weight_of(world: World, account: LedgerAccount, symbol: str) -> float:
    """Return the share of a coin in an account, at the prices of now."""
    values = {
        held: float(units) * float(world.last.get(held, Decimal(1))) for held, units in world.held(account).items()
    }
    return values.get(symbol, 0.0) / sum(values.values())


def list_here(world: World, symbol: str, *, price: str) -> None:
    paper.open_market(
        symbol=f"{symbol}-USDT", lot_size=Decimal("0.1"), tick_size=Decimal("0.0001"), value_min=Decimal(5)
    )
    market.list_markets()
    world.prices(**{symbol: price})


def started(world: World, lead: Lead, follower: User) -> Copy:
    copy = world.start(follower, lead, "1000")
    world.settle()
    return copy


def is_told(copy: Copy, *kinds: Notice.Kind) -> bool:
    return copy.notices.filter(kind__in=kinds).exists()


def is_told_of_money(copy: Copy) -> bool:
    return is_told(copy, Notice.Kind.LEAD_DEPOSITED, Notice.Kind.LEAD_WITHDREW)


class TestCash:
    def test_in_simple_earn_is_where_it_was(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = started(world, faraway, follower)
        elsewhere.holds(USDT="0", LDUSDT="5000")

        for _ in range(3):
            assert look(world, link) == Sight.UNCHANGED
        world.wait(20 * 60)
        world.settle()

        assert weight_of(world, copy.ledger_account, "BTC") == pytest.approx(0.5, abs=TOLERANCE)
        assert not is_told_of_money(copy)

    @pytest.mark.parametrize("place", ["funding", "earn"])
    def test_in_another_place_of_the_account_is_where_it_was(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, place: str
    ) -> None:
        look(world, link)
        elsewhere.holds(USDT="1000")
        elsewhere.puts(place, USDT="4000")

        assert look(world, link) == Sight.UNCHANGED
        assert LeadFlow.objects.count() == 1


class TestCoins:
    def test_that_only_begin_like_a_claim_are_themselves(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.lists("LDO-USDT", "2")
        elsewhere.lists("O-USDT", "500")
        elsewhere.holds(LDO="100", LDBTC="0.1")

        look(world, link)
        look(world, link)

        faraway.refresh_from_db()
        assert seen(faraway)["BTC"] == 2 * 10**7
        assert faraway.other_value_units == usdt(200)

    def test_that_are_staked_or_locked_are_held(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        look(world, link)
        elsewhere.holds(BTC="0.04")
        elsewhere.puts("earn", BTC="0.06")

        assert look(world, link) == Sight.UNCHANGED
        assert seen(faraway)["BTC"] == 10**7

    def test_without_a_market_here_count_and_stay_cash(
        self, world: World, faraway: Lead, elsewhere: Elsewhere, follower: User
    ) -> None:
        elsewhere.lists("PEPE-USDT", "0.8")
        elsewhere.holds(BTC="0.02", USDT="1000", PEPE="10000")
        link = connect(world, faraway)
        Lead.objects.filter(pk=faraway.pk).update(settling_until=None)

        copy = started(world, faraway, follower)

        link.refresh_from_db()
        assert leads.equity_of(faraway, now=world.now, rules=platform_rules()) == pytest.approx(usdt(10_000))
        assert weight_of(world, copy.ledger_account, "BTC") == pytest.approx(0.1, abs=TOLERANCE)
        assert set(world.held(copy.ledger_account)) == {"BTC", "USDT"}
        assert (link.unfollowed, link.unpriced) == (["PEPE"], [])

    def test_that_were_bought_without_a_market_here_are_no_withdrawal(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        elsewhere.lists("PEPE-USDT", "0.8")
        copy = started(world, faraway, follower)
        elsewhere.holds(USDT="1000", PEPE="5000")

        assert look(world, link) == Sight.TAKEN
        world.settle()

        assert LeadFlow.objects.count() == 1
        assert leads.equity_of(faraway, now=world.now, rules=platform_rules()) == pytest.approx(usdt(10_000))
        assert weight_of(world, copy.ledger_account, "BTC") == pytest.approx(0.5, abs=TOLERANCE)
        assert faraway.account_moves.get().kind == "TRADED"

    def test_that_became_a_coin_of_ours_are_a_purchase_of_it(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        elsewhere.lists("PEPE-USDT", "0.8")
        elsewhere.holds(USDT="1000", PEPE="5000")
        look(world, link)
        copy = started(world, faraway, follower)
        elsewhere.holds(PEPE="0", BTC="0.18")

        assert look(world, link) == Sight.TAKEN
        world.settle()

        trade = faraway.observed_trades.get()
        assert (trade.units, trade.cash_units) == (8 * 10**6, -usdt(4_000))
        assert seen(faraway) == {"BTC": 18 * 10**6, "USDT": usdt(1_000)}
        assert weight_of(world, copy.ledger_account, "BTC") == pytest.approx(0.9, abs=TOLERANCE)

    def test_that_rise_and_are_not_traded_here_are_the_leads_return(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.lists("PEPE-USDT", "0.8")
        elsewhere.holds(USDT="1000", PEPE="5000")
        look(world, link)
        faraway.refresh_from_db()
        before = leads.equity_of(faraway, now=world.now, rules=platform_rules()) / faraway.units_issued
        elsewhere.lists("PEPE-USDT", "1.6")

        look(world, link)

        faraway.refresh_from_db()
        assert leads.equity_of(faraway, now=world.now, rules=platform_rules()) / faraway.units_issued == pytest.approx(
            1.4 * before
        )

    def test_that_rise_and_are_not_traded_here_are_a_gap_of_what_is_not_followed(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        elsewhere.lists("PEPE-USDT", "0.8")
        elsewhere.holds(USDT="1000", PEPE="5000")
        look(world, link)
        copy = started(world, faraway, follower)
        gaps.measure_gaps(lead_id=faraway.pk, now=world.now, rules=platform_rules())
        elsewhere.lists("PEPE-USDT", "1.6")
        look(world, link, BTC="50000.01")

        gaps.measure_gaps(lead_id=faraway.pk, now=world.now, rules=platform_rules())

        gap = CopyGap.objects.get(copy=copy)
        assert gap.ideal_units == pytest.approx(usdt(1_400), rel=0.01)
        assert gap.unfollowed_units == pytest.approx(-usdt(400), rel=0.01)

    def test_get_a_market_here_and_are_copied_from_then_on(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.lists("XRP-USDT", "2")
        elsewhere.holds(USDT="1000", XRP="2000")
        look(world, link)
        list_here(world, "XRP", price="2")

        assert look(world, link) == Sight.UNCHANGED

        faraway.refresh_from_db()
        assert faraway.other_value_units == 0
        assert seen(faraway)["XRP"] == 2_000 * 10**8
        assert not faraway.untraded.exists()


class TestOtherMoney:
    def test_counts_at_its_own_price_directly_or_by_way_of_another(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.lists("USDC-USDT", "0.99")
        elsewhere.lists("USDT-TRY", "40")
        elsewhere.lists("NEO-BTC", "0.0002")
        elsewhere.holds(USDC="1000", TRY="4000", NEO="10")

        look(world, link)
        look(world, link)

        faraway.refresh_from_db()
        assert faraway.other_value_units == pytest.approx(usdt(990 + 100 + 100), rel=1e-6)


class TestWhatHasNoPrice:
    def test_counts_nothing_and_is_told_once(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = started(world, faraway, follower)
        elsewhere.holds(RUGGED="1000000")

        for _ in range(3):
            look(world, link)

        link.refresh_from_db()
        faraway.refresh_from_db()
        assert link.unpriced == ["RUGGED"]
        assert faraway.other_value_units == 0
        assert copy.notices.filter(kind=Notice.Kind.LEAD_UNPRICED).count() == 1
        assert not is_told_of_money(copy)

    def test_gets_a_price_and_that_is_no_return(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.holds(RUGGED="1000")
        look(world, link)
        faraway.refresh_from_db()
        before = leads.equity_of(faraway, now=world.now, rules=platform_rules()) / faraway.units_issued
        elsewhere.lists("RUGGED-USDT", "3")

        look(world, link)

        faraway.refresh_from_db()
        link.refresh_from_db()
        assert (link.unfollowed, link.unpriced) == (["RUGGED"], [])
        assert leads.equity_of(faraway, now=world.now, rules=platform_rules()) == pytest.approx(usdt(13_000))
        assert leads.equity_of(faraway, now=world.now, rules=platform_rules()) / faraway.units_issued == pytest.approx(
            before
        )

    def test_keeps_its_last_price_for_a_while(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.lists("PEPE-USDT", "0.8")
        elsewhere.holds(USDT="1000", PEPE="5000")
        look(world, link)
        elsewhere.venue.change_market("PEPE-USDT", state="VANISHED")

        assert look(world, link) == Sight.UNCHANGED
        faraway.refresh_from_db()
        assert faraway.other_value_units == usdt(4_000)

        look(world, link, seconds=3_700)
        faraway.refresh_from_db()
        link.refresh_from_db()
        assert faraway.other_value_units == 0
        assert link.unpriced == ["PEPE"]


class TestOpenProfit:
    @pytest.mark.parametrize("either_elsewhere", ["okx", "bybit"], indirect=True)
    def test_of_derivatives_is_no_money_that_came(
        self, world: World, faraway: Lead, either_elsewhere: Elsewhere, follower: User
    ) -> None:
        link = connect(world, faraway, exchange=either_elsewhere.exchange)
        Lead.objects.filter(pk=faraway.pk).update(settling_until=None)
        copy = started(world, faraway, follower)

        sights = set()
        for profit in ("500", "-900", "1300", "-100", "250"):
            either_elsewhere.puts("open_profit", USDT=profit)
            sights.add(look(world, link))

        faraway.refresh_from_db()
        assert sights == {Sight.UNCHANGED}
        assert LeadFlow.objects.count() == 1
        assert faraway.settling_until is None
        assert not is_told_of_money(copy)

    @pytest.mark.parametrize("either_elsewhere", ["okx", "bybit", "bitget"], indirect=True)
    @pytest.mark.parametrize("place", ["funding", "earn", "staked"])
    def test_is_apart_from_what_is_kept_in_other_places(
        self, world: World, faraway: Lead, either_elsewhere: Elsewhere, place: str
    ) -> None:
        link = connect(world, faraway, exchange=either_elsewhere.exchange)
        look(world, link)
        either_elsewhere.holds(USDT="2000")
        either_elsewhere.puts(place, USDT="3000")

        assert look(world, link) == Sight.UNCHANGED


class TestSmallMoves:
    def test_of_a_reward_tell_nobody_and_open_no_window(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = started(world, faraway, follower)
        elsewhere.holds(USDT="5002")

        look(world, link)
        assert look(world, link) == Sight.TAKEN

        faraway.refresh_from_db()
        move = faraway.account_moves.get()
        assert (move.kind, move.symbol, move.quantity) == ("REWARD", "USDT", Decimal(2))
        assert faraway.settling_until is None
        assert not is_told_of_money(copy)

    def test_of_a_coin_never_held_are_an_airdrop(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.lists("ZK-USDT", "0.2")
        elsewhere.holds(ZK="30")

        look(world, link)
        look(world, link)

        assert faraway.account_moves.get().kind == "AIRDROP"

    def test_of_dust_that_became_another_coin_are_no_trades(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.lists("BNB-USDT", "500")
        elsewhere.holds(ETH="0.002", SOL="0.05")
        look(world, link)
        look(world, link)
        faraway.account_moves.all().delete()
        elsewhere.holds(ETH="0", SOL="0", BNB="0.0196")

        assert look(world, link) == Sight.TAKEN

        assert [(move.kind, move.symbol) for move in faraway.account_moves.all()] == [("DUST", "BNB")]
        assert not faraway.observed_trades.exists()
        assert set(seen(faraway)) == {"BTC", "USDT"}

    def test_grow_with_the_account(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = started(world, faraway, follower)
        elsewhere.holds(USDT="5020")

        look(world, link)
        look(world, link)

        assert is_told_of_money(copy)


class TestPlacesThatAreNotRead:
    def test_are_named_and_left_out(self, world: World, faraway: Lead, elsewhere: Elsewhere) -> None:
        elsewhere.puts("funding", USDT="1000")
        refusal = {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
        elsewhere.venue.disturb(fault="answer", endpoint="funding", status=401, body=refusal, times=0)

        link = connect(world, faraway)

        assert link.unread == ["FUNDING"]
        assert seen(faraway)["USDT"] == usdt(5_000)
        assert look(world, link) == Sight.UNCHANGED

    def test_say_nothing_once_they_were_read(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        refusal = {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
        elsewhere.venue.disturb(fault="answer", endpoint="funding", status=401, body=refusal, times=0)

        assert look(world, link) is None

        link.refresh_from_db()
        assert link.failures == 1
