"""The morning page: what needs somebody and who takes it, the figures of the moment, the last day, who sees what."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry, LedgerAccount, User
from copytrading.models import Alarm, Heartbeat, Lead, Order
from copytrading.services.books import records
from copytrading.services.safety import alarms, corrections, reconciling
from smartsync_site.operators.roles import ROLES, roles_that_act
from tests.admin.safety_stage import asset
from tests.cast import World
from tests.sign_in import sign_in

START = "/admin/"


@pytest.fixture
def busy(world: World, lead: Lead, follower: User) -> World:
    """A platform on which something is under copy, by the clock on the wall."""
    world.now = timezone.now() - timedelta(minutes=2)
    world.prices()
    world.lead_trades(lead, "BTC", "BUY", "0.05")
    world.settle()
    world.start(follower, lead)
    world.settle()
    reconciling.reconcile(now=world.now)
    records.record_values(now=world.now, slot=world.now)
    return world


def member_of(role: str) -> Client:
    user = User.objects.create_user(f"{role}@example.org", "correct horse battery", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return sign_in(Client(), user)


def trouble(number: int) -> None:
    alarms.raise_alarm(
        kind=Alarm.Kind.VENUE_SILENT, key=f"venue:{number}", sentence=f"Trouble {number}.",
        now=timezone.now() - timedelta(minutes=number),
    )  # fmt: skip


def part(text: str, name: str) -> str:
    """Return the text of one part of the page."""
    return text.partition(f'aria-labelledby="{name}"')[2].partition("</section>")[0]


class TestNeeds:
    def test_have_the_age_of_the_oldest_and_the_role_that_takes_them(self, panel: Client) -> None:
        for number in (5, 90, 30):
            trouble(number)

        shown = part(panel.get(START).text, "needs-you")

        assert "since 90 min" in shown
        assert "(risk)" in shown
        assert '<span class="count">3</span>' in shown

    def test_say_which_are_somebodys_own(self, db: None) -> None:
        trouble(1)

        assert "yours to take" in member_of("risk").get(START).text
        assert "risk takes it" in member_of("support").get(START).text

    def test_name_a_change_of_rights_and_a_lead_that_applied(
        self, panel: Client, world: World, stranger: User, lead: Lead
    ) -> None:
        panel.post(
            "/admin/accounts/operatorrequest/request/",
            {"kind": "ACTIVITY", "person": stranger.email, "is_active": "", "reason": "A test"},
        )
        Lead.objects.filter(pk=lead.pk).update(status=Lead.Status.APPLIED)

        shown = part(panel.get(START).text, "needs-you")

        assert "Changes of rights that wait for a second operator" in shown
        assert "Leads that applied" in shown

    def test_are_taken_by_the_roles_that_may_change_their_tables(self) -> None:
        takers = roles_that_act()

        assert takers["copytrading.rulechange"] == ("risk", "finance")
        assert {role for roles in takers.values() for role in roles} == set(ROLES)


class TestFigures:
    def test_tell_the_money_under_copy_in_all_and_by_coin(self, panel: Client, busy: World) -> None:
        shown = panel.get(START).text

        assert "999." in part(shown, "today")
        coins = part(shown, "part-coins")
        assert "BTC" in coins
        assert "USDT" in coins
        assert "1 starting" in shown or "1 active" in shown

    def test_tell_orders_by_state_and_the_unknown_with_age(self, panel: Client, busy: World) -> None:
        order = Order.objects.latest("pk")
        hour_ago = timezone.now() - timedelta(hours=3)
        Order.objects.filter(pk=order.pk).update(
            status=Order.Status.UNKNOWN, booked_at=None, planned_at=hour_ago, claimed_at=hour_ago
        )

        shown = panel.get(START).text
        states = part(shown, "part-orders")

        unknown = states.partition("Outcome unknown")[2].partition("</tr>")[0]
        filled = states.partition("Filled")[2].partition("</tr>")[0]
        assert ">1</td>" in unknown and "3 h" in unknown
        assert f">{Order.objects.filter(status='FILLED').count()}</td>" in filled
        assert f"{order.client_order_id} in BTC-USDT" in part(shown, "needs-you")

    def test_tell_what_is_in_suspense_since_when(
        self, panel: Client, operator: User, second_operator: User, busy: World
    ) -> None:
        for hours, units in ((9, 5), (8, -5), (7, 20)):
            at = timezone.now() - timedelta(hours=hours)
            asked = corrections.request_correction(
                asset_id=asset("BTC").pk, account=LedgerAccount.Kind.SUSPENSE, units=units, reason="A test",
                by=operator, idempotency_key=str(hours), now=at,
            )  # fmt: skip
            corrections.approve_correction(correction_id=asked.pk, by=second_operator, now=at)

        shown = part(panel.get(START).text, "part-unclaimed")

        assert "0.0000002 BTC" in shown
        # Nine hours ago it was other money, which went again.
        assert "7 h" in shown

    def test_tell_processes_by_their_heartbeats_and_what_is_missing(self, panel: Client) -> None:
        now = timezone.now()
        Heartbeat.objects.create(name="feed@one", kind="FEED", started_at=now, beaten_at=now - timedelta(seconds=50))
        Heartbeat.objects.create(name="web@one", kind="WEB", started_at=now, beaten_at=now)

        shown = part(panel.get(START).text, "part-processes")

        assert "50 s ago, silent" in shown
        assert shown.count("missing") == 3
        assert "web@one" in shown

    def test_tell_how_many_rings_wait_or_that_the_broker_is_away(
        self, panel: Client, settings: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there = part(panel.get(START).text, "part-queues")
        settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/1"  # type: ignore[attr-defined]
        away = panel.get(START)

        assert "exits" in there
        assert away.status_code == 200
        assert "The broker does not say" in part(away.text, "part-queues")

    def test_tell_of_each_coin_whether_custody_is_as_owed(self, panel: Client, busy: World) -> None:
        shown = part(panel.get(START).text, "part-custody")

        assert "as owed" in shown
        assert "BTC" in shown

    def test_draw_the_last_day(self, panel: Client, busy: World) -> None:
        at = timezone.now() - timedelta(hours=2)
        records.record_values(now=at, slot=at)

        shown = part(panel.get(START).text, "last-day")

        assert shown.count('class="plot"') == 3
        assert "Too early" not in shown


class TestThePage:
    def test_refreshes_its_figures_alone(self, panel: Client) -> None:
        refreshed = panel.get(START, headers={"HX-Request": "true"})

        assert refreshed.status_code == 200
        assert 'hx-trigger="every 15s"' in refreshed.text
        assert "<html" not in refreshed.text
        assert AuditEntry.objects.latest("number").act == "looked at index"

    def test_goes_to_the_door_as_a_whole_where_somebody_is_signed_out(self, client: Client) -> None:
        answer = client.get(START, headers={"HX-Request": "true"}, follow=True)

        assert answer.headers["HX-Refresh"] == "true"

    def test_asks_as_often_however_much_there_is(self, panel: Client, busy: World, follower: User, lead: Lead) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as seen:
                panel.get(START)
            return len(seen)

        trouble(1)
        statements()
        for_one = statements()
        for number in range(2, 30):
            trouble(number)
        for symbol in ("ETH", "SOL"):
            busy.lead_trades(lead, symbol, "BUY", "0.5")
            busy.settle()
        Heartbeat.objects.create(
            name="web@one", kind="WEB", started_at=busy.now, beaten_at=busy.now - timedelta(hours=1)
        )

        assert statements() == for_one

    def test_tells_nobody_of_what_they_may_not_see(self, client: Client, stranger: User, busy: World) -> None:
        trouble(1)
        stranger.is_staff = True
        stranger.save()
        sign_in(client, stranger)

        shown = client.get(START)

        assert shown.status_code == 200
        for name in ("part-orders", "part-processes", "part-custody", "part-coins", "part-alarms", "last-day"):
            assert name not in shown.text
        assert "Trouble 1." not in shown.text
        assert "Money under copy" not in shown.text


@pytest.fixture(autouse=True)
def _old_prices(old_prices_are_fine: None) -> Iterator[None]:
    yield
