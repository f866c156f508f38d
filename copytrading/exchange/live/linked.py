"""An exchange account that is only looked at: what its key may do, what it holds everywhere, and what it traded."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from copytrading.exchange.errors import KeyRefused
from copytrading.exchange.live import holdings, own_trades
from copytrading.exchange.live.client import Credentials
from copytrading.exchange.live.dialects.base import PermissionsNotTold
from copytrading.exchange.live.holdings import Holdings, PriceBoard
from copytrading.exchange.live.own_trades import OwnTrade, Pair
from copytrading.exchange.live.wire import Wire


class LinkedAccount:
    """Somebody's account at an exchange, seen through a key that should be able to read and nothing else."""

    def __init__(self, *, exchange: str, key: str, secret: str, password: str, url: str, redis_url: str) -> None:
        """
        Open the account; nothing is asked yet.

        :raises ExchangeUnknown: if there is no such exchange.
        """
        credentials = Credentials(key=key, secret=secret, password=password)
        self.exchange = exchange
        self._name = f"{exchange}@{url}"
        self._wire = Wire(exchange=exchange, credentials=credentials, url=url, redis_url=redis_url)
        self._wire.leave_markets_out()

    def __repr__(self) -> str:
        return f"LinkedAccount({self.exchange!r})"

    def permissions(self) -> frozenset[str]:
        """
        Return what the key may do: "read", "trade", "trade elsewhere" (margin, futures, loans), "withdraw".

        Moving money to another account, even one of the same owner, counts as "withdraw".

        :raises KeyRefused: if the exchange does not take the key, or does not tell what it may do.
        :raises VenueUnreachable: or one of its kinds, if there is no answer to go by.
        """
        try:
            return self._wire.permissions()
        except PermissionsNotTold as silence:
            raise KeyRefused(str(silence)) from None

    def holdings(self, *, before: Holdings | None = None, before_age_seconds: float = 0.0) -> Holdings:
        """
        Return what the account holds in every place of it that the key can read; see holdings.read_holdings.

        :raises VenueUnreachable: or one of its kinds, if there is no answer to go by.
        """
        return holdings.read_holdings(self._wire, before=before, before_age_seconds=before_age_seconds)

    def balances(self) -> dict[str, Decimal]:
        """
        Return what the account holds of each coin in all places together, under the exchange's names.

        :raises VenueUnreachable: or one of its kinds, if there is no answer to go by.
        """
        return self.holdings().totals()

    def prices(self, *, cash: str) -> PriceBoard:
        """
        Return what everything on this exchange costs.

        :raises VenueUnreachable: or one of its kinds, if there is no answer to go by.
        """
        return holdings.price_board(self._wire, cash=cash, name=self._name)

    def own_trades(self, *, pairs: Iterable[Pair], since: datetime) -> list[OwnTrade]:
        """
        Return what the account traded since a moment, oldest first; see own_trades.read_own_trades.

        :raises VenueUnreachable: or one of its kinds, if there is no answer to go by.
        """
        return own_trades.read_own_trades(self._wire, pairs=pairs, since=since)
