"""A lead does not follow itself, under whatever address."""

import pytest

from accounts.models import User
from copytrading.models import CopyFlag, Lead
from copytrading.services.copies import self_copies
from tests.cast import World


class TestSelfCopies:
    @pytest.mark.parametrize("email", ["lead+2@example.org", "Lead+two@Example.org"])
    def test_refuses_the_same_mailbox(self, world: World, lead: Lead, email: str) -> None:
        again = User.objects.create_user(email)
        world.deposit(again, "1000")

        with pytest.raises(self_copies.OwnLead, match="mailbox"):
            world.start(again, lead, "500")

    def test_knows_how_gmail_reads(self, world: World, stranger: User) -> None:
        lead = world.make_lead(User.objects.create_user("la.va@gmail.com"))
        again = User.objects.create_user("lav.a+x@googlemail.com")
        world.deposit(again, "1000")

        with pytest.raises(self_copies.OwnLead):
            world.start(again, lead, "500")

    def test_flags_likeness_for_operators_and_lets_the_copy_run(self, world: World, lead: Lead) -> None:
        alike = User.objects.create_user("lead@example.com")
        world.deposit(alike, "1000")

        copy = world.start(alike, lead, "500")

        assert copy.flag.reason == CopyFlag.Reason.SAME_LOCAL_PART

    def test_flags_nobody_else(self, world: World, lead: Lead, follower: User) -> None:
        world.start(follower, lead)

        assert not CopyFlag.objects.exists()
