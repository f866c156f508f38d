"""What a copy's result is made of: the rows sum to the heading, to the last unit, whatever became of the coins."""

from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest
from django.conf import settings
from django.db import transaction

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Asset, Journal, LedgerAccount, User
from copytrading.models import Copy, Lead, Market, Notice
from copytrading.queries.copies import coin_results, portfolios
from copytrading.queries.copies import own as queries
from copytrading.queries.copies.coin_results import Part, ResultRow
from copytrading.queries.happened.activity import receipts_of
from copytrading.services.books import profit_shares
from copytrading.services.copies import verbs as copies
from copytrading.services.locks import lock_lead
from copytrading.services.refusals import Refusal
from tests.cast import World, usdt
from tests.views.scenes import copy_with_holdings


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    return copy_with_holdings(world, lead, follower)


@pytest.fixture
def small_copy(world: World, lead: Lead, follower: User) -> Copy:
    """A copy of 100 USDT that holds 6 of them in BTC: at the limit of an exit less than the venue takes."""
    world.lead_trades(lead, "BTC", "BUY", "0.012")
    world.settle()
    copy = world.start(follower, lead, "100")
    world.settle()
    return copy


def rows_of(copy: Copy, world: World) -> tuple[list[ResultRow], int]:
    """Return the rows of a copy and the result that they are of."""
    copy = Copy.objects.get(pk=copy.pk)
    prices = portfolios.price_list()
    summary = queries.summary_of(copy, now=world.now, prices=prices)
    return coin_results.result_rows(summary, prices=prices), summary.result_units


def total_of(rows: list[ResultRow]) -> int:
    return sum(row.result_units or 0 for row in rows)


def coin(rows: list[ResultRow], symbol: str) -> ResultRow:
    return next(row for row in rows if row.part == Part.COIN and row.symbol == symbol)


def stop_with_a_rest(copy: Copy, world: World) -> None:
    """Stop a copy whose coins are worth a little more than the venue's minimum, so that they are taken over."""
    held = world.held(copy.ledger_account)["BTC"]
    world.wait(1, BTC=f"{5.01 / held * 10**8:.2f}")
    copies.stop_copy(copy_id=copy.pk, now=world.now)
    world.settle(looks=90)


