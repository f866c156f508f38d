"""A lead's record through the API: figures, pieces, trades, and what copying would have brought."""

from datetime import timedelta

import pytest

from accounts.api.throttles import LongAnswersPerMinute
from copytrading.models import Lead
from tests.api.program import Program
from tests.cast import NOON, World
from tests.pasts import give_past, record


@pytest.fixture
def traded(world: World, lead: Lead) -> Lead:
    """Return a lead who bought BTC and sold all of it a day later at a tenth more."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    world.now += timedelta(days=1)
    world.prices(BTC="55000")
    world.lead_trades(lead, "BTC", "SELL", "0.1")
    world.settle()
    return lead


class TestStatistics:
    def test_say_every_period_the_page_has(self, program: Program, lead: Lead) -> None:
        record(lead, [1.0] * 10 + [1.1])

        body = program.get(f"leads/{lead.slug}/statistics").json()

        assert [period["days"] for period in body["periods"]] == [7, 30, 90, 365, None]
        assert [period["return_fraction"] for period in body["periods"]] == ["0.1", None, None, None, "0.1"]
        assert (body["periods"][0]["days_won"], body["win_rate"]) == (1, None)

    def test_say_what_was_preferred_and_how_it_ended(self, program: Program, traded: Lead) -> None:
        body = program.get(f"leads/{traded.slug}/statistics").json()

        assert body["coin_preferences"] == {"BTC": "1"}
        assert (body["trades"], body["closed_positions"], body["win_rate"]) == (2, 1, "1")
        assert float(body["holding_seconds_mean"]) == pytest.approx(86_400, abs=60)


class TestReturns:
    def test_come_by_week_and_by_month(self, program: Program, lead: Lead) -> None:
        record(lead, [1.0, *[1.0] * 35, 1.1, 1.21])

        weeks = program.get(f"leads/{lead.slug}/returns").json()
        months = program.get(f"leads/{lead.slug}/returns", by="month").json()

        assert weeks[0]["first_day"] == f"{NOON.date() - timedelta(days=NOON.weekday())}"
        assert len(weeks) > len(months) >= 2
        for pieces in (weeks, months):
            whole = 1.0
            for piece in pieces:
                whole *= 1 + float(piece["return_fraction"])
            assert whole == pytest.approx(1.21, abs=1e-5)

    def test_are_none_without_a_record(self, program: Program, lead: Lead) -> None:
        assert program.get(f"leads/{lead.slug}/returns").json() == []

    def test_know_no_other_pieces(self, program: Program, lead: Lead) -> None:
        assert program.get(f"leads/{lead.slug}/returns", by="hour").json()["field"] == "by"


class TestTrades:
    def test_show_prices_and_weights_and_how_much(self, program: Program, traded: Lead) -> None:
        sold, bought = program.get(f"leads/{traded.slug}/trades").json()["results"]

        assert [(sold["side"], sold["coin"]), (bought["side"], bought["coin"])] == [("SELL", "BTC"), ("BUY", "BTC")]
        assert float(sold["price"]) == pytest.approx(55_000, rel=0.01)
        assert sold["quantity"] == bought["quantity"] == "0.1"


class TestClosedPositions:
    def test_say_what_each_brought(self, program: Program, traded: Lead) -> None:
        body = program.get(f"leads/{traded.slug}/closed-positions").json()

        (position,) = body["results"]
        assert (position["coin"], body["next"]) == ("BTC", None)
        assert float(position["return_fraction"]) == pytest.approx(0.1, abs=0.01)
        assert position["opened_at"] < position["closed_at"]

    def test_come_in_pages(self, program: Program, traded: Lead) -> None:
        first = program.get(f"leads/{traded.slug}/trades", limit=1).json()
        second = program.get(f"leads/{traded.slug}/trades", limit=1, cursor=first["next"]).json()

        assert [page["results"][0]["side"] for page in (first, second)] == ["SELL", "BUY"]
        assert [page["results"][0]["quantity"] for page in (first, second)] == ["0.1", "0.1"]
        assert first["results"][0]["id"] > second["results"][0]["id"]
        assert second["next"] is None


class TestEvents:
    def test_tell_of_money_and_of_the_beginning(self, program: Program, lead: Lead) -> None:
        events = program.get(f"leads/{lead.slug}/events").json()["results"]

        assert "BEGAN" in [event["status"] for event in events]
        assert any(float(event["value"]) > 0 for event in events if not event["status"])


class TestWhatIf:
    @pytest.fixture
    def seen_lead(self, world: World, lead: Lead) -> Lead:
        return give_past(world, lead)

    def test_compares_both_modes_with_the_lead(self, program: Program, seen_lead: Lead) -> None:
        body = program.post(f"leads/{seen_lead.slug}/what-if", {"investment": "1000.00"}).json()

        assert body["lead_orders"] == 3
        assert float(body["smart_sync"]["return_fraction"]) == pytest.approx(float(body["lead_return"]), abs=0.003)
        assert float(body["smart_sync"]["curve"][0]["worth"]) == pytest.approx(1_000, rel=0.01)
        assert float(body["lead_curve"][0]["worth"]) == pytest.approx(1_000)
        assert float(body["smart_sync"]["worth"]) == pytest.approx(float(body["smart_sync"]["curve"][-1]["worth"]))

    def test_says_why_it_did_not_make_what_the_lead_made(self, program: Program, seen_lead: Lead) -> None:
        body = program.post(f"leads/{seen_lead.slug}/what-if", {"investment": "1000.00"}).json()

        for mode in ("smart_sync", "custom"):
            difference = body["differences"][mode]
            assert difference["fraction"] == body[mode]["gap_fraction"]
            assert sum(float(line["fraction"]) for line in difference["lines"]) == pytest.approx(
                float(difference["fraction"]), abs=1e-5
            )
            assert "Basalt" in difference["sentence"]

    def test_shows_how_much_was_the_day_one_began(self, program: Program, seen_lead: Lead) -> None:
        body = program.post(f"leads/{seen_lead.slug}/what-if/spread", {"investment": "1000.00"}).json()

        assert body["starts"] > 10
        assert body["smart_sync"]["worst_tenth"] <= body["smart_sync"]["median"] <= body["smart_sync"]["best_tenth"]

    @pytest.mark.parametrize(
        ("terms", "status", "field"),
        [
            ({"investment": "99.00"}, 409, "investment"),
            ({"investment": "1000.00", "stop_loss": "1000.00"}, 409, "stop_loss"),
            ({"investment": "1000.00", "start": "2001-01-01"}, 409, "start"),
            ({"investment": "1000.00", "start": "yesterday"}, 400, "start"),
        ],
    )
    def test_refuses_terms_that_make_no_sense(
        self, program: Program, seen_lead: Lead, terms: dict[str, str], status: int, field: str
    ) -> None:
        response = program.post(f"leads/{seen_lead.slug}/what-if", terms)

        assert (response.status_code, response.json()["field"]) == (status, field)

    def test_is_asked_so_often_a_minute(self, program: Program, lead: Lead) -> None:
        path, question = f"leads/{lead.slug}/what-if", {"investment": "1000.00"}
        answers = [program.post(path, question).status_code for _ in range(LongAnswersPerMinute.limit)]

        refused = program.post(f"{path}/spread", question)

        assert set(answers) == {409}
        assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
        assert int(refused["Retry-After"]) > 0
        assert program.get("leads").status_code == 200

    def test_says_so_where_there_is_no_record(self, program: Program, lead: Lead) -> None:
        assert program.post(f"leads/{lead.slug}/what-if", {"investment": "1000.00"}).status_code == 409
