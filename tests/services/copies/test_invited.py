"""Who comes by an invitation: at its rate, never more than it lets in, and not by one that is over."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connections

from accounts.models import User
from copytrading.engine.holdings.terms import Terms
from copytrading.models import Copy, Lead
from copytrading.services.books import profit_shares
from copytrading.services.copies import previews
from copytrading.services.copies.invited import InvitationNotOpen
from copytrading.services.leads import invitations
from copytrading.services.leads import verbs as leads
from copytrading.services.refusals import KeyReused, Refusal
from tests.cast import World, usdt
from tests.services.books.test_profit_shares import MONDAY, end_week
from tests.services.copies.inviting import invited

PRESSING, PLACES = 8, 3


class TestTheRate:
    def test_is_that_of_the_invitation_and_others_pay_the_leads(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        made = invited(world, lead, rate="0.05")

        by_it = world.start(follower, lead, invitation=made.token)
        without = world.start(other_follower, lead)

        assert (by_it.profit_share_rate, by_it.invitation) == (Decimal("0.05"), made)
        assert (without.profit_share_rate, without.invitation) == (Decimal("0.1"), None)

    def test_is_never_above_what_everybody_pays_by_then(self, world: World, lead: Lead, follower: User) -> None:
        made = invited(world, lead, rate="0.08")
        leads.change_terms(
            lead_id=lead.pk, profit_share_rate=Decimal("0.02"), followers_max=100, money_max_units=None, now=world.now
        )

        assert world.start(follower, lead, invitation=made.token).profit_share_rate == Decimal("0.02")

    def test_stays_with_the_copy_when_the_invitation_is_withdrawn(
        self, world: World, lead: Lead, follower: User
    ) -> None:
        made = invited(world, lead)
        copy = world.start(follower, lead, invitation=made.token)

        invitations.withdraw(invitation_id=made.pk, now=world.now)

        copy.refresh_from_db()
        assert copy.profit_share_rate == Decimal("0.05")

    def test_is_what_a_week_is_settled_at(self, smooth_world: World, settings: object) -> None:
        settings.SMARTSYNC_DRIFT_BAND = 1.0  # type: ignore[attr-defined]
        lead = smooth_world.make_lead(User.objects.create_user("lead@example.org"))
        smooth_world.lead_trades(lead, "BTC", "BUY", "0.19")
        smooth_world.settle()
        made = invited(smooth_world, lead, rate="0.05")
        copies = []
        for name, token in (("by-it", made.token), ("without", "")):
            user = User.objects.create_user(f"{name}@example.org")
            smooth_world.deposit(user, "1000")
            copies.append(smooth_world.start(user, lead, "1000", invitation=token))
        smooth_world.settle()

        end_week(smooth_world, 0, "60000")

        by_it, without = (copy.profit_shares.get(kind="WEEKLY") for copy in copies)
        for share, rate in ((by_it, 0.05), (without, 0.1)):
            assert share.settled_at > MONDAY
            profit = share.equity_units - share.mark_value_units
            assert profit > usdt(150)
            assert share.share_units == pytest.approx(profit * rate, abs=2)
        assert profit_shares.last_monday(smooth_world.now) == MONDAY


class TestAnInvitationThatIsOver:
    def test_lets_nobody_in_and_says_why(self, world: World, lead: Lead, follower: User, other_follower: User) -> None:
        used_up, withdrawn, expired = (invited(world, lead, copies_max=1, days=days) for days in (2, 2, 1))
        world.start(other_follower, lead, invitation=used_up.token)
        invitations.withdraw(invitation_id=withdrawn.pk, now=world.now)
        world.wait(24 * 3600)

        for token, sentence in (
            (used_up.token, "used up"),
            (withdrawn.token, "withdrawn"),
            (expired.token, "expired"),
            ("of-nobody", "no such invitation"),
            ("x" * 5000, "no such invitation"),
        ):
            with pytest.raises(InvitationNotOpen, match=sentence):
                world.start(follower, lead, invitation=token)
        assert not Copy.objects.filter(follower=follower).exists()
        assert world.start(follower, lead).profit_share_rate == Decimal("0.1")

    def test_is_none_of_another_lead(self, world: World, lead: Lead, follower: User, other_follower: User) -> None:
        others = world.make_lead(other_follower, name="Slate", stake="1000")
        token = invited(world, others, rate="0").token

        with pytest.raises(InvitationNotOpen):
            world.start(follower, lead, invitation=token)

    def test_is_refused_at_the_preview_as_well(self, world: World, lead: Lead, follower: User) -> None:
        with pytest.raises(InvitationNotOpen):
            previews.preview_copy(
                follower=follower,
                lead_id=lead.pk,
                investment_units=usdt(500),
                terms=Terms(),
                now=world.now,
                invitation="of-nobody",
            )


class TestTheCount:
    def test_is_of_copies_that_began_so_that_one_that_stopped_still_counts(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        made = invited(world, lead, copies_max=1)
        copy = world.start(other_follower, lead, invitation=made.token)
        Copy.objects.filter(pk=copy.pk).update(status=Copy.Status.STOPPED, stop_reason="FOLLOWER")

        with pytest.raises(InvitationNotOpen, match="used up"):
            world.start(follower, lead, invitation=made.token)

    def test_is_once_for_the_same_key_and_the_key_stands_for_that_invitation(
        self, world: World, lead: Lead, follower: User
    ) -> None:
        made = invited(world, lead, copies_max=1)
        for _ in range(2):
            world.start(follower, lead, invitation=made.token, idempotency_key="page")

        assert made.copies.count() == 1
        with pytest.raises(KeyReused):
            world.start(follower, lead, idempotency_key="page")

    @pytest.mark.django_db(transaction=True)
    def test_is_never_passed_by_those_who_press_together(self, world: World, lead: Lead) -> None:
        made = invited(world, lead, copies_max=PLACES)
        people = []
        for number in range(PRESSING):
            people.append(User.objects.create_user(f"presses-{number}@example.org"))
            world.deposit(people[-1], "1000")
        together = Barrier(PRESSING)

        def press(person: User) -> bool:
            try:
                together.wait(timeout=30)
                world.start(person, lead, "500", invitation=made.token, idempotency_key="once")
            except Refusal as refusal:
                assert refusal.code == "invitation_not_open"
                return False
            finally:
                connections.close_all()
            return True

        with ThreadPoolExecutor(PRESSING) as threads:
            came = list(threads.map(press, people))

        assert sum(came) == PLACES
        assert Copy.objects.filter(invitation=made).count() == PLACES
        assert Copy.objects.count() == PLACES