class TestResultRows:
    def test_sum_to_the_result_of_a_copy_that_ended_with_a_rest(self, world: World, small_copy: Copy) -> None:
        held = world.held(small_copy.ledger_account)["BTC"]
        stop_with_a_rest(small_copy, world)

        rows, result = rows_of(small_copy, world)

        assert total_of(rows) == result
        bitcoin = coin(rows, "BTC")
        assert (bitcoin.units, bitcoin.taken_over_units) == (0, held)
        assert bitcoin.result_units == result, "there is nothing else in it"
        assert bitcoin.taken_over_value_units == pytest.approx(usdt("5.01"), rel=1e-3)

    def test_sum_to_the_result_where_nobody_noted_what_the_rest_brought(self, world: World, small_copy: Copy) -> None:
        stop_with_a_rest(small_copy, world)
        Notice.objects.filter(kind=Notice.Kind.REST_TAKEN_OVER).delete()

        rows, result = rows_of(small_copy, world)

        assert total_of(rows) == result
        taken_over = next(row for row in rows if row.part == Part.TAKEN_OVER)
        assert taken_over.result_units == pytest.approx(usdt("5.01"), rel=1e-3)

    def test_sum_to_the_result_with_the_profit_share_that_is_due(self, world: World, copy: Copy) -> None:
        world.wait(BTC="60000")

        rows, result = rows_of(copy, world)

        share = next(row for row in rows if row.part == Part.PROFIT_SHARE)
        assert total_of(rows) == result
        assert share.result_units is not None
        assert share.result_units < 0

    def test_sum_to_the_result_after_shares_were_paid_and_redeemed(self, world: World, copy: Copy) -> None:
        world.wait(BTC="60000")
        world.wait(timedelta(days=8).total_seconds())
        profit_shares.settle_profit_shares(now=world.now)
        world.settle()
        world.wait(BTC="70000")
        copies.reduce_copy(copy_id=copy.pk, units=usdt(300), idempotency_key="less", now=world.now)
        world.settle()
        world.wait(BTC="65000")

        running, result_so_far = rows_of(copy, world)
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle(looks=90)
        ended, result = rows_of(copy, world)

        assert Notice.objects.filter(copy=copy, kind=Notice.Kind.PROFIT_SHARED).count() >= 2
        assert total_of(running) == result_so_far
        assert total_of(ended) == result

    def test_sum_to_the_result_where_coins_went_to_the_wallet_as_they_are(self, world: World, copy: Copy) -> None:
        held = world.held(copy.ledger_account)["BTC"]
        Market.objects.filter(symbol="BTC-USDT").update(status=Market.Status.SUSPENDED, status_since=world.now)
        world.wait(settings.SMARTSYNC_FROZEN_AFTER_SECONDS + 1)
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()

        rows, result = rows_of(copy, world)

        assert Copy.objects.get(pk=copy.pk).status == Copy.Status.STOPPED
        assert coin(rows, "BTC").handed_over_units == held
        assert total_of(rows) == result

    def test_sum_to_the_result_after_a_correction(self, world: World, copy: Copy) -> None:
        cash = Asset.objects.get(symbol="USDT").pk
        suspense = ledger.platform_account(LedgerAccount.Kind.SUSPENSE, now=world.now).pk
        with transaction.atomic():
            lock_lead(copy.lead_id)
            ledger.post(
                kind=Journal.Kind.CORRECTION,
                idempotency_key="found",
                lines=Lines.of([copy.ledger_account_id, suspense], cash, [usdt(3), -usdt(3)]),
                now=world.now,
            )

        rows, result = rows_of(copy, world)

        assert total_of(rows) == result
        assert next(row for row in rows if row.part == Part.CORRECTION).result_units == usdt(3)

    def test_sum_to_the_result_where_a_fee_was_kept_in_coins(self, world: World, copy: Copy) -> None:
        world.wait(BTC="51234.56")
        allocation = copy.ledger_account.allocations.get()
        # What a venue keeps of the coins never arrives, so it is in the quantity already.
        venue = ledger.platform_account(LedgerAccount.Kind.VENUE, now=world.now).pk
        with transaction.atomic():
            lock_lead(copy.lead_id)
            ledger.post(
                kind=Journal.Kind.TRADE,
                idempotency_key="fee-in-coins",
                lines=Lines.of([copy.ledger_account_id, venue], allocation.order.market.base_id, [-1_234, 1_234]),
                now=world.now,
            )
        type(allocation).objects.filter(pk=allocation.pk).update(
            quantity_units=allocation.quantity_units - 1_234, fee_base_units=1_234
        )

        rows, result = rows_of(copy, world)

        assert total_of(rows) == result

    def test_have_only_coins_and_cash_where_nothing_else_happened(self, world: World, copy: Copy) -> None:
        world.wait(BTC="45000")

        rows, _ = rows_of(copy, world)

        assert [row.part for row in rows] == [Part.COIN, Part.CASH]


class TestACoin:
    def test_names_the_prices_that_were_paid_and_got_on_average(self, world: World, copy: Copy, lead: Lead) -> None:
        world.lead_trades(lead, "SOL", "BUY", "20")
        world.settle()
        world.wait(SOL="90")
        world.lead_trades(lead, "SOL", "SELL", "20")
        world.settle()

        rows, result = rows_of(copy, world)

        bitcoin, solana = coin(rows, "BTC"), coin(rows, "SOL")
        assert bitcoin.average_price == pytest.approx(50_000, rel=1e-3)
        assert bitcoin.sold_price is None
        assert (solana.average_price, solana.sold_price) == pytest.approx((100, 90), rel=1e-3)
        assert total_of(rows) == result


