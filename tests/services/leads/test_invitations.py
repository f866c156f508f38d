"""A lead invites: what an invitation may be, that pressing often makes one, and that it can be taken back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.models import User
from copytrading.models import Copy, Invitation, Lead
from copytrading.queries.leading import invitations as queries
from copytrading.services.leads import invitations
from copytrading.services.leads import verbs as leads
from copytrading.services.leads.invitations import InvitationNotPossible
from copytrading.services.refusals import KeyReused
from tests.cast import World, usdt
from tests.services.copies.inviting import invited


class TestInvite:
    def test_makes_a_link_with_a_token_that_nobody_guesses(self, world: World, lead: Lead) -> None:
        one, other = invited(world, lead), invited(world, lead)

        assert len(one.token) >= 20
        assert one.token != other.token
        assert (one.copies_max, one.profit_share_rate) == (5, Decimal("0.05"))
        assert one.expires_at == world.now + timedelta(days=30)

    def test_makes_one_for_the_same_key(self, world: World, lead: Lead) -> None:
        assert invited(world, lead, key="page").pk == invited(world, lead, key="page").pk

        with pytest.raises(KeyReused):
            invited(world, lead, key="page", copies_max=6)

    @pytest.mark.parametrize(
        ("wrong", "sentence", "field"),
        [
            ({"rate": "0.1001"}, "pays at most what everybody pays: 0 to 10 %", "profit_share_rate"),
            ({"rate": "-0.01"}, "pays at most", "profit_share_rate"),
            ({"copies_max": 0}, "for 1 to 10,000 people", "copies_max"),
            ({"copies_max": 10_001}, "for 1 to 10,000 people", "copies_max"),
            ({"days": 0}, "last 1 to 366 days", "days"),
            ({"days": 367}, "last 1 to 366 days", "days"),
            ({"label": "x" * 61}, "At most 60 characters", "label"),
        ],
    )
    def test_refuses_in_a_sentence_what_cannot_be(
        self, world: World, lead: Lead, wrong: dict, sentence: str, field: str
    ) -> None:
        with pytest.raises(InvitationNotPossible, match=sentence) as refused:
            invited(world, lead, **wrong)

        assert refused.value.field == field
        assert not Invitation.objects.exists()

    def test_takes_no_more_than_can_be_kept_apart(
        self, world: World, lead: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(invitations, "OPEN_MAX", 2)
        first = invited(world, lead)
        invited(world, lead)

        with pytest.raises(InvitationNotPossible, match="Withdraw one first"):
            invited(world, lead)
        invitations.withdraw(invitation_id=first.pk, now=world.now)
        invited(world, lead)

    def test_is_nothing_for_a_lead_who_ended(self, world: World, lead: Lead) -> None:
        leads.end_lead(lead_id=lead.pk, now=world.now)

        with pytest.raises(leads.LeadNotActive):
            invited(world, lead)


class TestWithdraw:
    def test_holds_and_stays_as_it_was_the_first_time(self, world: World, lead: Lead) -> None:
        made, first = invited(world, lead), world.now
        for _ in range(2):
            invitations.withdraw(invitation_id=made.pk, now=world.now)
            world.wait(60)

        made.refresh_from_db()
        assert made.withdrawn_at == first


class TestWhatCameOfIt:
    def test_is_counted_and_names_nobody(
        self, world: World, lead: Lead, follower: User, other_follower: User, django_assert_num_queries: object
    ) -> None:
        made, unused = invited(world, lead), invited(world, lead, label="")
        first = world.start(follower, lead, "1000", invitation=made.token)
        world.start(other_follower, lead, "500", invitation=made.token)
        Copy.objects.filter(pk=first.pk).update(status=Copy.Status.STOPPED, stop_reason="FOLLOWER")
        first.profit_shares.create(
            kind="STOP",
            period=DateTimeTZRange(world.now, world.now),
            equity_units=usdt(1100),
            mark_value_units=usdt(1000),
            share_units=usdt(5),
            platform_units=usdt(1),
            settled_at=world.now,
        )

        with django_assert_num_queries(2):  # type: ignore[operator]
            latest, earlier = queries.summed_up(queries.invitations_of(lead), lead, now=world.now)
        with django_assert_num_queries(2):  # type: ignore[operator]
            arrivals = queries.arrivals_of(lead, count=10)

        assert (latest.invitation, latest.copies, latest.earned_units) == (unused, 0, 0)
        assert (earlier.copies, earlier.running, earlier.copies_left) == (2, 1, 3)
        assert (earlier.invested_units, earlier.earned_units) == (usdt(500), usdt(4))
        assert [(one.invested_units, one.earned_units) for one in arrivals] == [(usdt(500), 0), (usdt(1000), usdt(4))]
