"""An own account in the pages: connecting, choosing it for a copy, what is said of the money, disconnecting."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.models import Copy, Lead, OwnAccount
from copytrading.services.copies import verbs as copies
from copytrading.services.own import accounts
from copytrading.services.safety import sealed_keys
from tests.cast import World, usdt
from tests.services.own.stage import connect, open_paper, settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("old_prices_are_fine")]


@pytest.fixture
def member(client: Client, follower: User) -> Client:
    client.force_login(follower)
    client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})
    return client


@pytest.fixture
def free_lead(lead: Lead) -> Lead:
    Lead.objects.filter(pk=lead.pk).update(profit_share_rate=0)
    return Lead.objects.get(pk=lead.pk)


def typed(key) -> dict[str, str]:
    return {"exchange": "paper", "key": key.key, "secret": key.secret, "password": ""}


class TestTheAccount:
    def test_is_connected_and_never_shows_its_key(self, member: Client, follower: User) -> None:
        key = open_paper(follower)

        shown = member.post(reverse("own_account"), typed(key), follow=True).text

        assert OwnAccount.objects.get().status == OwnAccount.Status.CONNECTED
        assert "ends in 0001" in shown
        assert key.key not in shown
        assert key.secret not in shown

    def test_is_refused_with_a_key_that_can_withdraw(self, member: Client, follower: User) -> None:
        key = open_paper(follower, may_withdraw=True)

        shown = member.post(reverse("own_account"), typed(key)).text

        assert "can move money out of your account" in shown
        assert key.secret not in shown
        assert not OwnAccount.objects.exists()

    def test_asks_for_the_password_first(self, client: Client, follower: User) -> None:
        client.force_login(follower)

        assert client.get(reverse("own_account")).status_code == 302

    def test_is_disconnected(self, member: Client, world: World, follower: User) -> None:
        connect(world, follower)

        member.post(reverse("own_account_disconnect"))

        account = OwnAccount.objects.get()
        assert (account.status, bytes(account.sealed_key)) == (OwnAccount.Status.REVOKED, b"")

    def test_of_nobody_cannot_be_disconnected(self, member: Client) -> None:
        assert member.post(reverse("own_account_disconnect")).status_code == 404


class TestAPracticeAccount:
    def test_is_opened_and_connected_by_one_press(self, member: Client, world: World, follower: User) -> None:
        assert "Open a practice account and connect it" in member.get(reverse("own_account")).text

        shown = member.post(reverse("own_account_practice")).text

        account = OwnAccount.objects.get()
        key = sealed_keys.open_key(account)
        assert (account.status, account.user) == (OwnAccount.Status.CONNECTED, follower)
        assert accounts.ask_cash(account).free_units == usdt(10_000)
        assert key.secret in shown
        assert key.secret not in member.get(reverse("own_account")).text

    def test_is_the_same_one_by_another_press(self, member: Client, world: World) -> None:
        for _ in range(2):
            member.post(reverse("own_account_practice"))

        assert accounts.ask_cash(OwnAccount.objects.get()).free_units == usdt(10_000)

    def test_is_there_only_where_money_is_play_money(
        self, member: Client, world: World, follower: User, settings: Settings
    ) -> None:
        settings.SMARTSYNC_VENUE = "binance"

        assert "Try it without an exchange" not in member.get(reverse("own_account")).text
        told = member.post(reverse("own_account_practice"), follow=True).text

        assert "There are no practice accounts here" in told
        assert not OwnAccount.objects.exists()


class TestAStart:
    def test_does_not_ask_who_has_no_account(self, member: Client, free_lead: Lead) -> None:
        assert "my own account" not in member.get(reverse("copy_terms", args=[free_lead.slug])).text

    def test_on_the_account_leaves_the_wallet_alone(
        self, member: Client, world: World, free_lead: Lead, follower: User
    ) -> None:
        account, before = connect(world, follower), world.main(follower)
        terms = {"mode": "SMART_SYNC", "investment": "1000", "buy_existing": "on", "on_own_account": "on"}
        assert "my own account" in member.get(reverse("copy_terms", args=[free_lead.slug])).text

        review = member.get(reverse("copy_review", args=[free_lead.slug]), terms).text
        answer = member.post(reverse("start_copy", args=[free_lead.slug]), terms | {"key": "pressed-once"}, follow=True)

        copy = Copy.objects.get(follower=follower)
        assert "in your own account at the exchange" in review
        assert copy.own_account == account
        assert world.main(follower) == before
        assert "trades on your own account at the exchange" in answer.text

    def test_behind_a_lead_who_takes_a_share_says_why_not(
        self, member: Client, world: World, lead: Lead, follower: User
    ) -> None:
        connect(world, follower)

        shown = member.get(reverse("copy_terms", args=[lead.slug])).text

        assert "Trade on my own account" not in shown
        assert "takes a profit share, which cannot be collected from an account of your own" in shown

    def test_on_an_account_that_is_not_connected_says_why_not(
        self, member: Client, world: World, free_lead: Lead, follower: User
    ) -> None:
        account = connect(world, follower)
        accounts.refuse_account(account_id=account.pk, reason="Paper does not know this key any more.", now=world.now)

        shown = member.get(reverse("copy_terms", args=[free_lead.slug])).text

        assert "Your own account is not connected: Paper does not know this key any more." in shown

    @pytest.mark.parametrize("what", ["refused", "disconnected", "share"])
    def test_never_takes_the_wallet_where_the_account_is_gone(
        self, member: Client, world: World, free_lead: Lead, follower: User, what: str
    ) -> None:
        account = connect(world, follower)
        terms = {"mode": "SMART_SYNC", "investment": "1000", "buy_existing": "on", "on_own_account": "on"}
        assert "in your own account" in member.get(reverse("copy_review", args=[free_lead.slug]), terms).text
        if what == "refused":
            accounts.refuse_account(account_id=account.pk, reason="The key is gone.", now=world.now)
        elif what == "disconnected":
            accounts.disconnect_account(account_id=account.pk, now=world.now)
        else:
            Lead.objects.filter(pk=free_lead.pk).update(profit_share_rate="0.1")

        answer = member.post(reverse("start_copy", args=[free_lead.slug]), terms | {"key": "pressed-once"})

        said = {"refused": "The key is gone.", "disconnected": "any more", "share": "cannot be collected"}
        assert answer.status_code == 422
        assert said[what] in answer.text
        assert not Copy.objects.exists()

    def test_with_more_than_is_free_there_says_so(
        self, member: Client, world: World, free_lead: Lead, follower: User
    ) -> None:
        connect(world, follower, cash="500")
        terms = {"mode": "SMART_SYNC", "investment": "1000", "buy_existing": "on", "on_own_account": "on"}

        review = member.get(reverse("copy_review", args=[free_lead.slug]), terms).text

        assert "500.00 USDT that no copy uses" in review

    def test_that_ends_says_where_the_money_is(
        self, member: Client, world: World, free_lead: Lead, follower: User
    ) -> None:
        connect(world, follower)
        terms = {"mode": "SMART_SYNC", "investment": "1000", "buy_existing": "on", "on_own_account": "on"}
        member.post(reverse("start_copy", args=[free_lead.slug]), terms | {"key": "pressed-once"})
        copy = Copy.objects.get(follower=follower)
        settle(world)

        copies.stop_copy(copy_id=copy.pk, now=world.now)
        settle(world)

        shown = member.get(reverse("copy_detail", args=[copy.pk])).text
        assert "Free in your account at the exchange" in shown
        assert "returned to your wallet" not in member.get(reverse("notices")).text
