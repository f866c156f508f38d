"""Looking back on a lead: the page answers, says what does not fit beside its field, and loses nothing typed."""

import html
import re
from datetime import timedelta

import numpy as np
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from copytrading.models import Copy, Lead, Market
from copytrading.services.books import price_bars
from copytrading.services.leads import verbs as lead_services
from copytrading.views.leads import comparing
from tests.cast import NOON, World, usdt

HOURS = 24 * 20


@pytest.fixture
def known_lead(world: World, lead: Lead) -> Lead:
    """A lead with twenty days of a record in BTC."""
    start = world.now
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    closes = {"BTC-USDT": np.linspace(50_000, 60_000, HOURS)}
    price_bars.write_bars(closes=closes, times=[start + timedelta(hours=hour) for hour in range(HOURS)])
    return lead


@pytest.fixture
def falling_lead(world: World, lead: Lead) -> Lead:
    """A lead with twenty days of a record, all of it in BTC, which loses half of what it is worth."""
    start = world.now
    world.lead_trades(lead, "BTC", "BUY", "0.19")
    world.settle()
    closes = {"BTC-USDT": np.linspace(50_000, 25_000, HOURS)}
    price_bars.write_bars(closes=closes, times=[start + timedelta(hours=hour) for hour in range(HOURS)])
    return lead


def page_of(client: Client, lead: Lead, **asked: object) -> str:
    answer = client.get(reverse("what_if", args=[lead.slug]), asked)
    assert answer.status_code == 200
    return answer.text


