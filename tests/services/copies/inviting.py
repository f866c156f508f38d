"""A lead's invitation, as tests make one."""

from decimal import Decimal

from copytrading.models import Invitation, Lead
from copytrading.services.leads import invitations
from tests.cast import World


def invited(
    world: World,
    lead: Lead,
    *,
    copies_max: int = 5,
    rate: str = "0.05",
    days: int = 30,
    label: str = "Friends",
    key: str = "",
) -> Invitation:
    return invitations.invite(
        lead_id=lead.pk,
        label=label,
        copies_max=copies_max,
        profit_share_rate=Decimal(rate),
        days=days,
        idempotency_key=key or world.key(),
        now=world.now,
    )
