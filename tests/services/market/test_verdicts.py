"""What two operators say of a coin in doubt, and that everything goes on from there with equal values."""

from collections.abc import Callable
from decimal import Decimal
from unittest.mock import patch

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from accounts.models import Balance, Journal, LedgerAccount, User
from copytrading.exchange.paper.models import PaperBalance, PaperMarket
from copytrading.models import (
    Alarm,
    CoinVerdict,
    Copy,
    CopyBaseline,
    CopyFlow,
    Halt,
    Lead,
    LeadHolding,
    LeadOrder,
    LeadSnapshot,
    Mark,
    Market,
    Notice,
    ObservedTrade,
    Order,
    PriceBar,
    ProfitShare,
    SourcePrice,
)
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.services.books import gaps, price_bars, profit_shares
from copytrading.services.copies import verbs as copies
from copytrading.services.leads import observing
from copytrading.services.market import recounting, verdicts
from copytrading.services.market.verdicts import OwnVerdict, VerdictClosed, VerdictRefused
from copytrading.services.safety import halts, reconciling
from tests.cast import World, come, usdt
from tests.services.market.doubt_stage import copy_of_sol, judge, leap, mark_of_sol, sol
from tests.services.market.listing_stage import watch
from tests.services.market.test_doubts import end_the_week
from tests.services.wallet.limit_stage import held, place

Kind = CoinVerdict.Kind


@pytest.fixture(autouse=True)
def _doubt_jumps(settings: object, world: World) -> None:
    settings.SMARTSYNC_PRICE_JUMP = 0.1  # type: ignore[attr-defined]


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    return come("copy of SOL", world, lambda: copy_of_sol(world, lead, follower))


@pytest.fixture
def second(db: None) -> User:
    return User.objects.create_superuser("second@example.org", "correct horse battery")


@pytest.fixture
def recounted(world: World, copy: Copy, operator: User, second: User) -> Callable[[], CoinVerdict]:
    """Return the act of two operators after the leap: a thousand became one."""

    def act() -> CoinVerdict:
        leap(world)
        return judge(world, operator, second, Kind.NEW_UNIT, old_count=1_000)

    return act


def posted(symbol: str = "SOL") -> dict[int, int]:
    """Return what each account of people and platform has of a coin, in units."""
    balances = Balance.objects.filter(asset__symbol=symbol).exclude(posted=0)
    balances = balances.exclude(ledger_account__kind__in=LedgerAccount.COUNTERPARTIES)
    return dict(balances.values_list("ledger_account_id", "posted"))


def worth(world: World, copy: Copy) -> float:
    board = market_queries.load_board(now=world.now, rules=platform_rules())
    cash = market_queries.cash_asset()
    return float(holdings.load_copies(copy.lead, board=board, cash=cash, copy_id=copy.pk).valued(board).gross[0])


def both_worths(world: World, lead: Lead, copy: Copy) -> list[tuple[LedgerAccount, float]]:
    board, cash = market_queries.load_board(now=world.now, rules=platform_rules()), market_queries.cash_asset()
    of_lead = holdings.load_lead(lead, board=board, cash=cash).equity(board)
    assert lead.ledger_account is not None
    return [(lead.ledger_account, of_lead), (copy.ledger_account, worth(world, copy))]


