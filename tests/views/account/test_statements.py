"""The page of statements and its files: any time, in sentences where there is none, and nothing of anybody else."""

import csv
import json
import re
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import User
from copytrading import tasks
from copytrading.models import Copy, Lead
from copytrading.services.copies import verbs as copies
from copytrading.services.wallet import statement_files
from tests.api.program import Program
from tests.cast import NOON, World
from tests.views.scenes import copies_of_new_leads, copy_with_holdings, counted_queries, settle_now

FILES = ("statement_pdf", "statement_csv", "statement_json")


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    return copy_with_holdings(world, lead, follower)


def page(client: Client, **asked: object) -> str:
    response = client.get(reverse("statements"), asked)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def text_of(pdf: bytes) -> str:
    return "\n".join(sheet.extract_text() for sheet in PdfReader(BytesIO(pdf)).pages)


def whole(**asked: object) -> dict[str, object]:
    """Return what asks for everything from before the world began to this second."""
    return {"period": "all", "lots": "fifo", **asked}


class TestPage:
    def test_shows_what_there_was_moved_brought_and_cost(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in, **whole(copy=copy.pk))

        for words in ("Your copy of Basalt", "Value at the beginning", "Value at the end", "What it cost", "Trades",
                      "Put in at the start", "Lots that are left", "Bought BTC"):  # fmt: skip
            assert words in content, words
        assert "+1,000.00" in content
        order = copy.ledger_account.allocations.get().order
        assert f"{order.pk} / {order.cycle_id}" in content

    def test_sums_as_it_is_shown(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in, **whole(copy=copy.pk))

        cell = r'<(?:td|th scope="row")>([^<]*)(?:<span.*?)?</t[dh]>'
        rows = re.findall(cell + r'<td class="number[^"]*">(?:<strong>)?([+−\d.,]+)', content)
        figures = [Decimal(figure.replace(",", "").replace("−", "-")) for _, figure in rows]
        opening, flow, result, closing, *parts, total = figures
        assert opening + flow + result == closing
        assert sum(parts) == total == result

    def test_is_of_everything_in_this_year_where_nothing_is_asked(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in)

        assert f"From 1 January {timezone.now().year} 00:00:00" in content
        assert "<h2>Everything</h2>" in content

    def test_of_a_year_without_movements_says_so(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in, period="own", begins="2019-01-01", ends="2020-01-01", lots="hifo")

        assert "Nothing moved in this time: no money, no trade, no profit share." in content
        assert "What it cost" not in content

    @pytest.mark.parametrize(
        ("asked", "sentence"),
        [
            (
                {"period": "own", "begins": "2026-01-02", "ends": "2026-01-01"},
                "The end has to lie after",
            ),
            ({"period": "own", "begins": "2026-01-02", "ends": "2999-01-01"}, "A statement ends now at the latest"),
            ({"period": "own", "begins": "the day before"}, "Enter a day and a time such as 2026-01-31 12:00:00."),
            ({"period": "own", "begins": "2026-02-30"}, "Enter a day and a time such as 2026-01-31 12:00:00."),
            ({"period": "own"}, "Say from when."),
            ({"period": "next_year"}, "Choose one of the times."),
            ({"lots": "lifo"}, "Choose FIFO, HIFO or average cost."),
        ],
    )
    def test_says_in_a_sentence_what_is_wrong(self, signed_in: Client, asked: dict[str, str], sentence: str) -> None:
        content = page(signed_in, **asked)

        assert sentence in content
        assert "Value at the end" not in content
        for name in FILES:
            assert signed_in.get(reverse(name), asked).status_code == 404

    def test_keeps_what_was_typed_as_browsers_show_it(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in, period="own", begins="2026-01-02", ends="2026-01-03 04:05:06")

        assert 'value="2026-01-02T00:00:00"' in content
        assert 'value="2026-01-03T04:05:06"' in content

    @pytest.mark.parametrize("period", ["this_year", "last_year", "this_month", "last_month", "all"])
    def test_knows_its_times(self, signed_in: Client, period: str) -> None:
        assert "Value at the end" in page(signed_in, period=period)

    def test_of_somebody_elses_copy_is_one_of_none(self, client: Client, copy: Copy, stranger: User) -> None:
        client.force_login(stranger)

        for name in ("statements", *FILES):
            anothers, missing, none = (
                client.get(reverse(name), whole(copy=number)) for number in (copy.pk, 2**62, "x")
            )
            assert anothers.status_code == missing.status_code == none.status_code == 404
        assert "Basalt" not in page(client, **whole())

    @pytest.mark.parametrize("name", ["statements", *FILES])
    def test_sends_somebody_unknown_to_the_sign_in(self, client: Client, db: None, name: str) -> None:
        assert client.get(reverse(name)).url.startswith(reverse("account_login"))

    def test_is_linked_from_the_wallet_a_copy_and_an_ended_copy(
        self, signed_in: Client, world: World, copy: Copy
    ) -> None:
        of_copy = f"{reverse('statements')}?copy={copy.pk}"

        assert reverse("statements") in signed_in.get(reverse("wallet")).text
        assert of_copy in signed_in.get(reverse("copy_detail", args=[copy.pk])).text
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        settle_now(world)
        assert of_copy in signed_in.get(reverse("copy_detail", args=[copy.pk])).text
        assert of_copy in signed_in.get(reverse("my_copies"), {"show": "ended"}).text

    def test_asks_the_database_as_often_for_many_copies_as_for_one(
        self, signed_in: Client, world: World, follower: User
    ) -> None:
        copies_of_new_leads(world, follower, range(1))
        with counted_queries() as few:
            page(signed_in, **whole())
        copies_of_new_leads(world, follower, range(1, 5))

        with counted_queries() as many:
            page(signed_in, **whole())

        assert len(many) == len(few)


