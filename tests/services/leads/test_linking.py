"""Read-only links: what connecting refuses, when they are due, and how they end."""

from datetime import timedelta

import pytest

from accounts.models import User
from copytrading.exchange.errors import KEY_TROUBLES, RejectionCode
from copytrading.exchange.live.holdings import READINGS
from copytrading.models import Alarm, Lead, LeadFlow, LinkedAccount, Notice, ObservedTrade
from copytrading.queries.leads import links
from copytrading.queries.leads.links import links_to_look_at
from copytrading.services.leads import linking
from copytrading.services.leads import verbs as leads
from copytrading.services.leads.account_reading import KeyMayDoTooMuch
from copytrading.services.leads.observing import Sight
from copytrading.services.refusals import Refusal
from copytrading.services.safety.sealed_keys import ExchangeKey
from tests.cast import World, usdt
from tests.elsewhere import KEY, Elsewhere, connect, look, seen
from tests.exchange.live.error_rows import ROWS


class TestConnectAccount:
    def test_takes_the_balances_for_the_portfolio(self, world: World, faraway: Lead, elsewhere: Elsewhere) -> None:
        elsewhere.holds(PEPE="1000000", ETH="0")

        link = connect(world, faraway)

        assert seen(faraway) == {"BTC": 10**7, "USDT": usdt(5_000)}
        assert (link.status, link.fingerprint, link.unpriced) == ("CONNECTED", "AB12", ["PEPE"])
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

        name = links.exchange_name(either_elsewhere.exchange)
        # Binance alone does not say which it is.
        code = RejectionCode.KEY_REFUSED if name == "Binance" else RejectionCode.KEY_UNKNOWN
        assert reasons == [
            f"{name} does not take this key: {KEY_TROUBLES[code]}.",
            f"{name} says that our clock is off by too much. That is ours to repair.",
            f"{name} does not answer at the moment.",
            f"{name} answered something that is no list of balances.",
        ]

    @pytest.mark.parametrize("code", [*KEY_TROUBLES, RejectionCode.PLACE_BARRED])
    def test_names_the_reason_to_the_lead_and_to_the_operators(
        self, world: World, faraway: Lead, either_elsewhere: Elsewhere, code: RejectionCode
    ) -> None:
        exchange = either_elsewhere.exchange
        row = next((row for row in ROWS if (row.exchange, row.of_order) == (exchange, code)), None)
        if row is None:
            pytest.skip(f"{exchange} does not say this apart from the others")
        link = connect(world, faraway, exchange=exchange)

        either_elsewhere.venue.disturb(fault="answer", status=row.status, body=row.body, times=0)
        for _ in range(linking.FAILURES_MAX):
            look(world, link)
        link.refresh_from_db()

        name = links.exchange_name(exchange)
        words = KEY_TROUBLES.get(code, "serves nobody in the country that our server is in")
        assert link.reason.startswith(name) and words in link.reason
        assert words in Alarm.objects.get(kind=Alarm.Kind.LINK_BROKEN).sentence
        assert link.status == LinkedAccount.Status.BROKEN

    @pytest.mark.parametrize(
        ("right", "words"), [("trade", "trade"), ("withdraw", "withdraw"), ("elsewhere", "trade futures or on margin")]
    )
    def test_is_asked_what_the_key_may_do(
        self, world: World, faraway: Lead, either_elsewhere: Elsewhere, right: str, words: str
    ) -> None:
        if either_elsewhere.exchange == "okx" and right == "elsewhere":
            pytest.skip("one right of OKX covers every kind of trading")
        either_elsewhere.permits("read", right)

        with pytest.raises(KeyMayDoTooMuch, match=f"can {words}"):
            connect(world, faraway, exchange=either_elsewhere.exchange)

        assert not LinkedAccount.objects.exists()

    def test_needs_few_questions_a_look(self, world: World, faraway: Lead, either_elsewhere: Elsewhere) -> None:
        link = connect(world, faraway, exchange=either_elsewhere.exchange)
        look(world, link)
        before = either_elsewhere.venue.state()["requests"]

        look(world, link)

        after = either_elsewhere.venue.state()["requests"]
        asked = {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)}
        # Where nobody has read about an exchange's other places, only spot is asked for.
        assert asked == {"time": 1, "balances": 1} | ({"funding": 1} if link.exchange in READINGS else {})


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
