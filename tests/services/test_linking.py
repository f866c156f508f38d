"""Read-only links: what connecting refuses, what a look makes of balances, and what a broken link means."""

from datetime import timedelta

import pytest

from accounts.models import User
from copytrading.models import Alarm, Copy, Lead, LeadFlow, LinkedAccount, Notice, ObservedTrade
from copytrading.queries.links import links_to_look_at
from copytrading.services import copies, copy_refusals, leads, linking, stakes
from copytrading.services.account_reading import KeyMayDoTooMuch
from copytrading.services.link_keys import ExchangeKey
from copytrading.services.observing import Sight
from copytrading.services.refusals import Refusal
from tests.cast import World, usdt
from tests.elsewhere import KEY, Elsewhere, connect, look


def seen(lead: Lead) -> dict[str, int]:
    """Return what a lead was seen to hold, in units by symbol."""
    held = lead.holdings.exclude(units=0).values_list("asset__symbol", "units")
    return dict(held)


@pytest.fixture
def link(world: World, faraway: Lead, elsewhere: Elsewhere) -> LinkedAccount:
    """Half of 10,000 USDT in BTC, half in cash; connected long ago."""
    link = connect(world, faraway)
    Lead.objects.filter(pk=faraway.pk).update(settling_until=None)
    return link


class TestConnectAccount:
    def test_takes_the_balances_for_the_portfolio(self, world: World, faraway: Lead, elsewhere: Elsewhere) -> None:
        elsewhere.holds(PEPE="1000000", ETH="0")

        link = connect(world, faraway)

        assert seen(faraway) == {"BTC": 10**7, "USDT": usdt(5_000)}
        assert (link.status, link.fingerprint, link.unfollowed) == ("CONNECTED", "AB12", ["PEPE"])
        assert LeadFlow.objects.get().units == usdt(10_000)
        assert not ObservedTrade.objects.exists()

    @pytest.mark.parametrize(
        ("rights", "sentence"),
        [
            (("read", "trade"), "can trade. Untick for it at Binance: “Enable Spot & Margin Trading”"),
            (("read", "withdraw"), "can withdraw. Untick for it at Binance: “Enable Withdrawals”"),
            (("read", "trade", "withdraw"), "can withdraw and trade. Untick for it at Binance: “Enable Withdrawals”"),
        ],
    )
    def test_refuses_a_key_that_may_do_more_than_read(
        self, world: World, faraway: Lead, elsewhere: Elsewhere, rights: tuple[str, ...], sentence: str
    ) -> None:
        elsewhere.permits(*rights)

        with pytest.raises(KeyMayDoTooMuch) as refusal:
            connect(world, faraway)

        assert sentence in str(refusal.value)
        assert not LinkedAccount.objects.exists()
        assert seen(faraway) == {}

    @pytest.mark.parametrize(
        ("trouble", "refusal", "sentence"),
        [
            ("refuses_the_key", linking.KeyNotTaken, "does not take this key"),
            ("has_another_clock", linking.ExchangeNotReadable, "our clock is off"),
            ("is_silent", linking.ExchangeNotReadable, "does not answer"),
            ("talks_nonsense", linking.ExchangeNotReadable, "no list of balances"),
        ],
    )
    def test_stores_nothing_where_the_exchange_says_no_or_nothing(
        self, world: World, faraway: Lead, elsewhere: Elsewhere, trouble: str, refusal: type[Refusal], sentence: str
    ) -> None:
        getattr(elsewhere, trouble)()

        with pytest.raises(refusal, match=sentence) as told:
            connect(world, faraway)

        assert KEY.key not in str(told.value)
        assert not LinkedAccount.objects.exists()
        assert seen(faraway) == {}

    def test_refuses_a_wrong_key(self, world: World, faraway: Lead, elsewhere: Elsewhere) -> None:
        with pytest.raises(linking.KeyNotTaken):
            connect(world, faraway, ExchangeKey(key=KEY.key, secret="another", password=""))

    def test_refuses_a_lead_who_trades_here(self, world: World, lead: Lead, elsewhere: Elsewhere) -> None:
        with pytest.raises(linking.LinkNotPossible, match="trades here"):
            connect(world, lead)

        assert not elsewhere.questions

    def test_refuses_an_exchange_that_is_not_offered(self, world: World, faraway: Lead, elsewhere: Elsewhere) -> None:
        with pytest.raises(linking.LinkNotPossible, match="cannot be connected here"):
            linking.connect_account(lead_id=faraway.pk, exchange="mtgox", key=KEY, now=world.now)

    def test_takes_another_account_as_money_moved_and_never_as_trades(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.holds(BTC="0", ETH="4", USDT="2000")
        world.wait(10)

        connect(world, faraway)

        assert seen(faraway) == {"ETH": 4 * 10**8, "USDT": usdt(2_000)}
        assert LeadFlow.objects.latest("pk").units == usdt(2_000)
        assert not ObservedTrade.objects.exists()
        assert LinkedAccount.objects.count() == 1


class TestEitherExchange:
    def test_is_read_looked_at_and_told_from_trouble(
        self, world: World, faraway: Lead, either_elsewhere: Elsewhere
    ) -> None:
        link = connect(world, faraway, exchange=either_elsewhere.exchange)
        assert seen(faraway) == {"BTC": 10**7, "USDT": usdt(5_000)}
        either_elsewhere.holds(BTC="0.15", USDT="2497.50")
        assert look(world, link) == Sight.TAKEN
        assert seen(faraway) == {"BTC": 15 * 10**6, "USDT": usdt("2497.50")}

        reasons = []
        for trouble in ("refuses_the_key", "has_another_clock", "is_silent", "talks_nonsense"):
            getattr(either_elsewhere, trouble)()
            look(world, link)
            link.refresh_from_db()
            reasons.append(link.reason)
            either_elsewhere.is_well()

        name = {"binance": "Binance", "okx": "OKX"}[either_elsewhere.exchange]
        assert reasons == [
            f"{name} does not take this key: it is wrong, was deleted, or may only be used from other addresses.",
            f"{name} says that our clock is off by too much. That is ours to repair.",
            f"{name} does not answer at the moment.",
            f"{name} answered something that is no list of balances.",
        ]

    @pytest.mark.parametrize("right", ["trade", "withdraw"])
    def test_is_asked_what_the_key_may_do(
        self, world: World, faraway: Lead, either_elsewhere: Elsewhere, right: str
    ) -> None:
        either_elsewhere.permits("read", right)

        with pytest.raises(KeyMayDoTooMuch, match=f"can {right}"):
            connect(world, faraway, exchange=either_elsewhere.exchange)

        assert not LinkedAccount.objects.exists()

    def test_needs_few_questions_a_look(self, world: World, faraway: Lead, either_elsewhere: Elsewhere) -> None:
        link = connect(world, faraway, exchange=either_elsewhere.exchange)
        before = either_elsewhere.venue.state()["requests"]

        look(world, link)

        after = either_elsewhere.venue.state()["requests"]
        asked = {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)}
        assert asked == {"time": 1, "balances": 1}


