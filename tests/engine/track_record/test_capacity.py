"""What more money behind a lead would cost at the depth there is."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest

from copytrading.engine.track_record import capacity
from copytrading.engine.track_record.capacity import BookSide

BOOK = BookSide(prices=np.array([100.0, 101.0]), quantities=np.array([5.0, 5.0]), mid=99.9)


class TestCostOfBuying:
    def test_is_the_average_price_above_the_mid(self):
        assert capacity.cost_of_buying(book=BOOK, value=1005.0) == pytest.approx((1005.0, 60.06006), rel=1e-6)

    def test_is_half_the_spread_at_the_best_offer(self):
        assert capacity.cost_of_buying(book=BOOK, value=1.0)[1] == pytest.approx(10.01001, rel=1e-6)

    def test_fills_no_more_than_the_book_shows(self):
        assert capacity.cost_of_buying(book=BOOK, value=5000.0)[0] == 1005.0

    def test_is_unknown_where_the_book_is_empty(self):
        empty = BookSide(prices=np.array([]), quantities=np.array([]), mid=1.0)

        filled, cost = capacity.cost_of_buying(book=empty, value=10.0)

        assert filled == 0
        assert np.isnan(cost)


class TestEntryCosts:
    def test_spread_the_cost_over_cash_too(self):
        (cost,) = capacity.entry_costs(weights={"BTC": 0.5}, books={"BTC": BOOK}, values=[100.0])

        assert cost.cost_bp == pytest.approx(10.01001 / 2, rel=1e-6)
        assert cost.filled_fraction == 1.0

    def test_say_what_the_books_could_not_fill(self):
        (cost,) = capacity.entry_costs(weights={"BTC": 0.5, "ETH": 0.5}, books={"BTC": BOOK}, values=[200.0])

        assert cost.filled_fraction == 0.5
        assert np.isnan(cost.costs_bp["ETH"])

    def test_are_none_where_all_is_wanted_and_no_book_fills_any(self):
        (cost,) = capacity.entry_costs(weights={"ETH": 1.0}, books={}, values=[100.0])

        assert (cost.cost_bp, cost.filled_fraction) == (0.0, 0.0)

    def test_are_told_of_half_a_unit_of_money_too(self):
        (cost,) = capacity.entry_costs(weights={"BTC": 1.0}, books={"BTC": BOOK}, values=[0.5])

        assert cost.cost_bp == pytest.approx(10.01001, rel=1e-6)

    def test_cost_nothing_for_a_lead_in_cash(self):
        assert [cost.cost_bp for cost in capacity.entry_costs(weights={}, books={})] == [0.0, 0.0, 0.0]

    def test_are_told_of_a_thousand_ten_thousand_and_a_hundred_thousand(self):
        assert [cost.value for cost in capacity.entry_costs(weights={}, books={})] == [1_000, 10_000, 100_000]

    def test_of_ten_basis_points_are_one_in_a_thousand(self):
        book = BookSide(prices=np.array([100.1]), quantities=np.array([50.0]), mid=100.0)

        (cost,) = capacity.entry_costs(weights={"BTC": 1.0}, books={"BTC": book}, values=[1_000.0])

        assert cost.cost_bp == pytest.approx(10)
        assert cost.cost_in_1000 == pytest.approx(1)

    def test_are_those_of_what_could_be_bought(self):
        # Half of what is wanted is in a coin without a book, and a fifth stays cash.
        (cost,) = capacity.entry_costs(weights={"BTC": 0.4, "ETH": 0.4}, books={"BTC": BOOK}, values=[200.0])

        assert cost.cost_bp == pytest.approx(10.01001 * 80 / (80 + 40), rel=1e-6)
        assert cost.filled_fraction == pytest.approx(0.5)

    def test_are_nothing_where_nothing_can_be_bought(self):
        (cost,) = capacity.entry_costs(weights={"ETH": 0.4}, books={}, values=[200.0])

        assert (cost.cost_bp, cost.filled_fraction) == (0.0, 0.0)

    def test_say_nothing_of_a_coin_that_weighs_nothing(self):
        (cost,) = capacity.entry_costs(weights={"BTC": 0.5, "ETH": 0.0}, books={"BTC": BOOK}, values=[200.0])

        assert set(cost.costs_bp) == {"BTC"}

    def test_rise_with_the_money_in_a_recorded_book(self, recorded_data):
        prices, quantities, bids = [], [], []
        with gzip.open(recorded_data / "market" / "book50_BTC-USDT_2024-08-08.csv.gz", "rt") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            if row["ts"] != rows[0]["ts"]:
                break
            if row["side"] == "ask":
                prices.append(float(row["price"]))
                quantities.append(float(row["qty"]))
            else:
                bids.append(float(row["price"]))
        book = BookSide(prices=np.array(prices), quantities=np.array(quantities), mid=(max(bids) + min(prices)) / 2)

        costs = capacity.entry_costs(weights={"BTC": 1.0}, books={"BTC": book})

        assert costs[0].cost_bp > 0
        assert costs[0].cost_bp <= costs[1].cost_bp <= costs[2].cost_bp < 10
