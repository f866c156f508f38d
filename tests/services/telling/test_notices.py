"""A notice is there if and only if what it tells happened, and telling a crowd is one statement."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.transactions import TransactionMissing
from copytrading.models import Copy, Lead, Notice
from copytrading.services.leads import verbs as leads
from copytrading.services.telling import notices
from tests.cast import World

Kind = Notice.Kind


def kinds_of(user: User) -> list[str]:
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def copy(world: World, follower: User, lead: Lead) -> Copy:
    return world.start(follower, lead)


class TestTelling:
    def test_is_undone_with_what_it_tells(self, world: World, follower: User) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            notices.tell_person(follower.pk, Kind.PASSWORD_CHANGED, world.now)
            raise IntegrityError("what happened did not happen")

        assert Kind.PASSWORD_CHANGED not in kinds_of(follower)

    @pytest.mark.django_db(transaction=True)
    def test_is_never_a_transaction_of_its_own(self, follower: User, world: World) -> None:
        with pytest.raises(TransactionMissing):
            notices.tell_person(follower.pk, Kind.PASSWORD_CHANGED, world.now)

    def test_tells_a_crowd_in_one_statement(self, world: World, copy: Copy, other_follower: User, lead: Lead) -> None:
        other_copy = world.start(other_follower, lead)
        with CaptureQueriesContext(connection) as statements, transaction.atomic():
            notices.tell_followers(lead, Kind.LEAD_PAUSED, None, world.now)

        inserts = [query["sql"] for query in statements if "INSERT INTO" in query["sql"]]
        assert len(inserts) == 1
        told = Notice.objects.filter(kind=Kind.LEAD_PAUSED).values_list("user_id", "copy_id")
        assert set(told) == {(copy.follower_id, copy.pk), (other_copy.follower_id, other_copy.pk)}

    def test_gives_a_notice_of_a_copy_to_its_follower_whoever_it_is_written_for(
        self, world: World, copy: Copy, stranger: User
    ) -> None:
        Notice.objects.create(user=stranger, copy=copy, kind=Kind.COPY_PAUSED, noted_at=world.now)

        assert kinds_of(stranger) == []
        assert kinds_of(copy.follower)[-1] == Kind.COPY_PAUSED

    def test_tells_a_fact_once(self, world: World, copy: Copy) -> None:
        for _ in range(2):
            with transaction.atomic():
                notices.tell_copies([copy.pk], Kind.COPY_FELL, world.now, numbers=[1000], once=["fell:1"])

        assert kinds_of(copy.follower).count(Kind.COPY_FELL) == 1


class TestVerbs:
    def test_tell_a_lead_what_became_of_the_application(self, world: World, lead: Lead, stranger: User) -> None:
        applied = leads.apply_as_lead(
            user=stranger, name="Slate", bio="", tags=[], profit_share_rate=lead.profit_share_rate, followers_max=10,
            now=world.now,
        )  # fmt: skip
        leads.end_lead(lead_id=applied.pk, now=world.now, is_operators=True)

        assert Kind.APPLICATION_ACCEPTED in kinds_of(lead.user)
        assert kinds_of(stranger) == [Kind.APPLICATION_DECLINED]

    def test_tell_followers_of_another_rate_and_the_owner_of_money_that_came_in(
        self, world: World, lead: Lead, copy: Copy
    ) -> None:
        leads.change_terms(
            lead_id=lead.pk, profit_share_rate=Decimal("0.125"), followers_max=10, money_max_units=None, now=world.now
        )

        told = Notice.objects.get(user=copy.follower, kind=Kind.LEAD_TERMS_CHANGED)
        assert told.number == 1250
        assert Kind.DEPOSITED in kinds_of(copy.follower)