class TestLookAtLink:
    def test_follows_a_trade_at_once(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = world.start(follower, faraway, "1000")
        world.settle()
        elsewhere.holds(BTC="0.15", USDT="2497.50")

        assert look(world, link) == Sight.TAKEN
        world.settle()

        trade = ObservedTrade.objects.get()
        assert (trade.market.base.symbol, trade.units, trade.cash_units) == ("BTC", 5 * 10**6, -usdt("2502.50"))
        assert abs(world.held(copy.ledger_account)["BTC"] / 1_500_000 - 1) < 0.01
        assert LeadFlow.objects.count() == 1

    def test_writes_nothing_where_nothing_changed(self, world: World, faraway: Lead, link: LinkedAccount) -> None:
        assert look(world, link) == Sight.UNCHANGED

        link.refresh_from_db()
        assert link.looked_at == world.now
        assert LeadFlow.objects.count() == 1

    def test_looks_twice_before_it_calls_something_a_flow(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = world.start(follower, faraway, "1000")
        world.settle()
        elsewhere.holds(USDT="7000")

        assert look(world, link) == Sight.DOUBTED
        assert seen(faraway)["USDT"] == usdt(5_000)
        assert look(world, link) == Sight.TAKEN

        faraway.refresh_from_db()
        assert seen(faraway)["USDT"] == usdt(7_000)
        assert LeadFlow.objects.latest("pk").units == usdt(2_000)
        assert faraway.settling_until == world.now + timedelta(minutes=15)
        assert copy.notices.filter(kind=Notice.Kind.LEAD_DEPOSITED).get().units == usdt(2_000)

    def test_sees_both_halves_of_a_trade_that_shows_late(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.holds(BTC="0.15")
        assert look(world, link) == Sight.DOUBTED
        elsewhere.holds(USDT="2500")

        assert look(world, link) == Sight.TAKEN

        assert ObservedTrade.objects.get().cash_units == -usdt(2_500)
        assert LeadFlow.objects.count() == 1
        link.refresh_from_db()
        assert link.doubted_at is None

    def test_calls_no_return_what_came_or_went(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        faraway.refresh_from_db()
        before = leads.equity_of(faraway, now=world.now) / faraway.units_issued
        elsewhere.holds(BTC="0.3", USDT="1000")

        look(world, link)
        look(world, link)

        faraway.refresh_from_db()
        assert leads.equity_of(faraway, now=world.now) / faraway.units_issued == pytest.approx(before)
        assert seen(faraway) == {"BTC": 3 * 10**7, "USDT": usdt(1_000)}

    def test_takes_small_change_without_a_word(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = world.start(follower, faraway, "1000")
        elsewhere.holds(USDT="5000.50")

        assert look(world, link) == Sight.TAKEN

        assert seen(faraway)["USDT"] == usdt("5000.50")
        assert LeadFlow.objects.count() == 1
        assert not copy.notices.filter(kind=Notice.Kind.LEAD_DEPOSITED).exists()

    def test_waits_for_a_fresh_price_of_a_coin_that_changed(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.holds(BTC="0.15", USDT="2500")
        world.now += timedelta(seconds=60)

        assert linking.look_at_link(link_id=link.pk, now=world.now) == Sight.WAITS_FOR_PRICES

        assert seen(faraway)["BTC"] == 10**7
        assert look(world, link) == Sight.TAKEN

    def test_lists_coins_without_a_market_here_and_leaves_them_out(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.holds(PEPE="100000", LDBTC="1")

        assert look(world, link) == Sight.UNCHANGED

        link.refresh_from_db()
        assert link.unfollowed == ["LDBTC", "PEPE"]

    def test_is_made_once_by_whoever_claims_it(
        self, world: World, link: LinkedAccount, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = elsewhere.questions
        world.wait(10)
        stale = LinkedAccount.objects.select_related("lead").get(pk=link.pk)
        linking.look_at_link(link_id=link.pk, now=world.now)

        class _StaleRows:
            def get(self, **_: object) -> LinkedAccount:
                return stale

        monkeypatch.setattr(LinkedAccount.objects, "select_related", lambda *_: _StaleRows())

        assert linking.look_at_link(link_id=link.pk, now=world.now) is None
        assert elsewhere.questions == asked + 1


class TestBrokenLink:
    def test_alarms_operators_and_tells_followers_once_after_three_looks(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = world.start(follower, faraway, "1000")
        elsewhere.refuses_the_key()

        for _ in range(2):
            look(world, link)
        link.refresh_from_db()
        assert (link.status, link.failures) == ("CONNECTED", 2)
        for _ in range(3):
            look(world, link)

        link.refresh_from_db()
        alarm = Alarm.objects.get(kind=Alarm.Kind.LINK_BROKEN)
        assert link.status == LinkedAccount.Status.BROKEN
        assert "does not take this key" in link.reason
        assert "Faraway" in alarm.sentence
        assert alarm.times_seen == 3
        assert copy.notices.filter(kind=Notice.Kind.LEAD_UNSEEN).count() == 1
        for text in (alarm.sentence, link.reason):
            assert KEY.key not in text

    def test_trades_nothing_on_old_numbers_but_lets_money_out(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User,
        other_follower: User,
    ) -> None:  # fmt: skip
        copy, leaving = world.start(follower, faraway, "1000"), world.start(other_follower, faraway, "1000")
        world.settle()
        before = world.held(copy.ledger_account)["BTC"]
        elsewhere.is_silent()
        for _ in range(3):
            look(world, link)

        world.wait(1, BTC="80000")
        world.wait(120)
        world.settle()
        assert world.held(copy.ledger_account)["BTC"] == before
        copies.reduce_copy(copy_id=copy.pk, units=usdt(600), idempotency_key="out", now=world.now)
        copies.stop_copy(copy_id=leaving.pk, now=world.now)
        world.settle()

        leaving.refresh_from_db()
        assert leaving.status == Copy.Status.STOPPED
        assert abs(world.main(follower)["USDT"] - usdt(9_600)) < usdt(1)

    def test_takes_no_new_money(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User,
        other_follower: User,
    ) -> None:  # fmt: skip
        copy = world.start(follower, faraway, "500")
        elsewhere.is_silent()
        for _ in range(3):
            look(world, link)

        with pytest.raises(copy_refusals.LeadNotOpen, match="cannot be seen"):
            world.start(other_follower, faraway, "500")
        with pytest.raises(copy_refusals.LeadNotOpen, match="cannot be seen"):
            copies.increase_copy(copy_id=copy.pk, units=usdt(100), idempotency_key="more", now=world.now)

    def test_heals_by_itself_and_says_so(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = world.start(follower, faraway, "1000")
        elsewhere.talks_nonsense()
        for _ in range(3):
            look(world, link)
        elsewhere.is_well()

        assert look(world, link, seconds=60) == Sight.UNCHANGED

        link.refresh_from_db()
        assert (link.status, link.failures, link.reason) == ("CONNECTED", 0, "")
        assert Alarm.objects.get().cleared_at == world.now
        assert copy.notices.filter(kind=Notice.Kind.LEAD_SEEN).count() == 1

    def test_comes_at_once_where_the_key_is_found_to_do_more_than_read(
        self, world: World, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.permits("read", "trade")
        look(world, link)
        link.refresh_from_db()
        assert link.status == LinkedAccount.Status.CONNECTED

        look(world, link, seconds=3_600)

        link.refresh_from_db()
        assert link.status == LinkedAccount.Status.BROKEN
        assert "Untick" in link.reason

    def test_does_not_come_of_being_asked_to_wait(
        self, world: World, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.is_busy(seconds=60)
        look(world, link)

        link.refresh_from_db()
        assert (link.status, link.failures) == ("CONNECTED", 0)
        assert links_to_look_at(now=world.now + timedelta(seconds=59)) == []
        assert links_to_look_at(now=world.now + timedelta(seconds=60)) == [link.pk]


class TestLinksToLookAt:
    def test_are_due_every_ten_seconds_and_once_a_minute_where_broken(self, world: World, link: LinkedAccount) -> None:
        assert links_to_look_at(now=world.now + timedelta(seconds=9)) == []
        assert links_to_look_at(now=world.now + timedelta(seconds=10)) == [link.pk]
        LinkedAccount.objects.update(status=LinkedAccount.Status.BROKEN)

        assert links_to_look_at(now=world.now + timedelta(seconds=59)) == []
        assert links_to_look_at(now=world.now + timedelta(seconds=60)) == [link.pk]


class TestDisconnectAccount:
    def test_erases_the_key_and_tells_followers(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = world.start(follower, faraway, "1000")
        asked = elsewhere.questions

        linking.disconnect_account(lead_id=faraway.pk, now=world.now)

        link.refresh_from_db()
        assert (link.status, bytes(link.sealed_key), link.seal_id) == ("REVOKED", b"", "")
        assert copy.notices.filter(kind=Notice.Kind.LEAD_UNSEEN).count() == 1
        assert links_to_look_at(now=world.now + timedelta(days=1)) == []
        assert look(world, link) is None
        assert elsewhere.questions == asked
        with pytest.raises(linking.LinkNotPossible):
            linking.disconnect_account(lead_id=faraway.pk, now=world.now)

    def test_comes_with_the_end(self, world: World, faraway: Lead, link: LinkedAccount) -> None:
        leads.end_lead(lead_id=faraway.pk, now=world.now)

        link.refresh_from_db()
        assert (link.status, bytes(link.sealed_key)) == ("REVOKED", b"")


class TestStakeElsewhere:
    def test_counts_what_is_observed(self, world: World, faraway: Lead, elsewhere: Elsewhere, follower: User) -> None:
        with pytest.raises(stakes.StakeTooSmall):
            world.start(follower, faraway, "500")
        elsewhere.holds(BTC="0", USDT="499")
        link = connect(world, faraway)
        with pytest.raises(stakes.StakeTooSmall):
            world.start(follower, faraway, "500")

        elsewhere.holds(USDT="600")
        look(world, link)
        look(world, link)

        assert world.start(follower, faraway, "500").status == Copy.Status.STARTING

    def test_raises_the_alarm_where_it_is_taken_out_while_followed(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        world.start(follower, faraway, "1000")
        elsewhere.holds(BTC="0", USDT="100")

        look(world, link)
        look(world, link)

        faraway.refresh_from_db()
        assert faraway.stake_alarm_at == world.now
