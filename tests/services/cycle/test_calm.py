"""A lead with whose copies all is well is not looked at again before prices have moved far enough."""

from django.db.models import F

from accounts.models import User
from copytrading.models import Lead, LeadCalm, Mark
from copytrading.services.cycle import syncing
from tests.cast import World


def look(world: World, lead: Lead) -> None:
    world.wait(61)
    syncing.sync_lead(lead_id=lead.pk, now=world.now)


def is_due(world: World, lead: Lead) -> bool:
    return lead.pk in syncing.leads_to_sync(now=world.now)


def at_rest(world: World, lead: Lead, follower: User) -> None:
    """Have a copy that holds what its lead does, and the look that says so."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    world.start(follower, lead, "5000")
    world.settle()
    look(world, lead)
    look(world, lead)


class TestALeadAtRest:
    def test_is_looked_at_when_prices_have_moved_and_after_a_quarter_of_an_hour(
        self, world: World, lead: Lead, follower: User
    ) -> None:
        at_rest(world, lead, follower)
        slack = LeadCalm.objects.get(lead=lead).price_slack
        assert 0 < slack <= 0.05

        world.wait(61)
        still = is_due(world, lead)
        world.wait(1, BTC=str(50_000 * (1 + slack * 0.9)))
        near = is_due(world, lead)
        world.wait(1, BTC=str(50_000 * (1 - slack * 1.1)))
        beyond = is_due(world, lead)
        world.wait(1, BTC="50000")
        back = is_due(world, lead)
        world.wait(900)

        assert (still, near, beyond, back, is_due(world, lead)) == (False, False, True, False, True)

    def test_is_never_at_rest_while_a_coin_that_is_held_has_no_price(
        self, world: World, lead: Lead, follower: User
    ) -> None:
        world.lead_trades(lead, "SOL", "BUY", "10")
        at_rest(world, lead, follower)
        LeadCalm.objects.all().delete()
        Mark.objects.filter(market__symbol="SOL-USDT").delete()

        syncing.sync_lead(lead_id=lead.pk, now=world.now)

        assert not LeadCalm.objects.exists()

    def test_is_looked_at_when_anything_is_asked_for(self, world: World, lead: Lead, follower: User) -> None:
        at_rest(world, lead, follower)
        world.wait(61)
        assert not is_due(world, lead)

        world.lead_trades(lead, "ETH", "BUY", "0.1")

        assert is_due(world, lead)

    def test_is_looked_at_after_something_was_asked_whoever_wrote_down_last_that_all_is_well(
        self, world: World, lead: Lead, follower: User
    ) -> None:
        at_rest(world, lead, follower)
        # A stop was asked for and dealt with while that look was under way; it writes its own time last.
        Lead.objects.filter(pk=lead.pk).update(request_count=F("request_count") + 1)
        world.wait(61)

        assert is_due(world, lead)
