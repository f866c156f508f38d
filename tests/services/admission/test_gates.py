"""The operator's own check: what it is asked, what each answer does, and what is left to an operator."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from pytest_django.fixtures import Settings

from accounts.models import Transfer, User
from accounts.queries import available_units_of
from copytrading.engine.holdings.terms import Terms
from copytrading.models import Copy, GateCase, GateQuestion, Lead, Notice
from copytrading.services.admission import cases, entering
from copytrading.services.admission.refusals import CaseDecided, GateDenied, GateNotReached, GateWaits, OwnCase
from copytrading.services.copies import verbs as copies
from copytrading.services.hooks.posting import Answer
from copytrading.services.refusals import NotEnoughCash
from copytrading.services.wallet import transfers
from tests.api.program import Program
from tests.cast import NOON, World, usdt
from tests.services.admission.check import Check

ASK, ALLOW = {"answer": "ask"}, {"answer": "allow"}


def deposit(world: World, user: User, value: str, *, key: str | None = None) -> Transfer:
    return entering.deposit(user=user, units=usdt(value), idempotency_key=key or world.key(), now=world.now)


def start(world: World, user: User, lead: Lead, value: str = "1000", *, key: str | None = None) -> Copy:
    return entering.start_copy(
        follower=user,
        lead_id=lead.pk,
        investment_units=usdt(value),
        terms=Terms(),
        idempotency_key=key or world.key(),
        now=world.now,
    )


def free(user: User) -> int:
    return available_units_of(user, asset_symbol="USDT")


def decide(world: World, operator: User, *, is_allowed: bool) -> GateCase:
    case = GateCase.objects.get(status=GateCase.Status.OPEN)
    return cases.decide(case_id=case.pk, is_allowed=is_allowed, by=operator, reason="Looked at it", now=world.now)


class TestWithoutAGate:
    def test_a_door_is_its_verb_and_not_a_statement_more(self, world: World, follower: User, lead: Lead) -> None:
        copy = world.start(follower, lead)

        def statements(bring: Any, increase: Any) -> int:
            with CaptureQueriesContext(connection) as told:
                bring(user=follower, units=usdt(1), idempotency_key=world.key(), now=world.now)
                increase(copy_id=copy.pk, units=usdt(1), idempotency_key=world.key(), now=world.now)
            return len(told)

        # The first time opens what is kept from then on.
        statements(transfers.deposit, copies.increase_copy)

        assert statements(entering.deposit, entering.increase_copy) == statements(
            transfers.deposit, copies.increase_copy
        )
        assert not entering.before_start(user=follower, lead=lead, now=world.now)


class TestQuestion:
    def test_says_who_wants_to_do_what_with_which_figures(
        self, world: World, follower: User, lead: Lead, check: Check
    ) -> None:
        start(world, follower, lead, "1000")

        assert check.asked == [
            {
                "act": "copy",
                "person": {
                    "id": follower.pk,
                    "email": "follower@example.org",
                    "jurisdiction": None,
                    "signed_up_at": follower.date_joined.isoformat().replace("+00:00", "Z"),
                },
                "value": "1000.00000000",
                "currency": "USDT",
                "lead": "basalt",
            }
        ]
        written = GateQuestion.objects.get()
        assert (written.act, written.user, written.lead, written.units) == ("COPY", follower, lead, usdt(1000))
        assert (written.answer, written.milliseconds, written.event_id) == ("ALLOW", 7, check.ids[0])

    def test_is_asked_under_one_id_for_one_request_and_not_again_once_that_is_done(
        self, world: World, follower: User, check: Check
    ) -> None:
        check.answers = {"answer": "deny"}
        for value in ("100", "100", "101"):
            with pytest.raises(GateDenied):
                deposit(world, follower, value, key="the same")
        check.answers = ALLOW
        done = deposit(world, follower, "100", key="the same")

        again = deposit(world, follower, "100", key="the same")

        assert again == done
        assert len(check.ids) == 4
        assert check.ids[0] == check.ids[1] == check.ids[3] != check.ids[2]

    def test_is_asked_about_each_act_and_about_no_other_than_is_named(
        self, world: World, follower: User, lead: Lead, check: Check, settings: Settings
    ) -> None:
        settings.SMARTSYNC_GATE_ACTS = ("WITHDRAW", "LEAD")
        copy = start(world, follower, lead)
        entering.increase_copy(copy_id=copy.pk, units=usdt(50), idempotency_key=world.key(), now=world.now)
        entering.withdraw(user=follower, units=usdt(5), idempotency_key=world.key(), now=world.now)
        wanted = {"name": "Slate", "bio": "", "tags": [], "profit_share_rate": Decimal("0.1"), "followers_max": 5}
        entering.apply_as_lead(user=follower, now=world.now, **wanted)

        assert [one["act"] for one in check.asked] == ["withdraw", "lead"]

        settings.SMARTSYNC_GATE_ACTS = ("COPY",)
        entering.increase_copy(copy_id=copy.pk, units=usdt(60), idempotency_key=world.key(), now=world.now)
        assert (check.asked[-1]["act"], check.asked[-1]["value"]) == ("copy", "60.00000000")

    def test_is_not_asked_about_what_is_refused_anyway(
        self, world: World, follower: User, lead: Lead, check: Check
    ) -> None:
        with pytest.raises(NotEnoughCash):
            start(world, follower, lead, "100000")
        with pytest.raises(NotEnoughCash):
            entering.withdraw(user=follower, units=usdt(10**5), idempotency_key=world.key(), now=world.now)

        assert check.asked == []


class TestAnswer:
    def test_deny_does_nothing_and_says_why(self, world: World, follower: User, lead: Lead, check: Check) -> None:
        check.answers = {"answer": "deny", "sentence": "You are\n on a <list>.\0"}

        with pytest.raises(GateDenied, match=r"^You are on a <list>\.$"):
            start(world, follower, lead)

        assert not Copy.objects.filter(follower=follower).exists()
        assert free(follower) == usdt(10_000)

    @pytest.mark.parametrize(
        "answer",
        [
            Answer(tried_at=NOON, milliseconds=9, trouble="There was no answer within 5 seconds."),
            Answer(tried_at=NOON, milliseconds=9, status=500, text=b'{"answer": "allow"}'),
            Answer(tried_at=NOON, milliseconds=9, status=302, text=b'{"answer": "allow"}'),
            Answer(tried_at=NOON, milliseconds=9, status=200, text=b""),
            Answer(tried_at=NOON, milliseconds=9, status=200, text=b"allow"),
            Answer(tried_at=NOON, milliseconds=9, status=200, text=b'["allow"]'),
            {"answer": "ALLOW"},
            {"answer": True},
            {"allow": True},
            {"answer": "allow", "cache_seconds": -1},
            {"answer": "allow", "cache_seconds": "60"},
            {"answer": "allow", "sentence": 7},
        ],
    )
    def test_that_is_none_is_a_no(self, world: World, follower: User, check: Check, answer: Answer) -> None:
        check.answers = answer

        with pytest.raises(GateNotReached, match="gave no answer, so nothing was done"):
            deposit(world, follower, "100")

        written = GateQuestion.objects.get()
        assert written.answer == "DENY" and written.trouble
        assert free(follower) == usdt(10_000)

    def test_counts_for_as_long_as_it_says_and_for_no_more_money(
        self, world: World, follower: User, check: Check
    ) -> None:
        check.answers = {"answer": "allow", "cache_seconds": 60}
        for value in ("100", "99", "101"):
            deposit(world, follower, value)
        assert [one["value"] for one in check.asked] == ["100.00000000", "101.00000000"]

        world.wait(61)
        deposit(world, follower, "100")

        assert len(check.asked) == 3

    def test_of_no_counts_for_as_much_and_more(self, world: World, follower: User, check: Check) -> None:
        check.answers = {"answer": "deny", "sentence": "Too much.", "cache_seconds": 60}
        for _ in range(2):
            with pytest.raises(GateDenied, match="Too much"):
                deposit(world, follower, "500")
        assert len(check.asked) == 1

        check.answers = ALLOW
        deposit(world, follower, "499")

        assert len(check.asked) == 2

    def test_stays_as_it_was_written(self, world: World, follower: User, check: Check) -> None:
        deposit(world, follower, "100")

        for change in (lambda: GateQuestion.objects.update(answer="DENY"), lambda: GateQuestion.objects.all().delete()):
            with pytest.raises(IntegrityError), transaction.atomic():
                change()


class TestCase:
    def test_is_told_of_in_the_language_of_who_asks(
        self, world: World, follower: User, lead: Lead, check: Check
    ) -> None:
        check.answers = ASK

        with translation.override("de"), pytest.raises(GateWaits, match="Das muss sich erst jemand ansehen"):
            start(world, follower, lead)

    def test_of_a_start_waits_and_counts_once(
        self, world: World, follower: User, other_follower: User, lead: Lead, operator: User, check: Check
    ) -> None:
        check.answers = ASK
        for _ in range(2):
            with pytest.raises(GateWaits, match="You are told once it is decided"):
                start(world, follower, lead)
        assert len(check.asked) == 1

        decide(world, operator, is_allowed=True)
        copy = start(world, follower, lead)

        assert copy.invested_units == usdt(1000)
        assert len(check.asked) == 1
        told = Notice.objects.get(user=follower, kind=Notice.Kind.CHECK_PASSED)
        assert told.words == "start or increase of a copy of 1,000.00 USDT (Basalt)"
        # Used up: more money is asked about anew.
        with pytest.raises(GateWaits):
            entering.increase_copy(copy_id=copy.pk, units=usdt(10), idempotency_key=world.key(), now=world.now)
        assert len(check.asked) == 2

    def test_is_given_back_by_an_act_that_is_refused_otherwise(
        self, world: World, follower: User, operator: User, check: Check, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        check.answers = ASK
        with pytest.raises(GateWaits):
            entering.withdraw(user=follower, units=usdt(10), idempotency_key="w1", now=world.now)
        decide(world, operator, is_allowed=True)

        def refuse(**_: object) -> None:
            raise NotEnoughCash("Just gone.")

        with monkeypatch.context() as patched:
            patched.setattr(transfers, "withdraw", refuse)
            with pytest.raises(NotEnoughCash):
                entering.withdraw(user=follower, units=usdt(10), idempotency_key="w2", now=world.now)
        entering.withdraw(user=follower, units=usdt(10), idempotency_key="w3", now=world.now)

        assert free(follower) == usdt(9_990)
        assert len(check.asked) == 1

    def test_that_is_denied_is_a_no_for_a_week(
        self, world: World, follower: User, lead: Lead, operator: User, check: Check
    ) -> None:
        check.answers = ASK
        with pytest.raises(GateWaits):
            start(world, follower, lead)
        decide(world, operator, is_allowed=False)

        with pytest.raises(GateDenied, match="the answer is no"):
            start(world, follower, lead)

        assert Notice.objects.filter(user=follower, kind=Notice.Kind.CHECK_FAILED).count() == 1
        world.wait(cases.HOLDS_FOR / timedelta(seconds=1))
        with pytest.raises(GateWaits):
            start(world, follower, lead)

    def test_is_decided_once_and_by_nobody_about_themselves(
        self, world: World, follower: User, operator: User, check: Check
    ) -> None:
        check.answers = ASK
        deposit(world, follower, "100")
        case = GateCase.objects.get()
        verdict = {"case_id": case.pk, "is_allowed": True, "reason": "", "now": world.now}
        with pytest.raises(OwnCase):
            cases.decide(by=follower, **verdict)
        cases.decide(by=operator, **verdict)

        with pytest.raises(CaseDecided):
            cases.decide(by=operator, **verdict)

        for change in ({"status": "DENIED"}, {"units": 1}, {"decided_by": follower}):
            with pytest.raises(IntegrityError), transaction.atomic():
                GateCase.objects.update(**change)


class TestDeposit:
    def test_that_somebody_looks_at_is_there_and_held_until_it_is_allowed(
        self, world: World, follower: User, operator: User, check: Check
    ) -> None:
        check.answers = ASK
        transfer = deposit(world, follower, "500")

        assert (transfer.status, transfer.verdict) == ("BOOKED", "WAITING")
        assert world.main(follower)["USDT"] == usdt(10_500)
        assert free(follower) == usdt(10_000)
        wallet = Program.of(follower).get("wallet").json()
        assert (wallet["available"], wallet["on_the_way"][0]["verdict"]) == ("10000.00", "WAITING")

        decide(world, operator, is_allowed=True)

        assert free(follower) == usdt(10_500)
        transfer.refresh_from_db()
        assert transfer.verdict == "PASSED"

    def test_that_is_denied_goes_back_by_the_way_it_came(
        self, world: World, follower: User, operator: User, check: Check
    ) -> None:
        check.answers = ASK
        deposit(world, follower, "500")

        decide(world, operator, is_allowed=False)

        assert world.main(follower)["USDT"] == free(follower) == usdt(10_000)
        back = Transfer.objects.get(user=follower, direction=Transfer.Direction.WITHDRAWAL)
        assert (back.units, back.status, back.note) == (usdt(500), "BOOKED", cases.RETURNED)

    def test_that_was_only_announced_is_refused_or_held_as_it_comes(
        self, world: World, follower: User, operator: User, check: Check
    ) -> None:
        check.answers = ASK
        elsewhere = {"user": follower, "channel": Transfer.Channel.VENUE, "verdict": Transfer.Verdict.WAITING}
        first = transfers.deposit(units=usdt(1), idempotency_key="a", now=world.now, **elsewhere)
        second = transfers.deposit(units=usdt(2), idempotency_key="b", now=world.now, **elsewhere)
        with transaction.atomic():
            cases.wallet.fail_deposit(transfer_id=first.pk, note="No.", now=world.now)
            cases.wallet.book_transfer(transfer_id=second.pk, now=world.now)

        first.refresh_from_db()
        assert (first.status, first.note) == ("REFUSED", "No.")
        assert (world.main(follower)["USDT"], free(follower)) == (usdt(10_002), usdt(10_000))

    def test_that_goes_back_cannot_be_kept_by_cancelling_that(
        self, world: World, follower: User, operator: User, check: Check
    ) -> None:
        check.answers = ASK
        elsewhere = {"user": follower, "channel": Transfer.Channel.VENUE, "verdict": Transfer.Verdict.WAITING}
        brought = transfers.deposit(units=usdt(300), idempotency_key="a", now=world.now, **elsewhere)
        with transaction.atomic():
            cases.wallet.book_transfer(transfer_id=brought.pk, now=world.now)
            _, back = cases.wallet.fail_deposit(transfer_id=brought.pk, note="No.", now=world.now)
        assert back is not None
        for end in (
            lambda: transfers.cancel_transfer(user=follower, transfer_id=back.pk, now=world.now),
            lambda: transfers.refuse_transfer(transfer_id=back.pk, note="", now=world.now),
        ):
            with pytest.raises(transfers.TransferRefused, match="it has to be paid"):
                end()
        assert (world.main(follower)["USDT"], free(follower)) == (usdt(10_300), usdt(10_000))

        # Where the exchange takes the deposit itself back, nothing is paid besides.
        with transaction.atomic():
            _, missing = cases.wallet.reverse_transfer(transfer_id=brought.pk, note="Gone.", now=world.now)

        back.refresh_from_db()
        assert (missing, back.status, free(follower)) == (0, "REFUSED", usdt(10_000))

    def test_that_the_exchange_takes_back_holds_nothing_any_more(
        self, world: World, follower: User, operator: User, check: Check
    ) -> None:
        check.answers = ASK
        transfer = deposit(world, follower, "500")
        with transaction.atomic():
            _, missing = cases.wallet.reverse_transfer(transfer_id=transfer.pk, note="Taken back.", now=world.now)
        assert (missing, free(follower)) == (0, usdt(10_000))

        decide(world, operator, is_allowed=False)

        assert world.main(follower)["USDT"] == usdt(10_000)
        assert not Transfer.objects.filter(direction=Transfer.Direction.WITHDRAWAL).exists()

    def test_that_is_refused_leaves_no_case_open(self, world: World, follower: User, check: Check) -> None:
        check.answers = ASK
        key = world.key()
        deposit(world, follower, "500", key=key)
        settled = GateCase.objects.get()
        cases.finish_cases(now=world.now)

        with pytest.raises(transfers.TransferRefused):
            # A day's limit is known to the verb alone.
            for _ in range(11):
                deposit(world, follower, "1000000")

        assert GateCase.objects.filter(status="DROPPED").count() == 1
        settled.refresh_from_db()
        assert settled.status == "OPEN"

    def test_whose_request_died_is_finished_by_the_sweeper(
        self, world: World, follower: User, operator: User, check: Check, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        check.answers = ASK
        deposit(world, follower, "500", key="late")
        GateCase.objects.update(
            status="ALLOWED", decided_by=operator, decided_at=world.now, holds_until=world.now, used_at=world.now
        )

        assert cases.finish_cases(now=world.now) == 1
        assert cases.finish_cases(now=world.now) == 0
        assert free(follower) == usdt(10_500)


class TestSignUp:
    FORM = {"email": "new@example.org", "password1": "a long word or two"}

    def test_that_is_denied_makes_no_account_and_keeps_what_was_typed(self, db: None, check: Check) -> None:
        check.answers = {"answer": "deny", "sentence": "One has to be of age."}

        page = Client().post("/accounts/signup/", self.FORM)

        assert "One has to be of age." in page.content.decode()
        assert 'value="new@example.org"' in page.content.decode()
        assert not User.objects.filter(email="new@example.org").exists()
        assert check.asked[0]["person"] == {
            "id": None, "email": "new@example.org", "jurisdiction": None, "signed_up_at": None
        }  # fmt: skip

    def test_is_asked_about_once_everything_else_fits(self, db: None, check: Check) -> None:
        Client().post("/accounts/signup/", {**self.FORM, "password1": "short"})

        assert check.asked == []

    def test_that_an_operator_looks_at_can_do_nothing_but_leave(
        self, world: World, operator: User, check: Check
    ) -> None:
        check.answers = ASK
        client = Client()
        client.post("/accounts/signup/", self.FORM)
        new = User.objects.get(email="new@example.org")
        world.deposit(new, "100")
        check.answers = ALLOW
        with pytest.raises(GateWaits, match="sign-up is still being looked at"):
            deposit(world, new, "10")
        entering.withdraw(user=new, units=usdt(10), idempotency_key=world.key(), now=world.now)

        decide(world, operator, is_allowed=True)
        deposit(world, new, "10")

        assert free(new) == usdt(100)

    def test_of_an_address_that_is_known_is_answered_alike_and_holds_nobody_up(
        self, world: World, follower: User, check: Check, settings: Settings
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        check.answers = ASK
        known = Client().post("/accounts/signup/", {**self.FORM, "email": follower.email})
        check.answers = ALLOW

        assert len(check.asked) == 1
        assert known.status_code == 302
        deposit(world, follower, "10")


class TestDoors:
    def test_of_the_api_say_a_code_and_the_sentence(
        self, world: World, follower: User, lead: Lead, check: Check
    ) -> None:
        program = Program.of(follower)
        check.answers = {"answer": "deny", "sentence": "Not you."}

        answers = [
            program.post("wallet/deposits", {"value": "10.00"}, key="gate-0001"),
            program.post("copies", {"lead": lead.slug, "investment": "500.00"}, key="gate-0002"),
        ]
        check.answers = ASK
        lead_answer = program.post(
            "lead", {"name": "Slate", "profit_share_rate": "0.1", "followers_max": 5}, key="gate-0003"
        )

        assert [(answer.status_code, answer.json()["code"], answer.json()["title"]) for answer in answers] == [
            (409, "gate_denied", "Not you.")
        ] * 2
        assert (lead_answer.status_code, lead_answer.json()["code"]) == (409, "gate_waits")

    def test_of_the_pages_keep_what_was_typed(
        self, world: World, follower: User, lead: Lead, check: Check, old_prices_are_fine: None
    ) -> None:
        client = Client()
        client.force_login(follower)
        check.answers = {"answer": "deny", "sentence": "Not you."}

        deposited = client.post("/wallet/deposit/", {"value": "77", "idempotency_key": "k1"})
        started = client.post(
            f"/leads/{lead.slug}/copy/start/", {"investment": "777", "mode": "SMART_SYNC", "key": "k2"}
        )
        applied = client.post("/lead/apply/", {
            "name": "Slate", "bio": "Plain", "profit_share_rate": "10", "followers_max": "5", "source": "PLATFORM",
        })  # fmt: skip

        for page, typed in ((deposited, "77"), (started, "777"), (applied, "Slate")):
            text = page.content.decode()
            assert "Not you." in text and f'value="{typed}"' in text
