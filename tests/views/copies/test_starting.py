"""The way to a copy: who may go it, what is refused, and that pressing often starts one."""

import re
import threading

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from copytrading.models import Copy, Lead
from copytrading.services.leads import verbs as lead_services
from copytrading.services.wallet.money_words import MoneyWords
from tests.cast import World, build_world, usdt

TERMS = {"mode": "SMART_SYNC", "investment": "1,000", "buy_existing": "on", "stop_loss": "150", "stop_loss_in": "cash"}

CUSTOM = {"mode": "CUSTOM", "investment": "150", "order_by": "ratio", "order_ratio": ""}
# A lead with 10,000 USDT, and 150 that answer each order at a tenth of it.
FAR_ABOVE = "0.1 times each order is 6.7 times what is in proportion: 150 USDT beside the 9,99"


pytestmark = pytest.mark.usefixtures("old_prices_are_fine")


@pytest.fixture
def holding_lead(lead: Lead, world: World) -> Lead:
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    return lead


@pytest.fixture
def signed_in(client: Client, follower: User) -> Client:
    client.force_login(follower)
    return client


def review_of(lead: Lead) -> str:
    return reverse("copy_review", args=[lead.slug])


def start_of(lead: Lead) -> str:
    return reverse("start_copy", args=[lead.slug])


def key_in(page: str) -> str:
    found = re.search(r'name="key" value="(\w+)"', page)
    assert found, "the review carries no key"
    return found[1]


@pytest.mark.django_db
class TestCopyTerms:
    def test_asks_a_stranger_to_sign_in_and_come_back(self, client: Client, lead: Lead):
        address = reverse("copy_terms", args=[lead.slug])

        answer = client.get(address)

        assert answer.status_code == 302
        assert answer.url == f"{reverse('account_login')}?next={address}"

    def test_asks_for_the_terms(self, signed_in: Client, lead: Lead):
        page = signed_in.get(reverse("copy_terms", args=[lead.slug])).text

        assert 'name="investment"' in page
        assert "You have 10,000.00" in page
        assert re.search(r'name="buy_existing"[^>]*checked', page)

    def test_keeps_what_was_typed_on_the_way_back(self, signed_in: Client, lead: Lead):
        page = signed_in.get(reverse("copy_terms", args=[lead.slug]), TERMS).text

        assert 'value="1,000"' in page
        assert 'value="150"' in page

    def test_says_at_what_worth_the_copy_stops_itself(self, signed_in: Client, lead: Lead):
        address = reverse("copy_terms", args=[lead.slug])

        in_usdt = signed_in.get(address, TERMS, headers={"HX-Request": "true"}).text
        in_percent = signed_in.get(
            address, {**TERMS, "stop_loss": "20", "stop_loss_in": "percent"}, headers={"HX-Request": "true"}
        ).text

        assert "Stops itself at 850 USDT" in in_usdt
        assert "Stops itself at 800 USDT" in in_percent
        assert "<html" not in in_usdt

    def test_says_which_ratio_suits_the_amount_that_is_typed(self, signed_in: Client, holding_lead: Lead):
        address = reverse("copy_terms", args=[holding_lead.slug])

        answers = [
            signed_in.get(address, {**CUSTOM, "investment": amount}, headers={"HX-Request": "true"}).text
            for amount in ("500", "150")
        ]

        assert all('id="ratio-hint" role="status" hx-swap-oob="true"' in answer for answer in answers)
        assert "Left empty: <strong>0.05</strong>, which is 500 USDT beside Basalt" in answers[0]
        assert "Left empty: <strong>0.015</strong>, which is 150 USDT beside Basalt" in answers[1]

    def test_proposes_no_ratio_that_would_stay_when_the_amount_changes(self, signed_in: Client, holding_lead: Lead):
        page = signed_in.get(reverse("copy_terms", args=[holding_lead.slug])).text

        field = re.search(r'<input[^>]*name="order_ratio"[^>]*>', page)
        assert field
        assert "value=" not in field[0]

    def test_warns_of_a_ratio_far_above_the_proportion(self, signed_in: Client, holding_lead: Lead):
        address = reverse("copy_terms", args=[holding_lead.slug])

        far, near = (
            signed_in.get(
                address, {**CUSTOM, "investment": "150", "order_ratio": ratio}, headers={"HX-Request": "true"}
            ).text
            for ratio in ("0.1", "0.0299")
        )

        assert FAR_ABOVE in far
        assert "times what is in proportion" not in near

    def test_gives_the_reason_instead_of_the_form(self, signed_in: Client, lead: Lead, world: World):
        lead_services.pause_lead(lead_id=lead.pk, now=world.now)

        page = signed_in.get(reverse("copy_terms", args=[lead.slug])).text

        assert "cannot be copied now" in page
        assert 'name="investment"' not in page


