"""A passkey as the first choice: before the password at the sign-in, and offered once after the sign-up."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.cast import World

PASSWORD = "correct horse battery"
OFFER = "Sign in without a password next time"


@pytest.fixture
def newcomer(client: Client, world: World) -> Client:
    fields = {"email": "newcomer@example.org", "password1": PASSWORD}
    assert client.post(reverse("account_signup"), fields).status_code == 302
    return client


class TestTheSignIn:
    def test_asks_for_the_passkey_first(self, client: Client, db: None) -> None:
        content = client.get(reverse("account_login")).content.decode()

        assert content.index("Sign in with a passkey") < content.index("or with your password")
        assert content.index("or with your password") < content.index('type="password"')


class TestTheOffer:
    def test_comes_after_the_sign_up_and_leads_to_a_passkey(self, newcomer: Client) -> None:
        assert OFFER in newcomer.get("/").content.decode()

        answer = newcomer.post(reverse("passkey_offer"), {"choice": "add", "next": "/"})

        assert answer["Location"] == reverse("mfa_add_webauthn")
        # Nobody has to confirm the address first where it is not asked for.
        assert "creation_options" in newcomer.get(answer["Location"]).content.decode()
        assert OFFER not in newcomer.get("/").content.decode()

    def test_is_put_off_with_one_press_and_stays_where_one_was(self, newcomer: Client) -> None:
        answer = newcomer.post(reverse("passkey_offer"), {"choice": "later", "next": "/wallet/"})

        assert answer["Location"] == "/wallet/"
        assert OFFER not in newcomer.get("/wallet/").content.decode()

    @pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com", ""])
    def test_leads_to_no_other_site(self, newcomer: Client, elsewhere: str) -> None:
        answer = newcomer.post(reverse("passkey_offer"), {"choice": "later", "next": elsewhere})

        assert answer["Location"] == "/"

    def test_is_not_made_again_at_the_next_sign_in(self, newcomer: Client) -> None:
        again = Client()
        again.post(reverse("account_login"), {"login": "newcomer@example.org", "password": PASSWORD})

        assert User.objects.get().last_login is not None
        assert OFFER not in again.get("/").content.decode()
