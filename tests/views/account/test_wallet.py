"""The wallet, as it comes without a script; and who may not see it."""

import csv
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Transfer, User
from copytrading.models import Copy, Lead, ManualOrder, Market
from tests.cast import World, usdt
from tests.sign_in import confirm
from tests.views.scenes import copies_of_new_leads, copy_with_holdings, counted_queries, settle_now


@pytest.fixture
def signed_in(client: Client, follower: User, world: World) -> Client:
    settle_now(world)
    client.force_login(follower)
    return confirm(client, follower)


def market_id(symbol: str) -> str:
    return str(Market.objects.get(symbol=f"{symbol}-USDT").pk)


def send(client: Client, name: str, **fields: str) -> str:
    return client.post(reverse(name), fields, follow=True).content.decode()


def key_of(content: str, name: str = "idempotency_key") -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', content)
    assert found, f"no {name} on the page"
    return found[1]


class TestWallet:
    def test_shows_what_is_there_and_how_it_came(
        self, signed_in: Client, world: World, lead: Lead, follower: User
    ) -> None:
        copy_with_holdings(world, lead, follower)

        content = signed_in.get(reverse("wallet")).content.decode()

        assert "9,000.00" in content
        assert "You deposited" in content
        assert "You started to copy Basalt" in content
        assert "−1,000.00 USDT" in content

    def test_gives_money_that_moves_no_colour_of_gain_or_loss(
        self, signed_in: Client, world: World, lead: Lead, follower: User
    ) -> None:
        copy_with_holdings(world, lead, follower)

        content = signed_in.get(reverse("wallet")).content.decode()

        assert "−1,000.00 USDT" in content
        assert not re.search(r'class="[^"]*\b(gain|loss)\b', content)

    def test_counts_nothing_of_the_copies(self, signed_in: Client, world: World, lead: Lead, follower: User) -> None:
        copy_with_holdings(world, lead, follower)

        assert "BTC <span" not in signed_in.get(reverse("wallet")).content.decode()

    def test_turns_the_pages_of_the_history(self, signed_in: Client, world: World, follower: User) -> None:
        for _ in range(30):
            world.deposit(follower, "1")

        first = signed_in.get(reverse("wallet")).content.decode()
        below = re.search(r"\?below=(\d+)", first)
        assert below
        second = signed_in.get(reverse("wallet"), {"below": below[1]}).content.decode()

        assert first.count("You deposited") == 25
        assert second.count("You deposited") == 6
        assert "10,001.00" in second

    @pytest.mark.parametrize("below", ["abc", "-1", "9" * 30])
    def test_has_no_page_that_nobody_gave_out(self, signed_in: Client, below: str) -> None:
        assert signed_in.get(reverse("wallet"), {"below": below}).status_code == 404

    def test_asks_the_database_as_often_for_a_long_history_as_for_a_short_one(
        self, signed_in: Client, world: World, follower: User
    ) -> None:
        copies_of_new_leads(world, follower, range(1))
        with counted_queries() as few:
            signed_in.get(reverse("wallet"))
        copies_of_new_leads(world, follower, range(1, 8))

        with counted_queries() as many:
            signed_in.get(reverse("wallet"))

        assert len(many) == len(few)

    @pytest.mark.parametrize("name", ["wallet", "wallet_csv", "deposit", "withdraw", "spot"])
    def test_sends_somebody_unknown_to_the_sign_in(self, client: Client, name: str, db: None) -> None:
        for answer in (client.get(reverse(name)), client.post(reverse(name), {"value": "1", "idempotency_key": "a"})):
            assert answer.status_code == 302
            assert answer["Location"].startswith(reverse("account_login"))

    def test_shows_nothing_of_somebody_else(self, client: Client, follower: User, stranger: User) -> None:
        client.force_login(stranger)

        content = client.get(reverse("wallet")).content.decode()

        assert "10,000.00" not in content
        assert "You deposited" not in content


class TestDeposit:
    def test_brings_money_in_once_however_often_it_is_pressed(
        self, signed_in: Client, world: World, follower: User
    ) -> None:
        key = key_of(signed_in.get(reverse("wallet")).content.decode())

        for _ in range(3):
            content = send(signed_in, "deposit", value="1,000", idempotency_key=key)

        assert world.main(follower)["USDT"] == usdt(11000)
        assert "1,000.00 USDT came in." in content

    @pytest.mark.parametrize(
        ("value", "sentence"),
        [
            ("", "How much?"),
            ("a lot", "Enter a number such as"),
            ("-5", "Enter a number such as"),
            ("0.000000001", "At most 8 decimals."),
            ("9,999,999,999", "One deposit can bring at most"),
        ],
    )
    def test_refuses_in_a_sentence_and_keeps_what_was_typed(self, signed_in: Client, value: str, sentence: str) -> None:
        content = send(signed_in, "deposit", value=value, idempotency_key="key")

        assert sentence in content
        assert f'value="{value}"' in content or not value


class TestWithdraw:
    def test_takes_money_out(self, signed_in: Client, world: World, follower: User) -> None:
        send(signed_in, "withdraw", value="2500.50", idempotency_key="key")

        assert world.main(follower)["USDT"] == usdt("7499.5")
        assert Transfer.objects.get(idempotency_key="key").status == Transfer.Status.BOOKED

    def test_refuses_more_than_there_is(self, signed_in: Client, world: World, follower: User) -> None:
        content = send(signed_in, "withdraw", value="10,000.01", idempotency_key="key")

        assert "Your wallet has less than that available." in content
        assert 'value="10,000.01"' in content
        assert world.main(follower)["USDT"] == usdt(10000)


