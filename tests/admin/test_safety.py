"""What operators see and do when something is wrong: alarms, kill switches, what needs them now, and who may not."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client

from accounts.models import User
from copytrading.models import Alarm, Correction, Halt, Lead, Market
from copytrading.queries.operating.halts import standing_halts
from copytrading.services.market import listings
from copytrading.services.safety import alarms
from tests.admin.safety_stage import ALARMS, HALTS, LEADS, MARKETS, PLACE, REQUEST, act, asset
from tests.cast import NOON, World
from tests.sign_in import sign_in


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


class TestBarredMarkets:
    def test_are_opened_again_by_an_operator_and_not_twice(self, panel: Client, world: World) -> None:
        market = Market.objects.get(symbol="ETH-USDT")
        listings.bar_market(market_id=market.pk, reason="It does not let us.", now=world.now)

        opened = act(panel, MARKETS, "unbar", market)
        again = act(panel, MARKETS, "unbar", market)

        market.refresh_from_db()
        assert market.barred_since is None
        assert Alarm.objects.get().cleared_at is not None
        assert [str(message) for message in get_messages(opened.wsgi_request)] == [
            "ETH-USDT: opened; it trades once the venue's list says so."
        ]
        assert [str(message) for message in get_messages(again.wsgi_request)] == [
            "ETH-USDT: Nothing bars us from ETH-USDT."
        ]


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
        sign_in(client, stranger)

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
            sign_in(client, stranger)
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
        sign_in(client, stranger)
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
