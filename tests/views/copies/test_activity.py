"""The page of everything that happened, and who may not see it."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from copytrading.models import Copy, Lead, Notice
from copytrading.services.copies import verbs as copies
from tests.cast import World
from tests.views.scenes import copies_of_new_leads, copy_with_holdings, counted_queries


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    return copy_with_holdings(world, lead, follower)


@pytest.fixture
def signed_in(client: Client, follower: User) -> Client:
    client.force_login(follower)
    return client


def page(client: Client, **questions: object) -> str:
    response = client.get(reverse("activity"), questions)
    assert response.status_code == 200
    return response.content.decode()


class TestActivity:
    def test_tells_trades_and_notices_together(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in)

        assert "You copy Basalt with 1,000.00 USDT" in content
        assert "You bought BTC" in content

    def test_says_that_a_copy_ends_without_the_colour_of_a_loss(
        self, signed_in: Client, copy: Copy, world: World
    ) -> None:
        copies.stop_copy(copy_id=copy.pk, now=world.now)

        content = page(signed_in)

        assert 'class="receipt ended"' in content
        assert not re.search(r'class="receipt[^"]*(grave|loss)', content)

    def test_narrows_to_one_kind(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in, kind="notice")

        assert "You copy Basalt" in content
        assert "You bought BTC" not in content

    def test_narrows_to_one_copy(self, signed_in: Client, copy: Copy, world: World, follower: User) -> None:
        copies_of_new_leads(world, follower, range(1))

        content = page(signed_in, copy=copy.pk)

        assert "You copy Basalt" in content
        assert "You copy Lead 0" not in content

    def test_turns_the_page_without_showing_anything_twice(self, signed_in: Client, copy: Copy, world: World) -> None:
        Notice.objects.bulk_create(
            Notice(
                copy=copy,
                user=copy.follower,
                kind=Notice.Kind.LEAD_DEPOSITED,
                units=number * 10**8,
                noted_at=world.now,
            )
            for number in range(1, 41)
        )

        first = page(signed_in)
        after = re.search(r"after=([^\"&]+)", first)
        assert after
        second = page(signed_in, after=after[1].replace("%3D", "="))

        seen = re.findall(r"moved ([\d.]+) USDT in", first + second)
        assert len(seen) == len(set(seen)) == 40

    @pytest.mark.parametrize(
        "questions", [{"after": "nonsense"}, {"kind": "secret"}, {"copy": "x"}, {"copy": "999999"}]
    )
    def test_has_no_page_that_nobody_gave_out(self, signed_in: Client, copy: Copy, questions: dict[str, str]) -> None:
        assert signed_in.get(reverse("activity"), questions).status_code == 404

    def test_shows_nothing_of_somebody_else(self, client: Client, copy: Copy, stranger: User) -> None:
        client.force_login(stranger)

        assert "Basalt" not in page(client)
        assert client.get(reverse("activity"), {"copy": copy.pk}).status_code == 404

    def test_sends_somebody_unknown_to_the_sign_in(self, client: Client, db: None) -> None:
        assert client.get(reverse("activity"))["Location"].startswith(reverse("account_login"))

    def test_asks_the_database_as_often_for_twenty_copies_as_for_two(
        self, signed_in: Client, world: World, follower: User
    ) -> None:
        copies_of_new_leads(world, follower, range(2))
        with counted_queries() as few:
            page(signed_in)
        copies_of_new_leads(world, follower, range(2, 20))

        with counted_queries() as many:
            page(signed_in)

        assert len(many) == len(few)
