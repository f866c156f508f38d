"""
A venue on the other side of a socket, for tests: the spot REST of Binance, OKX, Bybit or Bitget, with faults by script.

    python -m tests.fake_venue --port 0 --dialect binance --world world.json

It speaks closely enough that ccxt's real client works against it unchanged, and it behaves like the real ones where
that hurts: Binance takes a client order id again once the first order is finished, an immediate order's rest ends
EXPIRED there, canceled at OKX and Bitget, and PartiallyFilledCanceled at Bybit, fees are taken from the coin received,
ids of trades count per market.

    wire      a request and an answer                     markets, books   what can be traded, and what is offered
    server    sockets, faults, the `/_...` endpoints      accounts         who may do what, and who holds what
    dialect   what every dialect says                     exchange         orders and trades: the matching engine
    binance, okx, bybit, bitget    the dialects           faults, rates    what goes wrong, and how often one may ask
    venue     the hand on it: start, ask, disturb, stop   fixtures         the same for pytest

Everything is kept in memory and dies with the process.
"""
