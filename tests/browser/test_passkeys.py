"""A passkey from end to end, with the browser's own authenticator: made after the sign-up, then used in its place."""

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from tests.cast import build_world

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db")]
PHONE = {"width": 390, "height": 844}
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def with_authenticator(page: Page) -> Page:
    """Let a page have an authenticator that always says yes, as a phone has one built in."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return page


class TestPasskey:
    def test_is_made_after_the_sign_up_and_signs_in_without_a_password(self, browser: Browser, site_url: str) -> None:
        # The coins that a wallet and a list of leads speak of.
        build_world()
        # A passkey is of a name, and never of an address in figures.
        site = site_url.replace("127.0.0.1", "localhost")
        context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
        page = with_authenticator(context.new_page())
        page.goto(f"{site}/accounts/signup/")
        page.fill("input[name=email]", "newcomer@example.org")
        page.fill("input[type=password]", "a phrase that is long enough")
        page.locator("main").get_by_role("button", name="Sign up").click()
        page.get_by_role("button", name="Set up a passkey").click()
        page.wait_for_url("**/webauthn/add/")
        page.get_by_label("Passwordless").check()
        page.locator("main form button").last.click()
        page.wait_for_url(lambda address: "webauthn/add" not in address)

        context.clear_cookies()
        page.goto(f"{site}/accounts/login/?next=/wallet/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url("**/wallet/")

        expect(page.locator("header")).to_contain_text("newcomer@example.org")
        assert User.objects.get().authenticator_set.filter(type="webauthn").count() == 1
        assert Client().get("/wallet/").status_code == 302