class TestFiles:
    def test_are_of_the_very_time_that_the_page_shows(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in, **whole(copy=copy.pk))

        for name in FILES:
            (query,) = set(re.findall(rf'href="{reverse(name)}\?([^"]+)"', content))
            answer = signed_in.get(f"{reverse(name)}?{query.replace('&amp;', '&')}")
            assert answer.status_code == 200
            assert f"statement-copy-{copy.pk}-{NOON:%Y-%m-%d}" in answer["Content-Disposition"]

    def test_json_is_what_the_api_answers(self, signed_in: Client, copy: Copy, follower: User) -> None:
        until = timezone.now().replace(microsecond=0)
        asked = {"copy": copy.pk, "period": "own", "begins": "2026-01-01T00:00:00", "lots": "average"}

        ours = signed_in.get(reverse("statement_json"), {**asked, "ends": f"{until:%Y-%m-%dT%H:%M:%S}"}).json()
        apis = Program.of(follower).get(
            "statements", copy=copy.pk, until=until.isoformat(), lots="average", **{"from": "2026-01-01T00:00:00Z"}
        )

        assert ours == apis.json()

    def test_csv_has_every_figure_of_the_json(self, signed_in: Client, copy: Copy) -> None:
        plain = json.loads(signed_in.get(reverse("statement_json"), whole()).content)

        lines = list(csv.DictReader(signed_in.get(reverse("statement_csv"), whole()).getvalue().decode().splitlines()))

        of = {part: [line for line in lines if line["part"] == part] for part in {line["part"] for line in lines}}
        assert len(of["trade"]) == len(plain["trades"]) == 1
        assert of["trade"][0]["fee"] == plain["trades"][0]["fees"][0]["quantity"]
        assert of["closing"][0]["value"] == plain["closing"]["value"]
        assert [line["value"] for line in of["flow"]] == [flow["value"] for flow in plain["flows"]]
        assert [line["cost"] for line in of["lot"]] == [lot["cost"] for lot in plain["lots_left"]]
        assert sum(Decimal(line["value"]) for line in of["result"][1:]) == Decimal(of["result"][0]["value"])

    def test_csv_never_begins_a_cell_that_people_wrote_with_a_formula(self, signed_in: Client, copy: Copy) -> None:
        Lead.objects.filter(pk=copy.lead_id).update(name='=cmd|"/c calc"!A1')

        lines = csv.DictReader(signed_in.get(reverse("statement_csv"), whole()).getvalue().decode().splitlines())

        places = {line["place"] for line in lines}
        assert any(place.startswith("'=cmd") for place in places)
        assert not any(place.startswith("=") for place in places)

    def test_pdf_has_name_time_and_tables_as_text_that_can_be_searched(
        self, signed_in: Client, copy: Copy, follower: User
    ) -> None:
        answer = signed_in.get(reverse("statement_pdf"), whole(copy=copy.pk))

        text = text_of(answer.content)
        assert answer["Content-Type"] == "application/pdf"
        for words in ("Your copy of Basalt", follower.email, f"From {NOON:%Y-%m-%d %H}", "Every trade", "Buy BTC",
                      "What the result is made of", "Lots that are left", "Page 1 of", "1,000.00"):  # fmt: skip
            assert words in text, words
        order = copy.ledger_account.allocations.get().order
        assert f"{order.pk} / {order.cycle_id}" in text

    def test_pdf_of_a_year_without_movements_says_so(self, signed_in: Client) -> None:
        asked = {"period": "own", "begins": "2019-01-01", "ends": "2020-01-01", "lots": "fifo"}

        assert "Nothing moved in this time" in text_of(signed_in.get(reverse("statement_pdf"), asked).content)


