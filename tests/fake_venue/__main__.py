"""Run one fake venue until it is told to end; its address is the first line it writes."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from tests.fake_venue.server import DIALECTS, FakeServer
from tests.fake_venue.world import SMALL_WORLD


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fake_venue", description=__doc__)
    parser.add_argument("--dialect", choices=sorted(DIALECTS), default="binance")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--world", "--state", type=Path, help="the world to begin with, as JSON; see world.py")
    parser.add_argument(
        "--recording",
        action="append",
        default=[],
        metavar="SYMBOL=FILE",
        help="play a recorded book in this market, as in ETH-USDT=book50.csv.gz",
    )
    given = parser.parse_args()
    description = json.loads(given.world.read_text()) if given.world else SMALL_WORLD
    recordings = dict(named.split("=", 1) for named in given.recording)
    described = {market["symbol"]: market for market in description["markets"]}
    played = [described.get(symbol, {"symbol": symbol}) | {"recording": file} for symbol, file in recordings.items()]
    others = [market for market in description["markets"] if market["symbol"] not in recordings]
    description = {**description, "markets": [*others, *played]}
    server = FakeServer(port=given.port, dialect=given.dialect, description=description)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.stop).start())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout.write(server.address + "\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
