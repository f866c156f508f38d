"""An account of one's own over the API: connected, refused, copied on, disconnected; and its secret nowhere."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from accounts import program_keys
from accounts.models import User
from copytrading.exchange.paper import world as paper
from copytrading.models import Copy, Lead, Market, OwnAccount
from copytrading.services.own import accounts, attempts
from tests.api.program import Program
from tests.cast import NOON, World
from tests.services.own.stage import connect, key_of, open_paper, settle

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "wallet/own-accounts"
COPY = {"lead": "basalt", "investment": "1000.00"}


@pytest.fixture
def free_lead(lead: Lead) -> Lead:
    Lead.objects.filter(pk=lead.pk).update(profit_share_rate=0)
    return Lead.objects.get(pk=lead.pk)


def typed(user: User, **changed: str) -> dict[str, str]:
    key = key_of(user)
    return {"exchange": "paper", "key": key.key, "secret": key.secret, **changed}


class TestTheList:
    def test_says_where_accounts_can_be_and_the_minimums(self, world: World, program: Program) -> None:
        shown = program.get(PATH).json()

        assert (shown["exchange"], shown["needs_password"], shown["accounts"]) == ("paper", False, [])
        assert shown["investment_min"] == "100.00"
        traded = {market.symbol for market in Market.objects.filter(status=Market.Status.TRADING)}
        assert {minimum["market"] for minimum in shown["order_minimums"]} == traded
        assert {minimum["value_min"] for minimum in shown["order_minimums"]} == {"5.00"}

    def test_says_why_the_copies_of_an_account_are_paused(
        self, world: World, program: Program, follower: User, free_lead: Lead
    ) -> None:
        account = connect(world, follower)
        started = program.post("copies", {**COPY, "own_account": account.pk}, key="start-0001").json()
        settle(world)
        key = key_of(follower)
        paper.put_key(key=key.key, secret=key.secret, account=f"person-{follower.pk}", is_revoked=True)
        OwnAccount.objects.update(tried_at=None)
        accounts.look_at_accounts(now=world.now)

        (shown,) = program.get(PATH).json()["accounts"]

        assert (shown["id"], shown["status"], shown["copies"]) == (account.pk, "REFUSED", 1)
        assert shown["reason"].startswith("Paper does not take this key: they know none like it")
        assert program.get(f"copies/{started['id']}").json()["status"] == "PAUSED"


class TestConnecting:
    def test_answers_with_the_account_and_never_with_its_key(
        self, world: World, program: Program, follower: User, caplog: pytest.LogCaptureFixture
    ) -> None:
        key = open_paper(follower)

        first, again = (program.post(PATH, typed(follower), key="connect-0001") for _ in range(2))

        shown = first.json()
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert (shown["status"], shown["fingerprint"], shown["reason"]) == ("CONNECTED", "0001", "")
        told = first.content + program.get(PATH).content + program.get(f"{PATH}/{shown['id']}").content
        assert key.secret.encode() not in told
        assert key.key.encode() not in told
        assert key.secret not in caplog.text
        with connection.cursor() as cursor:
            cursor.execute("SELECT request_hash, response_body::text FROM accounts_idempotentrequest")
            assert not any(part in str(cursor.fetchall()) for part in (key.key, key.secret))

    @pytest.mark.parametrize(
        ("rights", "changed", "sentence"),
        [
            ({"may_withdraw": True}, {}, "This key can move money out of your account."),
            ({"may_trade": False}, {}, "This key can only read."),
            ({}, {"secret": "another"}, "its secret or its passphrase is wrong"),
            ({"is_revoked": True}, {}, "they know none like it"),
        ],
    )
    def test_is_refused_with_a_key_that_is_not_right(
        self, world: World, program: Program, follower: User, rights: dict[str, bool], changed: dict[str, str],
        sentence: str,
    ) -> None:  # fmt: skip
        open_paper(follower, **rights)

        answer = program.post(PATH, typed(follower, **changed), key="connect-0001")

        told = answer.json()
        assert (answer.status_code, told["code"], told["field"]) == (409, "own_key_not_taken", "key")
        assert sentence in told["title"]
        assert not OwnAccount.objects.exists()

    def test_is_refused_for_another_exchange(self, world: World, program: Program, follower: User) -> None:
        answer = program.post(PATH, typed(follower, exchange="kraken"), key="connect-0001")

        assert (answer.status_code, answer.json()["code"]) == (409, "own_account_not_possible")

    def test_asks_for_the_pass_phrase_where_keys_have_one(self, world: World, program: Program, follower: User) -> None:
        answer = program.post(PATH, typed(follower, exchange="okx"), key="connect-0001")

        assert (answer.status_code, answer.json()["field"]) == (400, "password")

    def test_is_for_people_who_have_just_proved_to_be_it(
        self, world: World, program: Program, follower: User, clock: time_machine.Traveller
    ) -> None:
        open_paper(follower)
        _, secret = program_keys.make_key(
            user=follower, name="Robot", scopes=["read", "copy", "copy:money", "trade"], now=NOON
        )
        clock.shift(timedelta(minutes=6))

        late = program.post(PATH, typed(follower), key="connect-0001")
        by_key = Program(token=secret).post(PATH, typed(follower), key="connect-0002")

        assert (late.status_code, late.json()["code"]) == (403, "confirmation_needed")
        assert (by_key.status_code, by_key.json()["code"]) == (403, "not_for_keys")
        assert Program(token=secret).get(PATH).status_code == 200

    def test_is_tried_so_often_an_hour(self, world: World, program: Program, follower: User) -> None:
        open_paper(follower, may_withdraw=True)
        for number in range(attempts.ATTEMPTS_MAX):
            assert program.post(PATH, typed(follower), key=f"connect-{number:04}").status_code == 409

        answer = program.post(PATH, typed(follower), key="connect-9999")

        assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
        # What was answered already is no attempt.
        assert program.post(PATH, typed(follower), key="connect-0000").status_code == 409


class TestDisconnecting:
    def test_erases_the_key(self, world: World, program: Program, follower: User) -> None:
        account = connect(world, follower)

        shown = program.send("DELETE", f"{PATH}/{account.pk}", key="goodbye-0001").json()

        account.refresh_from_db()
        assert (shown["status"], shown["fingerprint"]) == ("REVOKED", "")
        assert bytes(account.sealed_key) == b""

    def test_is_refused_while_a_copy_trades_on_it(
        self, world: World, program: Program, follower: User, free_lead: Lead
    ) -> None:
        account = connect(world, follower)
        program.post("copies", {**COPY, "own_account": account.pk}, key="start-0001")

        answer = program.send("DELETE", f"{PATH}/{account.pk}", key="goodbye-0001")

        assert (answer.status_code, answer.json()["code"]) == (409, "own_account_in_use")


class TestACopy:
    def test_says_where_its_money_is(self, world: World, program: Program, follower: User, free_lead: Lead) -> None:
        account, before = connect(world, follower), world.main(follower)
        preview = program.post("leads/basalt/preview", {"investment": "1000.00", "own_account": account.pk})

        first, again = (program.post("copies", {**COPY, "own_account": account.pk}, key="start-0001") for _ in range(2))

        assert (preview.status_code, first.status_code, again.json()) == (200, 201, first.json())
        assert Copy.objects.get(follower=follower).own_account == account
        assert first.json()["own_account"] == account.pk
        assert [copy["own_account"] for copy in program.get("copies").json()["results"]] == [account.pk]
        assert world.main(follower) == before

    def test_with_the_wallets_money_names_no_account(self, world: World, program: Program, lead: Lead) -> None:
        assert program.post("copies", COPY, key="start-0001").json()["own_account"] is None

    def test_on_somebody_elses_account_looks_like_one_on_none(
        self, world: World, program: Program, other_follower: User, free_lead: Lead
    ) -> None:
        account = connect(world, other_follower)

        anothers, missing = (
            program.post("copies", {**COPY, "own_account": number}, key="start-0001") for number in (account.pk, 2**40)
        )

        assert (anothers.status_code, anothers.json()) == (missing.status_code, missing.json())
        assert (anothers.status_code, anothers.json()["field"]) == (400, "own_account")
        assert not Copy.objects.exists()

    def test_behind_a_lead_who_takes_a_share_is_refused(
        self, world: World, program: Program, follower: User, lead: Lead
    ) -> None:
        account = connect(world, follower)
        wanted = {**COPY, "own_account": account.pk}

        refused = program.post("copies", wanted, key="start-0001")
        Lead.objects.update(takes_own_accounts=True)
        started = program.post("copies", wanted, key="start-0002")

        assert (refused.status_code, refused.json()["code"]) == (409, "own_account_not_taken")
        assert (started.status_code, started.json()["profit_share_rate"]) == (201, "0")

    def test_with_more_than_is_free_there_is_refused(
        self, world: World, program: Program, follower: User, free_lead: Lead
    ) -> None:
        account = connect(world, follower, cash="500")

        refused = program.post("copies", {**COPY, "own_account": account.pk}, key="start-0001")

        assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (
            409, "not_enough_cash", "investment",
        )  # fmt: skip


class TestALead:
    def test_agrees_and_says_so_in_its_events(self, world: World, lead: Lead, program: Program) -> None:
        leading = Program.of(lead.user)
        before = program.get(f"leads/{lead.slug}").json()["takes_own_accounts"]

        agreed, again = (
            leading.put("lead/own-accounts", {"takes_own_accounts": True}, key=f"takes-{n:04}") for n in range(2)
        )
        after = program.get(f"leads/{lead.slug}").json()["takes_own_accounts"]
        no_more = leading.put("lead/own-accounts", {"takes_own_accounts": False}, key="takes-0003")

        assert (before, after) == (False, True)
        assert agreed.json()["takes_own_accounts"] is again.json()["takes_own_accounts"] is True
        assert no_more.json()["takes_own_accounts"] is False
        events = program.get(f"leads/{lead.slug}/events").json()["results"]
        said = [event["status"] for event in events if "OWN" in event["status"]]
        assert sorted(said) == ["NO_OWN", "TAKES_OWN"]
