"""The link in the pages: applying, connecting, replacing, disconnecting; what is asked first, and who may not."""

import pytest
from allauth.mfa.totp.internal import auth
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.models import Lead, LinkedAccount
from copytrading.queries.rules import platform_rules
from copytrading.services.leads import verbs as leads
from tests.cast import World, usdt
from tests.elsewhere import KEY, Elsewhere, connect, look
from tests.views.console import APPLICATION, page, send

pytestmark = pytest.mark.usefixtures("old_prices_are_fine")

TYPED = {"exchange": "binance", "key": KEY.key, "secret": KEY.secret, "password": ""}


def confirm_identity(client: Client) -> None:
    """Type the password once more."""
    client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})


@pytest.fixture
def console(client: Client, faraway: Lead) -> Client:
    client.force_login(faraway.user)
    confirm_identity(client)
    return client


class TestApplyingFromElsewhere:
    def test_goes_on_to_the_account_and_shows_it_while_it_waits(
        self, client: Client, world: World, stranger: User, elsewhere: Elsewhere
    ) -> None:
        client.force_login(stranger)
        confirm_identity(client)

        asked = send(client, "lead_apply", **{**APPLICATION, "source": "OBSERVED"})
        assert "Connect an account" in asked
        waiting = send(client, "lead_link", **TYPED)

        assert "Your portfolio is what Binance says it is." in waiting
        assert "waits for approval" in waiting
        assert "ends in AB12" in waiting
        assert Lead.objects.get().source == Lead.Source.OBSERVED


class TestConsole:
    def test_shows_the_link_and_what_was_seen(
        self, console: Client, world: World, faraway: Lead, elsewhere: Elsewhere
    ) -> None:
        elsewhere.holds(PEPE="5")
        send(console, "lead_link", **TYPED)

        content = page(console)

        assert "ends in AB12" in content
        assert "every 10 seconds" in content
        assert "PEPE" in content
        assert "10,000.00" in content
        assert "Move money" not in content
        assert KEY.key not in content

    def test_says_why_the_account_cannot_be_read(
        self, console: Client, world: World, faraway: Lead, elsewhere: Elsewhere
    ) -> None:
        link = connect(world, faraway)
        elsewhere.refuses_the_key()
        for _ in range(3):
            look(world, link)

        content = page(console)
        assert "Binance does not take this key" in content
        assert "Nobody can see what you hold" in content

    @pytest.mark.parametrize("act", ["lead_order", "lead_money_in", "lead_money_out", "lead_order_history"])
    def test_has_nothing_to_trade_or_move_here(self, console: Client, act: str) -> None:
        assert console.post(reverse(act)).status_code in (404, 405)

    @pytest.mark.parametrize("name", ["lead_earnings", "lead_terms", "lead_end"])
    def test_has_the_other_pages(self, console: Client, name: str) -> None:
        assert console.get(reverse(name)).status_code == 200


class TestConnecting:
    def test_keeps_the_key_sealed_and_shows_it_nowhere(
        self, console: Client, world: World, faraway: Lead, elsewhere: Elsewhere
    ) -> None:
        send(console, "lead_link", **TYPED)

        link = LinkedAccount.objects.get()
        assert link.status == LinkedAccount.Status.CONNECTED
        shown = page(console, "lead_link") + page(console)
        for part in (KEY.key, KEY.secret):
            assert part not in shown

    @pytest.mark.parametrize("rights", [("read", "trade"), ("read", "withdraw")])
    def test_says_which_box_to_untick_and_gives_nothing_back_that_was_typed(
        self, console: Client, faraway: Lead, elsewhere: Elsewhere, rights: tuple[str, ...]
    ) -> None:
        elsewhere.permits(*rights)

        answer = console.post(reverse("lead_link"), TYPED)

        content = answer.content.decode()
        assert "Untick for it at Binance" in content
        assert KEY.key not in content
        assert KEY.secret not in content
        assert 'autocomplete="off"' in content
        assert "no-store" in answer["Cache-Control"]
        assert not LinkedAccount.objects.exists()

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"key": ""}, "Paste the key."),
            ({"secret": ""}, "Paste the secret."),
            ({"secret": "wrong"}, "does not take this key"),
            ({"key": "kéy"}, "That is no key"),
            ({"key": "k" * 501}, "at most 500 characters"),
            ({"exchange": "okx"}, "asks for the pass phrase"),
            ({"exchange": "mtgox"}, "Select a valid choice"),
        ],
    )
    def test_refuses_in_a_sentence(
        self, console: Client, faraway: Lead, elsewhere: Elsewhere, change: dict[str, str], sentence: str
    ) -> None:
        assert sentence in send(console, "lead_link", **{**TYPED, **change})
        assert not LinkedAccount.objects.exists()

    def test_may_be_tried_ten_times_an_hour(self, console: Client, faraway: Lead, elsewhere: Elsewhere) -> None:
        elsewhere.permits("read", "trade")
        for _ in range(10):
            assert "Untick" in send(console, "lead_link", **TYPED)
        elsewhere.permits("read")

        assert "10 attempts within an hour" in send(console, "lead_link", **TYPED)

        assert not LinkedAccount.objects.exists()


