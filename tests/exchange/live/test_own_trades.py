"""What an account traded, when an exchange tells several trades of one millisecond."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from copytrading.exchange.live import own_trades

SINCE = 1_750_000_000_000
AT = str(SINCE + 7)
PAIR = ("BTC", "USDT")


def okx(side: str) -> dict[str, str]:
    return {"instId": "BTC-USDT", "side": side.lower(), "fillSz": "0.09", "fillPx": "50000", "fee": "-1", "ts": AT}


def bybit(side: str) -> dict[str, str]:
    return {"side": side.capitalize(), "execQty": "0.09", "execPrice": "50000", "execFee": "1", "execTime": AT}


def bitget(side: str) -> dict[str, Any]:
    return {"side": side.lower(), "size": "0.09", "amount": "4500", "cTime": AT}


class TestTradesOfOneMillisecond:
    @pytest.mark.parametrize("exchange", ["okx", "bybit", "bitget"])
    def test_come_in_the_order_in_which_they_were_made(self, exchange: str) -> None:
        # These three tell the newest first.
        trades = {
            "okx": lambda: own_trades.okx_trades(
                SimpleNamespace(privateGetTradeFills=lambda asked: {"data": [okx("SELL"), okx("BUY")]}), SINCE
            ),
            "bybit": lambda: own_trades.bybit_trades(
                SimpleNamespace(
                    privateGetV5ExecutionList=lambda asked: {"result": {"list": [bybit("SELL"), bybit("BUY")]}}
                ),
                PAIR,
                SINCE,
            ),
            "bitget": lambda: own_trades.bitget_trades(
                SimpleNamespace(privateSpotGetV2SpotTradeFills=lambda asked: {"data": [bitget("SELL"), bitget("BUY")]}),
                PAIR,
                SINCE,
            ),
        }[exchange]()

        assert [trade.base_quantity > 0 for trade in trades] == [True, False]
        assert {trade.executed_at for trade in trades} == {datetime.fromtimestamp(SINCE / 1000 + 0.007, tz=UTC)}
