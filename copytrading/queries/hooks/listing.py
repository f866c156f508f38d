"""A person's webhooks with what became of what was sent. Every query is scoped to its person."""

from django.db.models import Case, CharField, OuterRef, Prefetch, QuerySet, Subquery, Value, When

from accounts.models import User
from copytrading.models import Webhook, WebhookAttempt, WebhookDelivery


def webhooks_of(user: User) -> QuerySet[Webhook]:
    """Return the webhooks that a person has, in their order, each with its last attempt."""
    tried = WebhookAttempt.objects.filter(delivery__webhook=OuterRef("pk")).order_by("-tried_at")
    return (
        Webhook.objects.filter(user=user)
        .exclude(status=Webhook.Status.REMOVED)
        .annotate(
            tried_at=Subquery(tried.values("tried_at")[:1]),
            tried_status=Subquery(tried.values("status")[:1]),
            tried_trouble=Subquery(tried.values("trouble")[:1]),
        )
        .order_by("number")
    )


def deliveries_of(webhook: Webhook) -> QuerySet[WebhookDelivery]:
    """Return what was sent to a webhook, or waits for it, latest first, with every attempt in its order."""
    tries = Prefetch("tries", queryset=WebhookAttempt.objects.order_by("pk"))
    state = Case(
        When(delivered_at__isnull=False, then=Value("DELIVERED")),
        When(given_up_at__isnull=False, then=Value("GIVEN_UP")),
        default=Value("WAITING"),
        output_field=CharField(),
    )
    found = WebhookDelivery.objects.filter(webhook=webhook).annotate(state=state)
    return found.prefetch_related(tries).order_by("-pk")
