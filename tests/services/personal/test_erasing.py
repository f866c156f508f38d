"""Making a person unreadable: nothing that tells of them is left in any text of the database, and the books stay."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test import Client

from accounts import audit, devices, program_keys
from accounts.models import (
    Archive,
    ArchiveFile,
    Balance,
    Device,
    Erasure,
    IdempotentRequest,
    LedgerAccount,
    OperatorRequest,
    ProgramKey,
    Transfer,
    User,
)
from copytrading.models import (
    Alarm,
    Copy,
    Favourite,
    GateCase,
    GateQuestion,
    Halt,
    JurisdictionChange,
    KnownDevice,
    Lead,
    LinkedAccount,
    LossLimit,
    Market,
    Notice,
    NoticeHabits,
)
from copytrading.queries.personal.obstacles import obstacles_of
from copytrading.queries.personal.tables import LEFT
from copytrading.services.books.notices import write_to_followers
from copytrading.services.copies import verbs as copies
from copytrading.services.desk import complaints, person_notes
from copytrading.services.leads import verbs as leads
from copytrading.services.personal import archives, erasures
from copytrading.services.safety import reconciling
from copytrading.services.telling import notices
from copytrading.services.wallet import spot, transfers
from tests.cast import World, usdt
from tests.hook_receiver import webhook_of
from tests.services.copies.inviting import invited
from tests.services.personal.somebody import lives
from tests.services.telling.push_stage import subscription_of
from tests.services.wallet.limit_stage import place

ADDRESS, SECOND, BEFORE = "rosalind@unmistakable.example", "roz@second.example", "old@address.example"
FIRST, LAST, NETWORK, AGENT = "Rosalind", "Unmistakable", "198.51.100.77", "Mosaic/1.0 (Rosalinds own)"
LEAD_NAME, BIO = "Obsidian", "I live in Basel and like granite"
WORDS = "Rosalind Unmistakable wrote this"
MARKS = (ADDRESS, SECOND, BEFORE, FIRST, LAST, NETWORK, AGENT, LEAD_NAME, BIO, "192.0.2.1", "push.example.org")
WEEK = timedelta(days=7)

TEXT_COLUMNS = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name IN (SELECT relname FROM pg_class WHERE relkind = 'r')
        AND (data_type IN ('character varying', 'text', 'jsonb', 'json', 'inet', 'bytea') OR data_type = 'ARRAY')
    ORDER BY 1, 2
"""


def places_of(marks: tuple[str, ...]) -> dict[str, set[str]]:
    """Return every text column of the database in which a mark stands, with those that do."""
    found: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(TEXT_COLUMNS)
        columns = cursor.fetchall()
        assert len(columns) > 150
        for table, column in columns:
            for mark in marks:
                cursor.execute(
                    f'SELECT 1 FROM "{table}" WHERE "{column}"::text ILIKE %s OR "{column}"::text ILIKE %s LIMIT 1',
                    [f"%{mark}%", f"%{mark.encode().hex()}%"],
                )
                if cursor.fetchone():
                    found.setdefault(f"{table}.{column}", set()).add(mark)
    return found


@pytest.fixture
def second_operator(db: None) -> User:
    return User.objects.create_superuser("second-operator@example.org", "correct horse battery")


@pytest.fixture
def leaver(world: World, lead: Lead, other_follower: User, operator: User, second_operator: User) -> User:
    """Somebody who followed, led, was asked about and noted everywhere, and has taken everything out."""
    user = User.objects.create_user(ADDRESS, "correct horse battery", first_name=FIRST, last_name=LAST)
    world.deposit(user, "10000")
    copy = lives(world, user, lead)
    own = world.make_lead(user, name=LEAD_NAME, stake="2000")
    Lead.objects.filter(pk=own.pk).update(bio=BIO, tags=[WORDS[:30]])
    theirs = world.start(other_follower, own, "500")
    world.lead_trades(own, "SOL", "BUY", "1")
    world.settle()
    write_to_followers(lead_id=own.pk, text=WORDS, idempotency_key=world.key(), now=world.now)
    _leave_marks(world, user, own, copy, operator, second_operator)
    _take_everything_out(world, user, own, copy, theirs)
    return User.objects.get(pk=user.pk)


