"""
Somebody's own account at a real exchange: the same line as ours, with another key.

What is the same for all accounts is known once a process: the markets and the exchange's clock are those of one line
that all of them use along. Only what may be spent there at once counts, which is what the spot account holds.
"""

from decimal import Decimal

from copytrading.exchange.errors import KeyRefused, VenueUnreachable
from copytrading.exchange.live import budget as shares
from copytrading.exchange.live import holdings
from copytrading.exchange.live.client import Credentials
from copytrading.exchange.live.dialects.base import PermissionsNotTold
from copytrading.exchange.live.holdings import Place
from copytrading.exchange.live.venue import LiveVenue
from copytrading.exchange.live.wire import Wire


class OwnLiveVenue(LiveVenue):
    """
    The protocol of a venue for an account that is not ours.

    Its key was asked what it may do when it was connected, and is again by whoever looks at the account; so not here,
    before each first order of a process.
    """

    can_be_asked_at_once = True

    def __init__(
        self, *, exchange: str, credentials: Credentials, url: str, redis_url: str, quote: str, shared: Wire
    ) -> None:
        """
        Speak for one account.

        :param shared: the line to the same exchange whose markets and clock are used along.
        :raises ExchangeUnknown: if there is no such exchange.
        """
        wire = Wire(exchange=exchange, credentials=credentials, url=url, redis_url=redis_url)
        wire.share_knowledge(shared)
        super().__init__(wire, account="", quote=quote, key_is_vouched=False)
        self._key_is_checked = True
        self._kept_from_buys = shares.OWN

    def permissions(self) -> frozenset[str]:
        """Return what the key may do, see OwnVenue."""
        try:
            return self._wire.permissions()
        except PermissionsNotTold as silence:
            raise KeyRefused(str(silence)) from None

    def balances(self) -> dict[str, Decimal]:
        """
        Return what the spot account holds, by asset: what lies elsewhere within the account cannot be traded with.

        :raises VenueUnreachable: if the exchange did not answer.
        """
        readings = holdings.READINGS.get(self._wire.exchange, holdings.ANY)
        (reading,) = (reading for reading in readings if reading.place is Place.SPOT)
        told: dict[str, Decimal] = self._wire.ask(reading.call, reading.question, kept_share=shares.URGENT)
        if not isinstance(told, dict):
            raise VenueUnreachable(f"{self.name} told balances that are none.")
        return told