class TestLongPdf:
    @pytest.fixture(autouse=True)
    def _everything_is_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(statement_files, "TRADES_AT_ONCE", 0)

    def test_is_made_by_a_worker_and_said_so_until_it_is_ready(
        self, signed_in: Client, copy: Copy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rings: list[int] = []
        monkeypatch.setattr(statement_files.bell, "ring_for_statement", rings.append)
        ends = f"{timezone.now() - timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}"
        asked = {"copy": copy.pk, "period": "own", "begins": f"{NOON:%Y-%m-%d}", "ends": ends, "lots": "fifo"}

        answers = [signed_in.get(reverse("statement_pdf"), asked, follow=True) for _ in range(3)]

        assert all("The PDF is being made." in answer.text for answer in answers)
        assert len(rings) == 1
        waiting = signed_in.get(answers[0].request["PATH_INFO"], asked, headers={"HX-Request": "true"})
        assert "The PDF is being made." in waiting.text
        assert "Value at the end" not in waiting.text

        tasks.draw_statement(rings[0])

        part = signed_in.get(reverse("statements"), asked, headers={"HX-Request": "true"}).text
        assert "The PDF is ready." in part
        assert "hx-trigger" not in part
        drawn = signed_in.get(reverse("statement_pdf"), asked)
        assert "Every trade" in text_of(drawn.content)
        tasks.draw_statement(rings[0])
        assert signed_in.get(reverse("statement_pdf"), asked).content == drawn.content

    def test_that_nobody_asked_for_is_not_drawn(self, db: None) -> None:
        tasks.draw_statement(5)

        assert statement_files.cache.get("statement:5") is None

    def test_of_one_person_is_not_found_by_another(
        self, signed_in: Client, copy: Copy, stranger: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rings: list[int] = []
        monkeypatch.setattr(statement_files.bell, "ring_for_statement", rings.append)
        asked = {"period": "own", "begins": "2026-01-01", "ends": "2026-01-06", "lots": "fifo"}
        signed_in.get(reverse("statement_pdf"), asked)
        tasks.draw_statement(rings[0])
        other = Client()
        other.force_login(stranger)

        assert "The PDF is ready." in page(signed_in, **asked)
        assert "The PDF is ready." not in page(other, **asked)