def _leave_marks(world: World, user: User, own: Lead, copy: Copy, operator: User, other: User) -> None:
    """Write the person's address, names and network into every column that may come to have them."""
    now = world.now
    for email, is_primary in ((ADDRESS, True), (SECOND, False)):
        address = EmailAddress.objects.create(user=user, email=email, primary=is_primary, verified=True)
        EmailConfirmation.objects.create(email_address=address, key=f"key-{email}"[:64], created=now)
    Client().force_login(user)
    session = Session.objects.latest("expire_date")
    UserSession.objects.create(
        user=user, ip=NETWORK, user_agent=AGENT, session_key=session.session_key, created_at=now, last_seen_at=now
    )
    devices.open_device(
        user=user, now=now, name=f"{FIRST}s phone", agent=AGENT, address=NETWORK, session_key=session.session_key
    )
    program_keys.make_key(user=user, name=f"{FIRST}s robot", scopes=["read"], addresses=[NETWORK], now=now)
    ProgramKey.objects.update(last_address=NETWORK)
    Authenticator.objects.create(user=user, type="webauthn", data={"name": f"{FIRST}s key"})
    KnownDevice.objects.create(user=user, name_hash="0" * 64, seen_at=now)
    IdempotentRequest.objects.create(
        user=user,
        key="answer-0001",
        request_hash="",
        response_status=200,
        response_body={"email": ADDRESS},
        created_at=now,
    )
    webhook_of(user, now=now)
    subscription_of(user, now=now)
    NoticeHabits.objects.create(user=user)
    Favourite.objects.create(user=user, lead=own, chosen_at=now)
    invited(world, own, label=f"{FIRST}s friends")
    LossLimit.objects.create(user=user, loss_units=usdt(5000), set_at=now)
    with transaction.atomic():
        notices.tell_person(user.pk, Notice.Kind.EMAIL_CHANGED, now, words=BEFORE)
    Transfer.objects.filter(user=user).update(note=WORDS)
    question = GateQuestion.objects.create(
        event_id="1",
        act="SIGN_UP",
        user=None,
        email=ADDRESS,
        answer="ASK",
        sentence=WORDS,
        milliseconds=1,
        asked_at=now,
    )
    GateCase.objects.create(
        question=question, act="SIGN_UP", user=user, email=ADDRESS, status="ALLOWED", opened_at=now, decided_at=now,
        decided_by=operator, reason=WORDS, holds_until=now,
    )  # fmt: skip
    JurisdictionChange.objects.create(user=user, after="eu", changed_by=operator, reason=WORDS, changed_at=now)
    OperatorRequest.objects.create(
        kind="EMAIL", person=user, wanted={"email": ADDRESS}, reason=WORDS, requested_by=operator, requested_at=now,
        approved_by=other, approved_at=now,
    )  # fmt: skip
    LogEntry.objects.create(
        user=operator, object_id=str(user.pk), object_repr=ADDRESS, action_flag=CHANGE, change_message=WORDS
    )
    Alarm.objects.create(
        kind=Alarm.Kind.TRANSFER_STUCK, key="1", sentence=f"{ADDRESS} and {LEAD_NAME}.", raised_at=now, last_seen_at=now
    )
    Halt.objects.create(
        scope="PLATFORM", reason=WORDS, placed_by=operator, placed_at=now, lifted_by=other, lifted_at=now
    )
    LinkedAccount.objects.create(lead=own, exchange="binance", reason=WORDS, fingerprint="rosa")
    for number, words in enumerate((f"{ADDRESS} is me", WORDS)):
        complaint = complaints.file(
            user=user, subject=words, text=words, idempotency_key=f"complaint-{number}", now=now
        )
        complaints.acknowledge(complaint_id=complaint.pk, by=operator, now=now)
        complaints.answer(complaint_id=complaint.pk, text=words, by=operator, now=now)
    # A closed one is not changed for anything else.
    complaints.close(complaint_id=complaint.pk, now=now)
    person_notes.write(person=user, text=WORDS, by=operator, now=now)
    archive = archives.ask_for_archive(user=user, by=operator, reason=WORDS, now=now)
    archives.make_archive(archive_id=archive.pk, now=now)


