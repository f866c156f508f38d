"""The lead's own stake: without it nothing is bought and nobody follows."""

from decimal import Decimal

import pytest

from accounts.models import User
from copytrading.models import Copy, Lead, LeadOrder, LinkedAccount, Notice
from copytrading.queries.happened.activity import receipts_of
from copytrading.queries.rules import platform_rules
from copytrading.services.books import stakes
from copytrading.services.leads import observing
from copytrading.services.leads import verbs as leads
from tests.cast import World, usdt
from tests.elsewhere import Elsewhere, connect, look
from tests.services.leads.lead_stage import give


class TestOwnStake:
    def test_without_it_nothing_is_bought_and_nobody_follows(
        self, world: World, stranger: User, follower: User
    ) -> None:
        lead = world.make_lead(stranger, stake="499")

        with pytest.raises(stakes.StakeTooSmall, match="at least 500 USDT"):
            give(world, lead, "BUY", 10**5)
        with pytest.raises(stakes.StakeTooSmall, match="too little own money"):
            world.start(follower, lead)

    def test_the_first_fee_shuts_nobody_out_and_selling_always_works(
        self, world: World, stranger: User, follower: User
    ) -> None:
        lead = world.make_lead(stranger, stake="500")
        give(world, lead, "BUY", 9 * 10**5)
        world.settle()
        assert leads.equity_of(lead, now=world.now, rules=platform_rules()) < usdt(500)

        world.start(follower, lead, "100")
        world.wait(1, BTC="20000")
        with pytest.raises(stakes.StakeTooSmall):
            give(world, lead, "BUY", 10**4)
        sale = give(world, lead, "SELL", 10**5)

        assert sale.status == LeadOrder.Status.SUBMITTED

    def test_a_lead_drained_while_followed_raises_an_alarm_that_followers_read(
        self, world: World, lead: Lead, follower: User
    ) -> None:
        copy = world.start(follower, lead, "1000")
        world.settle()

        leads.withdraw_from_lead(lead_id=lead.pk, units=usdt(9_600), idempotency_key="out", now=world.now)

        lead.refresh_from_db()
        assert lead.stake_alarm_at == world.now
        assert copy.notices.get(kind=Notice.Kind.STAKE_LOW).units == usdt(400)
        assert "has 400.00 USDT of own money left" in receipts_of(follower).receipts[0].sentence.headline

        leads.deposit_to_lead(lead_id=lead.pk, units=usdt(200), idempotency_key="in", now=world.now)

        lead.refresh_from_db()
        assert lead.stake_alarm_at is None

    def test_is_little_below_a_tenth_of_what_follows(self, world: World, lead: Lead, follower: User) -> None:
        world.start(follower, lead, "9000")
        world.settle()

        leads.withdraw_from_lead(lead_id=lead.pk, units=usdt(9_000), idempotency_key="1", now=world.now)
        lead.refresh_from_db()
        assert lead.stake_alarm_at is None

        leads.withdraw_from_lead(lead_id=lead.pk, units=usdt(150), idempotency_key="2", now=world.now)
        lead.refresh_from_db()
        assert lead.stake_alarm_at is not None

    @pytest.mark.parametrize(
        ("worth", "paid_in", "has_stake"),
        [
            ("500", "500", True),
            ("500", "0", True),
            ("499.99999999", "499.99999999", False),
            # Losses may take it down to half of what has to be put in.
            ("250", "500", True),
            ("249.99999999", "500", False),
            ("300", "499.99999999", False),
        ],
    )
    def test_is_what_is_there_or_half_of_it_where_enough_was_put_in(
        self, world: World, lead: Lead, worth: str, paid_in: str, has_stake: bool
    ) -> None:
        out = usdt(10_000) - usdt(worth)
        leads.withdraw_from_lead(lead_id=lead.pk, units=out, idempotency_key="out", now=world.now)
        lead.flows.filter(units__gt=0).update(units=usdt(paid_in) + out)

        assert stakes.has_stake(lead, now=world.now, rules=platform_rules()) is has_stake
        assert stakes.worth_units(lead, now=world.now, rules=platform_rules()) == usdt(worth)

    def test_of_a_lead_who_never_put_any_in_is_none(self, world: World, lead: Lead) -> None:
        other = leads.apply_as_lead(
            user=User.objects.create_user("new@example.org"), name="New", bio="", tags=[],
            profit_share_rate=Decimal(0), followers_max=10, now=world.now,
        )  # fmt: skip

        assert not stakes.has_stake(other, now=world.now, rules=platform_rules())

    @pytest.mark.parametrize(("more", "is_low"), [(0, False), (1, True)])
    def test_is_low_below_a_tenth_of_what_follows_to_the_unit(
        self, world: World, lead: Lead, follower: User, more: int, is_low: bool
    ) -> None:
        world.start(follower, lead, "9000")

        leads.withdraw_from_lead(lead_id=lead.pk, units=usdt(9_100) + more, idempotency_key="1", now=world.now)

        lead.refresh_from_db()
        assert (lead.stake_alarm_at is not None) is is_low

    def test_alarms_nobody_where_nobody_follows(self, world: World, lead: Lead) -> None:
        leads.withdraw_from_lead(lead_id=lead.pk, units=usdt(9_900), idempotency_key="1", now=world.now)

        lead.refresh_from_db()
        assert lead.stake_alarm_at is None


class TestStakeThatIsOnlyObserved:
    def test_raises_no_alarm_as_nobody_here_knows_what_is_left(self, world: World, follower: User) -> None:
        lead = leads.apply_as_lead(
            user=User.objects.create_user("seen@example.org"), name="Seen", bio="", tags=[],
            profit_share_rate=Decimal(0), followers_max=10, now=world.now, source=Lead.Source.OBSERVED,
        )  # fmt: skip
        leads.approve_lead(lead_id=lead.pk, now=world.now)
        observing.observe_flow(lead_id=lead.pk, units=usdt(10_000), idempotency_key="stake", now=world.now)
        Lead.objects.filter(pk=lead.pk).update(settling_until=None)
        world.start(follower, lead, "1000")
        world.settle()

        observing.observe_flow(lead_id=lead.pk, units=-usdt(9_990), idempotency_key="out", now=world.now)

        assert Lead.objects.get(pk=lead.pk).stake_alarm_at is None


class TestStakeElsewhere:
    def test_counts_what_is_observed(self, world: World, faraway: Lead, elsewhere: Elsewhere, follower: User) -> None:
        with pytest.raises(stakes.StakeTooSmall):
            world.start(follower, faraway, "500")
        elsewhere.holds(BTC="0", USDT="499")
        link = connect(world, faraway)
        with pytest.raises(stakes.StakeTooSmall):
            world.start(follower, faraway, "500")

        elsewhere.holds(USDT="600")
        look(world, link)
        look(world, link)

        assert world.start(follower, faraway, "500").status == Copy.Status.STARTING

    def test_raises_the_alarm_where_it_is_taken_out_while_followed(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        world.start(follower, faraway, "1000")
        elsewhere.holds(BTC="0", USDT="100")

        look(world, link)
        look(world, link)

        faraway.refresh_from_db()
        assert faraway.stake_alarm_at == world.now
