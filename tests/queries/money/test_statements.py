"""Statements: what they say is what the ledger knows, for a copy and for everything, between any two seconds."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from django.conf import settings

from accounts.models import Balance, Journal, LedgerAccount, Posting, User
from copytrading.engine.track_record.tax_lots import LotMethod
from copytrading.models import Copy, Lead, Market, PriceBar
from copytrading.queries.copies import own
from copytrading.queries.money import statement_books, statements
from copytrading.queries.money.statement_lines import OtherKind, Part, Stand, Statement
from copytrading.services.books import price_bars, profit_shares
from copytrading.services.copies import verbs as copies
from copytrading.services.wallet import spot
from tests.cast import NOON, World, usdt
from tests.engine.track_record.second_lots import second_program
from tests.queries.money import export_reader
from tests.services.market.doubt_stage import copy_of_sol, judge, leap
from tests.views.scenes import copies_of_new_leads, counted_queries

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOLERANCE = Decimal("1e-9")


def bars(world: World, *, since: datetime = NOON, seed: int = 7) -> None:
    """Record closes of every hour up to now, each near the price of the day."""
    random = Random(seed)
    times = [since + HOUR * hour for hour in range(int((world.now - since) / HOUR) + 1)]
    closes = {
        f"{symbol}-USDT": np.array([float(price) * random.uniform(0.8, 1.2) for _ in times])
        for symbol, price in world.last.items()
    }
    price_bars.write_bars(closes=closes, times=times)


def live_a_life(world: World, lead: Lead, follower: User) -> Copy:
    """Return a copy that bought, grew, was put into, shared, was taken from, turned over, and ended with a rest."""
    world.lead_trades(lead, "BTC", "BUY", "0.08")
    world.lead_trades(lead, "ETH", "BUY", "0.7")
    world.settle()
    copy = world.start(follower, lead, "1000.03")
    world.settle()
    world.wait(DAY.total_seconds(), BTC="55000", ETH="2400")
    copies.increase_copy(copy_id=copy.pk, units=usdt("250.5"), idempotency_key="more", now=world.now)
    world.settle()
    world.wait(7 * DAY.total_seconds(), BTC="60000")
    profit_shares.settle_profit_shares(now=world.now)
    world.settle()
    world.lead_trades(lead, "BTC", "SELL", "0.03")
    world.lead_trades(lead, "SOL", "BUY", "9")
    world.settle()
    world.wait(DAY.total_seconds(), BTC="58000", SOL="111")
    copies.reduce_copy(copy_id=copy.pk, units=usdt("333.33"), idempotency_key="less", now=world.now)
    world.settle()
    world.wait(DAY.total_seconds(), BTC="57000")
    return Copy.objects.select_related("lead").get(pk=copy.pk)


def of(
    user: User, copy: Copy | None = None, *, begins_at: datetime = LONG_AGO, ends_at: datetime, method: str = "fifo"
) -> Statement:
    return statements.statement_of(user=user, copy=copy, begins_at=begins_at, ends_at=ends_at, method=LotMethod(method))


def held(stand: Stand) -> dict[str, int]:
    return {holding.symbol: holding.units for holding in stand.holdings if holding.units}


def cash(units: int) -> Decimal:
    return Decimal(units).scaleb(-8)


def closes_at(at: datetime) -> dict[str, Decimal]:
    """Return the last recorded close of each coin by a moment, or the last mid that an order had by then."""
    found: dict[str, Decimal] = {}
    for bar in PriceBar.objects.filter(closed_at__lte=at).select_related("market__base").order_by("closed_at"):
        found[bar.market.base.symbol] = Decimal(str(bar.close))
    return found


def hold_together(statement: Statement) -> None:
    """Assert everything that a statement promises of its own figures."""
    opening, closing = held(statement.opening), held(statement.closing)
    moved: dict[str, int] = {}
    symbol_of_cash = statement.cash_symbol
    for line in (*statement.flows, *statement.others):
        moved[line.symbol] = moved.get(line.symbol, 0) + line.units
    for other in statement.others:
        if other.kind == OtherKind.TAKEN_OVER:
            moved[symbol_of_cash] = moved.get(symbol_of_cash, 0) + other.value_units
    for trade in statement.trades:
        sign = 1 if trade.side == "BUY" else -1
        moved[trade.symbol] = moved.get(trade.symbol, 0) + trade.units
        moved[symbol_of_cash] = moved.get(symbol_of_cash, 0) - sign * trade.value_units - trade.fee_units
    for share in statement.shares:
        moved[symbol_of_cash] = moved.get(symbol_of_cash, 0) + share.units
    for symbol in {*opening, *closing, *moved}:
        assert opening.get(symbol, 0) + moved.get(symbol, 0) == closing.get(symbol, 0), symbol
    assert statement.opening.value_units + statement.flow_units + statement.result_units == (
        statement.closing.value_units
    )
    assert sum(part.units for part in statement.results) == statement.result_units
    lots: dict[str, int] = {}
    for lot in statement.lots:
        lots[lot.coin] = lots.get(lot.coin, 0) + lot.units
    assert lots == {symbol: units for symbol, units in closing.items() if symbol != symbol_of_cash}
    sold = [one for one in statement.disposals if one.proceeds_units is not None]
    assert sum(year.gain_units for year in statement.years) == sum(one.gain_units for one in sold)


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    return live_a_life(world, lead, follower)


class TestOfACopy:
    def test_holds_together_between_any_two_seconds(self, world: World, copy: Copy, follower: User) -> None:
        bars(world)
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle(looks=90)
        random = Random(3)
        span = int((world.now - NOON).total_seconds())
        moments = sorted(NOON + timedelta(seconds=random.randrange(-600, span)) for _ in range(12))

        for begins_at, ends_at in pairwise(moments):
            for method in LotMethod:
                hold_together(of(follower, copy, begins_at=begins_at, ends_at=ends_at, method=method))
                hold_together(of(follower, begins_at=begins_at, ends_at=ends_at, method=method))

    def test_goes_on_where_the_one_before_ended(self, world: World, copy: Copy, follower: User) -> None:
        bars(world)
        middle = NOON + 4 * DAY

        first, second, both = (
            of(follower, copy, begins_at=begins_at, ends_at=ends_at)
            for begins_at, ends_at in ((NOON, middle), (middle, world.now), (NOON, world.now))
        )

        assert first.closing == second.opening
        assert first.result_units + second.result_units == both.result_units
        assert (*first.trades, *second.trades) == both.trades
        assert (*first.disposals, *second.disposals) == both.disposals

    def test_says_in_the_end_what_the_page_of_the_copy_says(self, world: World, copy: Copy, follower: User) -> None:
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle(looks=90)
        copy.refresh_from_db()

        statement = of(follower, copy, ends_at=world.now + HOUR)

        assert copy.status == Copy.Status.STOPPED
        assert statement.closing.value_units == statement.opening.value_units == 0
        assert statement.result_units == own.summary_of(copy, now=world.now).result_units
        assert {part.part for part in statement.results} >= {Part.PRICES, Part.SPREAD, Part.FEES, Part.PROFIT_SHARE}
        assert statement.lots == ()
        assert statement.costs.share_units == copy.profit_shares.all()[0].share_units + sum(
            share.share_units for share in copy.profit_shares.all()[1:]
        )

    def test_has_every_trade_with_price_fee_mid_order_and_cycle(self, world: World, copy: Copy, follower: User) -> None:
        statement = of(follower, copy, ends_at=world.now)

        assert len(statement.trades) == copy.ledger_account.allocations.count() > 6
        for trade in statement.trades:
            share = copy.ledger_account.allocations.get(order_id=trade.order_id)
            assert (trade.units, trade.fee_units, trade.price_mid) == (
                share.quantity_units,
                share.fee_units,
                share.order.price_mid,
            )
            assert trade.cycle_id == share.order.cycle_id
            assert trade.value_units == abs(share.value_units)
            assert abs(trade.price / trade.price_mid - 1) < Decimal("0.01")
            assert trade.cost_units == -share.fee_units < 0

    def test_says_which_coin_no_price_was_recorded_of(self, world: World, copy: Copy, follower: User) -> None:
        PriceBar.objects.all().delete()
        books = statement_books.load_books(user=follower, copy=copy, before=world.now)
        for share in books.shares.values():
            object.__setattr__(share, "booked_at", world.now + DAY)

        reading = statements._Reading(books, begins_at=NOON, ends_at=world.now)
        for journal in books.journals:
            reading.take(journal)
        stand = reading.stand(reading.units, world.now)

        assert set(stand.unpriced) == {"BTC", "ETH", "SOL"}
        assert stand.value_units == held(stand)["USDT"]

    def test_takes_the_mid_of_an_own_trade_where_it_is_younger_than_the_last_close(
        self, world: World, copy: Copy, follower: User
    ) -> None:
        statement = of(follower, copy, ends_at=world.now)

        prices = {holding.symbol: holding.price for holding in statement.closing.holdings if not holding.is_cash}
        last = {trade.symbol: trade.price_mid for trade in statement.trades}
        assert prices == last

    def test_of_a_time_without_movements_says_what_was_there(self, world: World, copy: Copy, follower: User) -> None:
        bars(world)
        begins_at = NOON + 3 * DAY

        statement = of(follower, copy, begins_at=begins_at, ends_at=begins_at + DAY)

        assert not statement.has_movements
        assert held(statement.opening) == held(statement.closing)
        assert of(follower, copy, ends_at=LONG_AGO + DAY).closing.value_units == 0

    def test_counts_bitcoin_over_the_time_of_the_copy(self, world: World, copy: Copy, follower: User) -> None:
        bars(world)
        closes = PriceBar.objects.filter(market__symbol="BTC-USDT").order_by("closed_at")

        statement = of(follower, copy, ends_at=world.now)

        first = closes.filter(closed_at__gt=copy.started_at - 2 * HOUR).first()
        last = closes.last()
        assert statement.benchmark_fraction == pytest.approx(last.close / first.close - 1)
        PriceBar.objects.all().delete()
        assert of(follower, copy, ends_at=world.now).benchmark_fraction is None

    def test_counts_what_was_taken_over_as_a_sale_at_what_was_paid(
        self, world: World, lead: Lead, follower: User
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.012")
        world.settle()
        small = world.start(follower, lead, "100")
        world.settle()
        # A little more than the venue's minimum, which an exit at its limit falls short of.
        world.wait(1, BTC=f"{5.01 / world.held(small.ledger_account)['BTC'] * 10**8:.2f}")
        copies.stop_copy(copy_id=small.pk, now=world.now)
        world.settle(looks=90)

        statement = of(follower, Copy.objects.get(pk=small.pk), ends_at=world.now + HOUR)

        (rest,) = [other for other in statement.others if other.kind == OtherKind.TAKEN_OVER]
        assert rest.units < 0 < rest.value_units
        assert statement.disposals[-1].proceeds_units is not None
        hold_together(statement)
        hold_together(of(follower, ends_at=world.now + HOUR))

    def test_hands_coins_over_with_their_lots_and_counts_them_as_nothing(
        self, world: World, copy: Copy, follower: User
    ) -> None:
        Market.objects.filter(symbol="BTC-USDT").update(status=Market.Status.SUSPENDED, status_since=world.now)
        world.wait(settings.SMARTSYNC_FROZEN_AFTER_SECONDS + 1)
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle(looks=90)
        copy.refresh_from_db()

        of_copy, of_all = of(follower, copy, ends_at=world.now + HOUR), of(follower, ends_at=world.now + HOUR)

        assert copy.status == Copy.Status.STOPPED
        (handed,) = [flow for flow in of_copy.flows if flow.symbol == "BTC"]
        assert (handed.value_units, handed.kind) == (0, Journal.Kind.COPY_PAYOUT)
        assert of_copy.result_units == own.summary_of(copy, now=world.now).result_units
        gone = [one for one in of_copy.disposals if one.proceeds_units is None]
        assert sum(one.units for one in gone) == -handed.units
        assert [(lot.units, lot.acquired_at, lot.cost_units) for lot in of_all.lots] == [
            (one.units, one.acquired_at, one.cost_units) for one in gone
        ]
        hold_together(of_copy)
        hold_together(of_all)

    def test_turns_the_lots_of_a_coin_that_was_counted_anew(
        self, world: World, lead: Lead, follower: User, operator: User, settings: object
    ) -> None:
        second = User.objects.create_superuser("second@example.org", "correct horse battery")
        settings.SMARTSYNC_PRICE_JUMP = 0.1  # type: ignore[attr-defined]
        copy = copy_of_sol(world, lead, follower)
        world.now = NOON + 2 * HOUR
        world.prices()
        price_bars.write_bars(closes={"SOL-USDT": np.array([100.0, 100.0])}, times=[NOON + HOUR, NOON + 2 * HOUR])
        world.now += timedelta(seconds=1)
        before = world.now
        old = of(follower, copy, ends_at=before)
        leap(world)
        judge(world, operator, second, "NEW_UNIT", old_count=1_000)
        world.settle(looks=40)
        world.wait(HOUR.total_seconds())

        new, again = of(follower, copy, ends_at=world.now), of(follower, copy, ends_at=before)

        assert again == old
        (line,) = [other for other in new.others if other.kind == OtherKind.NEW_UNIT]
        assert line.units < 0
        sol = {name: next(one for one in stand.holdings if one.symbol == "SOL") for name, stand in
               {"old": old.closing, "new": new.closing}.items()}  # fmt: skip
        assert (sol["old"].price, sol["new"].price) == (Decimal(100), Decimal(100_000))
        assert sol["new"].units == sol["old"].units // 1_000
        assert [lot.acquired_at for lot in new.lots] == [lot.acquired_at for lot in old.lots]
        assert sum(lot.cost_units for lot in new.lots) == sum(lot.cost_units for lot in old.lots)
        for statement in (old, new, of(follower, ends_at=world.now)):
            hold_together(statement)


class TestOfEverything:
    def test_counts_no_move_between_own_accounts_as_a_flow(self, world: World, copy: Copy, follower: User) -> None:
        market = Market.objects.get(symbol="SOL-USDT")
        spot.place_manual_order(
            user=follower, market_id=market.pk, side="BUY", units=usdt(250), idempotency_key="a", now=world.now
        )

        statement = of(follower, ends_at=world.now + HOUR)

        assert [(flow.kind, flow.units) for flow in statement.flows] == [(Journal.Kind.DEPOSIT, usdt(10_000))]
        assert {trade.place for trade in statement.trades} == {"Basalt", "Wallet"}
        hold_together(statement)

    def test_of_a_lead_has_what_was_earned(self, world: World, copy: Copy, lead: Lead) -> None:
        statement = of(lead.user, ends_at=world.now + HOUR)

        (earned,) = [part for part in statement.results if part.part == Part.EARNED_SHARE]
        assert earned.units == sum(share.units for share in statement.shares) > 0
        assert {trade.place for trade in statement.trades} == {"As Basalt"}
        hold_together(statement)

    def test_of_somebody_who_never_had_money_is_empty(self, world: World, stranger: User) -> None:
        statement = of(stranger, ends_at=world.now)

        assert not statement.has_movements
        assert (statement.closing.value_units, statement.benchmark_fraction) == (0, None)

    def test_asks_the_database_as_often_for_many_copies_as_for_one(self, world: World, follower: User) -> None:
        copies_of_new_leads(world, follower, range(1))
        with counted_queries() as few:
            of(follower, ends_at=world.now)
        copies_of_new_leads(world, follower, range(1, 6))

        with counted_queries() as many:
            of(follower, ends_at=world.now)

        assert len(many) == len(few) <= 12

    def test_counts_as_many_trades_as_it_lists(self, world: World, copy: Copy, follower: User) -> None:
        ends_at = world.now - DAY

        for one in (None, copy):
            listed = of(follower, one, begins_at=NOON + HOUR, ends_at=ends_at).trades
            assert len(listed) == statement_books.trades_of(
                user=follower, copy=one, begins_at=NOON + HOUR, ends_at=ends_at
            )


class TestPeriodRefusal:
    @pytest.mark.parametrize(
        ("begins_at", "ends_at", "sentence"),
        [
            (NOON, NOON, "The end has to lie after the beginning."),
            (NOON, NOON - HOUR, "The end has to lie after the beginning."),
            (NOON, NOON + 2 * HOUR, "A statement ends now at the latest: what is to come is in no book."),
            (NOON, NOON + HOUR, ""),
        ],
    )
    def test_is_a_sentence(self, begins_at: datetime, ends_at: datetime, sentence: str) -> None:
        assert statements.period_refusal(begins_at=begins_at, ends_at=ends_at, now=NOON + HOUR) == sentence


@pytest.mark.django_db(transaction=True)
class TestAgainstTheExport:
    """`export_journal` runs in a transaction of its own, so these need real ones."""

    @pytest.fixture
    def lived(self, world: World, lead: Lead, follower: User) -> Iterator[Copy]:
        copy = live_a_life(world, lead, follower)
        bars(world)
        yield copy

    def test_every_total_is_that_of_the_exported_book_to_1e_9(self, lived: Copy, world: World, follower: User) -> None:
        of_copy = {f"Liabilities:Copy:{lived.ledger_account_id}"}
        kinds = LedgerAccount.objects.filter(owner=follower).values_list("kind", "pk")
        of_all = {f"Liabilities:{kind.title()}:{pk}" for kind, pk in kinds}
        random = Random(11)
        span = int((world.now - NOON).total_seconds())
        asked = [(NOON - HOUR, world.now)]
        asked += [
            (NOON + timedelta(seconds=first), NOON + timedelta(seconds=first + random.randrange(1, span - first)))
            for first in (random.randrange(0, span // 2) for _ in range(5))
        ]
        compared, worst = 0, Decimal(0)
        for begins_at, ends_at in asked:
            for copy, accounts, flows in (
                (lived, of_copy, export_reader.COPY_FLOWS),
                (None, of_all, export_reader.OUTSIDE_FLOWS),
            ):
                statement = of(follower, copy, begins_at=begins_at, ends_at=ends_at)
                book = export_reader.recomputed(accounts, begins_at=begins_at, ends_at=ends_at, flows=flows)

                opening = {one.symbol: cash(one.units) for one in statement.opening.holdings if one.units}
                closing = {one.symbol: cash(one.units) for one in statement.closing.holdings if one.units}
                prices = [
                    {one.symbol: one.price for one in stand.holdings if one.price is not None}
                    for stand in (statement.opening, statement.closing)
                ]
                pairs = [(opening.get(coin, Decimal(0)), quantity) for coin, quantity in book.opening.items()]
                pairs += [(closing.get(coin, Decimal(0)), quantity) for coin, quantity in book.closing.items()]
                values = [
                    export_reader.value_of(held, closes)
                    for held, closes in zip((book.opening, book.closing), prices, strict=True)
                ]
                pairs += [
                    (cash(statement.opening.value_units), values[0]),
                    (cash(statement.closing.value_units), values[1]),
                    (cash(statement.flow_units), book.flows),
                    (cash(statement.result_units), values[1] - values[0] - book.flows),
                    (cash(sum(share.units for share in statement.shares)), book.shares),
                    (
                        cash(
                            sum(
                                (trade.value_units if trade.side == "SELL" else -trade.value_units) - trade.fee_units
                                for trade in statement.trades
                            )
                        ),
                        book.cash_of_trades,
                    ),
                    *(
                        (cash(sum(one.units for one in statement.trades if one.symbol == coin)), quantity)
                        for coin, quantity in book.traded.items()
                    ),
                ]
                worst = max(worst, *(abs(ours - theirs) for ours, theirs in pairs))
                compared += len(pairs)
                assert len(statement.trades) == book.trades
        assert worst <= TOLERANCE, worst
        assert compared > 100
        assert Posting.objects.count() > 50

    def test_lots_are_those_of_a_second_program_on_the_exported_book(
        self, lived: Copy, world: World, follower: User
    ) -> None:
        kinds = LedgerAccount.objects.filter(owner=follower).values_list("kind", "pk")
        for copy, accounts in (
            (lived, {f"Liabilities:Copy:{lived.ledger_account_id}"}),
            (None, {f"Liabilities:{kind.title()}:{pk}" for kind, pk in kinds}),
        ):
            events = export_reader.lot_events(accounts)
            for method in LotMethod:
                gone, kept = second_program(events, method.value)

                statement = of(follower, copy, ends_at=world.now, method=method)

                assert [
                    (one.coin, one.units, one.acquired_at, one.disposed_at, one.cost_units, one.proceeds_units)
                    for one in statement.disposals
                ] == gone
                assert [(lot.coin, lot.acquired_at, lot.units, lot.cost_units) for lot in statement.lots] == kept
                assert len(gone) >= 4
        posted = Balance.objects.filter(ledger_account=lived.ledger_account).values_list("asset__symbol", "posted")
        assert {coin: sum(units for other, _, units, _ in kept if other == coin) for coin, *_ in kept} == {
            symbol: units for symbol, units in posted if units and symbol != "USDT"
        }

    def test_values_are_those_of_the_recorded_closes(self, lived: Copy, world: World, follower: User) -> None:
        at = NOON + 6 * DAY

        statement = of(follower, lived, ends_at=at)

        book = export_reader.recomputed(
            {f"Liabilities:Copy:{lived.ledger_account_id}"}, begins_at=NOON, ends_at=at, flows=set()
        )
        assert cash(statement.closing.value_units) == export_reader.value_of(book.closing, closes_at(at))