@pytest.mark.django_db
class TestCopyReview:
    def test_shows_the_orders_and_their_cost(self, signed_in: Client, holding_lead: Lead):
        page = signed_in.get(review_of(holding_lead), TERMS).text

        assert "Buy BTC" in page
        assert "850 USDT" in page
        assert "Price and fees of starting" in page
        assert key_in(page)
        assert not Copy.objects.exists()

    def test_says_that_nothing_is_bought_now(self, signed_in: Client, holding_lead: Lead):
        terms = {name: value for name, value in TERMS.items() if name != "buy_existing"}

        page = signed_in.get(review_of(holding_lead), terms).text

        assert "Nothing is bought now" in page
        assert "Buy BTC" not in page

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"investment": "99.99"}, "investment"),
            ({"investment": "10,000.01"}, "investment"),
            ({"investment": ""}, "investment"),
            ({"investment": "1,5"}, "investment"),
            ({"investment": "-1000"}, "investment"),
            ({"investment": "NaN"}, "investment"),
            ({"stop_loss": "1000"}, "stop_loss"),
            ({"stop_loss": "100", "stop_loss_in": "percent"}, "stop_loss"),
            ({"stop_loss": "0"}, "stop_loss"),
        ],
    )
    def test_puts_a_refusal_beside_its_field(
        self, signed_in: Client, holding_lead: Lead, wrong: dict[str, str], field: str
    ):
        page = signed_in.get(review_of(holding_lead), TERMS | wrong).text

        after_field = page.split(f'id="id_{field}"')[1].split('class="field')[0]
        assert '<div class="errors"' in after_field
        assert "Start copying" not in page

    def test_stands_at_the_first_field_that_is_wrong(self, signed_in: Client, holding_lead: Lead):
        page = signed_in.get(review_of(holding_lead), TERMS | {"stop_loss": "some"}).text

        assert re.findall(r'name="(\w+)"[^>]* autofocus', page) == ["stop_loss"]

    def test_does_not_stop_at_what_its_mode_does_not_ask(self, signed_in: Client, holding_lead: Lead):
        unseen = {"order_by": "ratio", "order_ratio": "much", "order_value_max": "some", "markets": "moon"}

        page = signed_in.get(review_of(holding_lead), TERMS | unseen).text

        assert "Start copying" in page

    def test_does_not_stop_at_the_other_way_of_answering(self, signed_in: Client, holding_lead: Lead):
        custom = {"mode": "CUSTOM", "order_by": "value", "order_value": "50", "order_ratio": "much"}

        page = signed_in.get(review_of(holding_lead), TERMS | custom).text

        assert "Start copying" in page

    def test_says_that_there_is_no_such_mode(self, signed_in: Client, holding_lead: Lead):
        page = signed_in.get(review_of(holding_lead), TERMS | {"mode": "OTHER"}).text

        assert "OTHER is not one of the available choices" in page

    def test_loses_nothing_that_was_typed(self, signed_in: Client, holding_lead: Lead):
        page = signed_in.get(review_of(holding_lead), TERMS | {"investment": "77", "stop_loss": "12.5"}).text

        assert 'value="77"' in page
        assert 'value="12.5"' in page
        assert re.search(r'name="buy_existing"[^>]*checked', page)

    def test_refuses_a_lead_to_copy_oneself(self, client: Client, holding_lead: Lead, world: World):
        world.deposit(holding_lead.user, "5000")
        client.force_login(holding_lead.user)

        page = client.get(review_of(holding_lead), TERMS).text

        assert 'role="alert"' in page
        assert "Start copying" not in page

    def test_is_not_for_strangers(self, client: Client, holding_lead: Lead):
        assert client.get(review_of(holding_lead), TERMS).status_code == 302

    def test_answers_in_proportion_to_the_amount_where_the_ratio_was_left_open(
        self, signed_in: Client, holding_lead: Lead
    ):
        page = signed_in.get(review_of(holding_lead), CUSTOM).text

        assert "with 0.015 times its value" in page
        assert "times what is in proportion" not in page
        assert 'name="order_ratio" value="0.015"' in page, "what is confirmed is what was read"

    def test_warns_of_a_ratio_far_above_the_proportion(self, signed_in: Client, holding_lead: Lead):
        page = signed_in.get(review_of(holding_lead), CUSTOM | {"order_ratio": "0.1"}).text

        assert FAR_ABOVE in page
        assert "would take 67 % of what you invest instead of a tenth" in page
        assert "Start copying" in page

    def test_asks_for_a_ratio_where_nobody_knows_the_proportion(self, signed_in: Client, holding_lead: Lead):
        holding_lead.records.all().delete()

        page = signed_in.get(review_of(holding_lead), CUSTOM).text

        assert "what suits the amount is not known" in page
        assert "Start copying" not in page


