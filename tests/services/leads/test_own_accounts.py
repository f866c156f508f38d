"""A lead agrees to copies on own accounts, or takes no more of them."""

import pytest

from accounts.models import User
from copytrading.models import Copy, Lead, LeadStatusChange
from copytrading.services.copies.refusals import OwnAccountNotTaken
from copytrading.services.leads import own_accounts
from copytrading.services.leads import verbs as leads
from copytrading.services.leads.verbs import LeadNotActive
from tests.cast import World
from tests.services.own.stage import connect, settle, start

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("old_prices_are_fine")]


class TestChooseOwnAccounts:
    def test_is_noted_each_time_it_changes_and_only_then(self, world: World, lead: Lead) -> None:
        for takes in (True, True, False, False, True):
            world.wait(1)
            own_accounts.choose_own_accounts(lead_id=lead.pk, takes=takes, now=world.now)

        said = LeadStatusChange.objects.filter(lead=lead).order_by("changed_at").values_list("status", flat=True)
        assert list(said) == ["TAKES_OWN", "NO_OWN", "TAKES_OWN"]

    def test_lets_copies_that_run_go_on(self, world: World, lead: Lead, follower: User, other_follower: User) -> None:
        own_accounts.choose_own_accounts(lead_id=lead.pk, takes=True, now=world.now)
        copy = start(world, connect(world, follower), lead)
        own_accounts.choose_own_accounts(lead_id=lead.pk, takes=False, now=world.now)
        world.lead_trades(lead, "BTC", "BUY", "0.05")
        settle(world)

        with pytest.raises(OwnAccountNotTaken, match="profit share"):
            start(world, connect(world, other_follower), lead)

        copy.refresh_from_db()
        assert (copy.status, copy.profit_share_rate) == (Copy.Status.ACTIVE, 0)
        assert world.held(copy.ledger_account)["BTC"] > 0

    def test_is_over_when_the_lead_has_ended(self, world: World, lead: Lead) -> None:
        leads.end_lead(lead_id=lead.pk, now=world.now)

        with pytest.raises(LeadNotActive, match="has ended"):
            own_accounts.choose_own_accounts(lead_id=lead.pk, takes=True, now=world.now)
