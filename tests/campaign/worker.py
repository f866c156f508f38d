"""
The platform's Celery application with the points of the campaign put around it.

    celery -A tests.campaign.worker worker ...

CAMPAIGN_TOKENS names the folder of the tokens. With CAMPAIGN_NAIVE=1 an order whose outcome is unknown is sent again,
which is what a worker without the order protocol would do.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import ccxt  # noqa: F401  once in the parent, so that a child that is forked after a death need not spend seconds on it
import django
from celery.signals import worker_init

django.setup()

from accounts import ledger  # noqa: E402
from copytrading.engine.units import coins  # noqa: E402
from copytrading.exchange.errors import OrderRejected, VenueUnreachable  # noqa: E402
from copytrading.exchange.live.venue import LiveVenue  # noqa: E402
from copytrading.exchange.orders import Side  # noqa: E402
from copytrading.exchange.registry import venue  # noqa: E402
from copytrading.models import Order  # noqa: E402
from copytrading.services.books import positions  # noqa: E402
from copytrading.services.cycle import settling  # noqa: E402
from copytrading.services.orders import answering, resolving, trading  # noqa: E402
from smartsync_site.celery import app  # noqa: E402
from tests.campaign import points  # noqa: E402
from tests.campaign.points import Tokens, around  # noqa: E402

__all__ = ["app"]


def resend_blindly(*, order: Order, now: datetime) -> Order:
    """Send an order again, because it is not known what became of it. This is the mistake."""
    try:
        answer = venue().place_limit_ioc(
            client_order_id=order.client_order_id,
            symbol=order.market.symbol,
            side=Side(order.side),
            quantity=coins(order.quantity_units, order.market.base.decimals),
            price_limit=order.price_limit,
            now=now,
        )
    except OrderRejected as rejection:
        return answering.end_order(order=order, status=Order.Status.REJECTED, now=now, refusal=rejection.sentence)
    except VenueUnreachable:
        return order
    return answering.record_answer(order=order, answer=answer, now=now)


@worker_init.connect
def put_points(**_: Any) -> None:
    tokens = Tokens(Path(os.environ["CAMPAIGN_TOKENS"]))
    around(trading, "write_orders", before=points.BEFORE_ORDERS, tokens=tokens)
    around(positions, "answer_pending", before=points.NOT_COMMITTED, tokens=tokens)
    around(LiveVenue, "place_limit_ioc", before=points.NOT_SENT, after=points.NOT_RECORDED, tokens=tokens)
    around(trading, "book_order", before=points.NOT_BOOKED, tokens=tokens)
    around(ledger, "post_at_once", after=points.NOT_POSTED, tokens=tokens)
    around(settling, "settle_lead", before=points.NOT_SETTLED, after=points.SETTLED, tokens=tokens)
    if os.environ.get("CAMPAIGN_NAIVE"):
        resolving.resolve_order = resend_blindly
