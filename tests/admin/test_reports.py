"""Reports on the panel: pages, files, hostile addresses; and the rules, which two operators change there."""

import asyncio
import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.csv_lines import LINES_AT_ONCE, download
from accounts.models import AuditEntry, User
from copytrading.models import Lead, Order, RuleChange
from copytrading.queries.rules import platform_rules
from tests.admin.safety_stage import act
from tests.cast import NOON, World

CLOSE, EXECUTION, REBATES = "report-close", "report-execution", "report-rebates"
SUSPICIONS = "report-suspicions"
RULES = "/admin/copytrading/rulechange/"
DAY = f"{NOON:%Y-%m-%d}"


@pytest.fixture
def traded(world: World, lead: Lead, follower: User) -> World:
    for _ in range(3):
        for side in ("BUY", "SELL"):
            world.lead_trades(lead, "BTC", side, "0.02")
            world.settle()
    world.lead_trades(lead, "BTC", "BUY", "0.02")
    world.start(follower, lead)
    world.settle()
    return world


def page(panel: Client, name: str, **asked: str) -> str:
    return panel.get(reverse(f"admin:{name}"), asked).text


def lines(panel: Client, name: str, **asked: str) -> list[list[str]]:
    answer = panel.get(reverse(f"admin:{name}"), asked)
    assert answer.status_code == 200, answer.text
    return list(csv.reader(StringIO(answer.getvalue().decode())))


