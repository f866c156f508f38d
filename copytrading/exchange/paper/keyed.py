"""An account of the paper venue that is somebody's own, opened by a key: what the key may not do is refused."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from copytrading.exchange.errors import KEY_TROUBLES, KeyRefused, OrderRejected, RejectionCode
from copytrading.exchange.orders import Side, VenueOrder, VenueTrade
from copytrading.exchange.paper.models import PaperKey
from copytrading.exchange.paper.venue import PaperVenue


class KeyedPaperVenue(PaperVenue):
    """The counter of the paper venue for whoever has a key; the key says which account it is."""

    can_be_asked_at_once = False

    def __init__(self, *, key: str, secret: str) -> None:
        super().__init__(account="")
        self._key, self._secret = key, secret

    def __repr__(self) -> str:
        return "KeyedPaperVenue()"

    def permissions(self) -> frozenset[str]:
        """
        Return what the key may do.

        :raises KeyRefused: if there is no such key any more.
        """
        row = self._let_in()
        rights = {"read": True, "trade": row.may_trade, "withdraw": row.may_withdraw}
        return frozenset(name for name, is_given in rights.items() if is_given)

    def place_limit_ioc(
        self,
        *,
        client_order_id: str,
        symbol: str,
        side: Side,
        quantity: Decimal,
        price_limit: Decimal,
        now: datetime,
        broker_tag: str = "",
    ) -> VenueOrder:
        """Fill what the book gives within the limit, see PaperVenue."""
        try:
            row = self._let_in()
        except KeyRefused as refusal:
            raise OrderRejected(refusal.code, str(refusal)) from None
        if not row.may_trade:
            raise OrderRejected(RejectionCode.RIGHT_MISSING, _words(RejectionCode.RIGHT_MISSING))
        return super().place_limit_ioc(
            client_order_id=client_order_id, symbol=symbol, side=side, quantity=quantity, price_limit=price_limit,
            now=now, broker_tag=broker_tag,
        )  # fmt: skip

    def find_order(self, *, client_order_id: str, symbol: str) -> VenueOrder | None:
        """Return the latest order placed under this id in a market, or None."""
        self._let_in()
        return super().find_order(client_order_id=client_order_id, symbol=symbol)

    def open_orders(self, *, symbol: str) -> list[VenueOrder]:
        """Return the account's unfinished orders: none, see PaperVenue."""
        self._let_in()
        return super().open_orders(symbol=symbol)

    def trades_since(self, *, symbol: str, since: datetime) -> list[VenueTrade]:
        """Return the account's trades in a market executed at or after a moment, oldest first."""
        self._let_in()
        return super().trades_since(symbol=symbol, since=since)

    def balances(self) -> dict[str, Decimal]:
        """Return what the account holds, by asset."""
        self._let_in()
        return super().balances()

    def _let_in(self) -> PaperKey:
        with transaction.atomic(durable=True):
            row = PaperKey.objects.filter(key=self._key, is_revoked=False).first()
        if row is None:
            raise KeyRefused(_words(RejectionCode.KEY_UNKNOWN), code=RejectionCode.KEY_UNKNOWN)
        if row.secret != self._secret:
            raise KeyRefused(_words(RejectionCode.SECRET_WRONG), code=RejectionCode.SECRET_WRONG)
        self.account = row.account
        return row


def _words(code: RejectionCode) -> str:
    return f"The paper venue does not take this key: {KEY_TROUBLES[code]}."
