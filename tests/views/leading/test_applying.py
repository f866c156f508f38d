"""Becoming a lead, as it comes without a script."""

import pytest
from django.test import Client

from accounts.models import User
from copytrading.models import Lead
from copytrading.services.leads import verbs as leads
from tests.cast import World, usdt
from tests.views.console import APPLICATION, page, send

pytestmark = pytest.mark.usefixtures("old_prices_are_fine")


class TestApplication:
    def test_waits_for_an_operator_then_opens_the_console(self, client: Client, world: World, stranger: User) -> None:
        client.force_login(stranger)
        assert "Become a lead" in page(client)

        waiting = send(client, "lead_apply", **APPLICATION)

        lead = Lead.objects.get(slug="gneiss")
        assert "waits for approval" in waiting
        assert (lead.tags, lead.followers_max, lead.money_max_units) == (["momentum", "large coins"], 50, usdt(100_000))
        assert str(lead.profit_share_rate) == "0.1250"

        leads.approve_lead(lead_id=lead.pk, now=world.now)

        assert "Your own stake is 0.00 USDT of the 500 that a lead needs" in page(client)

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"profit_share_rate": "30.01"}, "The profit share can be 0 to 30%."),
            ({"profit_share_rate": "-1"}, "A share cannot be below zero."),
            ({"followers_max": "0"}, "You can take 1 to"),
            ({"money_max": "50"}, "less room than that is none"),
            ({"name": ""}, "Choose a name."),
            ({"name": "BASALT"}, "choose another"),
            ({"tags": "a,b,c,d,e,f"}, "At most 5."),
        ],
    )
    def test_refuses_beside_the_field_and_keeps_what_was_typed(
        self, client: Client, lead: Lead, stranger: User, change: dict[str, str], sentence: str
    ) -> None:
        client.force_login(stranger)

        content = send(client, "lead_apply", **{**APPLICATION, **change})

        assert sentence in content
        assert "Slow and large." in content
        assert not Lead.objects.filter(user=stranger).exists()
