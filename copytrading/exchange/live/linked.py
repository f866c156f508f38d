"""An exchange account that is only looked at: what its key may do, and what it holds."""

from decimal import Decimal

from copytrading.exchange.errors import KeyRefused
from copytrading.exchange.live import answers
from copytrading.exchange.live.client import Credentials
from copytrading.exchange.live.dialects.base import Call, PermissionsNotTold
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

    def balances(self) -> dict[str, Decimal]:
        """
        Return what the account holds on the spot market, free and used together, by asset.

        :raises VenueUnreachable: or one of its kinds, if there is no answer to go by.
        """
        told = self._wire.ask(Call.BALANCES, lambda exchange: exchange.fetch_balance())
        return answers.read(lambda: answers.balances_of(told))