@pytest.mark.django_db
class TestStartCopy:
    def test_starts_at_the_ratio_that_was_read(self, signed_in: Client, holding_lead: Lead):
        page = signed_in.get(review_of(holding_lead), CUSTOM).text
        carried = dict(
            re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.split(start_of(holding_lead))[1])
        )
        holding_lead.records.update(equity_units=usdt(20_000))

        signed_in.post(start_of(holding_lead), carried)

        assert Copy.objects.get().order_ratio == 0.015

    def test_starts_what_was_reviewed_without_a_script(self, signed_in: Client, holding_lead: Lead, follower: User):
        key = key_in(signed_in.get(review_of(holding_lead), TERMS).text)

        answer = signed_in.post(start_of(holding_lead), TERMS | {"key": key})

        copy = Copy.objects.get(follower=follower)
        assert answer.status_code == 302
        assert answer.url == reverse("copy_detail", args=[copy.pk])
        assert copy.invested_units == usdt(1000)
        assert copy.stop_loss_units == usdt(150)
        assert copy.buy_existing

    def test_starts_the_very_terms_that_the_review_carries(self, signed_in: Client, holding_lead: Lead):
        terms = {name: value for name, value in TERMS.items() if name != "buy_existing"} | {"stop_loss": ""}
        page = signed_in.get(review_of(holding_lead), terms).text
        carried = dict(
            re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.split(start_of(holding_lead))[1])
        )

        signed_in.post(start_of(holding_lead), carried)

        copy = Copy.objects.get()
        assert not copy.buy_existing
        assert copy.stop_loss_units is None

    def test_starts_one_copy_for_one_key(self, signed_in: Client, holding_lead: Lead, world: World, follower: User):
        first = signed_in.post(start_of(holding_lead), TERMS | {"key": "once"})
        again = signed_in.post(start_of(holding_lead), TERMS | {"key": "once"})

        assert first.url == again.url
        assert Copy.objects.count() == 1
        assert world.main(follower)["USDT"] == usdt(9000)

    def test_refuses_a_second_copy_and_keeps_what_was_typed(
        self, signed_in: Client, holding_lead: Lead, world: World, follower: User
    ):
        world.start(follower, holding_lead)

        answer = signed_in.post(start_of(holding_lead), TERMS | {"key": "another"})

        assert answer.status_code == 409
        assert 'role="alert"' in answer.text
        assert 'value="1,000"' in answer.text
        assert Copy.objects.count() == 1

    def test_refuses_a_lead_who_ended_meanwhile(self, signed_in: Client, holding_lead: Lead, world: World):
        key = key_in(signed_in.get(review_of(holding_lead), TERMS).text)
        lead_services.end_lead(lead_id=holding_lead.pk, now=world.now)

        answer = signed_in.post(start_of(holding_lead), TERMS | {"key": key})

        assert answer.status_code == 409
        assert not Copy.objects.exists()

    def test_wants_a_key(self, signed_in: Client, holding_lead: Lead):
        answer = signed_in.post(start_of(holding_lead), TERMS)

        assert answer.status_code == 422
        assert not Copy.objects.exists()

    def test_is_not_for_strangers(self, client: Client, holding_lead: Lead):
        answer = client.post(start_of(holding_lead), TERMS | {"key": "x"})

        assert answer.status_code == 302
        assert answer.url.startswith(reverse("account_login"))
        assert not Copy.objects.exists()

    def test_is_not_for_other_sites(self, follower: User, holding_lead: Lead):
        careful = Client(enforce_csrf_checks=True)
        careful.force_login(follower)

        assert careful.post(start_of(holding_lead), TERMS | {"key": "x"}).status_code == 403

    def test_only_takes_a_press(self, signed_in: Client, holding_lead: Lead):
        assert signed_in.get(start_of(holding_lead), TERMS | {"key": "x"}).status_code == 302


