"""Leads through the API: found, looked at, previewed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import program_keys
from accounts.models import User
from copytrading.models import Copy, Lead, LeadSummary
from copytrading.queries.leads import listing as lead_queries
from copytrading.services.copies import favourites
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

    def test_finds_by_risk_profit_share_and_copies(
        self, world: World, program: Program, lead: Lead, follower: User
    ) -> None:
        world.start(follower, lead)
        LeadSummary.objects.bulk_create(lead_queries.count_summaries([lead], now=world.now))
        LeadSummary.objects.update(risk=5)

        for name, enough, too_much in (
            ("risk_max", "5", "4"),
            ("profit_share_max", "0.1", "0.05"),
            ("copies_min", "1", "2"),
        ):
            assert len(program.get("leads", **{name: enough}).json()["results"]) == 1, name
            assert program.get("leads", **{name: too_much}).json()["results"] == [], name
        found = program.get("leads").json()["results"][0]
        assert (found["risk"], found["kept_per_risk"]) == (5, None)

    @pytest.mark.parametrize(
        "query",
        [
            {"sort": "luck"},
            {"limit": 0},
            {"limit": "٣"},
            {"fall_max": "deep"},
            {"days_min": -1},
            {"own_money_min": "much"},
            {"risk_max": 11},
            {"risk_max": 0},
            {"profit_share_max": "1.1"},
            {"copies_min": -1},
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


class TestComparison:
    def test_puts_leads_side_by_side_as_they_were_named(
        self, world: World, program: Program, lead: Lead, other_follower: User
    ) -> None:
        other = world.make_lead(other_follower, name="Slate", stake="1000")
        for one, quantity in ((lead, "0.05"), (other, "0.01")):
            world.lead_trades(one, "BTC", "BUY", quantity)
        world.settle()

        body = Program().get("comparison", leads=f"{other.slug},{lead.slug}").json()

        assert [found["slug"] for found in body["leads"]] == [other.slug, lead.slug]
        (pair,) = body["pairs"]
        assert (pair["one"], pair["other"], pair["correlation"]) == (other.slug, lead.slug, None)
        # A quarter of one and half of the other.
        assert 0.2 < float(pair["overlap"]) < 0.3

    def test_does_not_tell_what_is_held_before_it_is_shown(
        self, world: World, program: Program, lead: Lead, other_follower: User
    ) -> None:
        other = world.make_lead(other_follower, name="Slate", stake="1000", shows_all=False)

        (pair,) = program.get("comparison", leads=f"{lead.slug},{other.slug}").json()["pairs"]

        assert pair["overlap"] is None

    @pytest.mark.parametrize(
        ("slugs", "sentence"),
        [
            ("basalt", "Send the slugs of two to four leads"),
            ("basalt,", "Send the slugs of two to four leads"),
            ("basalt,basalt", "Name each lead once."),
            ("a,b,c,d,e", "There can be 4 leads at most."),
            ("basalt,nobody", "There is no lead called nobody."),
        ],
    )
    def test_is_refused_in_a_sentence(self, program: Program, lead: Lead, slugs: str, sentence: str) -> None:
        response = program.get("comparison", leads=slugs)

        assert (response.status_code, response.json()["field"]) == (400, "leads")
        assert response.json()["title"].startswith(sentence)


class TestFavourites:
    def test_are_kept_and_let_go_of_and_found(
        self, world: World, program: Program, lead: Lead, other_follower: User
    ) -> None:
        other = world.make_lead(other_follower, name="Slate", stake="1000")

        kept = program.put(f"leads/{lead.slug}/favourite", key="favourite-1")
        again = program.put(f"leads/{lead.slug}/favourite", key="favourite-2")
        found = program.get("leads", favourites="true").json()["results"]
        seen = [program.get(f"leads/{one.slug}").json()["is_favourite"] for one in (lead, other)]
        of_another = Program.of(other_follower).get("leads", favourites="true").json()["results"]
        let_go = program.send("DELETE", f"leads/{lead.slug}/favourite", key="favourite-3")

        assert kept.json() == again.json() == {"lead": lead.slug, "is_favourite": True}
        assert ([one["slug"] for one in found], seen, of_another) == ([lead.slug], [True, False], [])
        assert let_go.json() == {"lead": lead.slug, "is_favourite": False}
        assert program.get("leads", favourites="true").json()["results"] == []

    def test_have_an_end(self, program: Program, lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(favourites, "FAVOURITES_MAX", 0)

        response = program.put(f"leads/{lead.slug}/favourite", key="favourite-1")

        assert (response.status_code, response.json()["code"]) == (409, "too_many_favourites")

    def test_are_nobodys_who_is_not_signed_in(self, lead: Lead) -> None:
        response = Program().get("leads", favourites="true")

        assert (response.status_code, response.json()["field"]) == (400, "favourites")
        assert Program().get("leads", favourites="false").status_code == 200
        assert Program().get(f"leads/{lead.slug}").json()["is_favourite"] is False

    def test_take_a_key_that_may_change_copies(self, follower: User, lead: Lead) -> None:
        for scope, status in (("read", 403), ("copy", 200)):
            _, secret = program_keys.make_key(user=follower, name=scope, scopes=[scope], now=timezone.now())

            assert Program(secret).put(f"leads/{lead.slug}/favourite", key=f"{scope}-key-1").status_code == status


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
