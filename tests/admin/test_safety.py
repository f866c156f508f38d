"""What operators see and do when something is wrong: alarms, kill switches, corrections by two, what needs them now."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client

from accounts.models import Asset, Balance, Journal, User
from copytrading.exchange.paper.models import PaperBalance
from copytrading.models import Alarm, Correction, CustodyDifference, Halt, Lead, Market, Order
from copytrading.queries.halts import standing_halts
from copytrading.services import alarms, reconciling
from tests.cast import NOON, World

ALARMS, HALTS = "/admin/copytrading/alarm/", "/admin/copytrading/halt/"
CORRECTIONS, DIFFERENCES = "/admin/copytrading/correction/", "/admin/copytrading/custodydifference/"
LEADS, MARKETS = "/admin/copytrading/lead/", "/admin/copytrading/market/"
PLACE, REQUEST = f"{HALTS}place/", f"{CORRECTIONS}request/"
ONE_UNIT = Decimal("0.00000001")


@pytest.fixture
def panel(client: Client, operator: User) -> Client:
    client.force_login(operator)
    return client


@pytest.fixture
def second_operator(db: None) -> User:
    return User.objects.create_superuser("second-operator@example.org", "correct horse battery")


@pytest.fixture
def second_panel(second_operator: User) -> Client:
    client = Client()
    client.force_login(second_operator)
    return client


def act(panel: Client, address: str, action: str, *rows: Model, confirmed: bool = False) -> HttpResponse:
    answer = {"confirmed": "yes"} if confirmed else {}
    asked = {"action": action, "_selected_action": [row.pk for row in rows], "index": "0"}
    return panel.post(address, asked | answer, follow=True)


def asset(symbol: str) -> Asset:
    return Asset.objects.get(symbol=symbol)


def drift(world: World, symbol: str, quantity: Decimal, *, seconds: int = 120) -> None:
    """Let coins appear at the venue, and the beat ring every 15 s."""
    reconciling.reconcile_if_due(now=world.now)
    balance = PaperBalance.objects.get(asset=symbol)
    PaperBalance.objects.filter(pk=balance.pk).update(quantity=balance.quantity + quantity)
    look_for(world, seconds)


def look_for(world: World, seconds: int) -> None:
    for _ in range(seconds // 15):
        world.wait(15)
        reconciling.reconcile_if_due(now=world.now)


class TestDrift:
    def test_of_one_unit_halts_its_coin_alone_until_two_operators_have_corrected_it(
        self, panel: Client, second_panel: Client, second_operator: User, world: World, lead: Lead, follower: User
    ) -> None:
        world.start(follower, lead)
        world.lead_trades(lead, "BTC", "BUY", "0.05")
        world.settle()
        drift(world, "BTC", ONE_UNIT)
        sent_before = set(Order.objects.values_list("pk", flat=True))

        # Visible on the panel, and enforced for that coin alone.
        start = panel.get("/admin/")
        assert "The venue keeps 0.00000001 BTC more than people own." in start.text
        world.lead_trades(lead, "BTC", "BUY", "0.01")
        world.lead_trades(lead, "ETH", "BUY", "0.5")
        world.settle()
        sent = Order.objects.exclude(pk__in=sent_before).filter(claimed_at__isnull=False, quantity_units__gt=0)
        assert set(sent.values_list("market__symbol", flat=True)) == {"ETH-USDT"}

        # One operator alone gets nowhere.
        halt, alarm = Halt.objects.get(), Alarm.objects.get(key="custody:BTC")
        assert "still differ" in act(panel, HALTS, "lift", halt).text
        assert "still differ" in act(panel, ALARMS, "clear", alarm).text
        form = act(panel, DIFFERENCES, "correct", CustodyDifference.objects.get(asset=asset("BTC")))
        assert 'value="0.00000001"' in form.text
        asked = {"asset": asset("BTC").pk, "quantity": "0.00000001", "account": "SUSPENSE", "reason": "A gift"}
        panel.post(REQUEST, asked)
        correction = Correction.objects.get()
        own = act(panel, CORRECTIONS, "approve", correction, confirmed=True)
        assert "You asked for this correction yourself" in own.text
        assert not Journal.objects.filter(kind=Journal.Kind.CORRECTION).exists()

        # The second one approves, the next look finds nothing, and the first one lifts.
        act(second_panel, CORRECTIONS, "approve", correction, confirmed=True)
        look_for(world, 30)
        act(panel, HALTS, "lift", halt)
        world.settle()

        alarm.refresh_from_db()
        assert alarm.cleared_by == second_operator
        assert not standing_halts().asset_ids
        assert "BTC: 1 of its smallest units" in panel.get("/admin/").text
        assert Balance.objects.get(ledger_account__kind="SUSPENSE", asset__symbol="BTC").posted == 1
        assert Order.objects.exclude(pk__in=sent_before).filter(market__symbol="BTC-USDT", filled_units__gt=0).exists()
        assert reconciling.check_ledger().is_clean


class TestHalts:
    def test_are_placed_with_a_reason_and_lifted(self, panel: Client, operator: User, lead: Lead) -> None:
        answer = panel.post(PLACE, {"target": f"LEAD:{lead.pk}", "reason": "Strange orders"}, follow=True)

        halt = Halt.objects.get()
        assert (halt.placed_by, halt.reason) == (operator, "Strange orders")
        assert standing_halts().lead_ids == {lead.pk}
        assert "Basalt" in answer.text
        act(panel, HALTS, "lift", halt)
        assert not standing_halts().lead_ids
        notes = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
        assert list(notes) == ["Halted.", "Lifted."]

    @pytest.mark.parametrize(
        "asked", [{"target": "PLATFORM:0"}, {"target": "LEAD:999", "reason": "x"}, {"reason": "x"}]
    )
    def test_are_refused_without_a_target_or_a_reason(self, panel: Client, lead: Lead, asked: dict[str, str]) -> None:
        answer = panel.post(PLACE, asked)

        assert answer.status_code == 200
        assert "errorlist" in answer.text
        assert not Halt.objects.exists()

    def test_are_asked_for_on_the_page_of_a_lead_and_of_a_market(self, panel: Client, lead: Lead) -> None:
        market = Market.objects.get(symbol="ETH-USDT")

        for_lead = act(panel, LEADS, "halt", lead)
        for_market = act(panel, MARKETS, "halt", market)

        assert f'<option value="LEAD:{lead.pk}" selected>' in for_lead.text
        assert f'<option value="MARKET:{market.pk}" selected>' in for_market.text


class TestCorrections:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"quantity": "0"}, "A correction moves something."),
            ({"quantity": "0.000000001"}, "smallest units"),
            ({"quantity": "NaN"}, "Enter a number."),
            ({"quantity": "1e30"}, "smallest units"),
            ({"quantity": "1e999999"}, "no more than 40 digits"),
            ({"account": "OTHER"}, "Which account is it?"),
            ({"account": "OTHER", "account_number": "99999"}, "Choose an account"),
            ({"reason": ""}, "Another operator has to approve it."),
        ],
    )
    def test_are_refused_beside_the_field(
        self, panel: Client, world: World, change: dict[str, str], words: str
    ) -> None:
        asked = {"asset": asset("BTC").pk, "quantity": "1", "account": "SUSPENSE", "reason": "A test"}

        answer = panel.post(REQUEST, asked | change)

        assert answer.status_code == 200
        assert words in answer.text
        assert not Correction.objects.exists()

    def test_are_asked_for_once_however_often_it_is_pressed(self, panel: Client, world: World) -> None:
        asked = {"asset": asset("BTC").pk, "quantity": "1", "account": "SUSPENSE", "reason": "A test"}

        panel.post(REQUEST, asked)
        again = panel.post(REQUEST, asked)

        assert "waits for approval already" in again.text
        assert Correction.objects.count() == 1

    def test_never_touch_the_venue_account_by_name(self, panel: Client, world: World, follower: User) -> None:
        venue_account = Balance.objects.filter(ledger_account__kind="EXTERNAL")[0].ledger_account_id
        asked = {"asset": asset("BTC").pk, "quantity": "1", "account": "OTHER", "reason": "A test"}

        answer = panel.post(REQUEST, asked | {"account_number": venue_account})

        assert "the other side is always the venue" in answer.text

    def test_take_no_more_than_there_is_and_are_withdrawn(
        self, panel: Client, second_panel: Client, world: World, follower: User
    ) -> None:
        main = follower.ledger_accounts.get()
        asked = {"asset": asset("USDT").pk, "quantity": "-10001", "account": "OTHER", "reason": "A test"}
        panel.post(REQUEST, asked | {"account_number": main.pk})
        correction = Correction.objects.get()

        refused = act(second_panel, CORRECTIONS, "approve", correction, confirmed=True)
        act(panel, CORRECTIONS, "withdraw", correction)
        closed = act(second_panel, CORRECTIONS, "approve", correction, confirmed=True)

        assert "less than that available" in refused.text
        assert "was withdrawn" in closed.text
        assert world.main(follower) == {"USDT": 10_000 * 10**8}

    def test_are_booked_only_after_a_second_yes(self, panel: Client, second_panel: Client, world: World) -> None:
        panel.post(REQUEST, {"asset": asset("BTC").pk, "quantity": "1", "account": "SUSPENSE", "reason": "A test"})

        question = act(second_panel, CORRECTIONS, "approve", Correction.objects.get())

        assert "Only another correction can take it back." in question.text
        assert not Journal.objects.filter(kind=Journal.Kind.CORRECTION).exists()


class TestAlarms:
    def test_are_cleared_by_an_operator_and_open_ones_come_first(self, panel: Client, operator: User) -> None:
        old = alarms.raise_alarm(kind=Alarm.Kind.VENUE_SILENT, key="old", sentence="An old one.", now=NOON)
        alarms.raise_alarm(kind=Alarm.Kind.PRICE_COLLAR, key="new", sentence="A new one.", now=NOON)
        alarms.clear_alarm(key="new", now=NOON)

        shown = panel.get(ALARMS).text
        act(panel, ALARMS, "clear", old)

        assert shown.index("An old one.") < shown.index("A new one.")
        old.refresh_from_db()
        assert old.cleared_by == operator


class TestStartPage:
    def test_says_so_when_nothing_needs_anybody(self, panel: Client) -> None:
        assert "Nothing. No alarm is open" in panel.get("/admin/").text

    def test_names_a_lead_that_was_set_aside_and_leads_to_it(
        self, panel: Client, operator: User, world: World, lead: Lead
    ) -> None:
        Lead.objects.filter(pk=lead.pk).update(failures=5)

        start = panel.get("/admin/")
        found = panel.get(LEADS, {"trouble": "set-aside"})
        act(panel, LEADS, "readmit", lead)

        assert "Leads set aside" in start.text
        assert "?trouble=set-aside" in start.text
        assert "Basalt" in found.text
        lead.refresh_from_db()
        assert lead.failures == 0

    def test_tells_nobody_of_tables_they_may_not_see(self, client: Client, stranger: User, world: World) -> None:
        alarms.raise_alarm(kind=Alarm.Kind.VENUE_SILENT, key="venue", sentence="A secret.", now=NOON)
        stranger.is_staff = True
        stranger.save()
        stranger.user_permissions.add(Permission.objects.get(codename="view_lead"))
        client.force_login(stranger)

        assert "A secret." not in client.get("/admin/").text


class TestWhoMayNot:
    @pytest.mark.parametrize("address", [PLACE, REQUEST])
    @pytest.mark.parametrize("person", ["nobody", "stranger", "onlooker"])
    def test_halt_or_ask_for_a_correction(
        self, client: Client, stranger: User, world: World, address: str, person: str
    ) -> None:
        if person == "onlooker":
            stranger.is_staff = True
            stranger.save()
            for codename in ("view_halt", "view_correction"):
                stranger.user_permissions.add(Permission.objects.get(codename=codename))
        if person != "nobody":
            client.force_login(stranger)
        asked = {
            "target": "PLATFORM:0", "reason": "Why not", "asset": asset("BTC").pk, "quantity": "1",
            "account": "SUSPENSE",
        }  # fmt: skip

        answers = [client.get(address), client.post(address, asked)]

        assert {answer.status_code for answer in answers} <= {302, 403}
        assert not Halt.objects.exists()
        assert not Correction.objects.exists()

    def test_lift_approve_or_clear_though_they_may_look(self, client: Client, stranger: User, lead: Lead) -> None:
        stranger.is_staff = True
        stranger.save()
        for codename in ("view_halt", "view_alarm", "view_lead"):
            stranger.user_permissions.add(Permission.objects.get(codename=codename))
        client.force_login(stranger)
        halt = Halt.objects.create(scope=Halt.Scope.PLATFORM, reason="A test", placed_at=NOON)
        alarm = alarms.raise_alarm(kind=Alarm.Kind.VENUE_SILENT, key="venue", sentence="Silent.", now=NOON)
        Lead.objects.update(failures=5)

        looks = [client.get(address) for address in (HALTS, ALARMS)]
        for address, action, row in ((HALTS, "lift", halt), (ALARMS, "clear", alarm), (LEADS, "readmit", lead)):
            act(client, address, action, row)

        assert {look.status_code for look in looks} == {200}
        assert b"place/" not in looks[0].content
        halt.refresh_from_db()
        alarm.refresh_from_db()
        lead.refresh_from_db()
        assert (halt.lifted_at, alarm.cleared_at, lead.failures) == (None, None, 5)