class TestDisconnecting:
    def test_erases_the_key(self, console: Client, world: World, faraway: Lead, elsewhere: Elsewhere) -> None:
        connect(world, faraway)

        told = send(console, "lead_unlink")

        assert "The key is erased" in told
        assert bytes(LinkedAccount.objects.get().sealed_key) == b""

    def test_says_so_where_nothing_is_connected(self, console: Client) -> None:
        assert "No account is connected." in send(console, "lead_unlink")


class TestIdentity:
    @pytest.mark.parametrize("act", ["lead_link", "lead_unlink"])
    def test_is_asked_again_and_what_was_sent_is_kept_nowhere(
        self, client: Client, world: World, faraway: Lead, elsewhere: Elsewhere, act: str
    ) -> None:
        client.force_login(faraway.user)

        answer = client.post(reverse(act), TYPED)

        assert answer["Location"].startswith(reverse("account_reauthenticate"))
        assert not LinkedAccount.objects.exists()
        assert elsewhere.questions == 0
        for session in Session.objects.all():
            assert KEY.secret not in str(session.get_decoded())

    def test_is_confirmed_by_the_password(self, client: Client, faraway: Lead) -> None:
        client.force_login(faraway.user)
        asked = client.get(reverse("lead_link"))

        told = client.post(asked["Location"], {"password": "correct horse battery"}, follow=True)

        assert "Connect an account" in told.content.decode()

    def test_runs_out(self, client: Client, faraway: Lead, settings: Settings) -> None:
        client.force_login(faraway.user)
        confirm_identity(client)
        settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0

        assert client.get(reverse("lead_link")).status_code == 302

    def test_takes_the_second_factor_where_there_is_one(self, client: Client, faraway: Lead) -> None:
        secret = auth.generate_totp_secret()
        auth.TOTP.activate(faraway.user, secret)
        client.force_login(faraway.user)
        confirm_identity(client)

        asked = client.get(reverse("lead_link"))
        code = auth.format_hotp_value(auth.hotp_value(secret, next(auth.yield_hotp_counters_from_time())))
        told = client.post(asked["Location"], {"code": code}, follow=True)

        assert asked["Location"].startswith(reverse("mfa_reauthenticate"))
        assert "Connect an account" in told.content.decode()


class TestWhoMayNot:
    @pytest.mark.parametrize("act", ["lead_link", "lead_unlink"])
    def test_is_somebody_unknown(self, client: Client, db: None, act: str) -> None:
        for answer in (client.get(reverse(act)), client.post(reverse(act), TYPED)):
            assert answer["Location"].startswith(reverse("account_login"))

    @pytest.mark.parametrize("act", ["lead_link", "lead_unlink"])
    def test_is_somebody_who_does_not_lead_or_trades_here(
        self, client: Client, world: World, lead: Lead, faraway: Lead, follower: User, elsewhere: Elsewhere, act: str
    ) -> None:
        connect(world, faraway)
        for person in (follower, lead.user):
            client.force_login(person)
            confirm_identity(client)

            assert client.post(reverse(act), TYPED).status_code == 404

        assert LinkedAccount.objects.get().lead == faraway
        assert LinkedAccount.objects.get().status == LinkedAccount.Status.CONNECTED

    def test_is_a_lead_who_has_ended(self, console: Client, world: World, faraway: Lead) -> None:
        leads.end_lead(lead_id=faraway.pk, now=world.now)

        assert console.get(reverse("lead_link")).status_code == 404


class TestStakeNote:
    def test_counts_the_account_elsewhere(
        self, console: Client, world: World, faraway: Lead, elsewhere: Elsewhere
    ) -> None:
        elsewhere.holds(BTC="0", USDT="499")
        connect(world, faraway)

        assert "Your own stake is 499.00 USDT of the 500 that a lead needs" in page(console)
        assert leads.equity_of(faraway, now=world.now, rules=platform_rules()) == usdt(499)