def _take_everything_out(world: World, user: User, own: Lead, copy: Copy, theirs: Copy) -> None:
    leads.end_lead(lead_id=own.pk, now=world.now)
    copies.stop_copy(copy_id=copy.pk, now=world.now)
    world.settle()
    world.settle()
    own.refresh_from_db()
    for account in (own.ledger_account,):
        if held := world.held(account).get("USDT", 0):
            leads.withdraw_from_lead(lead_id=own.pk, units=held, idempotency_key=world.key(), now=world.now)
    for symbol, units in world.main(user).items():
        if symbol != "USDT":
            market = Market.objects.get(symbol=f"{symbol}-USDT")
            spot.place_manual_order(
                user=user, market_id=market.pk, side="SELL", units=units, idempotency_key=world.key(), now=world.now
            )
    transfers.withdraw(user=user, units=world.main(user)["USDT"], idempotency_key=world.key(), now=world.now)


def erased(user: User, world: World) -> Erasure:
    erasure = erasures.request_erasure(user=user, by=user, now=world.now)
    world.wait(WEEK.total_seconds())
    assert erasures.erase_due(now=world.now) == 1
    erasure.refresh_from_db()
    return erasure


def books() -> list[Any]:
    return [
        reconciling.check_ledger(),
        _postings(),
        list(Balance.objects.order_by("pk").values_list()),
        list(LedgerAccount.objects.order_by("pk").values_list()),
    ]


def _postings() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_jsonb(posting), to_jsonb(journal) FROM accounts_posting AS posting"
            " JOIN accounts_journal AS journal ON journal.id = posting.journal_id ORDER BY posting.id"
        )
        return list(cursor.fetchall())


class TestErasing:
    def test_leaves_nothing_of_the_person_in_any_text_of_the_database(self, world: World, leaver: User) -> None:
        before = places_of(MARKS)
        assert len(before) > 25

        erased(leaver, world)

        left = places_of(MARKS)
        assert {place: marks for place, marks in left.items() if place not in LEFT} == {}
        # Of a person, and not only of a lead, nothing stands but where the audit has it.
        of_a_person = {place for place, marks in left.items() if marks - {LEAD_NAME}}
        assert {place.partition(".")[0] for place in of_a_person} <= {"accounts_auditentry"}

    def test_changes_nothing_in_the_books(self, world: World, leaver: User) -> None:
        before, entries = books(), audit.verify()
        shares = list(Copy.objects.order_by("pk").values_list())
        assert before[0].is_clean

        erased(leaver, world)

        assert books() == before
        assert list(Copy.objects.order_by("pk").values_list()) == shares
        assert audit.verify() == (entries[0] + 1, entries[1])
        assert entries[1] == []

    def test_makes_signing_in_impossible(self, world: World, leaver: User) -> None:
        sessions = set(UserSession.objects.filter(user=leaver).values_list("session_key", flat=True))

        erased(leaver, world)

        leaver.refresh_from_db()
        assert not leaver.is_active
        assert not leaver.has_usable_password()
        assert leaver.email.startswith("erased-")
        assert leaver.email.endswith("@erased.invalid")
        assert not Device.objects.filter(user=leaver).exists()
        assert not Session.objects.filter(session_key__in=sessions).exists()
        assert not Client().login(email=ADDRESS, password="correct horse battery")

    def test_makes_the_lead_a_former_one(self, world: World, leaver: User, other_follower: User) -> None:
        own = Lead.objects.get(user=leaver)

        erased(leaver, world)

        own.refresh_from_db()
        assert (own.name, own.slug, own.bio, own.tags) == ("A former lead", f"former-lead-{own.pk}", "", [])
        client = Client()
        client.force_login(other_follower)
        copy = Copy.objects.get(follower=other_follower)
        assert "A former lead" in client.get(f"/copies/{copy.pk}/").text

    def test_lets_the_address_sign_up_anew(self, world: World, leaver: User) -> None:
        erased(leaver, world)

        assert User.objects.create_user(ADDRESS, "correct horse battery").pk != leaver.pk

    def test_removes_the_archive(self, world: World, leaver: User) -> None:
        erased(leaver, world)

        assert not ArchiveFile.objects.exists()
        assert Archive.objects.get().removed_at == world.now

    def test_touches_nobody_else(self, world: World, leaver: User, other_follower: User, lead: Lead) -> None:
        def of_others() -> list[Any]:
            return [
                list(User.objects.exclude(pk=leaver.pk).order_by("pk").values_list()),
                list(Notice.objects.exclude(user=leaver).order_by("pk").values_list()),
                list(Lead.objects.exclude(user=leaver).order_by("pk").values_list("name", "slug", "bio")),
            ]

        before = of_others()
        erased(leaver, world)

        assert of_others() == before


