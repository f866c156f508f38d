"""Leads through the API: found, looked at, previewed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from copytrading.models import Copy, Lead
from copytrading.services.leads import verbs as leads
from tests.api.program import Program
from tests.cast import World


class TestLeads:
    def test_lists_those_who_were_approved(self, world: World, program: Program, lead: Lead, stranger: User) -> None:
        leads.apply_as_lead(
            user=stranger, name="Hopeful", bio="", tags=[], profit_share_rate=0, followers_max=10, now=world.now
        )

        body = program.get("leads").json()

        assert [found["slug"] for found in body["results"]] == [lead.slug]
        assert body["next"] is None

    def test_finds_ended_ones_only_when_asked(self, world: World, program: Program, lead: Lead) -> None:
        leads.end_lead(lead_id=lead.pk, now=world.now)

        assert program.get("leads").json()["results"] == []
        assert program.get("leads", with_ended="true").json()["results"][0]["status"] == "ENDED"

    def test_finds_by_own_money_and_by_the_money_that_follows(
        self, world: World, program: Program, lead: Lead, follower: User
    ) -> None:
        world.start(follower, lead)
        body = program.get("leads").json()["results"][0]

        for name in ("own_money", "following_money"):
            enough, too_much = body[name], f"{float(body[name]) + 1:.2f}"
            assert len(program.get("leads", **{f"{name}_min": enough}).json()["results"]) == 1
            assert program.get("leads", **{f"{name}_min": too_much}).json()["results"] == []

    @pytest.mark.parametrize(
        "query",
        [
            {"sort": "luck"},
            {"limit": 0},
            {"limit": "٣"},
            {"fall_max": "deep"},
            {"days_min": -1},
            {"own_money_min": "much"},
        ],
    )
    def test_says_what_it_did_not_understand(self, program: Program, query: dict[str, object]) -> None:
        response = program.get("leads", **query)

        assert (response.status_code, response.json()["field"]) == (400, next(iter(query)))

    def test_ranks_by_a_score_whose_parts_sum_to_it(self, world: World, program: Program, lead: Lead) -> None:
        newer = world.make_lead(User.objects.create_user("newer@example.org"), name="Newer")
        Lead.objects.filter(pk=lead.pk).update(started_at=timezone.now() - timedelta(days=90))
        Lead.objects.filter(pk=newer.pk).update(started_at=timezone.now())

        ranked = program.get("leads", sort="score").json()["results"]
        parts = program.get(f"leads/{lead.slug}").json()["score_parts"]

        assert [found["slug"] for found in ranked] == [lead.slug, newer.slug]
        assert ranked[0]["score"] > ranked[1]["score"]
        assert sum(float(part["points"]) for part in parts) == pytest.approx(float(ranked[0]["score"]), abs=1e-5)
        assert {part["name"] for part in parts} == {"return", "calm", "followers", "stake", "time"}

    def test_asks_the_database_as_often_for_many_as_for_one(self, world: World, program: Program, lead: Lead) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as seen:
                assert program.get("leads").status_code == 200
            return len(seen)

        for_one = statements()
        for number in range(4):
            world.make_lead(User.objects.create_user(f"lead-{number}@example.org"), name=f"Lead {number}")

        assert statements() == for_one


class TestLead:
    def test_says_whether_i_can_copy_it(self, world: World, program: Program, lead: Lead, follower: User) -> None:
        before = program.get(f"leads/{lead.slug}").json()["standing"]
        world.start(follower, lead)

        assert before == "OPEN"
        assert program.get(f"leads/{lead.slug}").json()["standing"] == "COPIED"
        assert Program.of(lead.user).get(f"leads/{lead.slug}").json()["standing"] == "OWN"

    def test_shows_holdings_as_ratios_and_never_as_quantities(self, world: World, program: Program, lead: Lead) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()

        holdings = program.get(f"leads/{lead.slug}/holdings").json()["holdings"]

        assert [holding["coin"] for holding in holdings] == ["BTC", "Cash"]
        assert sum(float(holding["weight"]) for holding in holdings) == pytest.approx(1)
        assert all("quantity" not in holding for holding in holdings)

    def test_gives_a_record_of_the_periods_there_are(self, program: Program, lead: Lead) -> None:
        assert program.get(f"leads/{lead.slug}/record", days=30).status_code == 200
        assert program.get(f"leads/{lead.slug}/record", days=31).status_code == 400


class TestPreview:
    def test_shows_the_trades_and_writes_nothing(self, world: World, program: Program, lead: Lead) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()

        body = program.post(f"leads/{lead.slug}/preview", {"investment": "1000.00"}).json()

        (trade,) = body["trades"]
        assert (trade["market"], trade["side"]) == ("BTC-USDT", "BUY")
        assert float(trade["value"]) + float(body["cash_after"]) + float(body["cost"]) == pytest.approx(1000, abs=0.5)
        assert not Copy.objects.exists()

    def test_of_a_late_joiner_buys_nothing_that_was_there_before(
        self, world: World, program: Program, lead: Lead
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()

        body = program.post(f"leads/{lead.slug}/preview", {"investment": "1000.00", "buy_existing": False}).json()

        assert body["trades"] == []
        assert body["cash_after"] == "1000.00"
