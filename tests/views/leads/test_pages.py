"""Discover and a lead's page, as a stranger, a follower and the lead see them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from copytrading.models import Lead, LeadRecord
from copytrading.queries.leads import pages as lead_pages
from copytrading.services.leads import verbs as lead_services
from tests.cast import World
from tests.views.scenes import record

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def make_leads(world: World, number: int) -> None:
    for index in range(number):
        user = User.objects.create_user(f"lead{index}@example.org", "correct horse battery")
        record(world.make_lead(user, name=f"Lead {index}"), 1.0, 1.0 + index / 100)


class TestDiscover:
    def test_shows_a_card_to_anybody(self, client: Client, lead: Lead):
        record(lead, 1.0, 1.382)

        page = client.get("/")

        assert page.status_code == 200
        assert "+38.2\u202f%" in page.text
        assert reverse("lead_detail", args=[lead.slug]) in page.text
        assert "too few to say" in page.text

    def test_has_no_inline_script_or_style(self, client: Client, lead: Lead):
        page = client.get("/").text

        assert "<style" not in page
        assert " style=" not in page
        assert all("src=" in tag.split(">")[0] for tag in page.split("<script")[1:])

    def test_says_who_pauses(self, client: Client, lead: Lead, world: World):
        lead_services.pause_lead(lead_id=lead.pk, now=world.now)

        page = client.get("/").text

        assert "takes a break" in page

    def test_answers_htmx_with_the_cards_alone(self, client: Client, lead: Lead):
        part = client.get("/", {"sort": "fall"}, headers={**HTMX, "HX-Target": "leads"}).text

        assert part.lstrip().startswith('<div id="leads"')
        assert "<html" not in part

    def test_answers_a_step_back_with_the_whole_page(self, client: Client, lead: Lead):
        headers = {**HTMX, "HX-Target": "leads", "HX-History-Restore-Request": "true"}

        assert "<html" in client.get("/", headers=headers).text

    def test_filters_without_a_script(self, client: Client, world: World):
        make_leads(world, 2)

        page = client.get("/", {"search": "lead 1"}).text

        assert ">Lead 1<" in page
        assert ">Lead 0<" not in page

    def test_says_when_nobody_leads_like_that(self, client: Client, lead: Lead):
        page = client.get("/", {"search": "nobody"}).text

        assert "Nobody leads like that" in page
        assert 'value="nobody"' in page

    def test_ignores_questions_that_make_no_sense(self, client: Client, lead: Lead):
        page = client.get("/", {"sort": "luck", "days": "many", "fall": "-", "page": "x"})

        assert page.status_code == 200
        assert ">Basalt<" in page.text

    def test_turns_pages_and_keeps_the_questions(self, client: Client, world: World):
        make_leads(world, 14)

        first = client.get("/", {"sort": "days", "search": "lead"}).text
        second = client.get("/", {"sort": "days", "search": "lead", "page": "2"}).text

        assert first.count("c-who") == 12
        assert second.count("c-who") == 2
        assert "?sort=days&amp;search=lead&amp;page=2" in first

    def test_takes_as_many_statements_for_thirty_leads_as_for_three(self, client: Client, world: World):
        counts = []
        for number in (3, 30):
            make_leads_from = Lead.objects.count()
            for index in range(make_leads_from, number):
                user = User.objects.create_user(f"lead{index}@example.org", "correct horse battery")
                record(world.make_lead(user, name=f"Lead {index}"), 1.0, 1.1)
            with CaptureQueriesContext(connection) as queries:
                client.get("/")
            counts.append(len(queries))

        assert counts[0] == counts[1]
        # One of them asks what operators announce.
        assert counts[0] <= 13


class TestLeadDetail:
    def test_shows_the_record_and_the_ratios_to_anybody(self, client: Client, lead: Lead, world: World):
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        LeadRecord.objects.all().delete()
        record(lead, 1.0, 0.9, 1.1)

        page = client.get(reverse("lead_detail", args=[lead.slug])).text

        assert "+10.0\u202f%" in page
        assert "50.0\u202f%" in page
        assert "Bought 0.1 BTC at 50,0" in page
        assert "Moved 10,000 USDT in" in page
        assert "−10.0\u202f%" in page
        assert "50.0\u202f% of the portfolio" in page

    def test_leads_a_stranger_to_the_terms(self, client: Client, lead: Lead):
        page = client.get(reverse("lead_detail", args=[lead.slug])).text

        assert reverse("copy_terms", args=[lead.slug]) in page

    def test_stays_findable_after_the_end(self, client: Client, lead: Lead, world: World):
        lead_services.end_lead(lead_id=lead.pk, now=world.now)

        page = client.get(reverse("lead_detail", args=[lead.slug]))

        assert page.status_code == 200
        assert "stopped leading" in page.text
        assert reverse("copy_terms", args=[lead.slug]) not in page.text

    def test_says_that_one_cannot_copy_oneself(self, client: Client, lead: Lead):
        client.force_login(lead.user)

        page = client.get(reverse("lead_detail", args=[lead.slug])).text

        assert "you cannot copy yourself" in page
        assert reverse("copy_terms", args=[lead.slug]) not in page

    def test_opens_the_copy_that_runs(self, client: Client, lead: Lead, world: World, follower: User):
        copy = world.start(follower, lead)
        client.force_login(follower)

        page = client.get(reverse("lead_detail", args=[lead.slug])).text

        assert reverse("copy_detail", args=[copy.pk]) in page

    def test_says_when_every_place_is_taken(
        self, client: Client, lead: Lead, world: World, follower: User, other_follower: User
    ):
        Lead.objects.filter(pk=lead.pk).update(followers_max=1)
        world.start(follower, lead)
        client.force_login(other_follower)

        page = client.get(reverse("lead_detail", args=[lead.slug])).text

        assert "every place is taken" in page
        assert reverse("copy_terms", args=[lead.slug]) not in page

    @pytest.mark.parametrize("part", ["portfolio", "curve", "events"])
    def test_answers_htmx_with_one_part(self, client: Client, lead: Lead, part: str):
        headers = {**HTMX, "HX-Target": part}

        answer = client.get(reverse("lead_detail", args=[lead.slug]), headers=headers).text

        assert f'id="{part}"' in answer
        assert "<html" not in answer

    def test_changes_the_period(self, client: Client, lead: Lead):
        Lead.objects.filter(pk=lead.pk).update(started_at=timezone.now() - timedelta(days=40))
        record(lead, *[1.0] * 20, *[2.0] * 10, 2.2)

        address = reverse("lead_detail", args=[lead.slug])

        assert "+10.0\u202f%" in client.get(address, {"days": "7"}).text
        assert "Return, 7 days" in client.get(address, {"days": "7"}).text
        assert "+120.0\u202f%" in client.get(address, {"days": "90"}).text
        assert "Return, since the start" in client.get(address, {"days": "13"}).text
        assert "The record is shorter than 90 days" in client.get(address).text

    def test_hides_those_who_were_never_approved(self, client: Client, lead: Lead):
        Lead.objects.filter(pk=lead.pk).update(status=Lead.Status.APPLIED, started_at=None)

        assert client.get(reverse("lead_detail", args=[lead.slug])).status_code == 404

    def test_takes_no_orders(self, client: Client, lead: Lead):
        assert client.post(reverse("lead_detail", args=[lead.slug])).status_code == 405

    def test_escapes_what_a_lead_writes(self, client: Client, lead: Lead):
        Lead.objects.filter(pk=lead.pk).update(bio="<script>alert(1)</script>", name='"><img>')

        page = client.get(reverse("lead_detail", args=[lead.slug])).text

        assert "<script>alert" not in page
        assert '"><img>' not in page

    def test_writes_the_formula_of_the_score(self, client: Client, lead: Lead):
        page = client.get(reverse("lead_detail", args=[lead.slug])).text

        assert "Score = 100 × (0.25 return + 0.25 calm + 0.20 followers + 0.15 stake + 0.15 time)" in page
        assert "days leading ÷ 180" in page
        assert "How the score is counted" in client.get("/").text

    def test_says_what_more_money_would_cost(self, client: Client, lead: Lead, world: World):
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()

        page = client.get(reverse("lead_detail", args=[lead.slug])).text

        # Half goes into a book whose best offer lies a basis point above the middle.
        assert "1,000 USDT more behind" in page
        assert "100,000 USDT more behind" in page
        assert "0.05 in 1,000" in page

    def test_points_out_a_pause(self, client: Client, lead: Lead, world: World):
        lead_services.pause_lead(lead_id=lead.pk, now=world.now)

        assert "Took a break" in client.get(reverse("lead_detail", args=[lead.slug])).text

    def test_shows_every_period_and_month(self, client: Client, lead: Lead):
        record(lead, *[1.0] * 39, 1.5)

        page = client.get(reverse("lead_detail", args=[lead.slug])).text

        assert "Period by period" in page
        assert page.count("the record is shorter") == 2
        assert "Month by month" in page
        assert ">50.0<" in page

    def test_takes_as_many_statements_for_a_long_record_as_for_a_short_one(self, client: Client, lead: Lead):
        counts = []
        for prices in ([1.0, 1.1], [1.0, 1.1] * 100):
            LeadRecord.objects.all().delete()
            record(lead, *prices)
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse("lead_detail", args=[lead.slug]))
            counts.append(len(queries))

        assert counts[0] == counts[1]


class TestTabs:
    @pytest.mark.parametrize("tab", ["lead_portfolio", "lead_trades", "lead_followers"])
    def test_are_pages_of_their_own(self, client: Client, lead: Lead, world: World, tab: str):
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        page = client.get(reverse(tab, args=[lead.slug]))
        assert page.status_code == 200
        assert page.text.count('aria-current="page"') == 2

    def test_all_trades_are_paged_and_downloaded(
        self, client: Client, lead: Lead, world: World, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(lead_pages, "TRADES_A_PAGE", 2)
        monkeypatch.setattr(lead_pages, "TRADES_A_STEP", 2)
        for _ in range(3):
            world.lead_trades(lead, "BTC", "BUY", "0.01")
            world.settle()
        first = client.get(reverse("lead_trades", args=[lead.slug])).text
        assert first.count("Bought BTC") == 2
        below = first.split('href="?below=')[1].split('"')[0]
        assert client.get(reverse("lead_trades", args=[lead.slug]), {"below": below}).text.count("Bought BTC") == 1
        rows = b"".join(client.get(reverse("lead_trades_csv", args=[lead.slug]))).decode().splitlines()
        assert rows[0] == "id,time,side,coin,quantity,price"
        assert [row.split(",")[2:5] for row in rows[1:]] == [["buy", "BTC", "0.01000000"]] * 3

    def test_who_earned_what_adds_up(self, client: Client, lead: Lead):
        record(lead, 1.0, 1.25)
        page = client.get(reverse("lead_detail", args=[lead.slug])).text
        # A quarter of the 10,000 that were recorded first.
        assert "+2,500.00" in page
        assert "Followers have paid nothing so far" in page