class TestWhatIsRecordedOfChecks:
    def test_is_rewritten_for_nobody_who_is_not_erased(self, world: World, leaver: User) -> None:
        statements = (
            "UPDATE copytrading_gatequestion SET email = 'erased-1@erased.invalid', sentence = ''",
            "UPDATE copytrading_gatecase SET email = 'x@example.org', reason = ''",
            "UPDATE copytrading_jurisdictionchange SET reason = ''",
            "UPDATE accounts_operatorrequest SET reason = '', wanted = '{}'",
        )
        for statement in statements:
            with pytest.raises(Exception, match="stays as it"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)

    def test_loses_the_address_and_nothing_else_afterwards(self, world: World, leaver: User) -> None:
        erased(leaver, world)

        with pytest.raises(Exception, match="stays as it"), transaction.atomic():
            GateQuestion.objects.update(answer="ALLOW")


class TestAWish:
    @pytest.fixture
    def person(self, world: World) -> User:
        return User.objects.create_user("leaver@example.org", "correct horse battery")

    def test_can_be_taken_back_until_it_is_due(self, world: World, person: User) -> None:
        erasure = erasures.request_erasure(user=person, by=person, now=world.now)
        assert erasure.due_at == world.now + WEEK
        assert Notice.objects.get(user=person).kind == Notice.Kind.ERASURE_ASKED
        assert erasures.erase_due(now=world.now + WEEK - timedelta(seconds=1)) == 0

        erasures.withdraw_erasure(erasure_id=erasure.pk, now=world.now)

        assert erasures.erase_due(now=world.now + WEEK) == 0
        person.refresh_from_db()
        assert person.email == "leaver@example.org"
        with pytest.raises(erasures.ErasureClosed):
            erasures.withdraw_erasure(erasure_id=erasure.pk, now=world.now)

    def test_is_asked_for_once(self, world: World, person: User) -> None:
        erasures.request_erasure(user=person, by=person, now=world.now)

        with pytest.raises(erasures.ErasureRefused, match="already"):
            erasures.request_erasure(user=person, by=person, now=world.now)

    def test_waits_for_what_came_in_between(self, world: World, person: User) -> None:
        erasure = erasures.request_erasure(user=person, by=person, now=world.now)
        world.deposit(person, "10")
        world.wait(WEEK.total_seconds())

        assert erasures.erase_due(now=world.now) == 0

        erasure.refresh_from_db()
        assert "There is still money of yours here" in erasure.hindered_by
        transfers.withdraw(user=person, units=usdt(10), idempotency_key=world.key(), now=world.now)
        assert erasures.erase_due(now=world.now) == 1

    def test_leaves_everybody_as_they_were_where_it_dies(
        self, world: World, person: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        erasures.request_erasure(user=person, by=person, now=world.now)
        monkeypatch.setattr(erasures.audit, "write", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erasures.erase_due(now=world.now + WEEK)
        monkeypatch.undo()

        person.refresh_from_db()
        assert person.email == "leaver@example.org"
        assert erasures.erase_due(now=world.now + WEEK) == 1


class TestWhatStandsInTheWay:
    def test_is_nothing_for_somebody_who_only_looked_around(self, stranger: User, world: World) -> None:
        assert obstacles_of(stranger) == []

    def test_is_money_a_copy_and_a_lead_with_followers(self, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead)
        world.settle()
        assert ["copy of yours still runs" in sentence for sentence in obstacles_of(follower)] == [True, False]
        assert any("You lead" in sentence for sentence in obstacles_of(lead.user))
        assert any("who followed you" in sentence for sentence in obstacles_of(lead.user))
        with pytest.raises(erasures.ErasureHindered, match="A copy of yours still runs: stop it first"):
            erasures.request_erasure(user=follower, by=follower, now=world.now)

        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()

        assert [sentence[:20] for sentence in obstacles_of(follower)] == ["There is still money"]

    def test_is_a_transfer_or_an_order_that_waits(self, world: World, follower: User) -> None:
        transfers.deposit(
            user=follower, units=usdt(5), idempotency_key="k-1", channel=Transfer.Channel.MANUAL, now=world.now
        )
        place(world, follower, "BUY", "ETH", "2000", quantity="0.1")

        said = " ".join(obstacles_of(follower))

        assert "on its way" in said
        assert "limit order" in said

    def test_is_working_here(self, world: World, operator: User) -> None:
        assert obstacles_of(operator)[0].startswith("This account works on the platform itself")

    def test_is_no_coin_that_is_too_small_to_be_sold(self, world: World, follower: User) -> None:
        market = Market.objects.get(symbol="ETH-USDT")
        spot.place_manual_order(
            user=follower, market_id=market.pk, side="BUY", units=usdt(100), idempotency_key="k-1", now=world.now
        )
        units = world.main(follower)["ETH"]
        transfers.withdraw(user=follower, units=world.main(follower)["USDT"], idempotency_key="k-2", now=world.now)
        assert obstacles_of(follower) != []
        world.wait(1, ETH=str(4 / (units / 10**market.base.decimals)))

        assert obstacles_of(follower) == []


class TestOnBehalfOfSomebody:
    def test_takes_two_operators_and_the_cooling_time(
        self, world: World, stranger: User, operator: User, second_operator: User
    ) -> None:
        erasure = erasures.request_erasure(user=stranger, by=operator, reason="By letter", now=world.now)
        assert erasure.due_at is None
        assert erasures.erase_due(now=world.now + 2 * WEEK) == 0
        for nobody in (operator, stranger):
            with pytest.raises(erasures.OwnErasure):
                erasures.approve_erasure(erasure_id=erasure.pk, by=nobody, now=world.now)

        erasures.approve_erasure(erasure_id=erasure.pk, by=second_operator, now=world.now)

        assert erasures.erase_due(now=world.now + WEEK - timedelta(seconds=1)) == 0
        assert erasures.erase_due(now=world.now + WEEK) == 1

    def test_needs_a_reason(self, world: World, stranger: User, operator: User) -> None:
        with pytest.raises(erasures.ErasureRefused, match="Say why"):
            erasures.request_erasure(user=stranger, by=operator, now=world.now)

    def test_is_approved_within_a_day(
        self, world: World, stranger: User, operator: User, second_operator: User
    ) -> None:
        erasure = erasures.request_erasure(user=stranger, by=operator, reason="By letter", now=world.now)

        with pytest.raises(erasures.ErasureClosed):
            later = world.now + timedelta(days=1, seconds=1)
            erasures.approve_erasure(erasure_id=erasure.pk, by=second_operator, now=later)

    def test_gives_way_to_the_person(self, world: World, stranger: User, operator: User) -> None:
        asked = erasures.request_erasure(user=stranger, by=operator, reason="By letter", now=world.now)

        own = erasures.request_erasure(user=stranger, by=stranger, now=world.now)

        asked.refresh_from_db()
        assert (asked.withdrawn_at, own.due_at) == (world.now, world.now + WEEK)

    def test_is_refused_by_the_database_where_one_operator_did_it_alone(
        self, world: World, stranger: User, operator: User
    ) -> None:
        asked = erasures.request_erasure(user=stranger, by=operator, reason="By letter", now=world.now)

        with pytest.raises(Exception, match="an_erasure_is_the_persons_or_two_operators"), transaction.atomic():
            Erasure.objects.filter(pk=asked.pk).update(due_at=world.now)
