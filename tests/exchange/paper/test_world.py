from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from copytrading.exchange.errors import OrderRejected
from copytrading.exchange.orders import Side
from copytrading.exchange.paper.balances import NotEnoughBalance
from copytrading.exchange.paper.models import PaperMarket, PaperTrade, PaperTransfer
from copytrading.exchange.paper.venue import PaperVenue
from copytrading.exchange.paper.world import TransferChanged, credit, debit, open_market, set_prices

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class TestOpenMarket:
    def test_changes_the_rules_of_a_listed_market_and_keeps_its_price(self, venue):
        open_market(
            symbol="SOL-USDT", lot_size=Decimal("0.1"), tick_size=Decimal("0.5"), value_min=Decimal(10), level_count=0
        )

        market = PaperMarket.objects.get(symbol="SOL-USDT")
        assert (market.lot_size, market.level_count, market.price) == (Decimal("0.1"), 0, 100)

    def test_refuses_what_is_not_a_pair(self, db):
        with pytest.raises(ValueError, match="'SOL' is not a pair"):
            open_market(symbol="SOL", lot_size=Decimal(1), tick_size=Decimal(1), value_min=Decimal(1))

    def test_cannot_have_lots_of_nothing(self, db):
        with pytest.raises(IntegrityError, match="paper_market_steps_are_positive"):
            open_market(symbol="SOL-USDT", lot_size=Decimal(0), tick_size=Decimal(1), value_min=Decimal(1))


class TestSetPrices:
    def test_moves_all_markets_in_one_statement(self, venue, django_assert_num_queries):
        with django_assert_num_queries(1):
            moved = set_prices({"SOL-USDT": Decimal("101.5"), "DOT-USDT": Decimal("9.5")}, NOON + timedelta(seconds=1))

        assert moved == 2
        assert venue.book("SOL-USDT", now=NOON).mid == Decimal("101.5")

    def test_leaves_out_markets_that_are_not_listed(self, venue):
        assert set_prices({"PEPE-USDT": Decimal(1), "SOL-USDT": Decimal(99)}, NOON) == 1

    @pytest.mark.parametrize("price", [Decimal(0), Decimal(-1)])
    def test_sets_none_when_one_is_not_above_zero(self, venue, price):
        with pytest.raises(IntegrityError, match="paper_market_price_is_positive"), transaction.atomic():
            set_prices({"DOT-USDT": Decimal(11), "SOL-USDT": price}, NOON)

        assert PaperMarket.objects.get(symbol="DOT-USDT").price == 10


class TestTransfers:
    def test_arrive_once_per_reference(self, venue):
        assert credit("platform", "USDT", Decimal("0.00000001"), "deposit 7") is True
        assert credit("platform", "USDT", Decimal("0.00000001"), "deposit 7") is False

        assert venue.balances()["USDT"] == Decimal("100000.00000001")

    def test_leave_once_per_reference(self, venue):
        assert debit("platform", "SOL", Decimal(500), "withdrawal 7") is True
        assert debit("platform", "SOL", Decimal(500), "withdrawal 7") is False

        assert venue.balances()["SOL"] == 0

    def test_never_leave_more_than_there_is(self, venue):
        with pytest.raises(NotEnoughBalance, match=r"The account holds 500 SOL; 500\.5 are needed"):
            debit("platform", "SOL", Decimal("500.5"), "withdrawal 8")

        assert venue.balances()["SOL"] == 500
        assert not PaperTransfer.objects.filter(reference="withdrawal 8").exists()

    def test_refuse_a_reference_used_for_another(self, venue):
        credit("platform", "USDT", Decimal(1), "deposit 9")

        with pytest.raises(TransferChanged, match="The reference deposit 9 was used for 1 USDT"):
            credit("platform", "USDT", Decimal(2), "deposit 9")

    @pytest.mark.parametrize("quantity", [Decimal(0), Decimal(-1), 1.5])
    def test_refuse_nothing_less_than_nothing_and_floats(self, venue, quantity):
        with pytest.raises(ValueError, match="A transfer needs a Decimal above zero"):
            credit("platform", "USDT", quantity, "deposit 10")


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_sell_the_last_coins_once(self, venue):
        PaperMarket.objects.filter(symbol="SOL-USDT").update(level_count=0)

        def sell_all(attempt: int) -> bool:
            try:
                PaperVenue(account="platform").place_limit_ioc(
                    client_order_id=f"attempt{attempt}",
                    symbol="SOL-USDT",
                    side=Side.SELL,
                    quantity=Decimal(500),
                    price_limit=Decimal(99),
                    now=NOON,
                )
            except OrderRejected:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(max_workers=6) as pool:
            sold = list(pool.map(sell_all, range(12)))

        assert sum(sold) == 1
        assert venue.balances()["SOL"] == 0

    def test_share_one_book_and_open_one_balance(self, venue):
        depth = venue.book("DOT-USDT", now=NOON).depth_within(Side.BUY, Decimal("10.10"))

        def buy(attempt: int) -> Decimal:
            try:
                return (
                    PaperVenue(account="platform")
                    .place_limit_ioc(
                        client_order_id=f"attempt{attempt}",
                        symbol="DOT-USDT",
                        side=Side.BUY,
                        quantity=Decimal(100),
                        price_limit=Decimal("10.10"),
                        now=NOON,
                    )
                    .filled_quantity
                )
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=6) as pool:
            bought = list(pool.map(buy, range(12)))

        assert sum(bought) == depth == venue.balances()["DOT"]
        assert sum(PaperTrade.objects.values_list("quantity", flat=True)) == depth

    def test_credit_one_reference_once(self, venue):
        def arrive(_: int) -> bool:
            try:
                return credit("platform", "ETH", Decimal(3), "the same deposit")
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=6) as pool:
            arrived = list(pool.map(arrive, range(12)))

        assert sum(arrived) == 1
        assert venue.balances()["ETH"] == 3