class TestSpot:
    def test_shows_first_what_it_would_do(self, signed_in: Client, world: World, follower: User) -> None:
        content = send(signed_in, "spot", side="BUY", market=market_id("SOL"), value="250")

        assert "Buy now" in content
        assert "Price and fees of it, about" in content
        assert not ManualOrder.objects.exists()

    def test_buys_once_however_often_it_is_confirmed(self, signed_in: Client, world: World, follower: User) -> None:
        wish = {"side": "BUY", "market": market_id("SOL"), "value": "250"}
        key = key_of(send(signed_in, "spot", **wish), "key")

        for _ in range(3):
            content = send(signed_in, "spot", **wish, step="confirm", key=key)

        assert ManualOrder.objects.count() == 1
        assert "Bought 2.4" in content
        assert "You bought SOL by hand" in content
        assert world.main(follower)["SOL"] > 2 * 10**8

    def test_sells_coins_by_quantity(self, signed_in: Client, world: World, follower: User) -> None:
        bought = {"side": "BUY", "market": market_id("SOL"), "value": "250"}
        send(signed_in, "spot", **bought, step="confirm", key="a")

        content = send(signed_in, "spot", side="SELL", market=market_id("SOL"), value="1.5", step="confirm", key="b")

        assert "Sold 1.5 SOL for 149" in content

    def test_never_touches_a_copy(self, signed_in: Client, world: World, lead: Lead, follower: User) -> None:
        copy = copy_with_holdings(world, lead, follower)
        before = world.held(copy.ledger_account)

        content = send(signed_in, "spot", side="SELL", market=market_id("BTC"), value="0.001", step="confirm", key="a")

        assert "Your wallet has 0" in content
        assert world.held(copy.ledger_account) == before

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"side": "BUY", "value": "20000"}, "Your wallet has 10,000 USDT"),
            ({"side": "BUY", "value": "1"}, "The venue takes orders in SOL-USDT from 5 USDT on."),
            ({"side": "BUY", "value": "1.123456789"}, "At most 8 decimals."),
        ],
    )
    def test_refuses_in_a_sentence_and_keeps_what_was_typed(
        self, signed_in: Client, fields: dict[str, str], sentence: str
    ) -> None:
        content = send(signed_in, "spot", market=market_id("SOL"), **fields)

        assert sentence in content
        assert f'value="{fields["value"]}"' in content

    def test_knows_only_the_markets_that_trade(self, signed_in: Client) -> None:
        Market.objects.filter(symbol="SOL-USDT").update(status=Market.Status.SUSPENDED)

        content = send(signed_in, "spot", side="BUY", market=market_id("SOL"), value="100")

        assert "Select a valid choice" in content


class TestWalletCsv:
    def test_holds_every_movement_with_the_balance_after_it(
        self, signed_in: Client, world: World, lead: Lead, follower: User
    ) -> None:
        copy_with_holdings(world, lead, follower)

        lines = list(csv.DictReader(_text(signed_in).splitlines()))

        assert [(line["what"], line["change"], line["balance"]) for line in lines] == [
            ("You started to copy Basalt", "-1000.00000000", "9000.00000000"),
            ("You deposited", "10000.00000000", "10000.00000000"),
        ]

    def test_never_begins_a_cell_with_a_formula(
        self, signed_in: Client, world: World, lead: Lead, follower: User
    ) -> None:
        copy: Copy = copy_with_holdings(world, lead, follower)
        Lead.objects.filter(pk=copy.lead_id).update(name='=cmd|"/c calc"!A1')

        for line in csv.DictReader(_text(signed_in).splitlines()):
            assert not line["what"].startswith(("=", "+", "-", "@"))


def _text(client: Client) -> str:
    return client.get(reverse("wallet_csv")).getvalue().decode()


class TestParts:
    def test_of_the_worth_are_written_for_a_buy(self, signed_in: Client) -> None:
        content = send(signed_in, "spot", side="BUY", market=market_id("SOL"), value="nonsense", part="25")

        assert figure_in(content) == "2500"
        assert 'class="errors"' not in content

    def test_of_the_coin_are_written_for_a_sale(self, signed_in: Client) -> None:
        send(signed_in, "spot", side="BUY", market=market_id("SOL"), value="250", step="confirm", key="a")

        content = send(signed_in, "spot", side="SELL", market=market_id("SOL"), value="", part="100")

        sold = send(signed_in, "spot", side="SELL", market=market_id("SOL"), value=figure_in(content))
        assert "You get, about" in sold

    def test_of_a_limit_order_leave_room_for_its_fee(self, signed_in: Client) -> None:
        limit = {"side": "BUY", "market": market_id("SOL"), "order_type": "LIMIT", "price_limit": "90"}

        content = send(signed_in, "spot", **limit, value="", part="100")

        typed = figure_in(content)
        assert 9_980 < float(typed) < 10_000 and 'value="90"' in content
        assert "Held for it" in send(signed_in, "spot", **limit, counted_in="VALUE", value=typed)

    def test_stand_beside_the_best_prices(self, signed_in: Client) -> None:
        answer = signed_in.get(reverse("spot_book"), {"market": market_id("SOL")})

        assert "SOL / USDT" in answer.text and "10,000.00 USDT" in answer.text
        assert 'class="book"' in answer.text
        assert signed_in.get(reverse("spot_book"), {"market": "999999"}).status_code == 404


def figure_in(content: str) -> str:
    found = re.search(r'name="value" value="([^"]*)"', content[content.index('id="ticket"') :])
    assert found, "the ticket has no figure"
    return found[1]