class TestPages:
    def test_show_a_close_with_its_files(self, panel: Client, traded: World) -> None:
        text = page(panel, CLOSE, day=DAY)
        balances = lines(panel, f"{CLOSE}-csv", day=DAY)
        leads = lines(panel, f"{CLOSE}-csv", day=DAY, table="leads")
        document = json.loads(panel.get(reverse(f"admin:{CLOSE}-json"), {"day": DAY}).getvalue())

        assert "Balances at the close" in text
        assert {line[0] for line in balances[1:]} == {"BTC", "USDT"}
        assert all(coin[11] == "0" or float(coin[11]) == 0 for coin in balances[1:])
        assert leads[0][0] == "lead"
        assert [row[0] for row in document["balances"]["rows"]] == [line[0] for line in balances[1:]]
        assert document["movements"]["columns"][0] == "kind"

    def test_show_orders_and_lead_on(self, panel: Client, traded: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("copytrading.queries.reports.execution.ORDERS_A_PAGE", 3)
        asked = {"first_day": DAY, "last_day": DAY}
        text = page(panel, EXECUTION, **asked)
        (following,) = [part.split('"')[0] for part in text.split('href="?')[1:]]
        second = panel.get(f"{reverse(f'admin:{EXECUTION}')}?{following.replace('&amp;', '&')}").text
        orders = [line[1] for line in lines(panel, f"{EXECUTION}-csv", **asked)[1:]]

        assert [order in text for order in orders[:6]] == [True] * 3 + [False] * 3
        assert [order in second for order in orders[:6]] == [False] * 3 + [True] * 3
        assert lines(panel, f"{EXECUTION}-csv", **asked, table="totals")[0][0] == "day"

    def test_show_what_exchanges_pay_back(self, panel: Client, traded: World, settings: Settings) -> None:
        settings.SMARTSYNC_REBATE_RATES = {"paper": Decimal("0.2")}
        Order.objects.update(broker_tag="Ab12Cd34")
        asked = {"first_day": DAY, "last_day": DAY}
        text = page(panel, REBATES, **asked)
        (total,) = lines(panel, f"{REBATES}-csv", **asked)[1:]
        document = json.loads(panel.get(reverse(f"admin:{REBATES}-json"), asked).getvalue())

        assert "By day, exchange, market and coin" in text
        assert (total[:2], total[2] == total[3], total[4]) == (["paper", "USDT"], True, "0.2")
        assert 0 < Decimal(total[2]) * Decimal("0.2") - Decimal(total[5]) + Decimal("1e-8") < Decimal("1e-7")
        assert document["fills"]["columns"][:3] == ["day", "exchange", "market"]

    def test_lead_from_a_finding_to_the_lead(
        self, panel: Client, traded: World, lead: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("copytrading.admin.reports.timezone", SimpleNamespace(now=lambda: traded.now))

        text = page(panel, SUSPICIONS)

        assert reverse("admin:copytrading_lead_change", args=[lead.pk]) in text
        assert "3 times there and back" in text
        assert lines(panel, f"{SUSPICIONS}-csv")[1][:3] == ["Basalt", "round trips", "BTC"]

    def test_ask_the_database_as_often_whatever_was_traded(self, panel: Client, world: World, lead: Lead) -> None:
        def statements() -> list[int]:
            found = []
            for name, asked in (
                (CLOSE, {"day": DAY}),
                (EXECUTION, {"first_day": DAY, "last_day": DAY}),
                (REBATES, {"first_day": DAY, "last_day": DAY}),
                (SUSPICIONS, {}),
            ):
                with CaptureQueriesContext(connection) as seen:
                    page(panel, name, **asked)
                found.append(len(seen))
            return found

        world.lead_trades(lead, "BTC", "BUY", "0.02")
        world.settle()
        for_one = statements()
        for symbol in ("ETH", "SOL", "BTC"):
            world.lead_trades(lead, symbol, "BUY", "0.5" if symbol != "BTC" else "0.01")
            world.settle()

        assert statements() == for_one

    @pytest.mark.parametrize(
        ("name", "asked", "sentence"),
        [
            (CLOSE, {"day": "2999-01-01"}, "not over yet"),
            (CLOSE, {"day": f"{datetime.now(UTC):%Y-%m-%d}"}, "not over yet"),
            (CLOSE, {"day": "yesterday"}, "Write a day as"),
            (CLOSE, {"day": "2026-02-30"}, "Write a day as"),
            (EXECUTION, {"first_day": "2026-01-02", "last_day": "2026-01-01"}, "lies before the first"),
            (EXECUTION, {"first_day": "2025-01-01", "last_day": "2025-12-31"}, "at most 92 days"),
            (EXECUTION, {"first_day": "2026-01-01", "last_day": "2999-01-01"}, ""),
            (EXECUTION, {"first_day": DAY, "last_day": DAY, "market": "x"}, "valid choice"),
            (EXECUTION, {"first_day": DAY, "last_day": DAY, "venue": "x" * 41}, "40 characters"),
            (REBATES, {"first_day": "2026-01-02", "last_day": "2026-01-01"}, "lies before the first"),
            (REBATES, {"first_day": "2025-01-01", "last_day": "2025-12-31"}, "at most 92 days"),
            (REBATES, {"first_day": "2026-01-01", "last_day": "2999-01-01"}, "not begun"),
            (SUSPICIONS, {"days": "0"}, "greater than or equal to 1"),
            (SUSPICIONS, {"days": "9" * 99}, "less than or equal to 90"),
        ],
    )
    def test_say_what_is_wrong_with_what_is_asked(
        self, panel: Client, name: str, asked: dict[str, str], sentence: str
    ) -> None:
        shown = panel.get(reverse(f"admin:{name}"), asked)
        file = panel.get(reverse(f"admin:{name}-csv"), asked)

        assert (shown.status_code, sentence in shown.text) == (200, True)
        assert (file.status_code, sentence in file.text) == (400, True)

    @pytest.mark.parametrize("after", ["x", ",", "2026-01-01,1", "2026-01-01T00:00:00+00:00,-1", "0001-01-01T00:00Z,²"])
    def test_begin_at_the_beginning_where_the_place_is_none(self, panel: Client, traded: World, after: str) -> None:
        asked = {"first_day": DAY, "last_day": DAY}

        orders = [line[1] for line in lines(panel, f"{EXECUTION}-csv", **asked)[1:]]

        assert orders[0] in page(panel, EXECUTION, **asked, after=after)

    def test_have_no_other_table(self, panel: Client, world: World) -> None:
        answer = panel.get(reverse(f"admin:{CLOSE}-csv"), {"day": DAY, "table": "x"})

        assert (answer.status_code, "balances, leads, movements" in answer.text) == (400, True)

    def test_are_offered_to_whom_they_are_for(self, panel: Client) -> None:
        text = panel.get("/admin/").text

        assert all(reverse(f"admin:{name}") in text for name in (CLOSE, EXECUTION, SUSPICIONS))


@pytest.mark.django_db(transaction=True)
def test_the_day_as_beancount_is_added_up_by_its_own_program(panel: Client, world: World, tmp_path: Path) -> None:
    answer = panel.get(reverse("admin:report-beancount"), {"day": DAY})
    path = tmp_path / "day.beancount"
    path.write_bytes(answer.getvalue())

    checked = subprocess.run(
        [Path(sys.executable).with_name("bean-check"), "--no-cache", path], capture_output=True, text=True, check=False
    )

    assert f'{DAY} * "deposit"' in path.read_text()
    assert (checked.returncode, checked.stderr) == (0, "")


class TestLists:
    def test_are_taken_along_as_they_are_searched_and_ordered(
        self, panel: Client, world: World, follower: User, other_follower: User
    ) -> None:
        world.deposit(follower, "12.5")
        found = lines(panel, "accounts_transfer_csv", q="follower@example.org", o="4")

        assert found[0][:6] == ["ID", "person", "direction", "value", "value: unit", "channel"]
        assert [line[3:5] for line in found[1:]] == [["12.5", "USDT"], ["10000", "USDT"]]
        assert {line[1] for line in found[1:]} == {"follower@example.org"}
        entry = AuditEntry.objects.latest("number")
        assert (entry.act, "q=follower" in entry.words) == ("looked at accounts_transfer_csv", True)

    def test_say_negative_numbers_as_numbers_and_texts_as_texts(self, panel: Client, world: World, lead: Lead) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.02")
        world.settle()
        Lead.objects.filter(pk=lead.pk).update(name='=HYPERLINK("http://x")')

        postings = lines(panel, "accounts_posting_csv")
        leads = lines(panel, "copytrading_lead_csv")

        moved = [line[postings[0].index("moved")] for line in postings[1:]]
        assert any(text.startswith("-") for text in moved)
        assert all(float(text) or True for text in moved)
        assert leads[1][0] == '\'=HYPERLINK("http://x")'

    def test_lead_back_to_the_list_where_a_filter_is_none(self, panel: Client, world: World) -> None:
        answer = panel.get(reverse("admin:accounts_transfer_csv"), {"requested_at__gte": "x"})

        assert (answer.status_code, answer["Location"]) == (302, f"{reverse('admin:accounts_transfer_changelist')}?e=1")

    def test_name_nothing_that_opens_a_door(self, panel: Client) -> None:
        for table in (
            "accounts_programkey",
            "accounts_refreshtoken",
            "copytrading_webhook",
            "copytrading_linkedaccount",
        ):
            head = " ".join(lines(panel, f"{table}_csv")[0])
            assert not any(word in head for word in ("hash", "seal", "secret", "fingerprint"))


def test_files_leave_as_they_are_made() -> None:
    made: list[int] = []

    def rows() -> Iterator[tuple[str]]:
        for number in range(3 * LINES_AT_ONCE):
            made.append(number)
            yield (str(number),)

    async def made_at_each_block() -> list[int]:
        return [len(made) async for _ in download("x.csv", ("number",), rows())]

    seen = asyncio.run(made_at_each_block())

    assert seen[0] < LINES_AT_ONCE
    assert seen[-1] == 3 * LINES_AT_ONCE
    assert len(seen) == 4


class TestRules:
    def test_are_shown_asked_for_and_approved(
        self, panel: Client, second_panel: Client, operator: User, second_operator: User
    ) -> None:
        text = panel.get(RULES).text
        assert "how far from the mark an order may reach" in text
        panel.post(f"{RULES}request/", {"name": "slippage_cap", "value": "0.02", "reason": "The market is wild"})
        change = RuleChange.objects.get()
        assert platform_rules().slippage_cap == 0.005
        assert "Changes of rules that wait for a second operator" in second_panel.get("/admin/").text

        act(second_panel, RULES, "approve", change, confirmed=True)

        assert platform_rules().slippage_cap == 0.02
        shown = panel.get(RULES).text
        assert "installed: 0.005" in shown
        assert second_operator.email in shown
        acts = AuditEntry.objects.filter(object_type="copytrading.rulechange", act__startswith="rulechange:")
        assert [(one.act, one.reason) for one in acts.order_by("number")] == [
            ("rulechange: Asked for.", "The market is wild"),
            ("rulechange: Approved.", "A test"),
        ]

    @pytest.mark.parametrize("value", ["x", "1e9", "٣", "0_1", "0.0.1", "1" * 41, "<b>"])
    def test_refuse_with_a_sentence_what_is_no_value(self, panel: Client, value: str) -> None:
        answer = panel.post(f"{RULES}request/", {"name": "slippage_cap", "value": value, "reason": "A test"})

        assert (answer.status_code, 'class="errorlist"' in answer.text) == (200, True)
        assert not RuleChange.objects.exists()

    def test_take_two_statements_to_show_whatever_was_changed(self, panel: Client, operator: User) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as seen:
                panel.get(RULES)
            return len(seen)

        panel.post(f"{RULES}request/", {"name": "repair_seconds", "value": "30", "reason": "A test"})
        for_one = statements()
        for name in ("reconcile_seconds", "link_look_seconds"):
            panel.post(f"{RULES}request/", {"name": name, "value": "31", "reason": "A test"})

        assert RuleChange.objects.count() == 3
        assert statements() == for_one