class TestPressingOften:
    @pytest.mark.django_db(transaction=True)
    def test_starts_one_copy_and_takes_the_money_once(self):
        world = build_world()
        follower = User.objects.create_user("follower@example.org", "correct horse battery")
        world.deposit(follower, "10000")
        lead = world.make_lead(User.objects.create_user("lead@example.org", "correct horse battery"))
        client = Client()
        client.force_login(follower)
        answers: list[tuple[int, str]] = []

        def press() -> None:
            answer = Client(headers={"Cookie": client.cookies.output(header="", sep=";").strip()}).post(
                start_of(lead), TERMS | {"key": "fifty"}
            )
            answers.append((answer.status_code, answer.headers.get("Location", "")))
            connection.close()

        presses = [threading.Thread(target=press) for _ in range(50)]
        for thread in presses:
            thread.start()
        for thread in presses:
            thread.join()

        copy = Copy.objects.get()
        assert set(answers) == {(302, reverse("copy_detail", args=[copy.pk]))}
        assert len(answers) == 50
        assert world.main(follower)["USDT"] == usdt(9000)


@pytest.mark.django_db
class TestAddingMoney:
    def test_goes_on_with_the_terms_however_often_it_is_pressed(
        self, signed_in: Client, lead: Lead, follower: User, world: World
    ):
        onward = f"{review_of(lead)}?mode=SMART_SYNC&investment=1000"
        sent = {"value": "1,000", "idempotency_key": "on-the-way", "next": onward}
        before = world.main(follower)["USDT"]

        answers = [signed_in.post(reverse("add_money", args=[lead.slug]), sent) for _ in range(3)]

        assert {answer.url for answer in answers} == {onward}
        assert world.main(follower)["USDT"] - before == usdt(1000)

    @pytest.mark.parametrize("onward", ["", "https://elsewhere.example.org/", "//elsewhere.example.org/"])
    def test_leads_nowhere_else(self, signed_in: Client, lead: Lead, onward: str):
        sent = {"value": "100", "idempotency_key": "on-the-way", "next": onward}

        answer = signed_in.post(reverse("add_money", args=[lead.slug]), sent)

        assert answer.url == reverse("copy_terms", args=[lead.slug])

    def test_is_offered_with_what_is_typed_as_long_as_there_is_less(self, signed_in: Client, lead: Lead):
        offered = r'form="add-money" name="value" value="20000"'

        page = signed_in.get(reverse("copy_terms", args=[lead.slug]), {"investment": "20,000", "mode": "SMART_SYNC"})
        typed = signed_in.get(
            reverse("copy_terms", args=[lead.slug]),
            {"investment": "20,000", "mode": "SMART_SYNC"},
            headers={"HX-Request": "true"},
        )
        enough = signed_in.get(reverse("copy_terms", args=[lead.slug]))

        assert re.search(offered, page.text)
        assert re.search(offered, typed.text)
        assert 'name="value"' not in enough.text

    def test_is_announced_in_the_wallet_where_money_is_real(
        self, signed_in: Client, lead: Lead, follower: User, world: World, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(
            "copytrading.views.copies.starting.money_words", lambda: MoneyWords(cash="USDT", is_paper=False)
        )
        before = world.main(follower)["USDT"]

        answer = signed_in.post(
            reverse("add_money", args=[lead.slug]), {"value": "100", "idempotency_key": "on-the-way"}
        )

        assert answer.url == reverse("wallet")
        assert world.main(follower)["USDT"] == before
