"""What others see of a lead who trades elsewhere: on the lead's page, on their copies, as an operator."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from copytrading.models import Lead
from copytrading.services.leads import linking
from tests.cast import World
from tests.elsewhere import KEY, Elsewhere, connect, look
from tests.sign_in import sign_in

pytestmark = pytest.mark.usefixtures("old_prices_are_fine")


class TestLeadPage:
    def test_says_where_it_is_read_from_and_how_often(
        self, client: Client, world: World, faraway: Lead, elsewhere: Elsewhere
    ) -> None:
        elsewhere.holds(PEPE="5")
        connect(world, faraway)

        content = client.get(reverse("lead_detail", args=[faraway.slug])).content.decode()

        assert "trades elsewhere; what you see is read from Binance every 10 seconds" in content
        assert "PEPE" in content
        assert "AB12" not in content

    def test_says_what_counts_and_stays_cash_and_what_counts_nothing(
        self, client: Client, world: World, faraway: Lead, elsewhere: Elsewhere
    ) -> None:
        elsewhere.lists("PEPE-USDT", "0.5")
        elsewhere.holds(PEPE="20000", RUGGED="5")
        connect(world, faraway)

        content = client.get(reverse("lead_detail", args=[faraway.slug])).content.decode()

        assert "its share stays cash (10,000.00 USDT): PEPE" in content
        assert "Without a price, so it counts nothing: RUGGED" in content

    def test_tells_of_a_reward_in_its_own_words(
        self, client: Client, world: World, faraway: Lead, elsewhere: Elsewhere
    ) -> None:
        link = connect(world, faraway)
        elsewhere.holds(USDT="5002")
        look(world, link)
        look(world, link)

        content = client.get(reverse("lead_detail", args=[faraway.slug])).content.decode()

        assert "Got a reward in USDT" in content
        assert "Moved 2 USDT" not in content

    def test_tells_what_was_seen_to_be_traded(
        self, client: Client, world: World, faraway: Lead, elsewhere: Elsewhere
    ) -> None:
        link = connect(world, faraway)
        elsewhere.holds(BTC="0.05", USDT="7495")
        look(world, link)

        content = client.get(reverse("lead_detail", args=[faraway.slug])).content.decode()

        assert "Sold 0.05 BTC at 49,900.00" in content

    def test_says_that_nobody_can_copy_whom_nobody_sees(
        self, client: Client, world: World, faraway: Lead, elsewhere: Elsewhere, follower: User
    ) -> None:
        connect(world, faraway)
        linking.disconnect_account(lead_id=faraway.pk, now=world.now)
        client.force_login(follower)

        content = client.get(reverse("lead_detail", args=[faraway.slug])).content.decode()

        assert "cannot be copied now" in content
        assert "nothing is traded on it" in content
        assert f"Copy {faraway.name}" not in content


class TestOwnConsole:
    def test_says_what_counts_what_does_not_and_what_is_not_seen(
        self, client: Client, world: World, faraway: Lead, elsewhere: Elsewhere
    ) -> None:
        elsewhere.lists("PEPE-USDT", "0.5")
        elsewhere.holds(PEPE="20000", RUGGED="5")
        refusal = {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
        elsewhere.venue.disturb(fault="answer", endpoint="funding", status=401, body=refusal, times=0)
        connect(world, faraway)
        client.force_login(faraway.user)

        content = client.get(reverse("lead_console")).content.decode()

        assert "Counted, not copied" in content
        assert "RUGGED" in content
        assert "funding account" in content
        assert "10,000.00" in content


class TestCopyPage:
    def test_says_that_the_lead_cannot_be_seen(
        self, client: Client, world: World, faraway: Lead, elsewhere: Elsewhere, follower: User
    ) -> None:
        connect(world, faraway)
        copy = world.start(follower, faraway, "500")
        world.settle()
        client.force_login(follower)
        address = reverse("copy_detail", args=[copy.pk])
        assert "cannot be seen" not in client.get(address).content.decode()

        linking.disconnect_account(lead_id=faraway.pk, now=world.now)

        assert "nothing is traded on old numbers" in client.get(address).content.decode()


class TestOperatorsTable:
    def test_tells_the_state_and_nothing_of_the_key(
        self, client: Client, world: World, faraway: Lead, elsewhere: Elsewhere, operator: User
    ) -> None:
        link = connect(world, faraway)
        sign_in(client, operator)

        content = ""
        for name, arguments in (("changelist", ()), ("change", (link.pk,))):
            address = reverse(f"admin:copytrading_linkedaccount_{name}", args=arguments)
            content += client.get(address).content.decode()

        assert "AB12" in content
        assert "connected" in content
        for part in (KEY.key, KEY.secret, bytes(link.sealed_key).hex(), link.seal_id):
            assert part not in content

    def test_is_closed_to_others(self, client: Client, stranger: User) -> None:
        client.force_login(stranger)

        assert client.get(reverse("admin:copytrading_linkedaccount_changelist")).status_code == 302
