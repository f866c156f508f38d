"""
The what-if against an independent witness: one numpy loop over floats that shares no code with the engine.

Published weights of a real fund over real prices, at every bar, to a billionth.
"""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command

COINS = ["BTC", "ETH", "XRP"]


def closes_of(path: Path) -> tuple[list[datetime], np.ndarray]:
    bars: dict[datetime, list[float]] = {}
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            bar = bars.setdefault(at(row["ts"]), [np.nan] * len(COINS))
            coin = row["symbol"].split("-")[0]
            if coin in COINS:
                bar[COINS.index(coin)] = float(row["close"])
    times = sorted(bars)
    return times, np.array([bars[time] for time in times])


def weights_of(path: Path, *, trader: str) -> dict[datetime, np.ndarray]:
    weights: dict[datetime, np.ndarray] = {}
    with path.open() as file:
        for row in csv.DictReader(file):
            coin = row["symbol"].split("-")[0]
            if row["trader"] == trader:
                targets = weights.setdefault(at(row["ts"]), np.zeros(len(COINS)))
                if coin in COINS:
                    targets[COINS.index(coin)] = float(row["weight_target"])
    return weights


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def trade(
    cash: float, held: np.ndarray, target: np.ndarray, prices: np.ndarray, fee: float
) -> tuple[float, np.ndarray]:
    sold, bought = np.maximum(held - target, 0), np.maximum(target - held, 0)
    cash += (sold * prices).sum() * (1 - fee)
    cost = (bought * prices).sum() * (1 + fee)
    bought = bought * min(1, cash / cost) if cost > 0 else bought
    return cash - (bought * prices).sum() * (1 + fee), held - sold + bought


def witness(times, closes, weights, *, lead_cash, investment, fee):
    """Return the equity of lead and copy at every bar from the first weights on."""
    due = sorted(weights)
    lead_held, copy_held, copy_cash = np.zeros(len(COINS)), np.zeros(len(COINS)), investment
    lead, copy = [], []
    for time, prices in zip(times, closes, strict=True):
        if time < min(weights):
            continue
        rebalances = bool(due) and due[0] <= time
        while due and due[0] <= time:
            worth = lead_cash + lead_held @ prices
            lead_cash, lead_held = trade(lead_cash, lead_held, weights[due.pop(0)] * worth / prices, prices, fee)
        lead_worth, sold = lead_cash + lead_held @ prices, np.zeros(len(COINS), dtype=bool)
        for side in (-1, 1):
            # What is bought is aimed at anew, on what the sells left.
            copy_worth = copy_cash + copy_held @ prices
            target = copy_worth / lead_worth * lead_held
            drifted = np.abs(target - copy_held) * prices > 0.01 * copy_worth
            acting = (rebalances | drifted) & ((target - copy_held) * side > 0) & ~sold
            sold = acting
            copy_cash, copy_held = trade(copy_cash, copy_held, np.where(acting, target, copy_held), prices, fee)
        lead.append(lead_worth)
        copy.append(copy_cash + copy_held @ prices)
    return np.array(lead), np.array(copy), copy_held


class TestPublishedWeights:
    @pytest.mark.parametrize("fee", [0.0, 0.001])
    def test_agree_with_an_independent_loop_at_every_bar(self, recorded_data, fee):
        prices = recorded_data / "prices" / "prices_1h_2018-08_2019-03.csv.gz"
        weights = recorded_data / "trades" / "weights_crypto_risk_control.csv"
        times, closes = closes_of(prices)
        lead, copy, held = witness(
            times, closes, weights_of(weights, trader="CRC3"), lead_cash=10_000.0, investment=1000.0, fee=fee
        )

        printed = StringIO()
        call_command(
            "whatif",
            f"--prices={prices}",
            f"--lead-weights={weights}",
            "--trader=CRC3",
            "--lead-cash=10000",
            "--investment=1000",
            f"--fee-rate={fee}",
            "--json",
            stdout=printed,
        )
        outcome = json.loads(printed.getvalue())

        assert outcome["bars"] == len(lead) > 5000
        assert [point["lead"] for point in outcome["equity_curve"]] == pytest.approx(lead.tolist(), rel=1e-9, abs=0)
        assert [point["copy"] for point in outcome["equity_curve"]] == pytest.approx(copy.tolist(), rel=1e-9, abs=0)
        assert outcome["lead_return"] == pytest.approx(lead[-1] / lead[0] - 1, rel=1e-9)
        assert outcome["copy_return"] == pytest.approx(copy[-1] / 1000 - 1, rel=1e-9)
        assert list(outcome["final_holdings"].values()) == pytest.approx(held.tolist(), rel=1e-9, abs=0)
        gaps = np.diff(copy) / copy[:-1] - np.diff(lead) / lead[:-1]
        assert outcome["tracking_error_per_bar"] == pytest.approx(gaps.std(), rel=1e-6, abs=1e-12)
