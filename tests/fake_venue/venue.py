"""
The hand on a fake venue: start it, in a thread or as a process of its own, ask about it, disturb it, stop it.

    with started_in_thread(dialect="binance") as venue:
        venue.disturb(fault="hold", endpoint="place")
        venue.state()["orders"]
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.fake_venue.server import FakeServer
from tests.fake_venue.world import SMALL_WORLD

PROJECT = Path(__file__).resolve().parent.parent.parent


class FakeVenue:
    """A running venue, reached over its operator's endpoints, wherever it runs."""

    def __init__(self, *, address: str, dialect: str) -> None:
        self.address = address
        self.dialect = dialect

    # -- asking --------------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        return self._ask("GET", "/_state")

    def held(self) -> list[dict[str, Any]]:
        return self._ask("GET", "/_held")["held"]

    def orders(self) -> list[dict[str, Any]]:
        return self.state()["orders"]

    def wait_until(self, condition: Callable[[dict[str, Any]], bool], *, seconds_max: float = 5) -> dict[str, Any]:
        """
        Return the state as soon as it fulfils a condition.

        :raises AssertionError: if it never does.
        """
        deadline = time.monotonic() + seconds_max
        while not condition(state := self.state()):
            assert time.monotonic() < deadline, f"the venue never came to it: {state}"
            time.sleep(0.02)
        return state

    # -- disturbing ----------------------------------------------------------------------------------------------------

    def disturb(self, **rule: Any) -> None:
        """Add one rule to the script of faults."""
        self._ask("POST", "/_faults", rule)

    def calm(self, *, fault: str = "") -> None:
        """End all faults, or those of one kind, and let every held answer go."""
        self._ask("DELETE", "/_faults", {"fault": fault})
        self.release()

    def release(self, **which: Any) -> int:
        return int(self._ask("POST", "/_release", which)["released"])

    def prices(self, **prices: str) -> None:
        """Move prices: `prices(BTC="50100")` is for BTC-USDT."""
        self._ask("POST", "/_prices", {f"{base}-USDT": price for base, price in prices.items()})

    def deposit(self, account: str, *, place: str = "free", **balances: str) -> None:
        self._ask("POST", "/_deposit", {"account": account, "balances": balances, "place": place})

    def tell_transfers(self, account: str, **told: list[dict[str, Any]]) -> None:
        """Tell `deposits` and `withdrawals`, each with id, coin, amount, status, at_ms, and the fee of the latter."""
        self._ask("POST", "/_history", {"account": account} | told)

    def retell_transfer(self, account: str, transfer_id: str, *, status: int) -> None:
        """Tell another status of a transfer that was told before."""
        self._ask("POST", "/_retell", {"account": account, "id": transfer_id, "status": status})

    def trade(self, account: str, **trade: str) -> None:
        """Let somebody trade by hand: symbol, side, quantity, price, and a fee of 0 unless told otherwise."""
        quote = trade["symbol"].partition("-")[2]
        self._ask("POST", "/_trade", {"account": account, "fee": "0", "fee_asset": quote} | trade)

    def change_market(self, symbol: str, **changes: Any) -> None:
        self._ask("POST", "/_markets", {"symbol": symbol} | changes)

    def change_key(self, key: str, **changes: Any) -> None:
        self._ask("POST", "/_keys", {"key": key} | changes)

    def set_clock(self, *, skew_seconds: float) -> None:
        self._ask("POST", "/_clock", {"skew_seconds": skew_seconds})

    def set_rates(self, **rates: Any) -> None:
        self._ask("POST", "/_rates", rates)

    def _ask(self, method: str, path: str, content: Any = None) -> dict[str, Any]:
        body = json.dumps(content).encode() if content is not None else None
        request = urllib.request.Request(self.address + path, method=method, data=body)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return dict(json.loads(answer.read()))


@contextlib.contextmanager
def started_in_thread(*, dialect: str, world: dict[str, Any] | None = None) -> Iterator[FakeVenue]:
    """Run a venue in a thread of this process."""
    server = FakeServer(port=0, dialect=dialect, description=SMALL_WORLD if world is None else world)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield FakeVenue(address=server.address, dialect=dialect)
    finally:
        server.stop()
        thread.join()


@contextlib.contextmanager
def started_as_process(*, dialect: str, world: dict[str, Any] | None = None, port: int = 0) -> Iterator[FakeVenue]:
    """Run a venue as a process of its own, which no crash of ours can hurt."""
    with tempfile.TemporaryDirectory() as folder:
        described = Path(folder) / "world.json"
        described.write_text(json.dumps(SMALL_WORLD if world is None else world))
        command = [sys.executable, "-m", "tests.fake_venue", "--dialect", dialect, "--port", str(port)]
        process = subprocess.Popen(
            [*command, "--world", str(described)], cwd=PROJECT, env=os.environ, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            assert address, "the fake venue did not start"
            yield FakeVenue(address=address, dialect=dialect)
        finally:
            process.terminate()
            process.wait(5)
            process.stdout.close()