class TestWhatIf:
    def test_answers_anybody_without_a_question(self, client: Client, known_lead: Lead):
        page = page_of(client, known_lead)

        assert "1,000 USDT in Smart Sync" in page
        assert "Smart Sync against Custom copy" in page
        assert "Was it a lucky day to start?" in page
        assert page.count('class="line ') == 3
        assert "data-chart=" in page

    def test_says_why_a_copy_did_not_make_what_the_lead_made(self, client: Client, known_lead: Lead):
        page = page_of(client, known_lead)

        section = page.split("Why not exactly Basalt’s")[1].split("</section>")[0]
        assert re.search(r"Smart Sync (ended \d+\.\d\d points (above|below) Basalt|made as much as Basalt)", section)
        for lines in section.split('<div class="pairs">')[1:]:
            points = [
                float(text.replace("\N{MINUS SIGN}", "-")) for text in re.findall(r"<strong>([^<A-Z]*)</strong>", lines)
            ]
            assert sum(points[:-1]) == pytest.approx(points[-1], abs=1e-9)

    def test_answers_for_my_amount_and_terms(self, client: Client, known_lead: Lead):
        asked = {"investment": "2,500", "stop_loss": "10", "stop_loss_in": "percent"}

        page = page_of(client, known_lead, **asked, order_by="value", order_value="50")

        assert "2,500 USDT in Smart Sync" in page
        assert "Stopped itself" in page
        assert "as you set it" in page

    @time_machine.travel(NOON, tick=False)  # minutes are those of the clock: none may begin in between
    def test_answers_so_often_a_minute_and_then_with_a_sentence(self, client: Client, lead: Lead, follower: User):
        address = reverse("what_if", args=[lead.slug])
        asked = [client.get(address).status_code for _ in range(comparing.QUESTIONS_A_MINUTE)]

        refused = client.get(address)
        elsewhere = client.get(address, REMOTE_ADDR="192.0.2.7").status_code
        client.force_login(follower)
        by_a_person = client.get(address).status_code

        assert set(asked) == {200}
        assert (refused.status_code, elsewhere, by_a_person) == (429, 200, 200)
        assert 1 <= int(refused["Retry-After"]) <= 60
        assert "then ask again" in refused.text and 'id="what-if"' in refused.text

    def test_says_what_the_past_cannot(self, client: Client, known_lead: Lead):
        page = page_of(client, known_lead)

        assert "What this cannot tell" in page
        assert "The profit share, 10\u202f% of new highs, is not taken off" in page

    @pytest.mark.parametrize(
        ("wrong", "field", "sentence"),
        [
            ({"investment": "99"}, "investment", "at least 100 USDT"),
            ({"investment": "lots"}, "investment", "Enter a number"),
            ({"start": "2020-01-01"}, "start", "begins on 5 January 2026"),
            ({"start": "2026-02-30"}, "start", "Enter a valid date"),
            ({"start": "2026-03-01"}, "start", "Too little time has passed"),
            ({"stop_loss": "1000"}, "stop_loss", ""),
            ({"order_by": "value", "order_value": "1001"}, "order_value", "at most"),
            ({"order_by": "ratio", "order_ratio": "101"}, "order_ratio", "at most"),
            ({"order_by": "value"}, "order_value", "Enter how each order is answered"),
        ],
    )
    def test_puts_a_refusal_beside_its_field(
        self, client: Client, known_lead: Lead, wrong: dict[str, str], field: str, sentence: str
    ):
        page = page_of(client, known_lead, **({"investment": "1000"} | wrong))

        beside = page.split(f'id="id_{field}"')[1].split('class="field')[0]
        assert 'class="errors"' in beside
        assert sentence in beside
        assert "No answer yet" in page

    def test_draws_the_stop_loss_and_says_when_it_would_have_stopped(self, client: Client, falling_lead: Lead):
        page = page_of(client, falling_lead, investment="1000", stop_loss="10", stop_loss_in="percent")

        stopped = re.search(r"<strong>Would have stopped on (\d+ January)</strong>, with (8\d\d\.\d\d) USDT back", page)
        assert stopped
        assert page.count('class="level"') == 1 and ">stop 900<" in page
        assert page.count('class="dot stopped"') == 1
        assert f"{stopped[2]} <span" in page

    def test_says_that_it_would_not_have_stopped_and_how_near_it_came(self, client: Client, falling_lead: Lead):
        page = page_of(client, falling_lead, investment="1000", stop_loss="60", stop_loss_in="percent")
        without = page_of(client, falling_lead, investment="1000")

        said = (
            r"<strong>Would not have stopped in these 20 days</strong>: its lowest was (\d+\.\d\d) USDT on 25 January\."
        )
        lowest = re.search(said, page)
        assert lowest and ">stop 400<" in page and 'class="dot stopped"' not in page
        assert f"Without a stop loss its lowest was {lowest[1]} USDT on 25 January." in without
        assert 'class="level"' not in without

    @pytest.mark.parametrize(
        ("part", "there", "not_there"), [("look-back", "curves", "why"), ("reasons", "why", "curves")]
    )
    def test_puts_in_place_what_is_asked_for_alone(
        self, client: Client, known_lead: Lead, part: str, there: str, not_there: str
    ):
        words = {"curves": "Smart Sync against Custom copy", "why": "Why not exactly Basalt’s"}
        headers = {"HX-Request": "true", "HX-Target": part}

        answer = client.get(reverse("what_if", args=[known_lead.slug]), {"investment": "700"}, headers=headers).text
        wrong = client.get(reverse("what_if", args=[known_lead.slug]), {"investment": "7"}, headers=headers).text

        assert f'id="{part}"' in answer and "<html" not in answer
        assert words[there] in answer and words[not_there] not in answer
        assert f'id="{part}"' in wrong and ("at least 100 USDT" in wrong) == (part == "look-back")

    def test_asks_the_database_as_often_for_any_amount(self, client: Client, known_lead: Lead):
        counts = []
        for amount in ("100", "2,500", "90,000"):
            with CaptureQueriesContext(connection) as asked:
                page_of(client, known_lead, investment=amount, stop_loss="10", stop_loss_in="percent")
            counts.append(len(asked))

        assert len(set(counts)) == 1

    def test_has_a_slider_that_only_a_script_shows(self, client: Client, known_lead: Lead):
        page = page_of(client, known_lead, investment="2,500")

        slide = page.split('class="slide"')[1].split("</div>")[0]
        assert slide.startswith(" data-scripted hidden>")
        assert 'aria-valuetext="2,000"' in slide and "name=" not in slide

    def test_says_in_a_sentence_that_a_record_is_too_short(self, client: Client, lead: Lead):
        page = page_of(client, lead)

        assert "has not traded yet" in page
        assert '<svg class="spark"' not in page

    def test_knows_no_lead_who_has_only_applied(self, client: Client, lead: Lead):
        Lead.objects.filter(pk=lead.pk).update(status=Lead.Status.APPLIED, started_at=None)

        assert client.get(reverse("what_if", args=[lead.slug])).status_code == 404

    def test_stays_for_a_lead_who_ended(self, client: Client, known_lead: Lead, world: World):
        lead_services.end_lead(lead_id=known_lead.pk, now=world.now)

        assert "Smart Sync against Custom copy" in page_of(client, known_lead)

    def test_only_answers_questions(self, client: Client, known_lead: Lead):
        assert client.post(reverse("what_if", args=[known_lead.slug])).status_code == 405