class TestANewUnit:
    def test_turns_what_everybody_holds_in_one_journal_to_the_unit(
        self, world: World, copy: Copy, recounted: Callable[[], CoinVerdict]
    ) -> None:
        before, kept_before = posted(), PaperBalance.objects.get(asset="SOL").quantity

        verdict = recounted()

        dust = LedgerAccount.objects.get(kind=LedgerAccount.Kind.DUST).pk
        after = posted()
        left_over = after.pop(dust, 0)
        assert after == {account: units // 1_000 for account, units in before.items()}
        assert sum(after.values()) + left_over == sum(before.values()) // 1_000
        assert Journal.objects.filter(kind=Journal.Kind.REDENOMINATION).get() == verdict.journal
        assert PaperBalance.objects.get(asset="SOL").quantity == pytest.approx(kept_before / 1_000, abs=Decimal("1e-8"))
        assert reconciling.check_ledger().is_clean

    def test_leaves_every_copy_worth_what_it_was(
        self, world: World, copy: Copy, recounted: Callable[[], CoinVerdict]
    ) -> None:
        before = worth(world, copy)

        recounted()

        # Less than one new unit, which is worth 0.001 USDT.
        assert 0 <= before - worth(world, copy) < usdt("0.001")
        assert (mark_of_sol().price, mark_of_sol().doubt) == (100_000, "")

    def test_lets_everything_go_on(
        self, world: World, lead: Lead, copy: Copy, recounted: Callable[[], CoinVerdict], other_follower: User
    ) -> None:
        copies.reduce_copy(copy_id=copy.pk, units=usdt(200), idempotency_key="before", now=world.now)
        recounted()
        world.wait(1)
        world.settle()
        late = world.start(other_follower, lead)
        world.lead_trades(lead, "SOL", "SELL", "0.033")
        world.settle()

        assert CopyFlow.objects.get(idempotency_key="before").units == -usdt(200)
        assert Copy.objects.get(pk=late.pk).status == Copy.Status.ACTIVE
        weights = [posted()[account.pk] / value for account, value in both_worths(world, lead, copy)]
        assert weights[0] == pytest.approx(weights[1], rel=0.02)
        copies.stop_copy(copy_id=late.pk, now=world.now)
        world.settle()
        assert Copy.objects.get(pk=late.pk).status == Copy.Status.STOPPED
        assert reconciling.check_ledger().is_clean

    def test_pays_no_profit_share_for_it(self, world: World, copy: Copy, recounted: Callable[[], CoinVerdict]) -> None:
        leap(world)
        assert end_the_week(world) == 0
        recounted()
        world.wait(1)

        assert profit_shares.settle_profit_shares(now=world.now) == 1
        assert sum(ProfitShare.objects.values_list("share_units", flat=True)) == 0

    def test_turns_records_and_prices_the_other_way_round(
        self, world: World, copy: Copy, recounted: Callable[[], CoinVerdict]
    ) -> None:
        price_bars.write_bars(closes={"SOL-USDT": np.array([99.0])}, times=[world.now])
        gaps.measure_gaps(lead_id=copy.lead_id, now=world.now, rules=platform_rules())

        recounted()

        assert PriceBar.objects.get(market=sol()).close == pytest.approx(99_000)
        snapshot = LeadSnapshot.objects.get(lead=copy.lead)
        assert dict(zip(snapshot.asset_ids, snapshot.unit_prices, strict=True))[sol().base_id] == pytest.approx(100_000)
        assert set(SourcePrice.objects.filter(market=sol()).values_list("price", flat=True)) == {Decimal(100_000)}

    def test_turns_what_was_seen_and_noted_of_a_coin(
        self, world: World, lead: Lead, faraway: Lead, copy: Copy, other_follower: User, operator: User, second: User
    ) -> None:
        coin = sol().base_id
        observing.observe_flow(lead_id=faraway.pk, units=usdt(10_000), idempotency_key="own", now=world.now)
        observing.observe_trade(
            lead_id=faraway.pk, asset_id=coin, signed_units=5 * 10**9 + 7, cash_units=-usdt(5_000), now=world.now
        )
        new = world.start(other_follower, lead, buy_existing=False)
        noted = CopyBaseline.objects.get(copy=new, asset=coin).units
        world.settle()
        leap(world)

        judge(world, operator, second, Kind.NEW_UNIT, old_count=1_000)

        assert LeadHolding.objects.get(lead=faraway, asset=coin).units == 5 * 10**6
        assert ObservedTrade.objects.get(lead=faraway).units == 5 * 10**6
        assert CopyBaseline.objects.get(copy=new, asset=coin).units == noted // 1_000

    def test_multiplies_exactly_where_one_becomes_many(
        self, world: World, copy: Copy, operator: User, second: User
    ) -> None:
        before = posted()
        leap(world, "0.1")

        judge(world, operator, second, Kind.NEW_UNIT, price="0.1", new_count=1_000)

        assert posted() == {account: units * 1_000 for account, units in before.items()}
        assert reconciling.check_ledger().is_clean

    def test_reads_lots_and_ticks_anew(self, world: World, recounted: Callable[[], CoinVerdict]) -> None:
        recounted()

        assert (sol().lot_units, sol().tick_size) == (100, 10)
        assert PaperMarket.objects.get(symbol="SOL-USDT").lot_size == Decimal("0.000001")

    def test_ends_the_leads_open_orders(
        self, world: World, lead: Lead, copy: Copy, recounted: Callable[[], CoinVerdict]
    ) -> None:
        waiting = LeadOrder.objects.create(
            lead=lead, market=sol(), side="SELL", order_type="LIMIT", price_limit=110, quantity_units=10**8,
            idempotency_key="limit", submitted_at=world.now, expires_at=world.now,
        )  # fmt: skip

        recounted()

        assert LeadOrder.objects.get(pk=waiting.pk).status == LeadOrder.Status.CANCELED

    def test_ends_the_limit_orders_of_wallets_and_frees_what_they_hold(
        self, world: World, copy: Copy, follower: User, recounted: Callable[[], CoinVerdict]
    ) -> None:
        place(world, follower, "BUY", "SOL", "101", quantity="5")
        selling = place(world, follower, "SELL", "SOL", "120", quantity="5")
        buying = place(world, follower, "BUY", "SOL", "80", quantity="5")
        assert held(follower).keys() == {"SOL", "USDT"}

        recounted()

        for own in (selling, buying):
            own.refresh_from_db()
            assert (own.status, own.ended_because) == ("ENDED", "RECOUNTED")
        assert held(follower) == {}
        assert Notice.objects.filter(kind=Notice.Kind.LIMIT_ENDED, user=follower).count() == 2
        assert reconciling.check_ledger().is_clean

    def test_waits_until_no_order_is_open(self, world: World, copy: Copy, recounted: Callable[[], CoinVerdict]) -> None:
        order = Order.objects.filter(market=sol()).latest("pk")
        Order.objects.filter(pk=order.pk).update(booked_at=None)

        with pytest.raises(recounting.CoinMoving, match="An order in SOL is open"):
            recounted()

        assert CoinVerdict.objects.get().approved_at is None

    def test_is_told_and_clears_the_alarm_in_the_name_of_who_approved(
        self, copy: Copy, recounted: Callable[[], CoinVerdict], second: User
    ) -> None:
        recounted()

        assert copy.notices.filter(kind=Notice.Kind.COIN_RECOUNTED).exists()
        assert Alarm.objects.get(kind=Alarm.Kind.COIN_IN_DOUBT).cleared_by == second

    def test_is_finished_by_the_sweeper_where_the_worker_died(
        self, world: World, copy: Copy, recounted: Callable[[], CoinVerdict]
    ) -> None:
        before = sum(posted().values())
        with patch.object(verdicts, "_finish", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
            recounted()
        halfway = sum(posted().values())

        verdicts.finish_verdicts(now=world.now)
        verdicts.finish_verdicts(now=world.now)

        assert (halfway, sum(posted().values())) == (before, before // 1_000)
        assert reconciling.check_ledger().is_clean

    def test_may_be_said_of_a_halted_coin_before_its_price_leaps(
        self, world: World, copy: Copy, operator: User, second: User
    ) -> None:
        halt = halts.place_halt(scope=Halt.Scope.ASSET, target_id=sol().base_id, reason="Recounted.", now=world.now)
        judge(world, operator, second, Kind.NEW_UNIT, old_count=1_000)
        halts.lift_halt(halt_id=halt.pk, by=operator, now=world.now)
        world.wait(1, SOL="100100")

        assert (mark_of_sol().price, mark_of_sol().doubt) == (100_100, "")


class TestARightPrice:
    def test_is_believed_as_it_was_quoted_last(self, world: World, copy: Copy, operator: User, second: User) -> None:
        leap(world, "500")
        world.wait(61, SOL="510")

        judge(world, operator, second, Kind.PRICE_RIGHT, price="500")

        assert (mark_of_sol().price, mark_of_sol().doubt) == (510, "")
        assert copy.notices.filter(kind=Notice.Kind.COIN_CLEARED).exists()

    def test_is_refused_where_nothing_waits(self, world: World, copy: Copy, operator: User) -> None:
        with pytest.raises(VerdictRefused, match="neither in doubt nor halted"):
            verdicts.request_verdict(
                market_id=sol().pk, kind=Kind.PRICE_RIGHT, price=Decimal(100), reason="x", by=operator, now=world.now
            )


class TestAnotherCoin:
    def test_takes_the_name_and_leaves_the_old_one_to_its_holders(
        self, world: World, copy: Copy, operator: User, second: User
    ) -> None:
        old, held = sol(), posted()
        leap(world)

        judge(world, operator, second, Kind.OTHER_COIN, price=None)
        watch(world)
        world.wait(1)

        new = sol()
        old.refresh_from_db()
        assert (old.status, new.pk != old.pk, new.base_id != old.base_id) == (Market.Status.DELISTED, True, True)
        assert (Mark.objects.get(market=old).price, Mark.objects.get(market=old).doubt) == (100, "")
        assert Mark.objects.get(market=new).price == 100_000
        assert (
            posted(old.base.symbol if old.base.symbol != "SOL" else Market.objects.get(pk=old.pk).base.symbol) == held
        )


class TestTwoPeople:
    def test_are_needed(self, world: World, copy: Copy, operator: User) -> None:
        leap(world)

        with pytest.raises(OwnVerdict):
            judge(world, operator, operator, Kind.NEW_UNIT, old_count=1_000)

        assert mark_of_sol().doubt == Mark.Doubt.REDENOMINATION

    def test_are_needed_by_the_database_too(
        self, world: World, copy: Copy, recounted: Callable[[], CoinVerdict]
    ) -> None:
        verdict = recounted()

        with pytest.raises(IntegrityError, match="two_people_judge_a_coin"), transaction.atomic():
            CoinVerdict.objects.filter(pk=verdict.pk).update(approved_by=verdict.requested_by)

    def test_approve_once(self, world: World, recounted: Callable[[], CoinVerdict], second: User) -> None:
        verdict = recounted()

        with pytest.raises(VerdictClosed):
            verdicts.approve_verdict(verdict_id=verdict.pk, by=second, now=world.now)


class TestAVerdict:
    @pytest.mark.parametrize(
        ("terms", "words"),
        [
            ({"price": Decimal(5), "old_count": 1_000}, "is quoted at 100000, not at 5"),
            ({"price": None, "old_count": 1_000}, "Say what one coin is worth"),
            ({"price": Decimal(100_000), "old_count": 10}, "check the ratio"),
            ({"price": Decimal(100_000), "new_count": 1_000}, "check the ratio"),
            ({"price": Decimal(100_000)}, "the same unit"),
            ({"price": Decimal(100_000), "old_count": 0}, "1 to"),
            ({"price": Decimal(100_000), "old_count": 10**13}, "1 to"),
        ],
    )
    def test_that_does_not_fit_is_refused_in_a_sentence(
        self, world: World, copy: Copy, operator: User, terms: dict[str, object], words: str
    ) -> None:
        leap(world)

        with pytest.raises(VerdictRefused, match=words):
            verdicts.request_verdict(
                market_id=sol().pk, kind=Kind.NEW_UNIT, reason="x", by=operator, now=world.now, **terms
            )  # type: ignore[arg-type]

    def test_that_counts_more_than_the_ledger_can_is_refused(self, world: World, copy: Copy, operator: User) -> None:
        leap(world, "0.00000001")

        with pytest.raises(recounting.TooManyUnits):
            verdicts.request_verdict(
                market_id=sol().pk, kind=Kind.NEW_UNIT, reason="x", by=operator, now=world.now,
                price=Decimal("0.00000001"), new_count=10**10,
            )  # fmt: skip

    def test_is_one_at_a_time_and_may_be_withdrawn(self, world: World, copy: Copy, operator: User) -> None:
        leap(world)
        said = {"market_id": sol().pk, "kind": Kind.OTHER_COIN, "reason": "x", "by": operator, "now": world.now}
        first = verdicts.request_verdict(**said)  # type: ignore[arg-type]
        with pytest.raises(VerdictRefused, match="Somebody has said already"):
            verdicts.request_verdict(**said)  # type: ignore[arg-type]

        verdicts.withdraw_verdict(verdict_id=first.pk, now=world.now)

        assert verdicts.request_verdict(**said).pk != first.pk  # type: ignore[arg-type]
