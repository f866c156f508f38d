"""What a person reads of their orders by hand."""

from django.db.models import QuerySet

from accounts.models import User
from copytrading.models import ManualOrder


def manual_orders_of(user: User) -> QuerySet[ManualOrder]:
    """Return a person's own orders on the main account, latest first, with order and market."""
    orders = ManualOrder.objects.filter(user=user).select_related("order__market__base").order_by("-id")
    return orders.defer("order__participant_ids", "order__wish_units")