class TestWhatIsShown:
    def test_sums_to_the_result_to_the_cent(self, world: World, copy: Copy, lead: Lead) -> None:
        for symbol, quantity in (("SOL", "3.333"), ("ETH", "0.1237")):
            world.lead_trades(lead, symbol, "BUY", quantity)
            world.settle()
        for price in range(50_001, 50_040, 3):
            world.wait(BTC=f"{price}.37", SOL="99.93", ETH="2501.11")

            rows, result = rows_of(copy, world)

            shown = [row.shown_units for row in rows if row.shown_units is not None]
            assert sum(shown) == result // 10**6 * 10**6
            assert all(
                abs(row.shown_units - row.result_units) < 2 * 10**6
                for row in rows
                if row.shown_units is not None and row.result_units is not None
            )


class TestTheReceipts:
    def test_tell_what_was_taken_over_and_for_how_much(self, world: World, small_copy: Copy, follower: User) -> None:
        stop_with_a_rest(small_copy, world)

        notice = Notice.objects.get(copy=small_copy, kind=Notice.Kind.REST_TAKEN_OVER)
        receipt = next(receipt for receipt in receipts_of(follower).receipts if receipt.code == "REST_TAKEN_OVER")

        assert receipt.sentence.headline == (
            "The rest of your BTC, 0.00012 coins, was taken over by the platform at the mark for 5.01 USDT"
        )
        paid = small_copy.ledger_account.postings.filter(journal__kind=Journal.Kind.DUST, asset__symbol="USDT").get()
        assert notice.value_units == paid.units

    def test_promise_nothing_on_a_copy_that_holds_nothing(self, world: World, small_copy: Copy, follower: User) -> None:
        stop_with_a_rest(small_copy, world)

        said = [receipt.sentence for receipt in receipts_of(follower, copy_id=small_copy.pk, count=100).receipts]

        assert any("Did not sell BTC" in sentence.headline for sentence in said), "the case at hand"
        assert not [sentence for sentence in said if "follows" in sentence.detail]
        kept = next(sentence for sentence in said if "Did not sell BTC" in sentence.headline)
        assert "taken over by the platform" in kept.detail


class TestAnyStory:
    @pytest.mark.parametrize("seed", range(3))
    def test_sums_after_every_step_of_it(
        self, world: World, lead: Lead, follower: User, other_follower: User, seed: int
    ) -> None:
        rng = Random(seed)
        followed = [world.start(follower, lead, "400"), world.start(other_follower, lead, "100")]
        for step in range(30):
            copy = rng.choice(followed)
            with suppress(Refusal):
                self._do_something(rng, world, lead, copy, key=f"step-{step}")
            world.settle(looks=rng.randint(1, 6))

            for one in followed:
                rows, result = rows_of(one, world)
                assert total_of(rows) == result, (seed, step)
        for one in followed:
            with suppress(Refusal):
                copies.stop_copy(copy_id=one.pk, now=world.now)
        world.settle(looks=90)
        assert not Copy.objects.exclude(status=Copy.Status.STOPPED).exists()
        for one in followed:
            rows, result = rows_of(one, world)
            assert total_of(rows) == result
            assert sum(row.units for row in rows) == 0

    @staticmethod
    def _do_something(rng: Random, world: World, lead: Lead, copy: Copy, *, key: str) -> None:
        """Let a price move, the lead trade, or money come, go or be shared."""
        match rng.randrange(6):
            case 0 | 1:
                symbol, quantity = rng.choice([("BTC", "0.02"), ("ETH", "0.4"), ("SOL", "9")])
                world.lead_trades(lead, symbol, rng.choice(["BUY", "BUY", "SELL"]), quantity)
            case 2:
                world.wait(60, BTC=str(rng.randint(40_000, 70_000)), SOL=str(rng.randint(60, 160)))
            case 3:
                copies.increase_copy(
                    copy_id=copy.pk, units=usdt(rng.randint(10, 90)), idempotency_key=key, now=world.now
                )
            case 4:
                copies.reduce_copy(copy_id=copy.pk, units=usdt(rng.randint(10, 90)), idempotency_key=key, now=world.now)
            case 5:
                world.wait(timedelta(days=8).total_seconds())
                profit_shares.settle_profit_shares(now=world.now)
