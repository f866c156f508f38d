"""A difference between ledger and custody, from its alarm to the correction by two operators."""

import re
from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import Balance, Journal, User
from copytrading.exchange.paper.models import PaperBalance
from copytrading.models import Alarm, Correction, CustodyDifference, Halt, Lead, Order
from copytrading.queries.operating.halts import standing_halts
from copytrading.services.safety import reconciling
from tests.admin.safety_stage import ALARMS, CORRECTIONS, DIFFERENCES, HALTS, REQUEST, act, asset
from tests.cast import World

ONE_UNIT = Decimal("0.00000001")
# Made with the page, and sent along by it.
KEY = {"idempotency_key": "page-1"}


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
        drift(world, "BTC", -ONE_UNIT)
        sent_before = set(Order.objects.values_list("pk", flat=True))

        # Visible on the panel, and enforced for that coin alone.
        start = panel.get("/admin/")
        assert "The venue keeps 0.00000001 BTC less than people own." in start.text
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
        assert 'value="-0.00000001"' in form.text
        asked = {"asset": asset("BTC").pk, "quantity": "-0.00000001", "account": "SUSPENSE", "reason": "Lost"} | KEY
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
        assert "BTC: -1 of its smallest units" in panel.get("/admin/").text
        assert Balance.objects.get(ledger_account__kind="SUSPENSE", asset__symbol="BTC").posted == -1
        assert Order.objects.exclude(pk__in=sent_before).filter(market__symbol="BTC-USDT", filled_units__gt=0).exists()
        assert reconciling.check_ledger().is_clean


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
        asked = {"asset": asset("BTC").pk, "quantity": "1", "account": "SUSPENSE", "reason": "A test"} | KEY

        answer = panel.post(REQUEST, asked | change)

        assert answer.status_code == 200
        assert words in answer.text
        assert not Correction.objects.exists()

    def test_are_asked_for_once_however_often_it_is_pressed(self, panel: Client, world: World) -> None:
        asked = {"asset": asset("BTC").pk, "quantity": "1", "account": "SUSPENSE", "reason": "A test"} | KEY

        panel.post(REQUEST, asked)
        pressed_again = panel.post(REQUEST, asked, follow=True)
        on_another_page = panel.post(REQUEST, asked | {"idempotency_key": "page-2"})

        assert "asked for." in pressed_again.text
        assert "waits for approval already" in on_another_page.text
        assert Correction.objects.count() == 1

    def test_are_asked_for_on_a_page_with_a_key(self, panel: Client, world: World) -> None:
        assert re.search(r'<input type="hidden" name="idempotency_key" value="\w{32}"', panel.get(REQUEST).text)

    def test_never_touch_the_venue_account_by_name(self, panel: Client, world: World, follower: User) -> None:
        venue_account = Balance.objects.filter(ledger_account__kind="EXTERNAL")[0].ledger_account_id
        asked = {"asset": asset("BTC").pk, "quantity": "1", "account": "OTHER", "reason": "A test"} | KEY

        answer = panel.post(REQUEST, asked | {"account_number": venue_account})

        assert "the other side is always the venue" in answer.text

    def test_take_no_more_than_there_is_and_are_withdrawn(
        self, panel: Client, second_panel: Client, world: World, follower: User
    ) -> None:
        main = follower.ledger_accounts.get()
        asked = {"asset": asset("USDT").pk, "quantity": "-10001", "account": "OTHER", "reason": "A test"} | KEY
        panel.post(REQUEST, asked | {"account_number": main.pk})
        correction = Correction.objects.get()

        refused = act(second_panel, CORRECTIONS, "approve", correction, confirmed=True)
        act(panel, CORRECTIONS, "withdraw", correction)
        closed = act(second_panel, CORRECTIONS, "approve", correction, confirmed=True)

        assert "less than that available" in refused.text
        assert "was withdrawn" in closed.text
        assert world.main(follower) == {"USDT": 10_000 * 10**8}

    def test_are_booked_only_after_a_second_yes(self, panel: Client, second_panel: Client, world: World) -> None:
        panel.post(
            REQUEST, {"asset": asset("BTC").pk, "quantity": "1", "account": "SUSPENSE", "reason": "A test"} | KEY
        )

        question = act(second_panel, CORRECTIONS, "approve", Correction.objects.get())

        assert "Only another correction can take it back." in question.text
        assert not Journal.objects.filter(kind=Journal.Kind.CORRECTION).exists()