def figures_in(page: str) -> tuple[tuple[str, str], ...]:
    """Return what stands beside both modes: (mode, 1,000 → 1,100.00)."""
    return tuple(re.findall(r'id="(smart|custom)-figure"[^>]*>([\d,]+ → [\d,.]+)', page))


CUSTOM = {
    "mode": "CUSTOM",
    "investment": "1,000",
    "order_by": "value",
    "order_value": "50",
    "order_value_max": "60",
    "total_value_max": "500",
}


class TestCustomCopyInTheWizard:
    @pytest.fixture
    def signed_in(self, client: Client, follower: User, old_prices_are_fine: None) -> Client:
        client.force_login(follower)
        return client

    def test_lays_both_modes_side_by_side(self, signed_in: Client, known_lead: Lead):
        page = signed_in.get(reverse("copy_terms", args=[known_lead.slug])).text

        assert len(re.findall(r'class="figure" id="(?:smart|custom)-figure">1,000 → [\d,.]+ ', page)) == 2

    def test_has_the_same_figures_for_the_same_terms(self, signed_in: Client, known_lead: Lead):
        # The lead has twice the money by now that was there when the record began.
        known_lead.records.update(equity_units=usdt(20_000))
        address, header = reverse("copy_terms", args=[known_lead.slug]), {"HX-Request": "true"}
        typed = {"mode": "CUSTOM", "investment": "1,000", "buy_existing": "on", "order_by": "ratio"}

        before = signed_in.get(address).text
        left_open = signed_in.get(address, typed | {"order_ratio": ""}, headers=header).text
        written = signed_in.get(address, typed | {"order_ratio": "0.05"}, headers=header).text
        back = signed_in.get(address, typed).text

        assert "Left empty: <strong>0.05</strong>" in before
        assert len({figures_in(page) for page in (before, left_open, written, back)}) == 1
        assert figures_in(signed_in.get(address, typed | {"order_ratio": "0.1"}, headers=header).text) != figures_in(
            back
        )

    @pytest.mark.parametrize(
        "terms",
        [
            {},
            {"order_ratio": "0.08", "stop_loss": "10", "stop_loss_in": "percent"},
            {"order_by": "value", "order_value": "50", "total_value_max": "60"},
            {"order_ratio": "", "total_value_max": "90", "buy_existing": ""},
        ],
    )
    def test_has_the_figures_of_the_page_that_looks_back(
        self, signed_in: Client, known_lead: Lead, terms: dict[str, str]
    ):
        known_lead.records.update(equity_units=usdt(20_000))
        typed = {"mode": "CUSTOM", "investment": "1,500", "buy_existing": "on", "order_by": "ratio"} | terms
        wizard = signed_in.get(reverse("copy_terms", args=[known_lead.slug]), typed).text
        link = re.search(r'id="look-back-link" href="([^"]*)"', wizard)
        assert link

        page = signed_in.get(html.unescape(link[1])).text

        smart, custom = (figure.partition(" → ")[2] for _, figure in figures_in(wizard))
        assert f"in Smart Sync, now</dt><dd>{smart} <span" in page
        assert f"<dt>In Custom copy</dt><dd>{custom}</dd>" in page

    def test_shows_the_stop_loss_on_the_past_of_the_mode_that_is_chosen(
        self, client: Client, follower: User, falling_lead: Lead
    ):
        client.force_login(follower)
        asked = {"investment": "1000", "stop_loss": "100", "stop_loss_in": "cash", "buy_existing": "on"}
        address, live = reverse("copy_terms", args=[falling_lead.slug]), {"HX-Request": "true"}

        held = client.get(address, asked | {"mode": "SMART_SYNC"}, headers=live).text
        answered = client.get(
            address, asked | {"mode": "CUSTOM", "order_by": "value", "order_value": "100"}, headers=live
        ).text

        assert 'id="stop-seen" hx-swap-oob="true"' in held and ">stop 900<" in held
        assert "Would have stopped on" in held
        # A tenth in coins that halve is no loss of a tenth.
        assert "Would not have stopped in these 20 days" in answered

    def test_compares_for_the_amount_that_is_typed(self, signed_in: Client, known_lead: Lead):
        part = signed_in.get(
            reverse("copy_terms", args=[known_lead.slug]), {"investment": "2000"}, headers={"HX-Request": "true"}
        ).text

        assert 'id="smart-figure" hx-swap-oob="true">2,000 → ' in part
        assert "<html" not in part

    def test_starts_the_very_terms_that_the_review_carries(self, signed_in: Client, known_lead: Lead):
        bitcoin = Market.objects.get(symbol="BTC-USDT")
        address = reverse("start_copy", args=[known_lead.slug])
        page = signed_in.get(
            reverse("copy_review", args=[known_lead.slug]), CUSTOM | {"markets": [str(bitcoin.pk)]}
        ).text
        carried: dict[str, list[str]] = {}
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.split(address)[1]):
            carried.setdefault(name, []).append(value)

        signed_in.post(address, carried)

        copy = Copy.objects.get()
        assert (copy.mode, copy.order_value_units, copy.order_value_max_units) == ("CUSTOM_FIXED", usdt(50), usdt(60))
        assert (copy.total_value_max_units, copy.market_ids) == (usdt(500), [bitcoin.pk])
        assert "with 50 USDT" in page
        assert "Nothing is bought now" in page
        assert "with 50 USDT" in signed_in.get(reverse("copy_detail", args=[copy.pk])).text

    def test_says_in_which_ratio_orders_are_answered(self, signed_in: Client, known_lead: Lead):
        terms = CUSTOM | {"order_by": "ratio", "order_ratio": "0.0334"}

        page = signed_in.get(reverse("copy_review", args=[known_lead.slug]), terms).text

        assert "with 0.0334 times its value" in page

    def test_starts_smart_sync_whatever_stands_in_the_other_fields(self, signed_in: Client, known_lead: Lead):
        signed_in.post(reverse("start_copy", args=[known_lead.slug]), CUSTOM | {"mode": "SMART_SYNC", "key": "once"})

        assert Copy.objects.get().mode == "SMART_SYNC"

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"order_value": "1000.01"}, "order_value"),
            ({"order_value": ""}, "order_value"),
            ({"order_value": "-5"}, "order_value"),
            ({"order_by": "ratio", "order_ratio": "500"}, "order_ratio"),
            ({"order_by": "ratio", "order_ratio": "0"}, "order_ratio"),
            ({"order_value_max": "49.99"}, "order_value_max"),
            ({"total_value_max": "0"}, "total_value_max"),
        ],
    )
    def test_puts_a_refusal_beside_its_field_and_keeps_the_rest(
        self, signed_in: Client, known_lead: Lead, wrong: dict[str, str], field: str
    ):
        page = signed_in.get(reverse("copy_review", args=[known_lead.slug]), CUSTOM | wrong).text

        beside = page.split(f'id="id_{field}"')[1].split('class="field')[0]
        assert 'class="errors"' in beside
        kept = (CUSTOM | wrong)["order_value_max"]
        assert f'name="order_value_max" value="{kept}"' in page
        assert "Start copying" not in page

    def test_refuses_a_market_that_is_not_there(self, signed_in: Client, known_lead: Lead):
        page = signed_in.get(reverse("copy_review", args=[known_lead.slug]), CUSTOM | {"markets": ["999999"]}).text

        assert 'role="alert"' in page
        assert "Start copying" not in page
