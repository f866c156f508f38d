"""Tools of a lead: what is held, what an order would become, and, with paper money only, orders and notices."""

import uuid
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from copytrading.assistants.answers import Told, page_of
from copytrading.assistants.door import Door
from copytrading.assistants.reading import Cursor, Limit

Market = Annotated[str, Field(description="As BTC-USDT; `list_markets` has them.")]
Side = Literal["BUY", "SELL"]
Quantity = Annotated[str | None, Field(description="How many coins, as a decimal string. Name one of the three sizes.")]
Value = Annotated[str | None, Field(description="For how much cash. Name one of the three sizes.")]
Share = Annotated[str | None, Field(description='Share of the equity, "0.1" for a tenth. Name one of the three sizes.')]
PriceLimit = Annotated[str | None, Field(description="A limit order waits for this price; a market order has none.")]
OrderId = Annotated[int, Field(description="The order's id, as `list_lead_orders` gives it.", ge=1)]
RequestKey = Annotated[
    str | None,
    Field(
        description="Only to ask again for the very same thing: the key that was answered. It is done once.",
        pattern=r"^[!-~]{8,64}$",
    ),
]


class LeadReading:
    """What a lead may look at, by a key with the scope `read`. Each method is a tool, and one request."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def read_own_lead(self) -> Told:
        """Look at who you are as a lead: status, terms, capacity."""
        lead = self.door.get("lead")
        return Told(sentence=f"You lead as {lead['name']}: {lead['status']}.", data=lead)

    def read_lead_account(self) -> Told:
        """Look at what your lead account holds, at the marks."""
        account = self.door.get("lead/account")
        return Told(
            sentence=f"The lead account has {account['equity']}, {account['cash']} of it in cash.", data=account
        )

    def list_lead_orders(self, limit: Limit = 20, cursor: Cursor = None) -> Told:
        """List your orders as a lead, open and done, latest first."""
        return page_of(self.door.get("lead/orders", limit=limit, cursor=cursor), "order", "orders")

    def preview_lead_order(
        self,
        market: Market,
        side: Side,
        quantity: Quantity = None,
        value: Value = None,
        equity_share: Share = None,
        price_limit: PriceLimit = None,
    ) -> Told:
        """See the order that yours would become with all who follow, and its price. Nothing is written."""
        wanted = order_of(market, side, quantity, value, equity_share, price_limit)
        preview = self.door.post("lead/orders/preview", wanted)
        return Told(
            sentence=f"{side} {preview['quantity']} in {market} with {preview['followers']} followers'"
            f" {preview['followers_quantity']}, at {preview['price']} for all; your part costs {preview['cost']}.",
            data=preview,
        )

    def tools(self) -> list[Callable[..., Told]]:
        """Return the tools that read."""
        return [self.read_own_lead, self.read_lead_account, self.list_lead_orders, self.preview_lead_order]


class Leading:
    """What a lead may do with paper money, by a key with the scope `lead`. Each method is a tool, and one request."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def place_lead_order(
        self,
        market: Market,
        side: Side,
        quantity: Quantity = None,
        value: Value = None,
        equity_share: Share = None,
        price_limit: PriceLimit = None,
        request_key: RequestKey = None,
    ) -> Told:
        """Trade paper money as a lead, together with everybody who follows. Preview it first."""
        wanted = order_of(market, side, quantity, value, equity_share, price_limit)
        order = self.door.post("lead/orders", wanted, request_key=request_key or new_key())
        return Told(
            sentence=f"Order {order['id']} is {order['status']}: {side} {order['quantity']} {market}.", data=order
        )

    def cancel_lead_order(self, order_id: OrderId, request_key: RequestKey = None) -> Told:
        """Take back what is open of one of your orders; what is on its way already may still be traded."""
        order = self.door.delete(f"lead/orders/{order_id}", request_key=request_key or new_key())
        return Told(sentence=f"Order {order['id']} is {order['status']}, {order['filled']} filled.", data=order)

    def write_to_followers(
        self,
        text: Annotated[str, Field(description="Up to 500 characters; every follower is told.")],
        request_key: RequestKey = None,
    ) -> Told:
        """Write a notice to everybody who follows you."""
        notice = self.door.post("lead/notices", {"text": text}, request_key=request_key or new_key())
        return Told(sentence="Your followers have it.", data=notice)

    def tools(self) -> list[Callable[..., Told]]:
        """Return the tools that write."""
        return [self.place_lead_order, self.cancel_lead_order, self.write_to_followers]


def order_of(
    market: str, side: Side, quantity: str | None, value: str | None, equity_share: str | None, price_limit: str | None
) -> dict[str, str | None]:
    """Return an order as the API takes it."""
    return {
        "market": market,
        "side": side,
        "quantity": quantity,
        "value": value,
        "equity_share": equity_share,
        "price_limit": price_limit,
    }


def new_key() -> str:
    """Return the key of one thing to do."""
    return uuid.uuid4().hex
