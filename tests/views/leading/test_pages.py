"""A lead's console, as it comes without a script; and who may not see it."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from copytrading.models import Copy, Lead, LeadNotice, LeadOrder
from copytrading.services.books import profit_shares
from copytrading.services.leads import verbs as leads
from tests.cast import World, usdt
from tests.views.console import key_of, page, send, wish
from tests.views.scenes import counted_queries

pytestmark = pytest.mark.usefixtures("old_prices_are_fine")

PAGES = [
    "lead_console",
    "lead_earnings",
    "lead_terms",
    "lead_visibility",
    "lead_invitations",
    "lead_end",
    "lead_order_history",
]
ACTS = [
    "lead_order",
    "lead_money_in",
    "lead_money_out",
    "lead_terms",
    "lead_own_accounts",
    "lead_visibility",
    "lead_invitations",
    "lead_notice",
    "lead_pause",
    "lead_end",
]


class TestConsole:
    @pytest.mark.parametrize("name", [*PAGES, "lead_apply"])
    def test_sends_somebody_unknown_to_the_sign_in(self, client: Client, name: str, db: None) -> None:
        for answer in (client.get(reverse(name)), client.post(reverse(name))):
            assert answer.status_code == 302
            assert answer["Location"].startswith(reverse("account_login"))

    @pytest.mark.parametrize("name", ACTS)
    def test_does_nothing_for_somebody_who_does_not_lead(
        self, client: Client, lead: Lead, stranger: User, name: str
    ) -> None:
        client.force_login(stranger)

        assert client.post(reverse(name), wish()).status_code == 404

    def test_shows_how_many_follow_with_how_much_and_never_who(
        self, console: Client, world: World, lead: Lead, follower: User
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.start(follower, lead, "1000")
        world.settle()

        content = page(console)

        assert "<dt>Followers</dt><dd>1</dd>" in content
        assert follower.email not in content
        assert "BTC" in content

    def test_asks_the_database_as_often_for_many_followers_as_for_one(
        self, console: Client, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        world.start(follower, lead)
        page(console)
        with counted_queries() as few:
            page(console)
        world.start(other_follower, lead)
        for quantity in ("0.001", "0.002", "0.003"):
            world.lead_trades(lead, "BTC", "BUY", quantity)
        world.settle()

        with counted_queries() as many:
            page(console)

        assert len(many) == len(few)


class TestMoney:
    def test_goes_in_and_out_once_however_often_it_is_pressed(self, console: Client, world: World, lead: Lead) -> None:
        content = page(console)

        for _ in range(3):
            told = send(
                console, "lead_money_out", value="500", idempotency_key=key_of(content, within="lead/money/out")
            )

        assert "500.00 USDT moved out. Followers are told." in told
        assert world.main(lead.user)["USDT"] == usdt(500)
        send(console, "lead_money_in", value="200", idempotency_key=key_of(content, within="lead/money/in"))
        assert world.main(lead.user)["USDT"] == usdt(300)

    def test_refuses_more_than_there_is(self, console: Client) -> None:
        assert "not enough cash" in send(console, "lead_money_in", value="1", idempotency_key="key")


class TestVisibility:
    def test_is_chosen_and_shows_at_once_what_was_chosen(self, console: Client, lead: Lead) -> None:
        assert "Strangers see your trades" in page(console, "lead_visibility")

        told = send(console, "lead_visibility", trades_delay_hours="168", weights_shown="DAILY")

        lead.refresh_from_db()
        assert "Whoever copies you sees everything at once" in told
        assert (lead.trades_delay_hours, lead.weights_shown) == (168, "DAILY")
        assert '<option value="168" selected>after 7 days' in page(console, "lead_visibility")

    def test_keeps_a_delay_that_was_chosen_by_program(self, console: Client, lead: Lead) -> None:
        Lead.objects.filter(pk=lead.pk).update(trades_delay_hours=36)

        assert '<option value="36" selected>after 36 hours' in page(console, "lead_visibility")

    @pytest.mark.parametrize(
        "wrong", [{"trades_delay_hours": "5"}, {"weights_shown": "NEVER"}, {"trades_delay_hours": ""}]
    )
    def test_refuses_what_is_none_of_the_choices(self, console: Client, lead: Lead, wrong: dict[str, str]) -> None:
        content = send(console, "lead_visibility", **{"trades_delay_hours": "24", "weights_shown": "DAILY", **wrong})

        lead.refresh_from_db()
        assert 'class="errors"' in content
        assert lead.trades_delay_hours == 0


class TestTerms:
    def test_are_for_new_copies_and_say_so(self, console: Client, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead)
        assert "Running copies keep theirs" in page(console, "lead_terms")

        send(console, "lead_terms", profit_share_rate="20", followers_max="5", money_max="")

        lead.refresh_from_db()
        copy.refresh_from_db()
        assert (float(lead.profit_share_rate), lead.followers_max) == (0.2, 5)
        assert float(copy.profit_share_rate) == 0.1

    def test_refuse_a_rate_above_the_cap(self, console: Client, lead: Lead) -> None:
        content = send(console, "lead_terms", profit_share_rate="31", followers_max="5", money_max="")

        assert "The profit share can be 0 to 30%." in content


class TestNotice:
    def test_is_sent_once(self, console: Client, world: World, lead: Lead, follower: User) -> None:
        world.start(follower, lead)
        key = key_of(page(console), within="lead/notice")

        for _ in range(3):
            send(console, "lead_notice", text="<b>Back on Monday</b>", idempotency_key=key)

        assert LeadNotice.objects.count() == 1
        console.force_login(follower)
        content = page(console, "activity")
        assert "&lt;b&gt;Back on Monday&lt;/b&gt;" in content

    def test_refuses_too_much(self, console: Client, lead: Lead) -> None:
        assert "at most 500 characters" in send(console, "lead_notice", text="a" * 501, idempotency_key="key")


class TestPause:
    def test_stops_and_goes_on(self, console: Client, lead: Lead) -> None:
        send(console, "lead_pause", change="pause")
        lead.refresh_from_db()
        assert lead.status == Lead.Status.PAUSED

        assert "You are paused" in page(console)
        send(console, "lead_pause", change="resume")

        lead.refresh_from_db()
        assert lead.status == Lead.Status.ACTIVE

    def test_does_nothing_that_was_not_said(self, console: Client, lead: Lead) -> None:
        assert console.post(reverse("lead_pause"), {"change": "stop"}).status_code == 400

        lead.refresh_from_db()
        assert lead.status == Lead.Status.ACTIVE


class TestEnd:
    def test_says_what_happens_to_copies_and_open_orders_then_ends(
        self, console: Client, world: World, lead: Lead, follower: User
    ) -> None:
        copy = world.start(follower, lead)
        send(console, "lead_order", **wish(order_type="LIMIT", price_limit="45000", step="confirm", key="page"))
        content = page(console, "lead_end")
        assert "Copies that are sold and paid out at once" in content
        assert "Open orders of yours that are canceled" in content

        ended = send(console, "lead_end")

        copy.refresh_from_db()
        assert copy.status == Copy.Status.STOPPING
        assert LeadOrder.objects.get().status == LeadOrder.Status.CANCELED
        assert "stopped leading" in ended
        assert "You led as" in page(console)


class TestEarnings:
    def test_sum_what_copies_paid_by_week(self, console: Client, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        world.start(follower, lead, "1000")
        world.settle()
        world.wait(7 * 86_400, BTC="60000")
        profit_shares.settle_profit_shares(now=world.now)
        world.settle()
        profit_shares.settle_profit_shares(now=world.now)
        earned = world.main(lead.user)["USDT"]
        assert earned > usdt(5)

        content = page(console, "lead_earnings")

        assert f"{earned / 1e8 - 0.005:,.2f}" in content
        assert "12 January" in content
        assert "1 copy pays" in content
        assert follower.email not in content


class TestCapacity:
    def test_reached_between_review_and_confirm_is_shown(
        self, client: Client, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        leads.change_terms(
            lead_id=lead.pk, profit_share_rate=lead.profit_share_rate, followers_max=1, money_max_units=None,
            now=world.now,
        )  # fmt: skip
        client.force_login(follower)
        terms = {
            "mode": "SMART_SYNC",
            "investment": "500",
            "buy_existing": "on",
            "stop_loss": "",
            "stop_loss_in": "cash",
        }
        review = client.get(reverse("copy_review", args=[lead.slug]), terms).content.decode()
        world.start(other_follower, lead)

        answer = client.post(reverse("start_copy", args=[lead.slug]), {**terms, "key": key_of(review, "key")})

        assert answer.status_code == 409
        assert "no vacancy" in answer.content.decode()


class TestOwnAccounts:
    def test_are_agreed_to_on_the_page_of_the_terms(self, console: Client, lead: Lead) -> None:
        before = page(console, "lead_terms")

        agreed = console.post(reverse("lead_own_accounts"), {"takes": "yes"}, follow=True).text
        lead.refresh_from_db()
        takes = lead.takes_own_accounts
        no_more = console.post(reverse("lead_own_accounts"), {"takes": "no"}, follow=True).text

        assert "No profit share can be collected there, so such a copy pays you none." in before
        assert "You take a profit share, so this needs your word." in before
        assert takes
        assert "such copies pay you no profit share" in agreed
        assert "those that run go on as they are" in no_more

    def test_are_neither_taken_nor_refused_by_a_word_that_is_none(self, console: Client, lead: Lead) -> None:
        assert console.post(reverse("lead_own_accounts"), {"takes": "perhaps"}).status_code == 400
        lead.refresh_from_db()
        assert not lead.takes_own_accounts
